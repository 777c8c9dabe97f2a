from __future__ import annotations

from django.urls import path

from portal.pages.patient import views

app_name = "patient"
urlpatterns = [
    path("cases/<str:ref>/", views.CasePage.as_view(), name="case"),
]
