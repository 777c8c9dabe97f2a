"""What the patient told, what was asked for, and what is being waited for: the panels beside the images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from cases.models import Case, Hold, IntakeSection, Question
from portal.catalogue.parts import Ask, RequiredItem
from records.models import ChecklistItem
from records.states import ItemState
from specialists.models import Assignment
from specialists.queries import terms

TITLES = {"problem": _("The problem"), "health": _("Health background"), "about": _("About the patient")}
HIDDEN = frozenset({"given_name", "family_name", "other_names", "phone", "email", "address", "questions"})
"""Answers that a reviewer does not need."""


@dataclass(frozen=True)
class Part:
    title: str
    rows: list[tuple[str, str]]


@dataclass(frozen=True)
class Story:
    questions: list[str]
    parts: list[Part]


@dataclass(frozen=True)
class Line:
    """One line of the checklist."""

    name: str
    need: str
    state: str
    state_label: str
    reason: str


def _words(ask: Ask | None, value: Any) -> str:
    labels = {option.key: option.words for option in ask.options} if ask else {}
    labels |= {"yes": _("Yes"), "no": _("No"), "unsure": _("Not sure")}
    values = value if isinstance(value, list) else [value]
    return ", ".join(labels.get(str(one), str(one)) for one in values if one not in ("", None))


def story(case: Case) -> Story:
    """The patient's answers under the words of the questions, section by section."""
    edition = terms.edition_of(case)
    asks = {ask.key: ask for ask in edition.asks(case.specialties, [case.condition])}
    asks |= {ask.key: ask for reason in edition.reasons for ask in reason.follow}
    parts = []
    sections = {one.key: one for one in IntakeSection.objects.filter(case=case)}
    for key, title in TITLES.items():
        section = sections.get(key)
        if section is None:
            continue
        rows = [
            (asks[name].words if name in asks else name.replace("_", " ").capitalize(), _words(asks.get(name), value))
            for name, value in section.answers.items()
            if name not in HIDDEN
        ]
        if kept := [(label, text) for label, text in rows if text]:
            parts.append(Part(title, kept))
    return Story(list(Question.objects.filter(case=case).values_list("text", flat=True)), parts)


def _line(required: RequiredItem, held: ChecklistItem | None) -> Line:
    state = ItemState(held.state if held else ItemState.MISSING)
    return Line(
        name=required.item.staff,
        need=required.need.value,
        state=state.value,
        state_label=str(state.label),
        reason=held.reason if held else "",
    )


def checklist(case: Case) -> list[Line]:
    """What the condition needs, and what came of it."""
    answers: dict[str, Any] = {}
    for section in IntakeSection.objects.filter(case=case):
        answers |= section.answers
    edition = terms.edition_of(case)
    condition = terms.condition_of(case)
    held = {one.key: one for one in ChecklistItem.objects.filter(case=case)}
    needed = edition.checklist(case.specialties, [condition.key] if condition else [], answers)
    return [_line(one, held.get(one.item.key)) for one in needed]


def open_holds(assignment: Assignment) -> list[Hold]:
    """What this review waits for."""
    return list(Hold.objects.filter(case=assignment.case, until__isnull=True).order_by("since"))
