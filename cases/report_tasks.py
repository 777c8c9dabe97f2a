"""The job that draws a signed report, once."""

from __future__ import annotations

from uuid import UUID

from cases import pdf, report
from cases.actions import reports
from cases.models import Report
from portal.core import storage
from portal.core.access import Actor
from portal.core.jobs import GiveUp, Run, job
from portal.core.workflow import note

RENDER = "cases.render_report"


def tell_failure(subject_id: str) -> None:
    """The last attempt failed: the desk is told, and can ask for another try."""
    found = Report.objects.get(pk=UUID(subject_id))
    note(found, "report", "render_failed", actor=Actor.job(RENDER))


@job(RENDER, on_failure=tell_failure)
def render_report(run: Run, subject_id: str) -> None:
    """Draw the PDF of a signed report and keep it sealed. Running it again changes nothing: what exists was delivered."""
    found = Report.objects.get(pk=UUID(subject_id))
    if found.pdf_object_id:
        return
    try:
        report.verify(found.document, found.sha256)
    except report.Altered:
        raise GiveUp("document_altered") from None
    drawn = pdf.render(found)
    run.renew()
    stored = storage.write_stream([drawn], case_id=found.case_id, kind="original")
    try:
        with run.commit():
            reports.keep_pdf(report=found, stored=stored, by=run.actor)
    except BaseException:
        if not Report.objects.filter(pdf_object_id=stored.pk).exists():  # a commit whose answer was lost is a commit
            storage.erase(stored)
        raise
