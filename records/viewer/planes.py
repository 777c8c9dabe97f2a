"""Overlay planes of one frame (PS3.3 C.9.2) as a transparent picture, which the viewer lays over the image."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase

from portal.core.access import Permission
from records.dicom.overlays import transparent
from records.dicomweb.base import DicomwebView
from records.dicomweb.rendered import PNG, look_of
from records.dicomweb.retrieve import kept
from records.queries import frames


class Planes(DicomwebView):
    """`/viewer/<ref>/planes/<study>/<series>/<instance>/<n>`: the drawings on frame n, counted from 1; empty where it has none."""

    permission = Permission.VIEW_RECORDS

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        asked = (kwargs["study"], kwargs["series"], kwargs["instance"])
        number = int(kwargs["number"])
        places = frames.places(self.user, *asked, ref=kwargs["ref"])
        if not places or not 1 <= number <= places[0].frames:
            raise Http404
        place = places[0]
        self.opened(place.series_id, place.study_id, place.case_id)
        self.looked_at(place.case_id, [place.instance_id])

        def make() -> HttpResponseBase:
            look, rows, columns = look_of(place.instance_id)
            return HttpResponse(transparent(look.overlays, number - 1, rows, columns), content_type=PNG)

        return kept(request, (place.instance_id, place.stored.pk, "planes", number), make)
