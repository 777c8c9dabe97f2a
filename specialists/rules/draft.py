"""The draft of an opinion: flat names to texts, as the form and its autosave know them.

One name is one control, so that two windows differ in names and not in paragraphs:

    question.2              answer to the patient's second question
    diagnosis.scale         also .opinion, .reasons; the same for treatment
    test.1.test             also .would_change; alternative.1.option, .benefit, .risk, .burden
    certainty, change_mind, urgency.when, urgency.what, outlook, centres, missing, limits, plain, ask_doctor
    field.lvef.1.value      field of the catalogue, its number where it repeats, its part ("value" where it has none)
    when.lvef.1             date of that value
    ok.lvef.1.value         the value that the specialist confirmed although it is out of the plausible range
    cite.diagnosis          ids of the records that a statement cites
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from portal.catalogue.parts import FieldType, OpinionField

Values = Mapping[str, Sequence[str]]

LONGEST = 20_000
"""Characters in one control."""
MOST_ROWS = 30
VALUE = "value"

TEST_PARTS = ("test", "would_change")
ALTERNATIVE_PARTS = ("option", "benefit", "risk", "burden")
PLAIN_NAMES = frozenset(
    {
        *(f"{part}.{one}" for part in ("diagnosis", "treatment") for one in ("scale", "opinion", "reasons")),
        "certainty",
        "change_mind",
        "urgency.when",
        "urgency.what",
        "outlook",
        "centres",
        "missing",
        "limits",
        "plain",
        "ask_doctor",
    }
)
STATEMENTS = frozenset({"diagnosis", "treatment", "change_mind", "urgency", "outlook", "plain", "missing"})
_ROW = re.compile(r"(question|test|alternative)\.([1-9]\d?)(?:\.([a-z_]+))?")
_FIELD = re.compile(r"(field|ok)\.([a-z][a-z0-9_]*)\.([1-9]\d?)\.([a-z][a-z0-9_]*)")
_WHEN = re.compile(r"(?:when|field)\.([a-z][a-z0-9_]*)\.([1-9]\d?)")


class Unknown(Exception):
    """A name that this form does not have. The argument is the name."""


def parts_of(field: OpinionField) -> list[str]:
    return [part.key for part in field.fields] if field.type is FieldType.GROUP else [VALUE]


def _is_row(kind: str, number: int, part: str | None, questions: int) -> bool:
    if kind == "question":
        return part is None and number <= questions
    parts = TEST_PARTS if kind == "test" else ALTERNATIVE_PARTS
    return part in parts and number <= MOST_ROWS


def _is_field(key: str, number: int, part: str | None, fields: Mapping[str, OpinionField]) -> bool:
    field = fields.get(key)
    if field is None or number > (MOST_ROWS if field.repeat else 1):
        return False
    return part is None or part in parts_of(field)


def is_statement(name: str, *, questions: int, fields: Mapping[str, OpinionField]) -> bool:
    """Whether `name` is something that can cite a record."""
    if name in STATEMENTS:
        return True
    if found := _ROW.fullmatch(name):
        kind, number, part = found[1], int(found[2]), found[3]
        return part is None and number <= (questions if kind == "question" else MOST_ROWS)
    found = _WHEN.fullmatch(name)
    return bool(found and name.startswith("field.") and _is_field(found[1], int(found[2]), None, fields))


def is_name(name: str, *, questions: int, fields: Mapping[str, OpinionField]) -> bool:
    """Whether the form has a control of this name."""
    if name in PLAIN_NAMES:
        return True
    if name.startswith("cite."):
        return is_statement(name.removeprefix("cite."), questions=questions, fields=fields)
    if found := _ROW.fullmatch(name):
        return _is_row(found[1], int(found[2]), found[3], questions)
    if found := _FIELD.fullmatch(name):
        return _is_field(found[2], int(found[3]), found[4], fields)
    found = _WHEN.fullmatch(name)
    return bool(found and name.startswith("when.") and _is_field(found[1], int(found[2]), None, fields))


def cleaned(changes: Values, *, questions: int, fields: Mapping[str, OpinionField]) -> dict[str, list[str]]:
    """The changed controls as they are stored: known names, texts of bounded length, line ends alike.

    Raises:
        Unknown: a name that this form does not have, or a text longer than LONGEST.
    """
    kept: dict[str, list[str]] = {}
    for name, values in changes.items():
        if not is_name(name, questions=questions, fields=fields):
            raise Unknown(name)
        texts = [str(value).replace("\r\n", "\n").replace("\x00", "") for value in values]
        if any(len(text) > LONGEST for text in texts) or len(texts) > 50:
            raise Unknown(name)
        kept[name] = [text for text in texts if text.strip()]
    return kept


def merged(values: Values, changes: Values) -> dict[str, list[str]]:
    """The draft after a save; what was emptied is gone."""
    whole = {**{name: list(texts) for name, texts in values.items()}, **{n: list(t) for n, t in changes.items()}}
    return {name: texts for name, texts in whole.items() if texts}


def text(values: Values, name: str) -> str:
    found = values.get(name) or [""]
    return found[0].strip()


def lines(values: Values, name: str) -> list[str]:
    return [line.strip() for line in text(values, name).splitlines() if line.strip()]


def rows(values: Values, kind: str, parts: Iterable[str]) -> list[tuple[int, dict[str, str]]]:
    """Filled rows of a repeated part in their order, each with its number."""
    parts = list(parts)
    numbers = sorted({int(name.split(".")[1]) for name in values if name.startswith(f"{kind}.")})
    found = [(number, {part: text(values, f"{kind}.{number}.{part}") for part in parts}) for number in numbers]
    return [(number, row) for number, row in found if any(row.values())]


def numbers_of(values: Values, key: str) -> list[int]:
    """Which repetitions of a structured field have something in them."""
    prefix = f"field.{key}."
    return sorted({int(name.split(".")[2]) for name in values if name.startswith(prefix)})


def cited(values: Values, citations: Mapping[str, Any]) -> dict[str, list[str]]:
    """Statement to the citations that it names and that exist."""
    found = {
        name.removeprefix("cite."): [one for one in ids if one in citations]
        for name, ids in values.items()
        if name.startswith("cite.")
    }
    return {statement: ids for statement, ids in sorted(found.items()) if ids}
