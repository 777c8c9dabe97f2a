"""Rendered resources (PS3.18 section 10.4.1.1.3 and 8.3.5): pictures for the eye, and thumbnails."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase

from portal.core import storage
from records.dicom import render
from records.dicomweb import pictures
from records.dicomweb.base import DicomwebView, Problem
from records.dicomweb.multipart import Part, related
from records.dicomweb.negotiate import Offer
from records.dicomweb.retrieve import frame_numbers, kept, one_place
from records.models import Series
from records.queries import frames, retrieve
from records.queries.frames import Place

JPEG, PNG = "image/jpeg", "image/png"
MAX_RENDERED_BYTES = 256 * 1024**2
MAX_VIEWPORT = 8192
SAMPLED_FRAMES, SAMPLED_BYTES, REMEMBERED_RANGES = 64, 16 * 1024**2, 4096
_ranges: dict[UUID, tuple[float, float, str]] = {}
FUNCTIONS = {"linear": "LINEAR", "linear-exact": "LINEAR_EXACT", "sigmoid": "SIGMOID"}


@dataclass(frozen=True, slots=True)
class Drawing:
    """How a frame is asked for. `viewport` is (width, height) in pixels; `region` (x, y, width, height) of the source; `mirror`: the
    region left to right, top to bottom.
    """

    media_type: str = JPEG
    window: tuple[float, float, str] | None = None
    quality: int = 90
    viewport: tuple[int, int] | None = None
    region: tuple[int, int, int, int] | None = None
    mirror: tuple[bool, bool] = (False, False)


def drawing(query: Any, media_type: str) -> Drawing:
    """Raises Problem 400: a parameter that cannot be read (PS3.18 section 8.3.5.1)."""
    return Drawing(media_type, _window(query), _quality(query), *_viewport(query))


def _window(query: Any) -> tuple[float, float, str] | None:
    asked = query.get("window")
    if not asked:
        return None
    words = asked.split(",")
    try:
        center, width = float(words[0]), float(words[1])
    except (ValueError, IndexError):
        raise Problem(400, "window is center,width,function.") from None
    function = FUNCTIONS.get(words[2].lower()) if len(words) > 2 else "LINEAR"
    if len(words) > 3 or function is None:
        raise Problem(400, "The window's function is linear, linear-exact or sigmoid.")
    if not (width >= 1 and math.isfinite(width) and math.isfinite(center)):
        raise Problem(400, "The window's width must be 1 or more.")
    return center, width, function


def _quality(query: Any) -> int:
    asked = query.get("quality", "90")
    if not re.fullmatch(r"[0-9]{1,3}", asked) or not 1 <= int(asked) <= 100:
        raise Problem(400, "quality is 1 to 100.")
    return int(asked)


def _viewport(query: Any) -> tuple[tuple[int, int] | None, tuple[int, int, int, int] | None, tuple[bool, bool]]:
    """PS3.18 section 8.3.5.1.3: the region's numbers may have decimals, its place be left out, and a side below 0 mirrors."""
    asked = query.get("viewport")
    if not asked:
        return None, None, (False, False)
    words = asked.split(",")
    if len(words) not in (2, 6) or not all(re.fullmatch(r"[0-9]{1,5}", word) for word in words[:2]):
        raise Problem(400, "viewport is width,height or width,height,x,y,width,height.")
    sides = int(words[0]), int(words[1])
    if not all(1 <= side <= MAX_VIEWPORT for side in sides):
        raise Problem(400, f"The viewport's sides are 1 to {MAX_VIEWPORT}.")
    if len(words) == 2:
        return sides, None, (False, False)
    places = [word or "0" for word in words[2:4]] + words[4:]
    if not all(re.fullmatch(r"-?[0-9]{1,5}(\.[0-9]{0,6})?", word) for word in places):
        raise Problem(400, "viewport is width,height or width,height,x,y,width,height.")
    x, y, width, height = (round(float(word)) for word in places)
    if x < 0 or y < 0 or 0 in (width, height):
        raise Problem(400, "The viewport's region begins inside the image and has sides.")
    return sides, (x, y, abs(width), abs(height)), (width < 0, height < 0)


