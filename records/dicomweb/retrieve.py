"""WADO-RS (PS3.18 section 10.4): originals, metadata, frames, bulk data, packs."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import get_conditional_response

from portal.core import storage
from portal.core.states import ObjectState
from records import models
from records.dicom.encapsulated import MEDIA_TYPES
from records.dicomweb import archive, native, packs, qido, stored
from records.dicomweb.base import LISTS, DicomwebView, Problem
from records.dicomweb.multipart import EXPLICIT_LITTLE_ENDIAN, Part, plain, related
from records.dicomweb.negotiate import Offer, parse, syntaxes
from records.models import Instance
from records.queries import downloads, frames, retrieve, revisions
from records.queries.downloads import Body
from records.queries.frames import Place
from records.queries.retrieve import Original

KEEP = "private, no-cache"
"""Kept by the browser and asked about each time: the desk may choose the other of two images under one UID. Signing out clears
the browser's copy (Clear-Site-Data)."""
OCTETS = "application/octet-stream"
DICOM = "application/dicom"
ZIP = "application/zip"
MAX_FRAMES = 1000
"""Frames of one request by number."""
SEVERAL = "Several frames are given as multipart/related."


def kept(request: HttpRequest, of: tuple[object, ...], make: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """What `make` answers, or 304 when the browser holds that already; `of`: what it is made of (ids, a form). After access was decided."""
    tag = f'W/"{"_".join(map(str, of))}"'
    response = get_conditional_response(request, etag=tag) or make()
    response["ETag"], response["Cache-Control"], response["Vary"] = tag, KEEP, "Accept"
    return response


class Metadata(DicomwebView):
    """Metadata of a study, a series (as prepared at intake) or one instance."""

    offers = LISTS

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        chosen = self.negotiate()
        answer = self._json("application/json" if chosen.multipart else chosen.media_type, **kwargs)
        if not chosen.multipart:
            return answer
        body = gzip.decompress(answer.content) if answer.has_header("Content-Encoding") else answer.content
        return native.response(json.loads(body))

    def _json(self, media_type: str, **kwargs: Any) -> HttpResponse:
        if "instance" in kwargs:
            return HttpResponse(self._instance(), content_type=media_type)
        if "series" in kwargs:
            return self._series(kwargs["study"], kwargs["series"], media_type)
        found = retrieve.prepared(self.user, kwargs["study"], **self.scope)
        if not found:
            raise Http404
        for series in found:
            self.opened(series.pk, series.study_id, series.study.case_id)
        bodies = [self._body(series) for series in found]
        return HttpResponse(
            b"[" + b",".join(one[1:-1] for one in bodies if len(one) > 2) + b"]", content_type=media_type
        )

    def _series(self, study: str, series: str, media_type: str) -> HttpResponse:
        stands = revisions.standing(self.user, study, series, **self.scope)
        if stands is None:
            raise Http404
        self.opened(stands.series_id, stands.study_id, stands.case_id)

        def make() -> bytes | None:
            found = retrieve.prepared(self.user, study, series, **self.scope)
            return self._body(found[0]) if found else None

        answer = self.listed(("metadata", stands.series_id, stands.state, self.absolute), make, media_type)
        if answer is None:
            raise Http404
        return answer

    def _body(self, series: models.Series) -> bytes:
        kept = series.metadata is not None and series.metadata.state == ObjectState.STORED
        if series.metadata is not None and kept and series.derived_revision == series.revision:
            body = b"".join(storage.read_range(series.metadata))
        else:
            rows = retrieve.described(self.user, series.study.uid, series.uid, **self.scope)
            body = json.dumps([qido.instance_metadata(row) for row in rows], separators=(",", ":")).encode()
        return qido.addressed(body, self.absolute, series.study.uid, series.uid)

    def _instance(self) -> bytes:
        asked = (self.kwargs["study"], self.kwargs["series"], self.kwargs["instance"])
        row = retrieve.described(self.user, *asked, **self.scope).first()
        if row is None:
            raise Http404
        self.opened(row.series_id, row.series.study_id, row.series.study.case_id)
        self.looked_at(row.series.study.case_id, [row.pk])
        body = json.dumps([qido.instance_metadata(row)], separators=(",", ":")).encode()
        return qido.addressed(body, self.absolute, asked[0], asked[1])


class Originals(DicomwebView):
    """Instances as they came (PS3.10), byte for byte: of a study, of a series, or one; a study or series as a ZIP as well.

    An original is never transcoded. A client that names transfer syntaxes gets those instances that have one of them: 206 when
    that leaves some out, 406 when it leaves none. One that names none gets all; each part says its own.
    """

    abstract = True

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        one = "instance" in kwargs
        chosen = self.negotiate([Offer(DICOM, multipart=True), Offer(DICOM) if one else Offer(ZIP)])
        asked = (kwargs["study"], kwargs.get("series"), kwargs.get("instance"))
        found = retrieve.kept(self.user, *asked, **self.scope)
        if not found:
            raise Http404
        wanted = None if chosen.media_type == ZIP else syntaxes(self.accept, chosen)
        given = [row for row in found if wanted is None or row.transfer_syntax in wanted]
        if not given:
            raise Problem(406, "The instances are kept in other transfer syntaxes; ask for transfer-syntax=*.")
        for series in {row.series.pk: row.series for row in given}.values():
            self.opened(series.pk, series.study_id, series.study.case_id)
        self.looked_at(given[0].series.study.case_id, [row.pk for row in given])
        if chosen.media_type == ZIP:
            return archive.response(given)
        parts = self.parts(given)
        if chosen.multipart:
            return related(parts, DICOM, status=200 if len(given) == len(found) else 206)
        return plain(parts[0].body, parts[0].length or 0, parts[0].content_type)

    def parts(self, rows: Sequence[Original]) -> list[Part]:
        """Read in their order: each one's bytes are looked for when the one before it has left."""
        bodies = downloads.bodies([row.pk for row in rows])
        base = f"{self.absolute}/studies/{self.kwargs['study']}/series"
        return [
            Part(
                f"{DICOM}; transfer-syntax={row.transfer_syntax}",
                row.size,
                _turn(bodies),
                f"{base}/{row.series.uid}/instances/{row.uid}",
            )
            for row in rows
        ]


def _turn(bodies: Iterator[Body]) -> Iterator[bytes]:
    yield from next(bodies)()


class Series(Originals):
    """`/studies/<study>/series/<series>`."""


class One(Originals):
    """`/studies/<study>/series/<series>/instances/<instance>`."""


class Frames(DicomwebView):
    """Frames by number, decoded: one query decides access and finds the bytes."""

    offers = (Offer(OCTETS, multipart=True), Offer(OCTETS))

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if stored.welcome(self.accept) and (answer := self.as_stored()) is not None:
            return answer
        chosen = self.negotiate()
        wanted = syntaxes(self.accept, chosen)
        if wanted is not None and EXPLICIT_LITTLE_ENDIAN not in wanted:
            raise Problem(406, f"Frames are given decoded, in transfer syntax {EXPLICIT_LITTLE_ENDIAN}.")
        numbers = self.numbers(chosen.multipart)
        place = one_place(self)
        if not all(1 <= number <= place.frames for number in numbers):
            raise Http404
        kind = f"{OCTETS}; transfer-syntax={EXPLICIT_LITTLE_ENDIAN}"

        def make() -> HttpResponseBase:
            bodies = [storage.read_range(place.stored, *place.span(n)) for n in numbers]
            if chosen.multipart:
                return related([Part(kind, place.frame_bytes, body) for body in bodies], OCTETS)
            return plain(bodies[0], place.frame_bytes, OCTETS)

        return kept(request, (place.instance_id, place.stored.pk, "decoded", chosen.multipart), make)

    def numbers(self, multipart: bool) -> list[int]:
        found = frame_numbers(self.kwargs["frames"])
        if len(found) > 1 and not multipart:
            raise Problem(400, SEVERAL)
        return found

    def as_stored(self) -> HttpResponseBase | None:
        """The frames as they lie in the original, when they are compressed as the caller asks; None otherwise."""
        asked = (self.kwargs["study"], self.kwargs["series"], self.kwargs["instance"])
        row = retrieve.originals(self.user, *asked, **self.scope).first()
        wanted = stored.preferred(self.accept, row.transfer_syntax) if row is not None else None
        found = stored.compressed(row) if row is not None and wanted is not None else None
        if row is None or wanted is None or found is None:
            return None
        multipart = wanted.multipart is not False
        numbers = self.numbers(multipart)
        if not all(1 <= number <= row.frames for number in numbers):
            raise Http404
        self.opened(row.series_id, row.series.study_id, row.series.study.case_id)
        self.looked_at(row.series.study.case_id, [row.pk])
        media_type = OCTETS if wanted.media_type == OCTETS else MEDIA_TYPES[found.syntax]
        kind = f"{media_type}; transfer-syntax={found.syntax}"
        parts = [Part(kind, found.length(number), found.body(number)) for number in numbers]

        def make() -> HttpResponseBase:
            return related(parts, media_type) if multipart else plain(parts[0].body, parts[0].length or 0, kind)

        return kept(self.request, (row.pk, found.original.pk, found.syntax, media_type, multipart), make)


def frame_numbers(words: str) -> list[int]:
    """A list of frames as an address names it (PS3.18 section 10.1.1). Raises Problem 400."""
    if not re.fullmatch(r"[0-9]{1,9}(,[0-9]{1,9})*", words):
        raise Problem(400, "Frames are named by their numbers, from 1, with commas between them.")
    found = [int(word) for word in words.split(",")]
    if len(found) > MAX_FRAMES:
        raise Problem(400, f"Ask for at most {MAX_FRAMES} frames at once.")
    return found


def one_place(view: DicomwebView) -> Place:
    """Where the named instance's frames lie, with the looking recorded. Raises Http404."""
    asked = (view.kwargs["study"], view.kwargs["series"], view.kwargs["instance"])
    found = frames.places(view.user, *asked, **view.scope)
    if not found:
        raise Http404
    view.opened(found[0].series_id, found[0].study_id, found[0].case_id)
    view.looked_at(found[0].case_id, [found[0].instance_id])
    return found[0]


class Bulkdata(DicomwebView):
    """A value that metadata names by reference: the pixels decoded, any other as it lies in the file."""

    offers = (Offer(OCTETS, multipart=True), Offer(OCTETS))

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        chosen = self.negotiate()
        if kwargs["path"].upper() == "7FE00010":
            place = one_place(self)
            start, length = place.start, place.frames * place.frame_bytes
            source = place.stored
        else:
            row = retrieve.originals(
                self.user, kwargs["study"], kwargs["series"], kwargs["instance"], **self.scope
            ).first()
            found = None if row is None else self.located(row, kwargs["path"].upper().split("/"))
            if row is None or found is None or row.file.object is None:
                raise Http404
            self.opened(row.series_id, row.series.study_id, row.series.study.case_id)
            self.looked_at(row.series.study.case_id, [row.pk])
            (start, length), source = found, row.file.object
        body = storage.read_range(source, start, start + length)
        if chosen.multipart:
            return related([Part(OCTETS, length, body, request.build_absolute_uri())], OCTETS)
        return plain(body, length, OCTETS)

    @staticmethod
    def located(row: Instance, path: list[str]) -> tuple[int, int] | None:
        """Follow tag, item number, tag, … to where the child found the value: (offset, length) in bytes."""
        level: Any = row.metadata
        for place, word in enumerate(path):
            if place % 2:
                items = level.get("Value", [])
                if not word.isdigit() or not 1 <= int(word) <= len(items):
                    return None
                level = items[int(word) - 1]
            else:
                level = level.get(word)
            if not isinstance(level, dict):
                return None
        start, colon, length = str(level.get("BulkDataURI", "")).partition(":")
        return (int(start), int(length)) if colon else None


class Pack(DicomwebView):
    """Frames `first` to `first + count - 1` of a series in one response; the viewer's own way, beside the standard (docs/dicomweb.md)."""

    offers = (Offer(packs.MEDIA_TYPE),)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        self.negotiate()
        first, count = self.number("first", 1, 1), self.number("count", packs.MAX_COUNT, 1)
        if count > packs.MAX_COUNT:
            raise Problem(400, f"count is 1 to {packs.MAX_COUNT}.")
        places = frames.places(self.user, kwargs["study"], kwargs["series"], **self.scope)
        pack = packs.cut(places, first=first, count=count, compressed=self.as_stored())
        if not pack.entries:
            raise Http404
        self.opened(places[0].series_id, places[0].study_id, places[0].case_id)
        self.looked_at(places[0].case_id, [one.place.instance_id for one in pack.entries])
        for entry in pack.entries:
            storage.require_ready(entry.place.stored)
        head = pack.head()
        response = StreamingHttpResponse(chain([head], pack.body()), content_type=packs.MEDIA_TYPE)
        response["Content-Length"] = str(len(head) + pack.data_length)
        response["Cache-Control"] = "private, no-store"
        response["Vary"] = "Accept"
        return response

    def as_stored(self) -> packs.Find | None:
        """How to find compressed frames, for a caller that names transfer syntaxes in its Accept header."""
        named = {one.syntax for one in parse(self.accept)} & MEDIA_TYPES.keys()
        if not named:
            return None
        rows = retrieve.originals(self.user, self.kwargs["study"], self.kwargs["series"], **self.scope)
        known = {row.uid: row for row in rows.filter(transfer_syntax__in=named)}
        return lambda uid: stored.compressed(known[uid]) if uid in known else None
