"""Uploads become originals, and the same bytes sent twice become one record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cases.actions.locking import lock
from portal.core import storage
from portal.core.jobs import Run
from records.actions import processing
from records.models import UploadPart
from records.steps.reading import fail
from records.steps.work import RENEW_BYTES, Work, groups


def assemble(work: Work) -> None:
    """The parts of each upload become one sealed original with its SHA-256; then the parts are erased.

    They are read and written as a stream, a segment at a time: into a file, or as a multipart upload into the bucket.
    """
    for file in work.rows(object__isnull=True):
        parts = list(
            UploadPart.objects.filter(upload_id=file.upload_id).order_by("start").select_related("object__key")
        )
        if len(parts) == 1:
            stored = parts[0].object  # one part is the whole file: it becomes the original as it is
        else:
            try:
                stored = storage.write_stream(_whole(work.run, parts), case_id=work.case_id, kind="original")
            except (storage.Damaged, storage.Erased):
                fail(work, file)  # its own bytes are gone: other files are not to wait for it
                continue
        with work.run.commit():
            lock(work.case_id)
            erasable = processing.keep_original(file_id=file.pk, stored=stored)
        for part in [stored] if erasable is None and len(parts) > 1 else erasable or []:
            storage.erase(part)


def _whole(run: Run, parts: Sequence[UploadPart]) -> Iterator[bytes]:
    read = 0
    for part in parts:
        for piece in storage.read_range(part.object):
            read += len(piece)
            if read >= RENEW_BYTES:
                run.renew()
                read = 0
            yield piece


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
