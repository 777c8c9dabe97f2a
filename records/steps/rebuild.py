"""Frames, pages, copies, thumbnails and metadata made again from the originals, after a restore or on request.

Each file is read by the confined child as at intake, and only what is lost is put in place: a second run finds nothing to do, and a
run that was killed goes on with what is still lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from pathlib import Path

import structlog
from django.db.models import F
from django.utils import timezone

from cases.actions.locking import lock
from portal.core import storage, sweep
from portal.core.models import StoredObject
from portal.core.states import ObjectState
from portal.core.workfolder import work_folder
from records.actions import rebuilding
from records.child.protocol import FileResult
from records.models import File, Instance, Series
from records.queries.derived import files_to_read_again, series_to_prepare_again
from records.steps.reading import results_of
from records.steps.series import derive
from records.steps.work import Sealer, Work

log = structlog.get_logger(__name__)

FILES_AT_ONCE = 100
BYTES_AT_ONCE = 512 * 1024**2


class Unfinished(Exception):
    """Something is still lost: the job is tried again later."""


def rebuild(work: Work) -> None:
    """Make everything again that the case lacks.

    Raises:
        Unfinished: an original could not be read again now.
    """
    waiting = list(files_to_read_again(work.case_id).select_related("object__key"))
    total = len(waiting) + series_to_prepare_again(work.case_id).count()
    done = 0
    for group in _groups(waiting):
        work.run.renew(done=done, total=total)
        with work_folder() as folder:
            for file, result in results_of(work, group, folder):
                _replace(work, file, result, folder)
        _pictures_again(work, group)
        done += len(group)
    derive(work)
    for stored in sweep.unreferenced(timezone.now()).filter(case_id=work.case_id, state=ObjectState.LOST):
        storage.erase(stored)  # nothing names it, so nothing is to be made
    files_left = list(files_to_read_again(work.case_id).values_list("object_id", flat=True))
    for (
        object_id
    ) in files_left:  # its original says nothing now of what it once held: a program that made it is missing or failed
        log.warning("rebuild_still_lacks", object=str(object_id))
    left = len(files_left) + series_to_prepare_again(work.case_id).count()
    work.run.renew(done=total - left, total=total)
    if left:
        log.warning("rebuild_unfinished", case=str(work.case_id), count=left)
        raise Unfinished


def _groups(files: Sequence[File]) -> list[list[File]]:
    groups: list[list[File]] = []
    size = 0
    for file in files:
        if not groups or len(groups[-1]) == FILES_AT_ONCE or size + file.size > BYTES_AT_ONCE:
            groups.append([])
            size = 0
        groups[-1].append(file)
        size += file.size
    return groups


def _replace(work: Work, file: File, result: FileResult, folder: Path) -> None:
    if result.status not in ("ready", "left_out"):
        log.warning("rebuild_failed", object=str(file.object_id), code=result.code)
        return
    seal = Sealer(work, folder)
    if result.kind == "dicom":
        video = result.data.get("video")
        made = result.data.get("frames") or {}
        pack = seal(made.get("pack") or video)
        kept = Instance.objects.filter(file=file).values("frame_bytes", "frames").first()
        shown = (kept["frame_bytes"] or 0) * kept["frames"] if kept else 0
        if pack and kept and not video and pack.size != shown + made.get("index_bytes", 0):
            log.warning("rebuild_differs", object=str(file.object_id))
            storage.erase(pack)
            return
        with work.run.commit():
            lock(work.case_id)
            unused = rebuilding.replace_pack(file=file, made=pack)
    else:
        pages: dict[int, StoredObject | None] = {
            number: seal(page.get("image")) for number, page in zip(count(1), result.data.get("pages", []))
        }
        view_copy, thumbnail = seal(result.data.get("view_copy")), seal(result.data.get("thumbnail"))
        with work.run.commit():
            lock(work.case_id)
            unused = rebuilding.replace_papers(file=file, pages=pages, view_copy=view_copy, thumbnail=thumbnail)
    for stored in unused:
        storage.erase(stored)


def _pictures_again(work: Work, files: Sequence[File]) -> None:
    """Series that were prepared while their frames were lost have no thumbnail: they get one now."""
    with work.run.commit():
        lock(work.case_id)
        touched = Instance.objects.filter(file__in=files).values("series")
        Series.objects.filter(pk__in=touched, thumbnail__isnull=True, derived_revision=F("revision")).update(
            derived_revision=0
        )
