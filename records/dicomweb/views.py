"""QIDO-RS and WADO-RS (PS3.18 sections 10.4 and 10.6) on the portal's own store.

The same addresses exist twice: below a case (`/dicomweb/cases/2K7-4QD/…`), which is what our viewer uses, and over all
cases that the user may see. Programs get 401 and problem sentences in JSON, never a redirect.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from itertools import chain
from typing import Any, ClassVar
from uuid import UUID

from django.core.cache import cache
from django.db.models import Count, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse

from portal.core import storage
from portal.core.access import BaseView, Permission
from portal.core.states import ObjectState
from records.dicom import render
from records.dicomweb import packs, qido
from records.dicomweb.multipart import EXPLICIT_LITTLE_ENDIAN, Part, accepts, related
from records.models import Instance, Series
from records.queries import downloads, frames, imaging

KEEP = "private, max-age=86400, immutable"
"""Pixels never change under their UIDs; signing out clears the browser's copy (Clear-Site-Data)."""
DICOM_JSON = "application/dicom+json"
MAX_RENDERED_BYTES = 256 * 1024**2
AUDIT_EVERY_SECONDS = 600


class DicomwebView(BaseView):
    """Base: 401 for programs, JSON for problems, reads through `imaging` only."""

    abstract = True
    permission = Permission.VIEW_RECORDS
    media_type: ClassVar[str] = DICOM_JSON

    def refuse_anonymous(self, request: HttpRequest) -> HttpResponseBase:
        return JsonResponse({"error": "Sign in first."}, status=401)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        except Http404:
            return JsonResponse({"error": "Not found."}, status=404)

    def not_acceptable(self) -> HttpResponse | None:
        if accepts(self.request.headers.get("Accept", ""), self.media_type) or (
            self.media_type == DICOM_JSON and accepts(self.request.headers.get("Accept", ""), "application/json")
        ):
            return None
        return JsonResponse({"error": f"This address answers {self.media_type}."}, status=406)

    @property
    def ref(self) -> str | None:
        return self.kwargs.get("ref")

    def series_set(self) -> QuerySet[Series]:
        found = imaging.visible_series(self.user, self.kwargs["study"], ref=self.ref)
        if "series" in self.kwargs:
            found = found.filter(uid=self.kwargs["series"])
        return found

    def instances(self) -> QuerySet[Instance]:
        found = imaging.visible_instances(self.user, self.kwargs["study"], self.kwargs.get("series"), ref=self.ref)
        if "instance" in self.kwargs:
            found = found.filter(uid=self.kwargs["instance"])
        return found

    def page(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """`limit` and `offset` (PS3.18 section 8.3.4.4)."""
        try:
            offset = max(0, int(self.request.GET.get("offset", 0)))
            limit = min(5000, max(0, int(self.request.GET.get("limit", 5000))))
        except ValueError:
            raise Http404 from None
        return rows[offset : offset + limit]

    def answer(self, rows: Iterable[qido.Json]) -> HttpResponse:
        found = list(rows)
        if not found:
            return HttpResponse(status=204)
        return HttpResponse(json.dumps(found), content_type=DICOM_JSON)

    def opened(self, series: UUID, study: UUID, case: UUID) -> None:
        """One audit row when a person begins to look at a series, and again every ten minutes of looking, before the first byte."""
        key = f"opened:{self.user.pk}:{series}"
        if cache.add(key, 1, AUDIT_EVERY_SECONDS):
            self.shown(case, subjects=[study, series])
            self.record(self.request, "ok")
            self._cases.clear()


class Studies(DicomwebView):
    """Search for studies: StudyInstanceUID, PatientID, AccessionNumber, StudyDate (a day or a range), ModalitiesInStudy."""

    def get(self, request: HttpRequest, **_: Any) -> HttpResponse:
        if refused := self.not_acceptable():
            return refused
        if request.GET.get("fuzzymatching", "false") == "true":
            return JsonResponse({"error": "Fuzzy matching is not offered."}, status=400)
        found = imaging.visible_studies(self.user, ref=self.ref)
        for words, column in (
            (("StudyInstanceUID", "0020000D"), "uid__in"),
            (("PatientID", "00100020"), "patient_id__in"),
            (("AccessionNumber", "00080050"), "accession__in"),
        ):
            if value := next((request.GET[w] for w in words if request.GET.get(w)), None):
                found = found.filter(**{column: value.replace("\\", ",").split(",")})
        rows = list(self.page(found.order_by("-date", "uid")))
        counts = {
            row["study"]: row
            for row in Series.objects.filter(study__in=rows)
            .values("study")
            .annotate(series=Count("pk"), images=Sum("instance_count"))
        }
        self.shown(*{row.case_id for row in rows})
        none = {"series": 0, "images": 0}
        return self.answer(
            qido.study_json(row, counts.get(row.pk, none)["series"], counts.get(row.pk, none)["images"] or 0)
            for row in rows
        )


class SeriesOfStudy(DicomwebView):
    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if refused := self.not_acceptable():
            return refused
        rows = list(self.page(self.series_set().select_related("study")))
        self.shown(*{row.study.case_id for row in rows})
        return self.answer(qido.series_json(row, kwargs["study"]) for row in rows)


class Instances(DicomwebView):
    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if refused := self.not_acceptable():
            return refused
        rows = list(self.page(self.instances().select_related("series__study")))
        self.shown(*{row.series.study.case_id for row in rows})
        return self.answer(qido.instance_summary(row) for row in rows)


class Metadata(DicomwebView):
    """Metadata of a series as prepared at intake, or of a study or one instance."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if refused := self.not_acceptable():
            return refused
        found = list(self.series_set().select_related("study", "metadata__key"))
        if not found:
            raise Http404
        for series in found:
            self.opened(series.pk, series.study_id, series.study.case_id)
        if len(found) == 1 and "instance" not in kwargs:
            one = found[0]
            kept = one.metadata is not None and one.metadata.state == ObjectState.STORED
            if one.metadata is not None and kept and one.derived_revision == one.revision:
                return HttpResponse(b"".join(storage.read_range(one.metadata)), content_type=DICOM_JSON)
        rows = list(self.instances())
        if not rows:
            raise Http404
        return self.answer(qido.instance_metadata(row) for row in rows)


class Pixels(DicomwebView):
    """Base of what serves one instance's bytes."""

    abstract = True

    def instance(self) -> Instance:
        found = imaging.with_bytes(self.instances()).first()
        if found is None:
            raise Http404
        self.opened(found.series_id, found.series.study_id, found.series.study.case_id)
        return found

    def frame_part(self, instance: Instance, number: int) -> Part:
        """Bytes of one decoded frame (numbered from 1): from the pack, or by offset from the native original."""
        if not 1 <= number <= instance.frames or instance.frame_bytes is None:
            raise Http404
        if instance.pack is not None:
            stored, start = instance.pack, (number - 1) * instance.frame_bytes
        elif instance.native_offset is not None and instance.file.object is not None:
            stored, start = instance.file.object, instance.native_offset + (number - 1) * instance.frame_bytes
        else:
            raise Http404
        body = storage.read_range(stored, start, start + instance.frame_bytes)
        return Part(f"application/octet-stream; transfer-syntax={EXPLICIT_LITTLE_ENDIAN}", instance.frame_bytes, body)


class Frames(Pixels):
    media_type = "application/octet-stream"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if refused := self.not_acceptable():
            return refused
        instance = self.instance()
        numbers = [int(word) for word in kwargs["frames"].split(",")]
        response = related([self.frame_part(instance, number) for number in numbers], self.media_type)
        response["Cache-Control"] = KEEP
        return response


class Pack(DicomwebView):
    """Frames `first` to `first + count - 1` of a series in one response; the viewer's own way, beside the standard (docs/dicomweb.md)."""

    media_type = packs.MEDIA_TYPE

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if refused := self.not_acceptable():
            return refused
        try:
            first, count = int(request.GET.get("first", 1)), int(request.GET.get("count", packs.MAX_COUNT))
        except ValueError:
            first = count = 0
        if first < 1 or not 1 <= count <= packs.MAX_COUNT:
            return JsonResponse({"error": f"first is 1 or more, count 1 to {packs.MAX_COUNT}."}, status=400)
        places = frames.places(self.user, kwargs["study"], kwargs["series"], ref=self.ref)
        pack = packs.cut(places, first=first, count=count)
        if not pack.entries:
            raise Http404
        self.opened(places[0].series_id, places[0].study_id, places[0].case_id)
        for entry in pack.entries:
            storage.require_ready(entry.place.stored)
        head = pack.head()
        response = StreamingHttpResponse(chain([head], pack.body()), content_type=packs.MEDIA_TYPE)
        response["Content-Length"] = str(len(head) + pack.data_length)
        response["Cache-Control"] = "private, no-store"
        return response


class Original(Pixels):
    """The instance as it came (PS3.10), byte for byte; a preamble that makes it a program as well is zeroed (section 7.1)."""

    media_type = "application/dicom"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if refused := self.not_acceptable():
            return refused
        instance = self.instance()
        stored = instance.file.object
        if stored is None:
            raise Http404
        kind = f"application/dicom; transfer-syntax={instance.transfer_syntax}"
        return related([Part(kind, stored.size, downloads.body_of(instance.file, stored))], self.media_type)


class Rendered(Pixels):
    """A frame as JPEG for the eye: default window, or `window=center,width,function` (PS3.18 section 8.3.5.1.4)."""

    media_type = "image/jpeg"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if refused := self.not_acceptable():
            return refused
        window: tuple[float, float] | None = None
        if asked := request.GET.get("window"):
            try:
                center, width = (float(word) for word in asked.split(",")[:2])
            except ValueError:
                return JsonResponse({"error": "window is center,width,function."}, status=400)
            if not (width >= 1 and math.isfinite(width) and math.isfinite(center)):
                return JsonResponse({"error": "The window's width must be 1 or more."}, status=400)
            window = (center, width)
        instance = self.instance()
        number = int(kwargs.get("frame", (instance.frames + 1) // 2))
        part = self.frame_part(instance, number)
        if part.length > MAX_RENDERED_BYTES:
            return JsonResponse({"error": "This image is too large to render."}, status=400)
        look = render.Look.from_json(instance.look) if instance.look else render.Look()
        pixels = render.pixels_of(b"".join(part.body), look, instance.rows, instance.columns)
        picture = render.encode(render.render(pixels, look, frame=number - 1, window=window))
        return HttpResponse(picture, content_type="image/jpeg", headers={"Cache-Control": KEEP})


class Thumbnail(DicomwebView):
    """A small picture of a series, made at intake."""

    media_type = "image/jpeg"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        series = self.series_set().select_related("thumbnail__key", "study").first()
        if series is None or series.thumbnail is None:
            raise Http404
        self.shown(series.study.case_id, subjects=[series.pk])
        picture = storage.read_bytes(series.thumbnail, limit=1024**2)
        return HttpResponse(picture, content_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})
