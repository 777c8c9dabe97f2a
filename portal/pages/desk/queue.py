"""The queue: saved views with counts, filters that live in the address, and rows that say what is next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import django_filters
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.models import Case, Hold, Message
from cases.queries import visible_to
from cases.queries.desk import coordinators
from cases.states import OPEN, HoldOwner, Level, Phase
from portal.catalogue.queries import current_edition
from records.models import ChecklistItem
from records.queries.aside import set_aside
from records.queries.custody import overdue_things
from records.states import ItemState
from specialists.models import Assignment
from specialists.rules.timeleft import TimeLeft, time_left
from specialists.states import LIVE


def annotated(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Each case with the facts that decide what is next: who is asked, what is unread, what is set aside, who is offered."""
    mine = {"case": OuterRef("pk")}
    return cases.annotate(
        waits_for_patient=Exists(Hold.objects.filter(**mine, scope="case", owner=HoldOwner.PATIENT, until=None)),
        waits_for_hospital=Exists(Hold.objects.filter(**mine, scope="case", owner=HoldOwner.HOSPITAL, until=None)),
        asked_by_specialist=Exists(Hold.objects.filter(**mine, scope="assignment", until=None)),
        unread=Exists(Message.objects.filter(**mine, from_staff=False, read_at=None)),
        set_aside=set_aside(),
        cannot_get=Exists(ChecklistItem.objects.filter(**mine, state=ItemState.CANNOT_GET)),
        return_overdue=Exists(overdue_things().filter(**mine)),
        offered=Exists(Assignment.objects.filter(**mine, state__in=LIVE)),
    )


def _needs_action(now: datetime) -> Q:
    free = Q(on_hold=False)
    return Q(return_overdue=True) | Q(phase__in=OPEN) & (
        Q(unread=True)
        | Q(set_aside=True)
        | Q(asked_by_specialist=True)
        | Q(flagged_today=True)
        | Q(cannot_get=True)
        | free & Q(phase=Phase.COLLECTING, coordinator=None)
        | free & Q(phase=Phase.TRIAGE)
        | free & Q(phase=Phase.MATCHING, offered=False)
        | Q(phase=Phase.RELEASE)
        | free & Q(due_at__lt=now)
    )


@dataclass(frozen=True)
class View:
    """A saved view: a name, and which of the annotated cases belong to it."""

    key: str
    label: Any
    where: Callable[[datetime], Q]


VIEWS = (
    View("needs-action", _("Needs action"), _needs_action),
    View("overdue", _("Overdue"), lambda now: Q(phase__in=OPEN, on_hold=False, due_at__lt=now)),
    View(
        "due-today",
        _("Due within a day"),
        lambda now: Q(phase__in=OPEN, on_hold=False, due_at__gte=now, due_at__lt=now + timedelta(days=1)),
    ),
    View("collecting", _("Collecting records"), lambda now: Q(phase=Phase.COLLECTING)),
    View("unassigned", _("Unassigned"), lambda now: Q(phase=Phase.MATCHING, offered=False)),
    View("waiting", _("Waiting for patient"), lambda now: Q(phase__in=OPEN, waits_for_patient=True)),
    View("with-specialist", _("With specialist"), lambda now: Q(phase=Phase.IN_REVIEW)),
    View("ready", _("Ready to release"), lambda now: Q(phase=Phase.RELEASE)),
    View("return-overdue", _("Return overdue"), lambda now: Q(return_overdue=True)),
    View("open", _("All open"), lambda now: Q(phase__in=OPEN)),
    View("ended", _("Ended"), lambda now: ~Q(phase__in=[*OPEN, Phase.DRAFT])),
)
DEFAULT = VIEWS[0]


def view_by_key(key: str) -> View | None:
    return next((view for view in VIEWS if view.key == key), None)


def _specialties(request: Any) -> list[tuple[str, str]]:
    return [(one.key, one.name) for one in current_edition().specialties]


def as_ref(typed: str) -> str:
    """A case's reference, or the beginning of one, as a person may type it."""
    bare = typed.strip().upper().replace("-", "")
    return f"{bare[:3]}-{bare[3:]}" if len(bare) > 3 else bare


