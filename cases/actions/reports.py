"""The report as delivered: received when signed, rendered once, opened by the patient."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from cases import report as reports
from cases.actions import holds
from cases.actions.locking import lock
from cases.models import Case, Report
from cases.moves import CASE
from cases.states import ReportState
from portal.core.access import Actor
from portal.core.models import StoredObject
from portal.core.states import Role
from portal.core.workflow import Refused, move, note


@transaction.atomic
def receive_report(
    *,
    case: Case | UUID,
    document: dict[str, Any],
    sha256: str,
    assignment_id: UUID,
    by: Actor,
    signed_at: datetime,
) -> Report:
    """Keep a signed document as the case's next report version and bring the case to its release.

    Raises:
        Altered: the document does not have the hash that was signed.
        Refused: the case is not in review, or the version in the document is not the next one.
    """
    held = lock(case)
    reports.verify(document, sha256)
    version = next_version(held)
    if document["version"] != str(version):
        raise Refused("report.receive: another version was first")
    if by.user is None:
        raise Refused("report.receive: a person signs")
    kept = Report.objects.create(
        case=held,
        version=version,
        document=document,
        sha256=sha256,
        assignment_id=assignment_id,
        signed_by=by.user,
        signed_at=signed_at,
    )
    holds.end_all(case=held, by=Actor.job("cases.receive_report"), assignment_id=assignment_id)
    move(held, CASE, "receive_report", actor=by, data={"report": str(kept.pk), "version": version})
    note(kept, "report", "sign", actor=by, data={"version": version, "sha256": sha256})
    return kept


def next_version(case: Case) -> int:
    """The number that the next signed report of this case gets."""
    last: int | None = Report.objects.filter(case=case).aggregate(last=Max("version"))["last"]
    return (last or 0) + 1


@transaction.atomic
def keep_pdf(*, report: Report, stored: StoredObject, by: Actor) -> Report:
    """Name the sealed PDF of a report, once: what was delivered is never made anew."""
    lock(report.case_id)
    kept = Report.objects.filter(pk=report.pk, pdf_object_id__isnull=True).update(pdf_object_id=stored.pk)
    if not kept:
        raise Refused("report.keep_pdf: it has one already")
    report.pdf_object_id = stored.pk
    note(report, "report", "render", actor=by, data={"object": str(stored.pk), "sha256": stored.sha256})
    return report


@transaction.atomic
def mark_opened(*, report: Report, by: Actor) -> bool:
    """The patient's side has opened the released report for the first time. Returns whether this was the first time."""
    if by.role is not Role.PATIENT or report.state != ReportState.RELEASED:
        return False
    now = timezone.now()
    if not Report.objects.filter(pk=report.pk, first_opened_at__isnull=True).update(first_opened_at=now):
        return False
    report.first_opened_at = now
    note(report, "report", "open", actor=by, data={"version": report.version})
    return True
