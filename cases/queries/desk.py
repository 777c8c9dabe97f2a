"""What the desk asks about one case: its clocks and its history."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from cases.models import Case, DeskNote, Hold, Report, Screening
from cases.rules.clocks import PhaseChange, clocks
from cases.states import OPEN, HoldOwner, Phase, ReportState
from portal.accounts.models import User
from portal.core.clock import Interval
from portal.core.models import Event, Job
from portal.core.states import JobState, Role


def clocks_of(case: Case, now: datetime | None = None) -> dict[str, timedelta]:
    """The five clocks of a case until now."""
    moment = now or timezone.now()
    moves = Event.objects.filter(case_id=case.pk, subject_kind="case").exclude(target="").order_by("id")
    changes = [PhaseChange(target, at) for target, at in moves.values_list("target", "at")]
    holds = Hold.objects.filter(case=case, scope="case", owner=HoldOwner.PATIENT).values_list("since", "until")
    return clocks(changes, [Interval(since, until or moment) for since, until in holds], moment)


def history(case: Case) -> QuerySet[Event]:
    """Everything that happened to the case and its parts, the newest first."""
    return Event.objects.filter(case_id=case.pk).order_by("-id")


def names(ids: set[str]) -> dict[str, str]:
    """Names of the accounts with these ids, for showing who did what."""
    return {str(user.pk): user.get_full_name() for user in User.objects.filter(pk__in=ids)}


def notes(case: Case) -> QuerySet[DeskNote]:
    return DeskNote.objects.filter(case=case).select_related("author").order_by("-at")


def holds(case: Case) -> QuerySet[Hold]:
    """Open holds first, then the closed ones."""
    return Hold.objects.filter(case=case).order_by("-since")


def screening(case: Case) -> Screening | None:
    return Screening.objects.filter(case=case).order_by("at").first()


def render_failed(case: Case) -> bool:
    """Whether the PDF of this case's signed report could not be made."""
    return Job.objects.filter(name="cases.render_report", case_id=case.pk, state=JobState.FAILED).exists()


def waiting_report(case: Case) -> Report | None:
    """The signed report that waits for its release, its PDF made or not."""
    signed = Report.objects.filter(case=case, state=ReportState.SIGNED, case__phase=Phase.RELEASE)
    return signed.select_related("signed_by").order_by("-version").first()


def coordinators() -> QuerySet[User]:
    return User.objects.filter(role=Role.COORDINATOR, is_active=True).order_by("name")


def open_for_watch() -> QuerySet[Case]:
    """Cases whose clock runs: records complete, not ended, not on hold. For the watch, which is no person."""
    return Case.objects.filter(phase__in=OPEN, complete_at__isnull=False, on_hold=False).order_by("due_at")


def administrators() -> QuerySet[User]:
    return User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).order_by("name")
