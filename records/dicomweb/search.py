"""QIDO-RS (PS3.18 section 10.6): what is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from pydicom.datadict import keyword_for_tag, tag_for_keyword

from records.dicomweb import native, qido
from records.dicomweb.base import LISTS, DicomwebView, Problem
from records.models import Series, Study
from records.queries import revisions, search

MAX_RESULTS = 5000
OPTIONS = frozenset(
    {"limit", "offset", "includefield", "fuzzymatching", "emptyvaluematching", "multiplevaluematching", "accept"}
)


def tag_of(name: str) -> str | None:
    """A keyword or tag of the query string as eight hexadecimal digits; None when there is no such attribute."""
    if len(name) == 8 and all(letter in "0123456789abcdefABCDEF" for letter in name):
        return name.upper()
    tag = tag_for_keyword(name)
    return None if tag is None else f"{tag:08X}"


class Search(DicomwebView):
    """Base of the searches: parameters read and judged, pages cut, warnings said."""

    abstract = True
    offers = LISTS
    level: ClassVar[str]

    def load(self) -> None:
        if self.request.method not in {"GET", "HEAD"}:
            return
        self.chosen = self.negotiate()
        self.matches: dict[str, str] = {}
        unmatched: list[str] = []
        allowed = ("study", "series", "instance")[: ("study", "series", "instance").index(self.level) + 1]
        for name in self.request.GET:
            if name.lower() in OPTIONS:
                continue
            first = name.partition(".")[0]
            known = search.key_of(name)
            if known is not None and known[0] in allowed:
                self.matches[name] = self.request.GET[name]
            elif tag_of(first) is not None:
                unmatched.append(keyword_for_tag(int(tag_of(first) or "0", 16)) or first.upper())
            else:
                raise Problem(400, "A parameter of the search is no attribute of DICOM.")
        if unmatched:
            self.warnings.append(f"These attributes are not matched: {', '.join(sorted(unmatched))}")
        fuzzy = self.request.GET.get("fuzzymatching", "false").lower()
        if fuzzy not in {"true", "false"}:
            raise Problem(400, "fuzzymatching is true or false.")
        if fuzzy == "true":
            self.warnings.append(
                "The fuzzymatching parameter is not supported. Only literal matching has been performed."
            )
        self.included = self._included()

    def _included(self) -> set[str] | None:
        """Tags that are asked for beyond those of the level; None for all."""
        found: set[str] = set()
        for text in self.request.GET.getlist("includefield"):
            for name in filter(None, text.split(",")):
                if name == "all":
                    return None
                tag = tag_of(name.partition(".")[0])
                if tag is None:
                    raise Problem(400, "includefield names no attribute of DICOM.")
                found.add(tag)
        return found

    def page(self, rows: QuerySet[Any]) -> list[Any]:
        """`limit` and `offset` (PS3.18 section 8.3.4.4), with a warning when there is more."""
        limit = min(self.number("limit", MAX_RESULTS), MAX_RESULTS)
        offset = self.number("offset", 0)
        found = list(rows[offset : offset + limit + 1])
        if len(found) > limit:
            more = rows.count() - offset - limit
            self.warnings.append(f"There are {more} additional results that can be requested")
        return found[:limit]

    def found(self, make: Callable[..., QuerySet[Any]], **address: Any) -> QuerySet[Any]:
        try:
            found: QuerySet[Any] = make(self.user, self.matches, **address, **self.scope)
        except search.Unmatchable as problem:
            raise Problem(400, f"The value of {tag_of(str(problem)) or 'an attribute'} cannot be matched.") from None
        return found

    def answer(self, rows: list[qido.Json]) -> HttpResponseBase:
        if not rows:
            return HttpResponse(status=204)
        if self.chosen.multipart:
            return native.response(rows)
        return HttpResponse(written(rows), content_type=self.chosen.media_type)


def written(rows: list[qido.Json]) -> bytes:
    return json.dumps(rows, separators=(",", ":")).encode()


class StudySearch(Search):
    """`/studies`."""

    abstract = True
    level = "study"

    def get(self, request: HttpRequest, **_: Any) -> HttpResponseBase:
        rows: list[Study] = self.page(self.found(search.studies))
        counted, base = search.counts(rows), self.absolute
        self.shown(*{row.case_id for row in rows})
        found = [qido.study_json(row, base, counted.get(row.pk, (0, 0))) for row in rows]
        if self.included is None or self.included:
            samples = search.samples(rows)
            for row, one in zip(rows, found, strict=True):
                qido.include(one, samples.get(row.pk, {}), self.included, qido.SHARED_BY_STUDY)
        return self.answer(found)


class SeriesSearch(Search):
    """`/series` and `/studies/<study>/series`."""

    level = "series"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        study = kwargs.get("study")
        rows: list[Series] = self.page(self.found(search.series, study=study).select_related("study"))
        self.shown(*{row.study.case_id for row in rows})
        base = self.absolute
        found = [qido.series_json(row, row.study.uid, base) for row in rows]
        for row, one in zip(rows, found, strict=True):
            if study is None:
                for tag, value in qido.study_json(row.study, base).items():
                    one.setdefault(tag, value)
        if self.included is None or self.included:
            samples = search.samples(rows)
            for row, one in zip(rows, found, strict=True):
                qido.include(one, samples.get(row.pk, {}), self.included, qido.SHARED_BY_SERIES)
        return self.answer(found)


class InstanceSearch(Search):
    """`/instances`, those of a study, those of a series. Reads columns alone unless more is asked for."""

    level = "instance"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        study, series = kwargs.get("study"), kwargs.get("series")
        if study and series and not self.chosen.multipart and not request.GET.keys() - {"accept"}:
            return self._whole_series(study, series)
        return self._some(study, series)

    def _some(self, study: str | None, series: str | None) -> HttpResponseBase:
        found, cases = self._rows(study, series)
        self.shown(*cases)
        return self.answer(found)

    def _whole_series(self, study: str, series: str) -> HttpResponseBase:
        """What viewers ask most: all instances of one series, made once for each state of it."""
        stands = revisions.standing(self.user, study, series, **self.scope)
        if stands is None:
            return HttpResponse(status=204)
        if stands.images > MAX_RESULTS:
            return self._some(study, series)
        self.shown(stands.case_id)

        def make() -> bytes | None:
            found, _ = self._rows(study, series)
            return written(found) if found else None

        key = ("instances", stands.series_id, stands.state, self.absolute)
        return self.listed(key, make, self.chosen.media_type) or HttpResponse(status=204)

    def _rows(self, study: str | None, series: str | None) -> tuple[list[qido.Json], set[UUID]]:
        """The page's rows, and the cases that they are of."""
        rows = self.found(search.instances, study=study, series_uid=series)
        more = self.included is None or bool(self.included)
        columns = [*qido.INSTANCE_COLUMNS, "series_id"] + (["metadata"] if more else [])
        page = self.page(rows.values_list(*columns))
        parents = search.parents({row[7] for row in page})
        base = self.absolute
        found: list[qido.Json] = []
        above: dict[UUID, qido.Json] = {}
        for row in page:
            parent = parents[row[7]]
            one = qido.instance_json(row[:7], parent.study.uid, parent.uid, base)
            if series is None:
                if parent.pk not in above:
                    above[parent.pk] = qido.series_json(parent, parent.study.uid, base)
                    if study is None:
                        above[parent.pk] = {**qido.study_json(parent.study, base), **above[parent.pk]}
                for tag, value in above[parent.pk].items():
                    one.setdefault(tag, value)
            if more:
                qido.include(one, row[8], self.included, None)
            found.append(one)
        return found, {parent.study.case_id for parent in parents.values()}
