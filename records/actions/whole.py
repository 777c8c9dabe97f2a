"""Files that arrive whole, many in one request: their rows are written together, and one job reads them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.db import DataError, IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from cases.actions.locking import lock
from cases.models import Case, Grant
from portal.core.access import Actor
from portal.core.bulk import insert
from portal.core.compiled import adapted, among, compiled
from portal.core.models import StoredObject
from portal.core.states import Role
from portal.core.workflow import Refused, note, note_alike
from records.actions import indexing
from records.actions.instances import NewInstance
from records.actions.uploads import asked_before, open_to
from records.models import File, Study, Upload
from records.moves import UPLOAD
from records.queries.uploads import used
from records.rules.tus import Described
from records.rules.uploads import takes_files, too_much
from records.states import RecordState, UploadState

log = structlog.get_logger(__name__)
T = TypeVar("T")
EVENT = "receive"
READER = Actor.job("records.read_at_once")
UNFIT = (DataError, IntegrityError, KeyError, TypeError, ValueError)
"""What rows of a file that was read at once can cause that nobody foresaw: then it is left to the job, which judges it by itself."""


@dataclass(frozen=True)
class Seen:
    """What the confined child read from the beginning of an image (records.at_once); `columns` are the file's."""

    data: Mapping[str, Any]
    columns: Mapping[str, Any]


@dataclass(frozen=True)
class Taken:
    """What became of one file of a bundle: its upload, or why it was not taken. `kept`: its bytes are this upload's."""

    upload: Upload | None
    kept: bool = False
    code: str = ""


def judge(*, case: Case, listed: Sequence[tuple[Described, int]], user: Any, grant: Grant | None) -> list[Taken | None]:
    """What becomes of files of these sizes, known before their bytes are; None is to be taken. Each that does not fit is refused by itself.

    One that was sent before, by the same sender with the same mark, is told of as it stands, in a full case too: the sender had not
    heard our answer.

    Raises:
        Refused: the case takes no files now (`closed`).
    """
    if not takes_files(case.phase) or not open_to(grant.pk if grant else None):
        raise Refused("closed")
    in_bytes, in_files = used(case)
    marks = {described.fingerprint for described, _ in listed if described.fingerprint}
    again = set(Upload.objects.filter(case=case, fingerprint__in=marks).values_list("fingerprint", flat=True))
    found: list[Taken | None] = []
    for described, size in listed:
        seen = described.fingerprint in again
        known = asked_before(case, described, size, user, grant) if seen else None
        reason = "" if known else too_much(
            used_bytes=in_bytes, used_files=in_files, size=size, limit_bytes=settings.MAX_CASE_BYTES
        )  # fmt: skip
        if known or reason:
            found.append(Taken(known, code=reason or ""))
            continue
        found.append(None)
        in_bytes, in_files = in_bytes + size, in_files + 1
    return found


@transaction.atomic
def take(
    *, case: Case, files: Sequence[tuple[Described, StoredObject]], user: Any, grant: Grant | None, by: Actor
) -> list[Taken]:
    """Keep sealed files (unsaved objects) of one bundle as received uploads, those that `judge` lets through.

    Raises:
        Refused: as `judge`.
    """
    held = lock(case)
    listed = [(described, stored.size) for described, stored in files]
    found = judge(case=held, listed=listed, user=user, grant=grant)
    fresh = [file for file, one in zip(files, found, strict=True) if one is None]
    begun = begin_rows(case=held, files=fresh, user=user, grant=grant, by=by)
    uploads = iter(write_rows(case=held, begun=begun))
    return [one or Taken(next(uploads), kept=True) for one in found]


@dataclass(frozen=True)
class Begun:
    """Uploads and objects that are written, by whom they were sent, and the rows of their files that are not written yet."""

    uploads: list[Upload]
    rows: list[File]
    by: Actor


