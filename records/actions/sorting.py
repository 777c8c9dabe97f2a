"""What belongs among the records after all, and what does not: parts of a disc's programs, and two images under one UID."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from cases.actions.locking import lock
from portal.core import storage
from portal.core.access import Actor
from portal.core.models import StoredObject
from portal.core.workflow import Refused, move
from records.actions.files import FRESH, may_remove, shelve, unindex
from records.actions.processing import finish
from records.models import Document, File
from records.moves import DOCUMENT, FILE
from records.rules.codes import (
    AGAIN,
    DUPLICATE,
    LOCKED,
    PROGRAM_PART,
    SAME_UID,
    SYSTEM_FILE,
    TRAILING,
    TRAILING_IGNORED,
)
from records.states import RecordState


def leave_out(*, codes: Mapping[UUID, str], by: Actor) -> list[StoredObject]:
    """Say of these files that they are no records; originals stay. Returns what the caller erases. With the case locked."""
    erasable: list[StoredObject] = []
    rows = File.objects.filter(pk__in=codes, state__in=[RecordState.READY, RecordState.REJECTED])
    for file in rows.exclude(code__in=[PROGRAM_PART, SYSTEM_FILE]).order_by("pk"):
        erasable += shelve(file, by)
        code = codes[file.pk]
        move(file, FILE, "leave_out", actor=by, data={"code": code}, changes={"code": code})
    return erasable


def take_back(*, files: QuerySet[File], by: Actor) -> int:
    """Files that were left out for their place, which later ones showed to be no program's: they are read again."""
    taken = 0
    for file in files.filter(code__in=[PROGRAM_PART, SYSTEM_FILE], object__isnull=False).order_by("pk"):
        for document in Document.objects.filter(file=file, state=RecordState.REMOVED):
            move(document, DOCUMENT, "take_back", actor=by)
        move(file, FILE, "take_back", actor=by, changes=FRESH | {"duplicate_of": None})
        taken += 1
    return taken


def refuse_copies(*, case_id: UUID, by: Actor) -> int:
    """Copies of a file that was refused for good after they had been recognised: they are no better. With the case locked."""
    copies = File.objects.filter(case_id=case_id, state=RecordState.READY, code=DUPLICATE)
    refused = copies.filter(duplicate_of__state=RecordState.REJECTED).exclude(duplicate_of__code__in=AGAIN | LOCKED)
    count = 0
    for file in refused.select_related("duplicate_of").order_by("pk"):
        first = file.duplicate_of
        assert first is not None
        move(file, FILE, "revive", actor=by, changes=FRESH | {"duplicate_of": None})
        told = {"kind": first.kind, "media_type": first.media_type, "warnings": first.warnings}
        finish(file, "reject", by=by, code=first.code, **told)
        count += 1
    return count


def decide_same_uid(*, file: File, use_new: bool, by: Actor) -> None:
    """Two images carry one SOP Instance UID: the desk says which of them is shown. Both originals are kept.

    Raises:
        Refused: it is decided already (`no_use`), or a specialist works with the records (`in_review`).
    """
    with transaction.atomic():
        case = lock(file.case_id)
        held = File.objects.select_related("duplicate_of").get(pk=file.pk)
        if held.state != RecordState.QUARANTINED or held.code != SAME_UID or held.duplicate_of is None:
            raise Refused("no_use")
        if use_new and not may_remove(case.phase):
            raise Refused("in_review")
        erasable = _put_in_place(held, held.duplicate_of, by) if use_new else _put_away(held, by)
    for stored in erasable:
        storage.erase(stored)


def read_without_end(*, file: File, by: Actor) -> None:
    """The desk has looked at a DICOM file with something glued to its end: it is read, and what follows is passed over.

    The original stays whole. What came as a copy of it meanwhile follows it.

    Raises:
        Refused: it is decided already (`no_use`).
    """
    with transaction.atomic():
        lock(file.case_id)
        held = File.objects.get(pk=file.pk)
        if held.state != RecordState.QUARANTINED or held.code != TRAILING:
            raise Refused("no_use")
        warnings = sorted({*held.warnings, TRAILING_IGNORED})
        move(held, FILE, "process_again", actor=by, changes=FRESH | {"warnings": warnings})


def _put_away(file: File, by: Actor) -> list[StoredObject]:
    move(file, FILE, "release", actor=by, data={"code": DUPLICATE}, changes={"code": DUPLICATE})
    return []


def _put_in_place(file: File, other: File, by: Actor) -> list[StoredObject]:
    erasable = unindex(other, by)
    waiting = File.objects.filter(duplicate_of=other, state=RecordState.QUARANTINED, code=SAME_UID)
    waiting.exclude(pk=file.pk).update(duplicate_of=file)  # copies of `other` stay copies of it
    move(other, FILE, "supersede", actor=by, changes={"code": DUPLICATE, "duplicate_of": file})
    move(file, FILE, "process_again", actor=by, changes=FRESH | {"duplicate_of": None})
    return erasable
