"""Addresses of PS3.18 chapter 10, over all visible cases and below one case."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, re_path

from records.dicomweb import rendered, retrieve, search, views

app_name = "dicomweb"

UID = r"[0-9.]{1,64}"
STUDY = rf"^studies/(?P<study>{UID})"
SERIES = rf"{STUDY}/series/(?P<series>{UID})"
INSTANCE = rf"{SERIES}/instances/(?P<instance>{UID})"
FRAME = rf"{INSTANCE}/frames/(?P<frame>[^/]+)"
BULK = r"(?P<path>[0-9A-Fa-f]{8}(?:/\d{1,6}/[0-9A-Fa-f]{8}){0,16})"

service: list[URLPattern | URLResolver] = [
    re_path(rf"{INSTANCE}/frames/(?P<frames>[^/]+)$", retrieve.Frames.as_view(), name="frames"),
    path("studies", views.Studies.as_view(), name="studies"),
    path("series", search.SeriesSearch.as_view(), name="all-series"),
    path("instances", search.InstanceSearch.as_view(), name="all-instances"),
    re_path(rf"{STUDY}$", views.Study.as_view(), name="study"),
    re_path(rf"{STUDY}/series$", search.SeriesSearch.as_view(), name="series"),
    re_path(rf"{STUDY}/instances$", search.InstanceSearch.as_view(), name="study-instances"),
    re_path(rf"{STUDY}/metadata$", retrieve.Metadata.as_view(), name="study-metadata"),
    re_path(rf"{STUDY}/rendered$", rendered.RenderedSeries.as_view(), name="study-rendered"),
    re_path(rf"{STUDY}/thumbnail$", rendered.Thumbnail.as_view(), name="study-thumbnail"),
    re_path(rf"{SERIES}$", retrieve.Series.as_view(), name="one-series"),
    re_path(rf"{SERIES}/instances$", search.InstanceSearch.as_view(), name="instances"),
    re_path(rf"{SERIES}/metadata$", retrieve.Metadata.as_view(), name="series-metadata"),
    re_path(rf"{SERIES}/rendered$", rendered.RenderedSeries.as_view(), name="series-rendered"),
    re_path(rf"{SERIES}/thumbnail$", rendered.Thumbnail.as_view(), name="thumbnail"),
    re_path(rf"{SERIES}/pack$", retrieve.Pack.as_view(), name="pack"),
    re_path(rf"{INSTANCE}$", retrieve.One.as_view(), name="instance"),
    re_path(rf"{INSTANCE}/metadata$", retrieve.Metadata.as_view(), name="metadata"),
    re_path(rf"{INSTANCE}/bulkdata/{BULK}$", retrieve.Bulkdata.as_view(), name="bulkdata"),
    re_path(rf"{INSTANCE}/rendered$", rendered.Rendered.as_view(), name="rendered"),
    re_path(rf"{INSTANCE}/thumbnail$", rendered.SmallPicture.as_view(), name="instance-thumbnail"),
    re_path(rf"{FRAME}/rendered$", rendered.Rendered.as_view(), name="frame-rendered"),
    re_path(rf"{FRAME}/thumbnail$", rendered.SmallPicture.as_view(), name="frame-thumbnail"),
    re_path(r"^(?P<rest>.*)$", views.Unknown.as_view(), name="unknown"),
]

urlpatterns = [
    path("cases/<str:ref>/", include((service, "case"))),
    path("", include(service)),
]
