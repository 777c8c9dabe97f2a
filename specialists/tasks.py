"""Jobs about assignments: offers run out, and specialists are told that something waits, never what."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from cases.models import Hold
from cases.states import Phase
from portal.core import mail
from portal.core.jobs import Run, job
from specialists.actions import assignments
from specialists.models import Assignment
from specialists.queries.access import WORKING
from specialists.states import AssignmentState


@job("specialists.expire_offers", every_seconds=60)
def expire_offers(run: Run) -> None:
    """End every offer whose time is over; each case is then back with the desk."""
    run.renew()
    assignments.expire_due(by=run.actor)


@job("specialists.end_assignments")
def end_assignments(run: Run, subject_id: str) -> None:
    """The case ended without a report. Its grants were revoked at once; this closes what was offered or being written."""
    with run.finish():
        assignments.end_all(case=UUID(subject_id), by=run.actor)


@job("specialists.end_offers")
def end_offers(run: Run, subject_id: str, before: str) -> None:
    """Records are collected again: whoever was asked until then is told that the offer is off."""
    with run.finish():
        assignments.end_offers(case=UUID(subject_id), before=datetime.fromisoformat(before), by=run.actor)


def _tell(run: Run, assignment: Assignment, template: str, address: str) -> None:
    run.renew()
    mail.send(to=assignment.specialist, template=template, ref=assignment.case.ref, url=f"{settings.BASE_URL}{address}")


@job("specialists.mail_offer")
def mail_offer(run: Run, subject_id: str) -> None:
    """A case is offered. Nothing is sent when it was answered or taken back meanwhile."""
    found = Assignment.objects.select_related("case", "specialist").get(pk=UUID(subject_id))
    if found.state == AssignmentState.OFFERED:
        _tell(run, found, "offer", reverse("reviews:offer", args=[found.pk]))


@job("specialists.mail_withdrawn")
def mail_withdrawn(run: Run, subject_id: str) -> None:
    """An offer or a case was taken back."""
    found = Assignment.objects.select_related("case", "specialist").get(pk=UUID(subject_id))
    _tell(run, found, "offer_withdrawn", reverse("reviews:list"))


@job("specialists.mail_answered")
def mail_answered(run: Run, subject_id: str) -> None:
    """What a specialist asked for is answered. Holds of a whole case are no specialist's question."""
    hold = Hold.objects.get(pk=UUID(subject_id))
    if hold.assignment_id is None:
        return
    asked = Assignment.objects.select_related("case", "specialist").filter(pk=hold.assignment_id, state__in=WORKING)
    if found := asked.filter(case__phase=Phase.IN_REVIEW).first():
        _tell(run, found, "answered", reverse("reviews:workspace", args=[found.pk]))
