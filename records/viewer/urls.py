from __future__ import annotations

from django.urls import path, re_path

from records.viewer import beside, notes, plain, planes, tiles, views

app_name = "viewer"
urlpatterns = [
    path("<str:ref>/plain/", plain.Plain.as_view(), name="plain"),
    path("<str:ref>/", views.Viewer.as_view(), name="page"),
    re_path(r"^(?P<ref>[^/]+)/state/(?P<study>[0-9.]{1,64})/$", views.State.as_view(), name="state"),
    re_path(r"^(?P<ref>[^/]+)/beside/(?P<study>[0-9.]{1,64})/$", beside.Beside.as_view(), name="beside"),
    re_path(
        r"^(?P<ref>[^/]+)/notes/(?P<study>[0-9.]{1,64})/(?P<kind>key-images|measurements)\.dcm$",
        notes.Notes.as_view(),
        name="notes",
    ),
    re_path(
        r"^(?P<ref>[^/]+)/tiles/(?P<study>[0-9.]{1,64})/(?P<series>[0-9.]{1,64})/(?P<instance>[0-9.]{1,64})/(?P<number>\d{1,9})$",
        tiles.Tile.as_view(),
        name="tile",
    ),
    re_path(
        r"^(?P<ref>[^/]+)/planes/(?P<study>[0-9.]{1,64})/(?P<series>[0-9.]{1,64})/(?P<instance>[0-9.]{1,64})/(?P<number>\d{1,9})$",
        planes.Planes.as_view(),
        name="planes",
    ),
]
