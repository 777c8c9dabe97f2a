"""The opinion form as the page draws it: sections of controls, each with its name in the draft, its value and what to say about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases.models import Question
from cases.report import BY_WHEN, CERTAINTY, SCALE
from portal.catalogue.parts import FieldType, OpinionField, SubField
from specialists.models import Assignment, OpinionDraft
from specialists.queries import terms
from specialists.rules import draft as drafts
from specialists.rules import fields as structured
from specialists.rules.draft import VALUE, Values

Options = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Control:
    """One control. `kind` names the template part: text, area, radios, select, checks, number, date, check."""

    name: str
    label: str
    kind: str = "area"
    values: Sequence[str] = ()
    options: Options = ()
    hint: str = ""
    unit: str = ""
    rows: int = 3
    doubt: str = ""
    can_confirm: bool = False
    reading: bool = False

    @property
    def id(self) -> str:
        return f"id_{self.name.replace('.', '-')}"

    @property
    def value(self) -> str:
        return self.values[0] if self.values else ""

    @property
    def confirm_name(self) -> str:
        return self.name.replace("field.", "ok.", 1)


@dataclass(frozen=True)
class Block:
    """Controls that make one statement, which may cite records under `statement`."""

    controls: Sequence[Control]
    statement: str = ""
    heading: str = ""
    quote: str = ""
    source: str = ""
    cites: Sequence[tuple[str, Mapping[str, Any]]] = ()
    blank: bool = False
    """An empty row at the end of a repeated part; the page's script copies it."""


@dataclass(frozen=True)
class Section:
    key: str
    title: str
    blocks: Sequence[Block]
    hint: str = ""
    folded: bool = False
    done: bool = False

    @property
    def short(self) -> str:
        """The part's name in the line of links."""
        return str(SHORT[self.key])


SHORT = {
    "questions": gettext_lazy("Questions"),
    "diagnosis": gettext_lazy("Diagnosis"),
    "treatment": gettext_lazy("Treatment"),
    "tests": gettext_lazy("Tests"),
    "alternatives": gettext_lazy("Alternatives"),
    "certainty": gettext_lazy("Certainty"),
    "fields": gettext_lazy("Values"),
    "plain": gettext_lazy("Plain page"),
    "outlook": gettext_lazy("Outlook"),
    "limits": gettext_lazy("Limits"),
}


@dataclass
class _Builder:
    values: Values
    citations: Mapping[str, Mapping[str, Any]]
    doubts: Mapping[str, structured.Doubt] = field(default_factory=dict)

    def control(self, name: str, label: str, kind: str = "area", **more: Any) -> Control:
        doubt = self.doubts.get(name)
        return Control(
            name=name,
            label=label,
            kind=kind,
            values=list(self.values.get(name, ())),
            doubt=doubt.text if doubt else "",
            can_confirm=bool(doubt and doubt.kind == "range"),
            **more,
        )

    def block(self, statement: str, *controls: Control, **more: Any) -> Block:
        ids = self.values.get(f"cite.{statement}", ()) if statement else ()
        cites = [(one, self.citations[one]) for one in ids if one in self.citations]
        return Block(controls=controls, statement=statement, cites=cites, **more)

    def has(self, *names: str) -> bool:
        return all(drafts.text(self.values, name) for name in names)


def _options(choices: Mapping[str, Any]) -> Options:
    return [(key, str(label)) for key, label in choices.items()]


def sections(assignment: Assignment, draft: OpinionDraft) -> list[Section]:
    """The whole form in the order in which a reviewer thinks: what was asked, what I judge, what to do, what the patient reads."""
    values: Values = draft.content.get("values", {})
    opinion_fields = terms.fields_of(assignment)
    build = _Builder(
        values,
        draft.content.get("citations", {}),
        {one.name: one for one in structured.doubts(opinion_fields, values)},
    )
    asked = list(Question.objects.filter(case=assignment.case).values_list("number", "text"))
    return [
        _questions(build, asked),
        _judgement(build, "diagnosis", _("Diagnosis"), _("The diagnosis in your words")),
        _judgement(build, "treatment", _("Treatment plan"), _("The treatment you advise")),
        _tests(build),
        _alternatives(build),
        _certainty(build),
        _fields(build, terms.specialty_name(assignment.case, assignment.specialty), opinion_fields),
        _plain(build),
        _outlook(build),
        _limits(build),
    ]


def _questions(build: _Builder, asked: Sequence[tuple[int, str]]) -> Section:
    blocks = [
        build.block(
            f"question.{number}",
            build.control(f"question.{number}", _("Your answer to question %(number)d") % {"number": number}, rows=4),
            quote=text,
        )
        for number, text in asked
    ]
    done = build.has(*(f"question.{number}" for number, _text in asked))
    return Section("questions", _("Answers to the patient's questions"), blocks, done=done)


def _judgement(build: _Builder, part: str, title: str, opinion: str) -> Section:
    first = _("First opinion: do you agree?")
    block = build.block(
        part,
        build.control(f"{part}.scale", first, "radios", options=_options(SCALE)),
        build.control(f"{part}.opinion", opinion, rows=3),
        build.control(f"{part}.reasons", _("Your reasons"), rows=5),
    )
    return Section(part, title, [block], done=build.has(f"{part}.scale", f"{part}.opinion", f"{part}.reasons"))


