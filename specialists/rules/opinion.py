"""When an opinion is whole, and the document that it becomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from cases.report import BY_WHEN, CERTAINTY, SCALE
from portal.catalogue.parts import OpinionField
from specialists.rules import draft, fields
from specialists.rules.draft import ALTERNATIVE_PARTS, TEST_PARTS, Values


@dataclass(frozen=True)
class Lack:
    """Something that a signature needs. `name` is the control to go to, `section` the part of the form."""

    section: str
    name: str
    text: str


def _judgement(values: Values, part: str, about: str, opinion: str, reasons: str) -> list[Lack]:
    found = []
    if draft.text(values, f"{part}.scale") not in SCALE:
        found.append(Lack(part, f"{part}.scale", about))
    if not draft.text(values, f"{part}.opinion"):
        found.append(Lack(part, f"{part}.opinion", opinion))
    if not draft.text(values, f"{part}.reasons"):
        found.append(Lack(part, f"{part}.reasons", reasons))
    return found


def lacks(values: Values, *, questions: int, opinion_fields: Sequence[OpinionField]) -> list[Lack]:
    """What is still missing before the opinion can be signed, in the order of the form."""
    found = [
        Lack("questions", f"question.{number}", _("Answer question %(number)d") % {"number": number})
        for number in range(1, questions + 1)
        if not draft.text(values, f"question.{number}")
    ]
    found += _judgement(
        values,
        "diagnosis",
        _("Choose whether you agree with the diagnosis"),
        _("Write the diagnosis in your words"),
        _("Give your reasons for the diagnosis"),
    )
    found += _judgement(
        values,
        "treatment",
        _("Choose whether you agree with the treatment plan"),
        _("Write the treatment you advise"),
        _("Give your reasons for the treatment"),
    )
    for kind, parts, words in (
        ("test", TEST_PARTS, _("Say which test, and what it would change")),
        ("alternative", ALTERNATIVE_PARTS[:2], _("Say which alternative, and its benefit")),
    ):
        for number, row in draft.rows(values, kind, ALTERNATIVE_PARTS if kind == "alternative" else parts):
            found += [Lack(f"{kind}s", f"{kind}.{number}.{part}", words) for part in parts if not row[part]][:1]
    if draft.text(values, "certainty") not in CERTAINTY:
        found.append(Lack("certainty", "certainty", _("Choose how sure you are")))
    if not draft.text(values, "change_mind"):
        found.append(Lack("certainty", "change_mind", _("Say what would change your opinion")))
    if draft.text(values, "urgency.when") not in BY_WHEN:
        found.append(Lack("urgency", "urgency.when", _("Choose how soon something must happen")))
    if not draft.text(values, "limits"):
        found.append(Lack("limits", "limits", _("State the limits of this opinion")))
    if not draft.text(values, "plain"):
        found.append(Lack("plain", "plain", _("Write the page for the patient")))
    found += [Lack("fields", one.name, one.text) for one in fields.doubts(opinion_fields, values)]
    return found


def _first_mention(cited: Mapping[str, Sequence[str]], order: Iterable[str]) -> list[str]:
    ids = [one for statement in order for one in cited.get(statement, ())]
    ids += [one for ids_ in cited.values() for one in ids_]
    return list(dict.fromkeys(ids))


def content(
    values: Values,
    citations: Mapping[str, Mapping[str, Any]],
    *,
    questions: Sequence[str],
    opinion_fields: Sequence[OpinionField],
) -> dict[str, Any]:
    """The part of the report document that the specialist wrote (schema in cases/report.py)."""
    tests = draft.rows(values, "test", TEST_PARTS)
    alternatives = draft.rows(values, "alternative", ALTERNATIVE_PARTS)
    structured = fields.document_fields(opinion_fields, values)
    cited = draft.cited(values, citations)
    # Rows are renumbered in the document; their citations go with them.
    for kind, found in (("test", tests), ("alternative", alternatives)):
        moved = {f"{kind}.{at}": cited.pop(f"{kind}.{old}", []) for at, (old, _row) in enumerate(found, 1)}
        for stale in [name for name in cited if name.startswith(f"{kind}.")]:
            del cited[stale]
        cited.update({name: ids for name, ids in moved.items() if ids})
    order = ["plain", *(f"question.{n}" for n in range(1, len(questions) + 1)), "diagnosis", "treatment"]
    mentioned = _first_mention(cited, order)
    return {
        "questions": [
            {"question": asked, "answer": draft.text(values, f"question.{number}")}
            for number, asked in enumerate(questions, 1)
        ],
        "diagnosis": _judged(values, "diagnosis"),
        "treatment": _judged(values, "treatment"),
        "tests": [row for _number, row in tests],
        "alternatives": [row for _number, row in alternatives],
        "certainty": draft.text(values, "certainty"),
        "change_mind": draft.text(values, "change_mind"),
        "by_when": draft.text(values, "urgency.when"),
        "urgency": draft.text(values, "urgency.what"),
        "outlook": draft.text(values, "outlook"),
        "centres": draft.lines(values, "centres"),
        "missing": draft.lines(values, "missing"),
        "limits": draft.text(values, "limits"),
        "plain": draft.text(values, "plain"),
        "ask_doctor": draft.lines(values, "ask_doctor"),
        "fields": structured,
        "citations": {one: {"label": str(citations[one]["label"])} for one in mentioned},
        "cited": cited,
        "dissent": [],
    }


def _judged(values: Values, part: str) -> dict[str, str]:
    return {one: draft.text(values, f"{part}.{one}") for one in ("scale", "opinion", "reasons")}
