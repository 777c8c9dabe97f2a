"""Taking files in, byte by byte. Bytes are sealed before the row says that they are here, so a cut loses at most one part."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from cases.actions.locking import lock
from cases.models import Case, Grant
from cases.queries.access import live_grants
from portal.core import storage
from portal.core.access import Actor
from portal.core.models import StoredObject
from portal.core.workflow import Refused, move
from records.models import File, Upload, UploadPart
from records.moves import UPLOAD
from records.queries.uploads import used
from records.rules.tus import Described
from records.rules.uploads import takes_files, too_much
from records.states import UploadState

PART_BYTES = 1024 * 1024
"""The most that is held in memory, and the most that has to be sent again after a cut."""


class Elsewhere(Exception):
    """Another tab or device has appended meanwhile, or the upload has ended."""


def _expiry() -> datetime:
    return timezone.now() + timedelta(hours=settings.UPLOAD_EXPIRES_HOURS)


@transaction.atomic
def create(*, case: Case, described: Described, size: int, by: Any, grant: Grant | None = None) -> Upload:
    """Promise room for one file. A sender whose answer was lost asks again and gets the same upload, with what it holds.

    Args:
        by: the account that sends; None for the holder of an upload link, whose `grant` stands for them.

    Raises:
        Refused: the case takes no files now (`closed`), or is full (`case_full`, `too_many_files`), or the
            disk is (`store_full`).
    """
    held = lock(case)
    if not takes_files(held.phase) or not open_to(grant.pk if grant else None):
        raise Refused("closed")
    if (known := asked_before(held, described, size, by, grant)) is not None:
        return known
    in_bytes, in_files = used(held)
    if reason := too_much(used_bytes=in_bytes, used_files=in_files, size=size, limit_bytes=settings.MAX_CASE_BYTES):
        raise Refused(reason)
    if not storage.has_room(size):
        raise Refused("store_full")
    upload = Upload.objects.create(
        case=held,
        by=by,
        grant=grant,
        name=described.name,
        folder=described.folder,
        batch=described.batch or uuid4(),
        fingerprint=described.fingerprint,
        size=size,
        expires_at=_expiry(),
    )
    if size == 0:
        _finish(upload, Actor.token(grant.pk) if grant else Actor.of(by))
    return upload


def open_to(grant_id: UUID | None) -> bool:
    """Whether the sender's upload link still counts; an account's own grants are asked at the gate."""
    return grant_id is None or live_grants().filter(pk=grant_id).exists()


def asked_before(case: Case, described: Described, size: int, by: Any, grant: Grant | None) -> Upload | None:
    """What this sender began or sent under the same mark."""
    if not described.batch or not described.fingerprint:
        return None
    same = Upload.objects.filter(
        case=case,
        by=by,
        grant=grant,
        batch=described.batch,
        fingerprint=described.fingerprint,
        name=described.name,
        folder=described.folder,
        size=size,
        state__in=[UploadState.RECEIVING, UploadState.RECEIVED],
    )
    return same.first()


def seal(upload: Upload, chunks: Iterable[bytes]) -> StoredObject:
    """Seal bytes as one part. Outside any transaction; the rows come with `append`."""
    return seal_for(upload.case_id, chunks)


def seal_for(case_id: UUID, chunks: Iterable[bytes]) -> StoredObject:
    """Seal bytes that came before their upload was promised."""
    return storage.write_stream(chunks, case_id=case_id, kind="part", row=False)


def take_whole(*, promise: Callable[[], Upload], part: StoredObject, by: Actor) -> Upload:
    """A small file that came in the request that makes its upload: promise, bytes and end are one commit, and reach the disk once.

    Raises:
        Refused: as `create`.
    """
    try:
        with transaction.atomic():
            upload = promise()
            if upload.state == UploadState.RECEIVING and not upload.offset:
                _append(upload, [part], by)
                return upload
    except (Elsewhere, Refused):
        discard([part])
        raise
    discard([part])  # the sender had not heard our first answer: the bytes are here already
    return upload


def append(*, upload: Upload, parts: list[StoredObject], by: Actor) -> Upload:
    """Add sealed parts at the offset that `upload` carries, and finish the upload with its last byte.

    Two tabs that send the same file cannot both append: the offset in the row decides, and the loser's parts are erased.

    Raises:
        Elsewhere: the row's offset or state is not what `upload` says.
        Refused: the case has moved on and takes no files any more (`closed`).
    """
    try:
        with transaction.atomic():
            _append(upload, parts, by)
    except (Elsewhere, Refused):
        discard(parts)
        raise
    return upload


def _append(upload: Upload, parts: list[StoredObject], by: Actor) -> None:
    start, added = upload.offset, sum(part.size for part in parts)
    whole = start + added == upload.size
    if whole:  # the case's lock only where the case's history is written: parts of many files arrive side by side
        phase = lock(upload.case_id).phase
    else:
        phase = Case.objects.values_list("phase", flat=True).get(pk=upload.case_id)
    if not takes_files(phase) or not open_to(upload.grant_id):
        raise Refused("closed")
    waiting = Upload.objects.filter(pk=upload.pk, state=UploadState.RECEIVING, offset=start)
    now = timezone.now()
    if not waiting.update(offset=start + added, touched_at=now, expires_at=_expiry()):
        raise Elsewhere
    for part in parts:
        if part._state.adding:
            part.save(force_insert=True)
        UploadPart.objects.create(upload=upload, start=start, size=part.size, object=part)
        start += part.size
    upload.offset, upload.touched_at = start, now
    if whole:
        _finish(upload, by)


def _finish(upload: Upload, by: Actor) -> None:
    """The last byte is here: the file exists from now on, and its processing is queued by the event."""
    File.objects.create(case_id=upload.case_id, upload=upload, name=upload.name, folder=upload.folder, size=upload.size)
    move(upload, UPLOAD, "receive", actor=by, changes={"received_at": timezone.now()})


def discard(parts: Iterable[StoredObject]) -> None:
    """Drop sealed parts that never became a row of an upload (a wrong checksum)."""
    for part in parts:
        storage.erase(part)


def cancel(*, upload: Upload, by: Actor) -> None:
    """The sender does not want this file sent after all. What had arrived is erased.

    Raises:
        Refused: the upload has ended already, or is a file by now, which is removed as one (`received`).
    """
    with transaction.atomic():
        lock(upload.case_id)
        if Upload.objects.filter(pk=upload.pk, state=UploadState.RECEIVED).exists():
            raise Refused("received")
        move(upload, UPLOAD, "remove", actor=by)
        objects = forget_parts(upload.pk)
    discard(objects)


def forget_parts(upload_id: UUID) -> list[StoredObject]:
    """Take the parts off an upload. Returns what the caller erases. Inside the caller's transaction."""
    rows = list(UploadPart.objects.filter(upload_id=upload_id).select_related("object"))
    UploadPart.objects.filter(upload_id=upload_id).delete()
    return [row.object for row in rows]


def expire(*, upload_id: UUID, by: Actor) -> bool:
    """Give up an upload that nobody continued in time. Returns whether it was still waiting."""
    with transaction.atomic():
        upload = Upload.objects.get(pk=upload_id)
        lock(upload.case_id)
        late = Upload.objects.filter(pk=upload_id, state=UploadState.RECEIVING, expires_at__lte=timezone.now())
        if not late.exists():
            return False
        move(upload, UPLOAD, "reject", actor=by, data={"code": "expired"})
        objects = forget_parts(upload_id)
    discard(objects)
    return True


def leftovers() -> list[UUID]:
    """Uploads that were removed or given up and still have parts."""
    ended = UploadPart.objects.filter(upload__state__in=[UploadState.REMOVED, UploadState.REJECTED])
    return list(ended.values_list("upload", flat=True).distinct()[:500])
