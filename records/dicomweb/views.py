"""Addresses that answer GET and POST alike: what is there, and storing more of it; and every address that is none."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase

from records.dicomweb.base import DicomwebView
from records.dicomweb.retrieve import Originals
from records.dicomweb.search import StudySearch
from records.dicomweb.store import StoreMixin


class Studies(StudySearch, StoreMixin):
    """`/studies`: search, or store instances of any study."""


class Study(Originals, StoreMixin):
    """`/studies/<study>`: retrieve, or store instances of this study."""


class Unknown(DicomwebView):
    """No resource of PS3.18: said in JSON, as for programs, not on a page for people."""

    def get(self, request: HttpRequest, **_: Any) -> HttpResponseBase:
        raise Http404