def _rows(build: _Builder, kind: str, parts: Mapping[str, str]) -> list[Block]:
    filled = [number for number, _row in drafts.rows(build.values, kind, parts)]
    last = max(filled, default=0) + 1
    return [
        build.block(
            f"{kind}.{number}",
            *(build.control(f"{kind}.{number}.{part}", label, rows=2) for part, label in parts.items()),
            blank=number == last,
        )
        for number in [*filled, last]
    ]


def _tests(build: _Builder) -> Section:
    parts = {"test": _("Test"), "would_change": _("What each result would change")}
    blocks = _rows(build, "test", parts)
    return Section("tests", _("Further tests"), blocks, hint=_("Leave empty if none."), done=len(blocks) > 1)


def _alternatives(build: _Builder) -> Section:
    parts = {
        "option": _("Alternative"),
        "benefit": _("Benefit"),
        "risk": _("Risk"),
        "burden": _("Burden for the patient"),
    }
    blocks = _rows(build, "alternative", parts)
    return Section("alternatives", _("Alternatives"), blocks, done=len(blocks) > 1)


def _certainty(build: _Builder) -> Section:
    blocks = [
        build.block(
            "change_mind",
            build.control("certainty", _("How sure are you?"), "radios", options=_options(CERTAINTY)),
            build.control("change_mind", _("What would change your opinion?")),
        ),
        build.block(
            "urgency",
            build.control("urgency.when", _("How soon must something happen?"), "select", options=_options(BY_WHEN)),
            build.control("urgency.what", _("What must happen by then?"), rows=2),
        ),
    ]
    done = build.has("certainty", "change_mind", "urgency.when")
    return Section("certainty", _("Certainty and urgency"), blocks, done=done)


def _fields(build: _Builder, specialty: str, opinion_fields: Sequence[OpinionField]) -> Section:
    blocks: list[Block] = []
    any_filled = False
    for one in opinion_fields:
        filled = drafts.numbers_of(build.values, one.key)
        any_filled |= bool(filled)
        last = max(filled, default=0) + 1
        for number in [*filled, last] if one.repeat else [1]:
            blocks.append(_field(build, one, number, blank=one.repeat and number == last))
    title = _("Values (%(specialty)s)") % {"specialty": specialty}
    hint = _("All optional. Cut-offs are shown as help; nothing is computed.")
    return Section("fields", title, blocks, hint=hint, folded=not any_filled, done=any_filled)


def _field(build: _Builder, one: OpinionField, number: int, *, blank: bool) -> Block:
    group = one.type is FieldType.GROUP
    parts: Sequence[OpinionField | SubField] = one.fields if group else (one,)
    controls = [
        _value(build, f"field.{one.key}.{number}.{part.key if group else VALUE}", part, hint=part.help)
        for part in parts
    ]
    controls.append(build.control(f"when.{one.key}.{number}", _("Date of the value"), "date"))
    return build.block(
        f"field.{one.key}.{number}",
        *controls,
        heading=one.label,
        source=f"{one.source}, {one.year}" if one.source != "house" else "",
        quote=one.help if group else "",
        blank=blank,
    )


KINDS = {
    FieldType.INT: "number",
    FieldType.DEC: "number",
    FieldType.DATE: "date",
    FieldType.ENUM: "select",
    FieldType.LIST: "checks",
    FieldType.BOOL: "select",
}


def _value(build: _Builder, name: str, part: OpinionField | SubField, hint: str) -> Control:
    options = [(value.value, value.label) for value in part.values]
    kind = "checks" if part.many and options else KINDS.get(part.type, "text")
    if kind == "checks" and not options:
        kind = "text"
    if part.type is FieldType.BOOL:
        options = [("yes", _("Yes")), ("no", _("No"))]
    return build.control(name, part.label, kind, options=options, unit=structured.written(part.unit), hint=hint)


def _plain(build: _Builder) -> Section:
    block = build.block(
        "plain",
        build.control("plain", _("The page that the patient reads first"), rows=10, reading=True),
        build.control(
            "ask_doctor", _("Questions to take to the treating doctor"), rows=4, hint=_("One question on each line.")
        ),
    )
    hint = _("Short sentences, everyday words. Explain each medical word where it first stands.")
    return Section("plain", _("Plain-language page"), [block], hint=hint, done=build.has("plain"))


def _outlook(build: _Builder) -> Section:
    blocks = [
        build.block(
            "outlook",
            build.control("outlook", _("Outlook, in words"), hint=_("Only if the patient asked.")),
            build.control(
                "centres",
                _("Trials and centres to consider"),
                rows=2,
                hint=_("One on each line, with registry numbers."),
            ),
        )
    ]
    return Section("outlook", _("Outlook and centres"), blocks, folded=True, done=build.has("outlook"))


def _limits(build: _Builder) -> Section:
    blocks = [
        build.block(
            "missing",
            build.control(
                "missing",
                _("What was missing"),
                hint=_("One on each line, and how it matters. Leave empty if nothing was."),
            ),
        ),
        build.block("", build.control("limits", _("Limits of this opinion"), rows=5)),
    ]
    return Section("limits", _("What was missing, and limits"), blocks, done=build.has("limits"))