def draw(place: Place, number: int, how: Drawing) -> bytes:
    """The picture of one frame, numbered from 1; from this process's memory when it was drawn lately.

    Raises:
        Problem: 400, too large to draw.
    """
    key = (place.instance_id, number, how)
    if (held := pictures.get(key)) is not None:
        return held
    if place.frame_bytes > MAX_RENDERED_BYTES:
        raise Problem(400, "This image is too large to render.")
    look, rows, columns = look_of(place.instance_id)
    raw = b"".join(storage.read_range(place.stored, *place.span(number)))
    pixels = render.pixels_of(raw, look, rows, columns)
    picture = render.picture(
        pixels,
        look,
        frame=number - 1,
        window=how.window,
        media_type=how.media_type,
        quality=how.quality,
        viewport=how.viewport,
        region=how.region,
        mirror=how.mirror,
    )
    pictures.put(key, picture)
    return picture


def needs_window(place: Place) -> bool:
    """Whether it is grey and its header says nothing of brightness."""
    look, _, _ = look_of(place.instance_id)
    told = look.windows or look.voi_lut or any(center is not None for _, _, center, _ in look.frames)
    return look.samples == 1 and not told and place.frame_bytes <= SAMPLED_BYTES


def own_window(places: list[Place]) -> tuple[float, float, str]:
    """From the darkest to the brightest value of a series, by a sample of its smallest instance's frames; remembered."""
    smallest = min(places, key=lambda place: (place.frames * place.frame_bytes, place.instance))
    if (known := _ranges.get(smallest.instance_id)) is not None:
        return known
    look, rows, columns = look_of(smallest.instance_id)
    most = max(1, min(SAMPLED_FRAMES, SAMPLED_BYTES // smallest.frame_bytes))
    found: list[tuple[float, float]] = []
    for number in range(1, smallest.frames + 1, max(1, math.ceil(smallest.frames / most))):
        raw = b"".join(storage.read_range(smallest.stored, *smallest.span(number)))
        found.append(render.extremes(render.pixels_of(raw, look, rows, columns), look, frame=number - 1))
    low, high = min(low for low, _ in found), max(high for _, high in found)
    if len(_ranges) >= REMEMBERED_RANGES:
        _ranges.clear()
    _ranges[smallest.instance_id] = ((low + high) / 2, (high - low) or 1.0, "LINEAR_EXACT")
    return _ranges[smallest.instance_id]


def drawn(request: HttpRequest, place: Place, number: int, how: Drawing) -> HttpResponseBase:
    """The picture as an answer; 304 when the browser holds it."""

    def make() -> HttpResponseBase:
        return HttpResponse(draw(place, number, how), content_type=how.media_type)

    return kept(request, (place.instance_id, place.stored.pk, how.media_type), make)


@lru_cache(maxsize=512)
def look_of(instance: UUID) -> tuple[render.Look, int, int]:
    """How an instance is drawn never changes under its key."""
    found = retrieve.pictures([instance])[instance]
    return (render.Look.from_json(found.look) if found.look else render.Look()), found.rows, found.columns


class Pictures(DicomwebView):
    """Base: JPEG or PNG by what is accepted; what is not offered is said in a warning."""

    abstract = True

    def prepare(self, *, alone: bool = True, parts: bool = True) -> tuple[Drawing, bool]:
        """How to draw, and whether in parts. `alone`, `parts`: the forms this address has; a picture alone is preferred."""
        forms = [form for form, given in ((False, alone), (True, parts)) if given]
        chosen = self.negotiate([Offer(kind, multipart=form) for form in forms for kind in (JPEG, PNG)])
        for name in ("annotation", "iccprofile"):
            if self.request.GET.get(name):
                self.warnings.append(f"The {name} parameter is not supported.")
        return drawing(self.request.GET, chosen.media_type), chosen.multipart


class Rendered(Pictures):
    """Frames by number, or the middle frame of an instance: one alone or as a part, several as parts."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        named = frame_numbers(kwargs["frame"]) if "frame" in kwargs else []
        how, multipart = self.prepare(alone=len(named) < 2)
        place = one_place(self)
        numbers = named or [(place.frames + 1) // 2]
        if not all(1 <= number <= place.frames for number in numbers):
            raise Http404
        return (
            in_parts([(place, number) for number in numbers], how)
            if multipart
            else drawn(request, place, numbers[0], how)
        )


class RenderedSeries(Pictures):
    """The middle frame of every instance of a study or series, one part each, drawn as they are sent."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        how, _ = self.prepare(alone=False)
        study, one = kwargs["study"], kwargs.get("series")
        named = [one] if one else [row.uid for row in retrieve.prepared(self.user, study, **self.scope)]
        found = [places for uid in named if (places := frames.places(self.user, study, uid, **self.scope))]
        if not found:
            raise Http404
        for places in found:
            self.opened(places[0].series_id, places[0].study_id, places[0].case_id)
            self.looked_at(places[0].case_id, [place.instance_id for place in places])
        return in_parts([(place, (place.frames + 1) // 2) for places in found for place in places], how)


def in_parts(asked: Sequence[tuple[Place, int]], how: Drawing) -> HttpResponseBase:
    """Pictures one by one; each is drawn when the one before it has left."""

    def parts() -> Iterator[Part]:
        for place, number in asked:
            picture = draw(place, number, how)
            yield Part(how.media_type, len(picture), [picture])

    return related(parts(), how.media_type)


class Thumbnail(Pictures):
    """A small picture of a study or series: the one made at intake, or drawn where another size or form is asked for."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        how, _ = self.prepare(parts=False)
        found = retrieve.prepared(self.user, kwargs["study"], kwargs.get("series"), **self.scope)
        shown = [one for one in found if one.thumbnail is not None]
        series = max(shown, key=lambda one: one.instance_count, default=None)
        if series is None or series.thumbnail is None:
            raise Http404
        self.shown(series.study.case_id, subjects=[series.pk])
        picture = storage.read_bytes(series.thumbnail, limit=1024**2)
        if how.viewport is not None or how.media_type != JPEG:
            picture = self.sized(picture, series, how)
        return HttpResponse(picture, content_type=how.media_type, headers={"Cache-Control": "private, max-age=3600"})

    def sized(self, kept: bytes, series: Series, how: Drawing) -> bytes:
        """The same middle image, drawn anew where it is asked for larger than it is kept; a slide is kept whole, its images are parts."""
        wanted = how.viewport or (render.THUMBNAIL, render.THUMBNAIL)
        if max(wanted) > render.THUMBNAIL and series.modality != "SM":
            places = frames.places(self.user, series.study.uid, series.uid, **self.scope)
            if places:
                middle = places[len(places) // 2]
                return draw(middle, middle.frames // 2 + 1, small(how))
        return render.resized(kept, wanted, how.media_type)


class SmallPicture(Pictures):
    """A thumbnail of one instance or frame."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        how, _ = self.prepare(parts=False)
        named = frame_numbers(kwargs["frame"]) if "frame" in kwargs else []
        if len(named) > 1:
            raise Problem(400, "A thumbnail is of one frame.")
        place = one_place(self)
        number = named[0] if named else (place.frames + 1) // 2
        if not 1 <= number <= place.frames:
            raise Http404
        return drawn(request, place, number, small(how))


def small(asked: Drawing) -> Drawing:
    """As a thumbnail: whole, in the size that was asked for or the portal's own."""
    return Drawing(asked.media_type, quality=80, viewport=asked.viewport or (render.THUMBNAIL, render.THUMBNAIL))
