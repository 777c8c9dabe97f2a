"""The report's web page and its PDF. Every opening is one audit row (BaseView), the patient's first also an event."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from cases import report as reports
from cases.actions import reports as report_actions
from cases.models import Report as ReportRow
from cases.queries import reports as queries
from cases.views.base import CaseView
from portal.core import storage
from portal.core.access import Permission
from portal.core.states import Role


class ReportView(CaseView):
    """Loads the newest version that this person may read, and refuses one that is not what was signed."""

    abstract = True
    permission = Permission.VIEW_RECORDS
    report: ReportRow

    def load(self) -> None:
        super().load()
        found = queries.newest(self.request.user, self.case)
        if found is None:
            raise Http404
        reports.verify(found.document, found.sha256)
        self.report = found
        self.shown(self.case.pk, subjects=[found.pk])


class Report(ReportView):
    """The report in the same words as the PDF."""

    def get(self, request: HttpRequest, **_kwargs: object) -> HttpResponse:
        report_actions.mark_opened(report=self.report, by=self.actor)
        context = {
            "case": self.case,
            "row": self.report,
            "report": queries.shown(self.report.document),
            "sha256": self.report.sha256,
            "released": self.report.released_at is not None,
            "to_patient": self.case.own and getattr(request.user, "role", None) == Role.PATIENT,
        }
        return render(request, "report/page.html", context)


class ReportPdf(ReportView):
    """The sealed file as it was delivered."""

    def get(self, request: HttpRequest, **_kwargs: object) -> HttpResponseBase:
        stored = queries.pdf_of(self.report)
        if stored is None:
            return render(request, "report/not_ready.html", {"case": self.case}, status=404)
        report_actions.mark_opened(report=self.report, by=self.actor)
        name = f"{settings.PRODUCT['name'].lower()}-{self.case.ref}-v{self.report.version}.pdf"
        answer = StreamingHttpResponse(storage.read_range(stored), content_type="application/pdf")
        answer["Content-Length"] = str(stored.size)
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        answer["X-Content-Type-Options"] = "nosniff"
        return answer
