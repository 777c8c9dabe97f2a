"""Files that a hospital's system pushes whole (STOW-RS): many uploads in one transaction, and one job that reads them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from cases.actions.locking import lock
from cases.models import Case
from portal.core.access import Actor
from portal.core.models import Event, StoredObject
from portal.core.states import Role
from portal.core.workflow import Refused, note
from records.models import File, Upload
from records.moves import UPLOAD
from records.queries.uploads import used
from records.rules.uploads import MAX_UPLOADS, takes_files, too_much
from records.states import UploadState

EVENT = "receive"
MARK = "pushed"
"""`fingerprint` of what did not come through the page."""
TOGETHER = timedelta(minutes=2)


def room(*, case: Case) -> int:
    """Bytes that the case still takes, before anything is read.

    Raises:
        Refused: it takes no files now (`closed`), or is full (`case_full`, `too_many_files`).
    """
    if not takes_files(case.phase):
        raise Refused("closed")
    in_bytes, in_files = used(case)
    if reason := too_much(used_bytes=in_bytes, used_files=in_files, size=1, limit_bytes=settings.MAX_CASE_BYTES):
        raise Refused(reason)
    limit: int = settings.MAX_CASE_BYTES
    return limit - in_bytes


def _batch(case: Case, by: Actor, now: datetime) -> UUID:
    """A system pushes a study in many requests: what follows shortly belongs to what came before, and is told about together."""
    sent = Upload.objects.filter(case=case, by=by.user, fingerprint=MARK, received_at__gt=now - TOGETHER)
    last = sent.order_by("-received_at").values_list("batch", flat=True).first()
    return last or uuid4()


@transaction.atomic
def receive(*, case: Case, objects: Sequence[tuple[str, StoredObject]], by: Actor) -> list[Upload]:
    """Keep sealed files (name, unsaved object) as received uploads of the case and queue their reading; all of them or none.

    The history gets the same row for each as a file that came through the browser; the last row's reaction reads them all.

    Raises:
        Refused: the case has moved on (`closed`), is full, or this role sends no files.
    """
    held = lock(case)
    if not takes_files(held.phase):
        raise Refused("closed")
    rule = UPLOAD.table[UploadState.RECEIVING, EVENT]
    if by.role not in rule.roles or by.role == Role.SYSTEM:
        raise Refused(f"upload.{EVENT}: not for {by.role}")
    in_bytes, in_files = used(held)
    size = sum(stored.size for _, stored in objects)
    if in_files + len(objects) > MAX_UPLOADS:
        raise Refused("too_many_files")
    if reason := too_much(used_bytes=in_bytes, used_files=0, size=size, limit_bytes=settings.MAX_CASE_BYTES):
        raise Refused(reason)
    now = timezone.now()
    batch = _batch(held, by, now)
    uploads = Upload.objects.bulk_create(
        Upload(
            case=held,
            by=by.user,
            name=name,
            batch=batch,
            fingerprint=MARK,
            size=stored.size,
            offset=stored.size,
            state=UploadState.RECEIVED,
            expires_at=now,
            received_at=now,
        )
        for name, stored in objects
    )
    StoredObject.objects.bulk_create(stored for _, stored in objects)
    pairs = list(zip(uploads, (stored for _, stored in objects), strict=True))
    files = File.objects.bulk_create(
        File(
            case=held,
            upload=upload,
            name=upload.name,
            object=stored,
            sha256=stored.sha256,
            size=stored.size,
        )
        for upload, stored in pairs
    )
    Event.objects.bulk_create(
        Event(
            case_id=held.pk,
            subject_kind=UPLOAD.kind,
            subject_id=upload.pk,
            name=EVENT,
            source=UploadState.RECEIVING,
            target=UploadState.RECEIVED,
            actor_kind=by.kind,
            actor_id=by.id,
            actor_role=by.role,
        )
        for upload in uploads[:-1]
    )
    if files:
        last = uploads[-1]
        note(last, UPLOAD.kind, EVENT, actor=by, source=UploadState.RECEIVING, target=UploadState.RECEIVED)
    return uploads
