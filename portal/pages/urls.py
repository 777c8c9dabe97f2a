from __future__ import annotations

from django.urls import path

from portal.pages import views

app_name = "pages"
urlpatterns = [
    path("healthz", views.Health.as_view(), name="health"),
]
