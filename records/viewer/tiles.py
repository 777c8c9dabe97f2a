"""Tiles of whole-slide images, one by one: the JPEG as it lies in the original where there is one, else the decoded frame, drawn."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase

from portal.core import storage
from portal.core.access import Permission
from records.dicomweb.base import DicomwebView
from records.dicomweb.rendered import JPEG, Drawing, draw, needs_window, own_window
from records.dicomweb.retrieve import kept
from records.models import Instance
from records.queries import frames
from records.queries.beside import tile_source
from records.queries.frames import Place

BASELINE = "1.2.840.10008.1.2.4.50"
MAX_TILE_BYTES = 16 * 1024**2
_ADOBE_RGB = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"
"""APP14 marker with transform 0: without it a browser takes three components for YCbCr."""


class Tile(DicomwebView):
    """`/viewer/<ref>/tiles/<study>/<series>/<instance>/<n>`: tile n, counted from 1, as JPEG."""

    permission = Permission.VIEW_RECORDS

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        asked = (kwargs["study"], kwargs["series"], kwargs["instance"])
        number = int(kwargs["number"])
        source = tile_source(self.user, *asked, ref=kwargs["ref"])
        if source is None or number < 1:
            raise Http404
        self.opened(source.series_id, source.series.study_id, source.series.study.case_id)
        self.looked_at(source.series.study.case_id, [source.pk])

        def make() -> HttpResponseBase:
            picture = stored_tile(source, number)
            if picture is None:
                places = frames.places(self.user, *asked, ref=kwargs["ref"])
                if not places or number > places[0].frames:
                    raise Http404
                picture = draw(places[0], number, Drawing(JPEG, window=self.window(places[0], **kwargs), quality=85))
            return HttpResponse(picture, content_type=JPEG)

        return kept(request, (source.pk, source.pack_id or source.file.object_id), make)

    def window(self, place: Place, *, study: str, series: str, ref: str, **_: Any) -> tuple[float, float, str] | None:
        """One for all tiles of the slide: each by its own range would make every empty one black, and neighbours differ."""
        if not needs_window(place):
            return None
        return own_window([one for one in frames.places(self.user, study, series, ref=ref) if needs_window(one)])


def stored_tile(source: Instance, number: int) -> bytes | None:
    """The compressed tile by the offset table, when it is a JPEG that every browser draws.

    Of slides that were decoded whole the header says RGB whatever the tiles hold, so their tiles are drawn.
    """
    tiles = (source.content or {}).get("tiles") or []
    if (
        source.pack_id is not None
        or source.transfer_syntax != BASELINE
        or number > len(tiles)
        or source.file.object is None
    ):
        return None
    offset, length = tiles[number - 1]
    if length > MAX_TILE_BYTES:
        return None
    body = b"".join(storage.read_range(source.file.object, offset, offset + length))
    photometric = (source.metadata.get("00280004", {}).get("Value") or [""])[0]
    if photometric == "RGB" and b"Adobe" not in body[:512] and body[:2] == b"\xff\xd8":
        body = body[:2] + _ADOBE_RGB + body[2:]
    return body
