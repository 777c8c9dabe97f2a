from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from cases.views import conversation, intake, listing, report, screening, sending

app_name = "cases"
urlpatterns: list[URLPattern | URLResolver] = [
    path("start/", screening.Step.as_view(), name="start"),
    path("start/result/", screening.Result.as_view(), name="result"),
    path("start/go-on/", screening.Resume.as_view(), name="resume"),
    path("start/<slug:step>/", screening.Step.as_view(), name="step"),
    path("cases/", listing.MyCases.as_view(), name="list"),
    path("cases/new/", listing.NewCase.as_view(), name="new"),
    path("cases/<str:ref>/messages/", conversation.Messages.as_view(), name="messages"),
    path("cases/<str:ref>/withdraw/", conversation.Withdraw.as_view(), name="withdraw"),
    path("cases/<str:ref>/questions/", intake.Questions.as_view(), name="questions"),
    path("cases/<str:ref>/how-fast/", sending.HowFast.as_view(), name="level"),
    path("cases/<str:ref>/another-time/", sending.Proposal.as_view(), name="proposal"),
    path("cases/<str:ref>/consent/", sending.Consents.as_view(), name="consents"),
    path("cases/<str:ref>/consent/<slug:key>/", sending.ConsentScreen.as_view(), name="consent"),
    path("cases/<str:ref>/check/", sending.Check.as_view(), name="check"),
    path("cases/<str:ref>/sent/", sending.Sent.as_view(), name="sent"),
    path("cases/<str:ref>/part/<slug:section>/", intake.Section.as_view(), name="section"),
    path("cases/<str:ref>/correct/", intake.Correct.as_view(), name="correct"),
    path("cases/<str:ref>/report/", report.Report.as_view(), name="report"),
    path("cases/<str:ref>/report/pdf/", report.ReportPdf.as_view(), name="report_pdf"),
]
