from __future__ import annotations

from django.urls import path, re_path

from records.viewer import views

app_name = "viewer"
urlpatterns = [
    path("<str:ref>/", views.Viewer.as_view(), name="page"),
    re_path(r"^(?P<ref>[^/]+)/state/(?P<study>[0-9.]{1,64})/$", views.State.as_view(), name="state"),
]
