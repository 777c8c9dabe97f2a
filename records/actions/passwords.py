"""A locked file gets its password from the person who sent it. The password is sealed, tried once, and erased."""

from __future__ import annotations

import os
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from cases.actions.locking import lock
from portal.core import storage
from portal.core.access import Actor
from portal.core.models import Event, StoredObject
from portal.core.workflow import Refused, move
from records.actions.files import FRESH
from records.models import File
from records.moves import FILE
from records.rules.codes import LOCKED
from records.states import RecordState

LONGEST = 200
"""Characters of a password."""
TRIES, WITHIN = 6, timedelta(minutes=5)
"""As many as that are tried at once; then a short wait, so that nobody guesses by machine."""
_SALT, _ROOM = 32, 1024


def unlock(*, file: File, password: str, by: Actor) -> None:
    """Try a password on a locked file. The event queues the work; a wrong one leaves the file as it was.

    Raises:
        Refused: the file does not wait for a password (`no_use`), or was tried too often just now (`slow_down`).
    """
    secret = storage.write_stream([_packed(password)], case_id=file.case_id, kind="secret")
    try:
        with transaction.atomic():
            lock(file.case_id)
            held = File.objects.get(pk=file.pk)
            if held.state != RecordState.REJECTED or held.code not in LOCKED:
                raise Refused("no_use")
            if _tries(held) >= TRIES:
                raise Refused("slow_down")
            move(held, FILE, "process_again", actor=by, changes=FRESH | {"secret": secret})
    except BaseException:
        if not File.objects.filter(secret_id=secret.pk).exists():  # a commit whose answer was lost is a commit
            storage.erase(secret)
        raise


def _tries(file: File) -> int:
    again = Event.objects.filter(subject_kind=FILE.kind, subject_id=file.pk, name="process_again")
    return again.filter(at__gt=timezone.now() - WITHIN).count()


def _packed(password: str) -> bytes:
    """With salt, and of one length for all: the row beside a sealed object holds the hash and the size of what is sealed."""
    return os.urandom(_SALT) + password[:LONGEST].encode().ljust(_ROOM, b"\0")


def of(file: File) -> str | None:
    """The password that waits with this file."""
    if file.secret is None:
        return None
    try:
        return storage.read_bytes(file.secret, limit=_SALT + _ROOM)[_SALT:].rstrip(b"\0").decode()
    except (storage.Damaged, storage.Erased):
        return None


def forget(*, file_id: UUID) -> StoredObject | None:
    """Take the password off a file that has been tried with it. Returns what the caller erases. Inside the caller's transaction."""
    file = File.objects.filter(pk=file_id, secret__isnull=False).exclude(state=RecordState.PROCESSING)
    held = file.select_related("secret").first()
    if held is None:
        return None
    File.objects.filter(pk=held.pk).update(secret=None)
    return held.secret


def leftovers() -> list[UUID]:
    """Files whose password was tried by a worker that died before it could forget it."""
    tried = File.objects.filter(secret__isnull=False).exclude(state=RecordState.PROCESSING)
    return list(tried.values_list("pk", flat=True))
