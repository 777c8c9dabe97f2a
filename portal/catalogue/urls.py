from __future__ import annotations

from django.urls import path

from portal.catalogue import views

app_name = "catalogue"
urlpatterns = [
    path("", views.Versions.as_view(), name="list"),
    path("upload/", views.Upload.as_view(), name="upload"),
    path("<uuid:pk>/", views.Version.as_view(), name="version"),
    path("<uuid:pk>/publish/", views.Publish.as_view(), name="publish"),
    path("<uuid:pk>/download/", views.Download.as_view(), name="download"),
]
