"""Files that a hospital's system pushes whole (STOW-RS): many uploads in one transaction, and one job that reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from cases.actions.locking import lock
from cases.models import Case
from portal.core import storage
from portal.core.access import Actor
from portal.core.compiled import STAND_IN_MOMENT, first_of
from portal.core.models import StoredObject
from portal.core.workflow import Refused
from records.actions.whole import Seen, begin_rows, or_unseen, write_rows
from records.models import Upload
from records.queries.uploads import used
from records.rules.tus import Described
from records.rules.uploads import MAX_UPLOADS, takes_files, too_much

MARK = "pushed"
"""`fingerprint` of what did not come through the page."""
TOGETHER = timedelta(minutes=2)


def room(*, case: Case) -> tuple[int, str]:
    """Bytes that are still taken, and what is full beyond them; before anything is read.

    Raises:
        Refused: the case takes no files now (`closed`), or it is full (`case_full`, `too_many_files`), or the disk is (`store_full`).
    """
    if not takes_files(case.phase):
        raise Refused("closed")
    in_bytes, in_files = used(case)
    if reason := too_much(used_bytes=in_bytes, used_files=in_files, size=1, limit_bytes=settings.MAX_CASE_BYTES):
        raise Refused(reason)
    left, spare = settings.MAX_CASE_BYTES - in_bytes, storage.spare()
    if spare is None or spare >= left:
        return left, "case_full"
    if spare <= 0:
        raise Refused("store_full")
    return spare, "store_full"


def _batch(case: Case, by: Actor, now: datetime) -> UUID:
    """A system pushes a study in many requests: what follows shortly belongs to what came before, and is told about together.

    The first ones, which come side by side and do not see each other, take the name of the moment.
    """
    stand_ins: dict[str, Any] = {"case": UUID(int=1), "by": UUID(int=2), "since": STAND_IN_MOMENT}

    def query() -> QuerySet[Upload]:
        sent = Upload.objects.filter(case=stand_ins["case"], by=stand_ins["by"], fingerprint=MARK)
        return sent.filter(received_at__gt=stand_ins["since"]).order_by("-received_at")[:1]

    values = {"case": case.pk, "by": by.user.pk if by.user else None, "since": now - TOGETHER}
    last: Upload | None = first_of("what a system sent last", stand_ins, values, query)
    return last.batch if last else uuid5(case.pk, f"{by.kind} {by.id} {now.timestamp() // TOGETHER.total_seconds()}")


def receive(
    *, case: Case, objects: Sequence[tuple[str, StoredObject]], by: Actor, seen: Mapping[UUID, Seen] | None = None
) -> list[Upload]:
    """Keep sealed files (name, unsaved object) as received uploads of the case and queue their reading; all of them or none.

    Images that were `seen` are indexed with them.

    Raises:
        Refused: the case has moved on (`closed`), is full, or this role sends no files.
    """
    return or_unseen(lambda these: _receive(case, objects, by, these), seen or {})


@transaction.atomic
def _receive(
    case: Case, objects: Sequence[tuple[str, StoredObject]], by: Actor, seen: Mapping[UUID, Seen]
) -> list[Upload]:
    batch = _batch(case, by, timezone.now())
    files = [(Described(name, "", batch, MARK), stored) for name, stored in objects]
    begun = begin_rows(case=case, files=files, user=by.user, grant=None, by=by)
    held = lock(case)
    if not takes_files(held.phase):
        raise Refused("closed")
    in_bytes, in_files = used(held)  # these among them
    if reason := too_much(used_bytes=in_bytes, used_files=0, size=0, limit_bytes=settings.MAX_CASE_BYTES):
        raise Refused(reason)
    if in_files > MAX_UPLOADS:
        raise Refused("too_many_files")
    return write_rows(case=held, begun=begun, seen=seen)
