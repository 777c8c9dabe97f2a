"""The specialist's worklist and the preview of an offer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from cases.models import Case, Hold, Question
from cases.states import Level
from records.models import Document, Study
from records.queries.documents import view_of
from records.states import RecordState
from specialists.models import Assignment
from specialists.queries import terms
from specialists.queries.access import WORKING, visible_to
from specialists.queries.material import study_label
from specialists.rules.names import distinct, spoken
from specialists.rules.timeleft import TimeLeft, age, age_band, time_left, to_answer
from specialists.states import AssignmentState

SHOW_SIGNED = timedelta(days=30)


@dataclass(frozen=True)
class Row:
    """One line of the worklist."""

    assignment: Assignment
    who: str
    specialty: str
    condition: str
    left: TimeLeft
    answer: TimeLeft | None = None
    waiting_for: str = ""


@dataclass(frozen=True)
class Worklist:
    offers: list[Row]
    open: list[Row]
    signed: list[Row]


def person_words(case: Case, *, band: bool = False) -> str:
    """ "54, female" or, in a preview, "50–59, female"."""
    today = timezone.localdate()
    born = case.patient.birth_date
    years = age(born, today)
    shown = age_band(born, today) if band else (str(years) if years is not None else _("age not given"))
    sex = {"female": _("female"), "male": _("male")}.get(case.patient.sex, "")
    return f"{shown}, {sex}" if sex else shown


def _row(assignment: Assignment, now: datetime, held: dict[UUID, str]) -> Row:
    case = assignment.case
    offered = assignment.state == AssignmentState.OFFERED
    condition = terms.condition_of(case)
    return Row(
        assignment=assignment,
        who=person_words(case, band=offered),
        specialty=terms.specialty_name(case, assignment.specialty),
        condition=condition.name if condition else _("Not in the list"),
        left=time_left(case.due_at, now, paused=case.on_hold),
        answer=to_answer(assignment.expires_at, now) if offered else None,
        waiting_for=held.get(assignment.pk, ""),
    )


def worklist(user: Any) -> Worklist:
    """Offers by time to answer, cases by due time, and what was signed lately."""
    now = timezone.now()
    found = list(visible_to(user))
    holds = Hold.objects.filter(assignment_id__in=[one.pk for one in found], until__isnull=True)
    held = {one.assignment_id: one.get_owner_display() for one in holds if one.assignment_id}
    offers = [one for one in found if one.state == AssignmentState.OFFERED and one.expires_at > now]
    working = [one for one in found if one.state in WORKING]
    signed = [
        one
        for one in found
        if one.state == AssignmentState.SIGNED and one.ended_at and one.ended_at > now - SHOW_SIGNED
    ]
    far = now + timedelta(days=3650)
    return Worklist(
        offers=[_row(one, now, held) for one in sorted(offers, key=lambda one: one.expires_at)],
        open=[_row(one, now, held) for one in sorted(working, key=lambda one: one.case.due_at or far)],
        signed=[_row(one, now, held) for one in sorted(signed, key=lambda one: one.ended_at or now, reverse=True)],
    )


@dataclass(frozen=True)
class Preview:
    """What an offer shows before it is accepted: enough to know whether one can and may take it, and no record itself."""

    who: str
    specialty: str
    condition: str
    level: str
    left: TimeLeft
    answer: TimeLeft
    planned: Any
    questions: list[str]
    studies: list[tuple[str, Any, bool]]
    """Name, day, and whether a person said that day."""
    documents: list[tuple[str, Any]]
    """Kinds of paper and their days: a title is often a file's name, and that the patient's."""
    people: list[str]
    """Doctors and hospitals that the records or the patient name: to declare a conflict."""


def preview(assignment: Assignment) -> Preview:
    case, now = assignment.case, timezone.now()
    condition = terms.condition_of(case)
    studies = list(Study.objects.filter(case=case, state=RecordState.READY).order_by("-date"))
    documents = list(Document.objects.filter(case=case, state=RecordState.READY).order_by("-date"))
    named = [
        *(one.institution for one in studies),
        *(spoken(one.referring) for one in studies),
        *(one.institution for one in documents),
        *(one.author for one in documents),
    ]
    return Preview(
        who=person_words(case, band=True),
        specialty=terms.specialty_name(case, assignment.specialty),
        condition=condition.name if condition else _("Not in the list"),
        level=str(Level(case.level).label),
        left=time_left(case.due_at, now, paused=case.on_hold),
        answer=to_answer(assignment.expires_at, now),
        planned=case.planned_date,
        questions=list(Question.objects.filter(case=case).values_list("text", flat=True)),
        studies=[
            (study_label(one.modalities, one.description), one.date, one.dated_by_id is not None) for one in studies
        ],
        documents=[(view_of(case, one).kind, one.date) for one in documents],
        people=distinct(named),
    )
