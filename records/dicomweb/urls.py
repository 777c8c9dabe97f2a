"""Addresses of PS3.18 chapter 10, over all visible cases and below one case."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, re_path

from records.dicomweb import views

app_name = "dicomweb"

UID = r"[0-9.]{1,64}"
STUDY = rf"^studies/(?P<study>{UID})"
SERIES = rf"{STUDY}/series/(?P<series>{UID})"
INSTANCE = rf"{SERIES}/instances/(?P<instance>{UID})"

service: list[URLPattern | URLResolver] = [
    path("studies", views.Studies.as_view(), name="studies"),
    re_path(rf"{STUDY}/series$", views.SeriesOfStudy.as_view(), name="series"),
    re_path(rf"{STUDY}/instances$", views.Instances.as_view(), name="study-instances"),
    re_path(rf"{STUDY}/metadata$", views.Metadata.as_view(), name="study-metadata"),
    re_path(rf"{SERIES}/instances$", views.Instances.as_view(), name="instances"),
    re_path(rf"{SERIES}/metadata$", views.Metadata.as_view(), name="series-metadata"),
    re_path(rf"{SERIES}/thumbnail$", views.Thumbnail.as_view(), name="thumbnail"),
    re_path(rf"{SERIES}/pack$", views.Pack.as_view(), name="pack"),
    re_path(rf"{INSTANCE}$", views.Original.as_view(), name="instance"),
    re_path(rf"{INSTANCE}/metadata$", views.Metadata.as_view(), name="metadata"),
    re_path(rf"{INSTANCE}/frames/(?P<frames>\d+(?:,\d+)*)$", views.Frames.as_view(), name="frames"),
    re_path(rf"{INSTANCE}/frames/(?P<frame>\d+)/rendered$", views.Rendered.as_view(), name="frame-rendered"),
    re_path(rf"{INSTANCE}/rendered$", views.Rendered.as_view(), name="rendered"),
]

urlpatterns = [
    path("", include(service)),
    path("cases/<str:ref>/", include((service, "case"))),
]
