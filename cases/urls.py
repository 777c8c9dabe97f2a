from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from cases.views import report

app_name = "cases"
urlpatterns: list[URLPattern | URLResolver] = [
    path("cases/<str:ref>/report/", report.Report.as_view(), name="report"),
    path("cases/<str:ref>/report/pdf/", report.ReportPdf.as_view(), name="report_pdf"),
]
