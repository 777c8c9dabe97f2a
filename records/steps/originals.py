"""Uploads become originals, and the same bytes sent twice become one record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from cases.actions.locking import lock
from portal.core import storage
from portal.core.jobs import Run
from records.actions import processing
from records.models import File, UploadPart
from records.steps.reading import fail
from records.steps.work import Work, groups, told


def assemble(work: Work) -> None:
    """The parts of each upload become one sealed original with its SHA-256; then the parts are erased.

    They are read and written as a stream, a segment at a time: into a file, or as a multipart upload into the bucket.
    """
    for group in groups(work.rows(object__isnull=True)):
        parts: dict[UUID, list[UploadPart]] = {}
        rows = UploadPart.objects.filter(upload__in=[file.upload_id for file in group]).order_by("start")
        for part in rows.select_related("object__key"):
            parts.setdefault(part.upload_id, []).append(part)
        # One part is the whole file: it becomes the original as it is. Those of a disc are thousands, so not each in a transaction.
        whole = [(file, parts[file.upload_id][0].object) for file in group if len(parts.get(file.upload_id, ())) == 1]
        if whole:
            with work.run.commit():
                lock(work.case_id)
                for file, stored in whole:
                    processing.keep_original(file_id=file.pk, stored=stored)
        for file in group:
            if len(found := parts.get(file.upload_id, [])) != 1:
                _put_together(work, file, found)


def _put_together(work: Work, file: File, parts: Sequence[UploadPart]) -> None:
    try:
        stored = storage.write_stream(_whole(work.run, parts), case_id=work.case_id, kind="original")
    except (storage.Damaged, storage.Erased):
        fail(work, file)  # its own bytes are gone: other files are not to wait for it
        return
    with work.run.commit():
        lock(work.case_id)
        erasable = processing.keep_original(file_id=file.pk, stored=stored)
    for part in [stored] if erasable is None else erasable:
        storage.erase(part)
        work.run.renew()  # there are thousands of them


def _whole(run: Run, parts: Sequence[UploadPart]) -> Iterator[bytes]:
    for part in parts:
        yield from told(run, storage.read_range(part.object))


def recognise(work: Work) -> None:
    """The same bytes sent twice are one record; both originals stay."""
    twice = processing.sent_twice(work.case_id, work.files)
    for group in groups(work.rows(sha256__in=twice) if twice else []):
        with work.run.commit():
            lock(work.case_id)
            copies = processing.earlier_copies(group)
            for file in group:
                earlier = copies.get(file.pk)
                if earlier is not None and (waiting := processing.waiting(file.pk)):
                    processing.mark_duplicate(
                        file=waiting, of=earlier, by=work.run.actor, kind=earlier.kind, media_type=earlier.media_type
                    )
