"""Video out of a DICOM object: the page that plays it, and the stream in the pieces a browser asks for."""

from __future__ import annotations

import re
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse

from portal.core import storage
from portal.core.access import BaseView, Permission
from portal.core.states import Role
from records.models import Instance
from records.queries.imaging import visible_videos
from records.views.files import closed, started
from records.views.page import records_page

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})\Z")
PLAYER_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class VideoBase(BaseView):
    """Loads the video through what the person may see; another's is 404."""

    abstract = True
    permission = Permission.VIEW_RECORDS

    def load(self) -> None:
        found = visible_videos(self.user).filter(file=self.kwargs["file"])
        loaded = found.select_related("pack__key", "series__study__case__patient").defer("metadata").first()
        if loaded is None or loaded.pack is None:
            raise Http404
        self.video: Instance = loaded
        self.shown(loaded.series.study.case_id, subjects=[loaded.file_id])


class Play(VideoBase):
    """The player, with the original to download for those whose browser plays nothing."""

    def get(self, request: HttpRequest, file: Any) -> HttpResponse:
        case = self.video.series.study.case
        back = "" if self.user.role == Role.SPECIALIST else records_page(request, case)
        context = {"case": case, "video": self.video, "back_url": back, "source": reverse("records:video", args=[file])}
        response = render(request, "records/video.html", context)
        response["Content-Security-Policy"] = PLAYER_POLICY
        return response


class Stream(VideoBase):
    """The MP4, whole or one range of it (RFC 9110 section 14)."""

    def get(self, request: HttpRequest, file: Any) -> HttpResponseBase:
        stored = self.video.pack
        assert stored is not None
        asked = _RANGE.match(request.headers.get("Range", ""))
        start, stop = (0, stored.size) if asked is None else _between(asked[1], asked[2], stored.size)
        if start >= stop:
            refused = HttpResponse(status=416)
            refused["Content-Range"] = f"bytes */{stored.size}"
            return refused
        status = 200 if asked is None else 206
        response = StreamingHttpResponse(
            started(storage.read_range(stored, start, stop)), content_type="video/mp4", status=status
        )
        response["Accept-Ranges"] = "bytes"
        response["Content-Length"] = str(stop - start)
        if asked is not None:
            response["Content-Range"] = f"bytes {start}-{stop - 1}/{stored.size}"
        response["Cache-Control"] = "private, max-age=3600"
        return closed(response)


def _between(first: str, last: str, size: int) -> tuple[int, int]:
    """The half-open range asked for; empty when it cannot be met."""
    if first:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        return (start, stop) if start < size else (0, 0)
    return (max(0, size - int(last)), size) if last and int(last) else (0, 0)
