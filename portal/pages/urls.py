from __future__ import annotations

from django.urls import path

from portal.pages import auditlog, views

app_name = "pages"
urlpatterns = [
    path("", views.Home.as_view(), name="home"),
    path("help/", views.Help.as_view(), name="help"),
    path("privacy/", views.Privacy.as_view(), name="privacy"),
    path("terms/", views.Terms.as_view(), name="terms"),
    path("imprint/", views.Imprint.as_view(), name="imprint"),
    path("accessibility/", views.Accessibility.as_view(), name="accessibility"),
    path("audit/", auditlog.AuditLog.as_view(), name="audit"),
    path("words.js", views.ScriptWords.as_view(), name="words"),
    path("healthz", views.Health.as_view(), name="health"),
]
