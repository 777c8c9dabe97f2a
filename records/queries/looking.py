"""What the plain page of pictures shows: studies of a case, the pictures of a series in their order, one of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from django.db.models import F

from records.models import Series, Study
from records.queries.imaging import visible_instances, visible_series, visible_studies
from records.rules.header import text_of
from records.rules.titles import study_title

LOSSY = "00282110"
"""Lossy Image Compression (0028,2110)."""


@dataclass(frozen=True)
class Choice:
    """A series that has pictures, as a person chooses it."""

    study: Study
    series: Series
    title: str


@dataclass(frozen=True)
class Picture:
    """One picture of a series, `number` of `count`, counted from 1."""

    instance: str
    frame: int
    number: int
    count: int
    lossy: bool


def choices(user: Any, ref: str) -> list[Choice]:
    """Newest study first; one query for the studies and one for each of them."""
    found = []
    for study in visible_studies(user, ref=ref).order_by(F("date").desc(nulls_last=True), "created_at"):
        shown = list(visible_series(user, study.uid, ref=ref).filter(frame_count__gt=0))
        title = study_title(study.modalities, [one.body_part for one in shown], study.description)
        found += [Choice(study, series, title) for series in shown]
    return found


def picture(user: Any, choice: Choice, number: int | None, *, ref: str) -> Picture | None:
    """The picture with this number, the middle one without; None when the series has none to show."""
    rows = visible_instances(user, choice.study.uid, choice.series.uid, ref=ref).filter(frames__gt=0)
    held = list(rows.filter(frame_bytes__isnull=False).values_list("uid", "frames"))
    count = sum(frames for _uid, frames in held)
    if not count:
        return None
    wanted = min(max(number or count // 2 + 1, 1), count)
    for (uid, frames), last in zip(held, accumulate(frames for _uid, frames in held), strict=True):
        if wanted <= last:
            # Not by a path into the JSON: Django takes a tag that is all digits for a place in a list, and finds nothing.
            metadata = rows.filter(uid=uid).values_list("metadata", flat=True).first() or {}
            return Picture(uid, wanted - (last - frames), wanted, count, text_of(metadata, LOSSY) == "01")
    return None