class QueueFilter(django_filters.FilterSet):
    """Filters of the queue; they stand in the address, so that a view can be shared and kept as a bookmark.

    A patient's name never does: addresses are kept in histories and logs. It is searched for by POST alone.
    """

    q = django_filters.CharFilter(method="by_word", label=_("Case or name"))
    specialty = django_filters.ChoiceFilter(method="by_specialty", label=_("Specialty"), empty_label=_("Any"))
    level = django_filters.ChoiceFilter(choices=Level.choices, label=_("Level"), empty_label=_("Any"))
    coordinator = django_filters.ChoiceFilter(method="by_coordinator", label=_("Coordinator"), empty_label=_("Anyone"))

    class Meta:
        model = Case
        fields = ["q", "specialty", "level", "coordinator"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["specialty"].extra["choices"] = _specialties(self.request)
        people = [(str(one.pk), one.get_full_name()) for one in coordinators()]
        self.filters["coordinator"].extra["choices"] = [("none", _("Nobody yet")), *people]
        for field in self.form.fields.values():
            field.quiet_optional = True  # every filter is; saying so on each is noise

    def by_word(self, cases: QuerySet[Case], name: str, value: str) -> QuerySet[Case]:
        """Reference with or without its dash, or, in a POST, part of the patient's name."""
        matches = Q(ref__startswith=as_ref(value))
        for word in value.split() if self.request.method == "POST" else []:
            matches |= Q(patient__given_name__icontains=word) | Q(patient__family_name__icontains=word)
        return cases.filter(matches)

    def by_specialty(self, cases: QuerySet[Case], name: str, value: str) -> QuerySet[Case]:
        return cases.filter(specialties__icontains=f'"{value}"')

    def by_coordinator(self, cases: QuerySet[Case], name: str, value: str) -> QuerySet[Case]:
        return cases.filter(coordinator=None) if value == "none" else cases.filter(coordinator__pk=value)


@dataclass(frozen=True)
class Row:
    """One line of the queue."""

    case: Case
    age: int | None
    language: str
    specialty: str
    tone: str
    status: Any
    time: TimeLeft
    assignable: bool


def _status(case: Any) -> tuple[str, Any]:
    """Colour of the tag and its words: what the desk would say if asked how this case stands."""
    steps: tuple[tuple[bool, str, Any], ...] = (
        (case.flagged_today and case.phase in OPEN, "red", _("Urgent sign: call today")),
        (case.set_aside, "red", _("Record set aside")),
        (case.return_overdue, "red", _("Return overdue")),
        (case.cannot_get and case.phase in OPEN, "purple", _("Cannot get a record")),
        (case.waits_for_patient, "yellow", _("Waiting for patient")),
        (case.waits_for_hospital, "yellow", _("Waiting for hospital")),
        (case.asked_by_specialist, "orange", _("Specialist asks")),
        (case.phase == Phase.COLLECTING and case.coordinator is None, "purple", _("New request")),
        (case.phase == Phase.COLLECTING, "blue", _("Collecting records")),
        (case.phase == Phase.TRIAGE, "purple", _("To check")),
        (case.phase == Phase.MATCHING and case.offered, "purple", _("Offered")),
        (case.phase == Phase.MATCHING, "red", _("Unassigned")),
        (case.phase == Phase.IN_REVIEW, "green", _("With specialist")),
        (case.phase == Phase.RELEASE, "orange", _("Ready to release")),
    )
    return next(((tone, words) for holds, tone, words in steps if holds), ("grey", case.get_phase_display()))


def rows(cases: QuerySet[Any], now: datetime) -> list[Row]:
    """Lines in the order of urgency: red flags, then the nearest due time, then the oldest."""
    names = dict(_specialties(None))
    languages = {one.code: one.own_name for one in current_edition().languages}
    today = timezone.localdate()
    found = cases.select_related("patient", "assignee", "coordinator").order_by(
        "-flagged_today", F("due_at").asc(nulls_last=True), "submitted_at", "pk"
    )
    lines = []
    for case in found:
        tone, status = _status(case)
        born = case.patient.birth_date
        age = today.year - born.year - ((today.month, today.day) < (born.month, born.day)) if born else None
        lines.append(
            Row(
                case=case,
                age=age,
                language=languages.get(case.patient.language, ""),
                specialty=", ".join(str(names.get(key, key)) for key in case.specialties),
                tone=tone,
                status=status,
                time=time_left(case.due_at, now, paused=case.on_hold) if case.phase in OPEN else TimeLeft("done", ""),
                assignable=case.phase == Phase.MATCHING and not case.offered,
            )
        )
    return lines


def counts(user: Any, now: datetime) -> dict[str, int]:
    """How many cases each view holds for this user, in one query."""
    wanted = {
        f"view_{i}": Count("pk", filter=view.where(now)) for i, view in enumerate(VIEWS)
    }  # no name of an annotation
    found: dict[str, int] = annotated(visible_to(user)).aggregate(**wanted)
    return {view.key: found[f"view_{i}"] for i, view in enumerate(VIEWS)}