def begin_rows(
    *, case: Case, files: Sequence[tuple[Described, StoredObject]], user: Any, grant: Grant | None, by: Actor
) -> Begun:
    """Write what nothing else in the case bears on: uploads, objects and what happened to them. Inside the caller's transaction, before
    the case is locked: others who send into it meanwhile do not wait for this.

    Raises:
        Refused: this role sends no files.
    """
    rule = UPLOAD.table[UploadState.RECEIVING, EVENT]
    if by.role not in rule.roles or (by.role == Role.SYSTEM and grant is None):  # the holder of a link acts as nobody
        raise Refused(f"upload.{EVENT}: not for {by.role}")
    now = timezone.now()
    uploads = [
        Upload(
            case_id=case.pk,
            by=user,
            grant=grant,
            name=described.name,
            folder=described.folder,
            batch=described.batch or uuid4(),
            fingerprint=described.fingerprint,
            size=stored.size,
            offset=stored.size,
            state=UploadState.RECEIVED,
            expires_at=now,
            received_at=now,
        )
        for described, stored in files
    ]
    insert(uploads)
    insert([stored for _, stored in files])
    note_alike(
        [upload.pk for upload in uploads[:-1]],
        UPLOAD.kind,
        EVENT,
        case_id=case.pk,
        actor=by,
        source=UploadState.RECEIVING,
        target=UploadState.RECEIVED,
    )
    rows = [
        File(
            case_id=case.pk,
            upload=upload,
            name=upload.name,
            folder=upload.folder,
            object=stored,
            sha256=stored.sha256,
            size=stored.size,
        )
        for upload, (_, stored) in zip(uploads, files, strict=True)
    ]
    return Begun(uploads, rows, by)


def write_rows(*, case: Case, begun: Begun, seen: Mapping[UUID, Seen] | None = None) -> list[Upload]:
    """The rest of files that came whole: their rows and their job. Inside the same transaction, with the case locked.

    The history gets the same row for each as a file that came in parts; the last row's reaction reads them all. Images that were
    `seen` (by the object's id) are indexed here, unless something of them is in the case already: these wait for the job, too.
    """
    uploads, rows = begun.uploads, begun.rows
    if uploads:
        note(uploads[-1], UPLOAD.kind, EVENT, actor=begun.by, source=UploadState.RECEIVING, target=UploadState.RECEIVED)
    studies = _index(case, rows, seen) if seen else []
    insert(rows)
    if studies and not _waits(case):
        indexing.show(studies=studies, by=READER)  # else when the job has read what waits: it may be somebody else's
    return uploads


def _waits(case: Case) -> bool:
    """Whether a file of the case waits to be read."""
    query = compiled(
        "a file that waits",
        {"case": UUID(int=1)},
        lambda: File.objects.filter(case=UUID(int=1), state=RecordState.PROCESSING).order_by().values_list("pk")[:1],
    )
    return bool(query.rows(adapted({"case": case.pk})))


def or_unseen(write: Callable[[Mapping[UUID, Seen]], T], seen: Mapping[UUID, Seen]) -> T:
    """`write` as a transaction with what was seen; should that not fit into its rows, once more without."""
    if seen:
        try:
            return write(seen)
        except UNFIT as problem:
            log.error("seen_unfit", problem=type(problem).__name__)
    return write({})


def _index(case: Case, rows: Sequence[File], seen: Mapping[UUID, Seen]) -> list[Study]:
    """Index those of these new files that were seen and that nothing else in the case is like. Their studies."""
    known = _known(case, [row.sha256 for row in rows if row.object_id in seen])
    found = [
        NewInstance(row, one.data, None, one.columns)
        for row in rows
        if row.sha256 not in known and (one := seen.get(row.object_id or row.pk)) is not None
    ]
    return indexing.index(case=case, found=found, by=READER, unsaved=True)[0]


def _known(case: Case, digests: Sequence[str]) -> set[str]:
    """Which of these hashes a file of the case has already."""
    if not digests:
        return set()
    stand_ins, values = among("sha256", digests)

    def query() -> QuerySet[Any, Any]:
        same = File.objects.filter(case=UUID(int=1), sha256__in=list(stand_ins.values()))
        return same.order_by().values_list("sha256")

    asked = compiled(("known files", len(stand_ins)), {"case": UUID(int=1), **stand_ins}, query)
    return {digest for (digest,) in asked.rows(adapted({"case": case.pk, **values}))}
