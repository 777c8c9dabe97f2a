"""Giving the signed report to the patient, and closing the case afterwards."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from cases.actions import holds
from cases.actions.locking import lock
from cases.models import Case, Report
from cases.moves import CASE
from cases.states import ReportState
from portal.core import jobs
from portal.core.access import Actor
from portal.core.models import Job
from portal.core.states import JobState, Role
from portal.core.workflow import Refused, move, note


@transaction.atomic
def release(*, case: Case, by: Actor) -> Report:
    """The newest signed report becomes readable for the patient; an earlier released one is superseded.

    Raises:
        Refused: no signed report, or its PDF is not made yet.
    """
    held = lock(case)
    report = Report.objects.filter(case=held, state=ReportState.SIGNED).order_by("-version").first()
    if report is None:
        raise Refused("release: no signed report")
    if report.pdf_object_id is None:
        raise Refused("release: the PDF is not ready yet")
    now = timezone.now()
    Report.objects.filter(case=held, state=ReportState.RELEASED).update(state=ReportState.SUPERSEDED)
    Report.objects.filter(pk=report.pk).update(state=ReportState.RELEASED, released_at=now)
    holds.end_all(case=held, by=Actor.job("cases.release"))
    note(report, "report", "release", actor=by, data={"version": report.version})
    move(
        held,
        CASE,
        "release",
        actor=by,
        data={"report": str(report.pk)},
        changes={"delivered_at": now, "last_activity_at": now},
    )
    case.refresh_from_db()
    report.refresh_from_db()
    return report


@transaction.atomic
def render_again(*, case: Case, by: Actor) -> None:
    """The desk asks for another try of a PDF that could not be made.

    Raises:
        Refused: nothing failed.
    """
    held = lock(case)
    failed = Job.objects.filter(name="cases.render_report", case_id=held.pk, state=JobState.FAILED)
    if by.role != Role.COORDINATOR or not [row for row in failed if jobs.retry(row)]:
        raise Refused("render: nothing failed")
    note(held, "case", "render_again", actor=by)


@transaction.atomic
def close(*, case: Case, by: Actor) -> None:
    """Nothing is owed any more; the report stays readable."""
    held = lock(case)
    move(held, CASE, "close", actor=by)
    case.refresh_from_db()
