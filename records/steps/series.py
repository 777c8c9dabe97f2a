"""Studies become visible; each series that changed gets its metadata file and its thumbnail anew."""

from __future__ import annotations

import json
from uuid import UUID

import structlog
from django.db.models import F, Q

from cases.actions.locking import lock
from portal.core import storage
from portal.core.states import ObjectState
from records.actions import processing
from records.dicom import render
from records.dicomweb.qido import instance_metadata
from records.models import Instance, Series
from records.steps import slides
from records.steps.work import Work

log = structlog.get_logger(__name__)

FIRST_LOOKS = 20
"""Series of one group that get their thumbnail before the rest is read."""
THUMBNAIL_BYTES = 256 * 1024**2
"""A frame above this is not drawn as a thumbnail."""


def settle(work: Work) -> None:
    """Studies become visible when what arrived of them is indexed."""
    with work.run.commit():
        processing.settle_studies(case=lock(work.case_id), by=work.run.actor)


def first_look(work: Work) -> None:
    """Series that came just now get a thumbnail at once, from what is there; it is made again when all of it has come."""
    bare = Series.objects.filter(study__case_id=work.case_id, thumbnail__isnull=True, derived_revision=0)
    found = list(bare.filter(instance_count__gt=0).values_list("pk", flat=True)[:FIRST_LOOKS])
    if not found:
        return
    settle(work)
    for pk in found:
        picture = _thumbnail(pk)
        if picture is None:
            continue
        thumbnail = storage.write_stream([picture], case_id=work.case_id, kind="derived")
        with work.run.commit():
            named = processing.first_thumbnail(series_id=pk, thumbnail=thumbnail)
        if not named:
            storage.erase(thumbnail)


def derive(work: Work) -> None:
    """One metadata file and one thumbnail for each series that changed, or whose own were lost."""
    lost = Q(metadata__state=ObjectState.LOST) | Q(thumbnail__state=ObjectState.LOST)
    changed = Series.objects.filter(~Q(derived_revision=F("revision")) | lost, study__case_id=work.case_id)
    for pk, revision in list(changed.values_list("pk", "revision")):
        instances = list(Instance.objects.filter(series_id=pk).order_by("number", "uid"))
        if not instances:
            _forget_derived(work, pk, revision)
            continue
        body = json.dumps([instance_metadata(one) for one in instances], separators=(",", ":")).encode()
        metadata = storage.write_stream([body], case_id=work.case_id, kind="derived")
        picture = _thumbnail(pk)
        thumbnail = storage.write_stream([picture], case_id=work.case_id, kind="derived") if picture else None
        before = Series.objects.select_related("metadata", "thumbnail").get(pk=pk)
        old = [one for one in (before.metadata, before.thumbnail) if one is not None]
        with work.run.commit():
            named = processing.derived(series_id=pk, revision=revision, metadata=metadata, thumbnail=thumbnail)
        for stored in old if named else [one for one in (metadata, thumbnail) if one]:
            storage.erase(stored)
        work.run.renew()


def _forget_derived(work: Work, series_id: UUID, revision: int) -> None:
    """The last image was removed: what was prepared of it goes too."""
    series = Series.objects.select_related("metadata", "thumbnail").get(pk=series_id)
    with work.run.commit():
        named = processing.derived(series_id=series_id, revision=revision, metadata=None, thumbnail=None)
    for stored in (series.metadata, series.thumbnail) if named else ():
        if stored is not None:
            storage.erase(stored)


def _thumbnail(series_id: UUID) -> bytes | None:
    """The middle image of a series, of a slide the whole; None when nothing of it can be shown."""
    try:
        if (slide := slides.whole(series_id)) is not None:
            return slide
    except (storage.Damaged, storage.NotReady, ValueError):
        log.warning("thumbnail_failed", object=str(series_id))
    pictures = Instance.objects.filter(series_id=series_id, frames__gt=0, frame_bytes__gt=0, look__isnull=False)
    count = pictures.count()
    if not count:
        return None
    ordered = pictures.order_by("number", "uid").select_related("file__object__key", "pack__key")
    one = ordered[count // 2]
    middle = one.frames // 2
    length = one.frame_bytes or 0
    stored = one.pack or one.file.object
    if stored is None or length > THUMBNAIL_BYTES:
        return None
    start = (0 if one.pack else one.native_offset or 0) + middle * length
    look = render.Look.from_json(one.look)
    try:
        pixels = render.pixels_of(
            b"".join(storage.read_range(stored, start, start + length)), look, one.rows, one.columns
        )
        return render.thumbnail(pixels, look, frame=middle)
    except (storage.Damaged, storage.NotReady, ValueError):
        log.warning("thumbnail_failed", instance=str(one.pk))
        return None
