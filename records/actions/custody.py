"""Things by post: announce them, and write each change of hands into the log."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from cases.actions.guard import must_see
from cases.actions.locking import lock
from cases.models import Case
from portal.core import storage
from portal.core.access import Actor
from portal.core.models import StoredObject
from portal.core.states import Role
from portal.core.workflow import Refused, move, note
from records.actions import checklist as checklist_actions
from records.actions import uploads
from records.models import CustodyEntry, File, PhysicalItem
from records.moves import PHYSICAL
from records.queries import custody as queries
from records.queries.checklist import checklist
from records.queries.uploads import file_of
from records.rules.custody import FIELDS, digest, missing
from records.rules.tus import Described
from records.rules.uploads import takes_files
from records.states import PhysicalKind

MAX_THINGS = 50


@transaction.atomic
def announce(
    *,
    case: Case,
    kind: PhysicalKind,
    label: str,
    pieces: int,
    by: Actor,
    item: str = "",
    owner: str = "",
    return_by: date | None = None,
) -> PhysicalItem:
    """Somebody will send a thing. The log begins with this line.

    Raises:
        Refused: nothing said, a return day without an owner, too many things, or the case takes no records.
        PermissionDenied: the case is not open to this person.
    """
    held = lock(case)
    must_see(held, by)
    if by.role not in {Role.PATIENT, Role.COORDINATOR}:
        raise Refused("physical: for patient and desk only")
    if not takes_files(held.phase):
        raise Refused("closed")
    if not label.strip() or pieces < 1 or (return_by is not None and not owner.strip()):
        raise Refused("physical: say what it is and whose")
    if PhysicalItem.objects.filter(case=held).count() >= MAX_THINGS:
        raise Refused("too_many_things")
    known = {one.key for one in checklist(held) if one.item.courier}
    thing = PhysicalItem.objects.create(
        case=held,
        kind=kind,
        label=label.strip()[:160],
        pieces=pieces,
        item=item if item in known else "",
        owner=owner.strip()[:200],
        return_by=return_by,
        announced_by=by.user,
    )
    entry = _line(thing, "announce", "", thing.state, timezone.localdate(), {}, by)
    note(thing, "physical", "announce", actor=by, data={"entry": str(entry.pk), "sha256": entry.sha256})
    return thing


@dataclass(frozen=True)
class Photo:
    """A picture that came with a line, sealed part by part while it arrived, and not yet a file of the case."""

    described: Described
    parts: list[StoredObject]

    @property
    def size(self) -> int:
        return sum(part.size for part in self.parts)

    def digest(self) -> str:
        """SHA-256 of the picture's bytes. Reads them: call it outside the transaction."""
        if len(self.parts) == 1:
            return self.parts[0].sha256
        found = hashlib.sha256()
        for part in self.parts:
            for piece in storage.read_range(part):
                found.update(piece)
        return found.hexdigest()


def record(
    *,
    thing: PhysicalItem,
    event: str,
    happened_on: date,
    said: Mapping[str, str],
    by: Actor,
    photo: Photo | None = None,
) -> CustodyEntry:
    """A thing changes hands, or something is remarked: its state moves and the log grows, together.

    Args:
        said: carrier, tracking, condition, holder, remark; what the event does not ask for is left out.
        photo: a picture of its condition. It becomes a file of the case with the line, or is erased with the refusal.

    Raises:
        Refused: not possible now, not for this role, something that must be said is missing (`missing: …`), a day to come, or the case
            takes no photo.
        PermissionDenied: the case is not open to this person.
    """
    sha256 = photo.digest() if photo else None
    try:
        return _record(thing, event, happened_on, said, by, photo, sha256)
    except (Refused, PermissionDenied):
        uploads.discard(photo.parts if photo else ())
        raise


def _record(
    thing: PhysicalItem,
    event: str,
    happened_on: date,
    said: Mapping[str, str],
    by: Actor,
    photo: Photo | None,
    sha256: str | None,
) -> CustodyEntry:
    with transaction.atomic():
        held = lock(thing.case_id)
        must_see(held, by)
        thing = PhysicalItem.objects.get(pk=thing.pk)
        kept = {name: said.get(name, "").strip() for name in (*FIELDS.get(event, ()), "remark")}
        if event not in FIELDS:
            raise Refused("physical: no such event")
        if lacks := missing(event, kept):
            raise Refused("missing: " + " ".join(lacks))
        if happened_on > timezone.localdate():
            raise Refused("physical: a day to come")
        holder = {"hand_over": kept.get("holder", "")}.get(event, "" if event != "remark" else thing.holder)
        source = thing.state
        known = PHYSICAL.table.get((source, event))
        target = (known.target or source) if known else source
        file = _file(held, photo, by) if photo else None
        entry = _line(thing, event, source, target, happened_on, kept, by, file, sha256)
        data = {"entry": str(entry.pk), "sha256": entry.sha256}
        move(thing, PHYSICAL, event, actor=by, data=data, changes={"holder": holder})
    if thing.item:
        checklist_actions.refresh(case=held, by=Actor.job("records.custody"))
    return entry


def _file(case: Case, photo: Photo, by: Actor) -> File | None:
    """The picture as a file of the case, received like any upload. Raises Refused: the case takes no more."""
    upload = uploads.create(case=case, described=photo.described, size=photo.size, by=by.user)
    uploads.append(upload=upload, parts=photo.parts, by=by)
    return file_of(upload)


def _line(
    thing: PhysicalItem,
    event: str,
    source: str,
    target: str,
    day: date,
    said: Mapping[str, str],
    by: Actor,
    photo: File | None = None,
    photo_sha256: str | None = None,
) -> CustodyEntry:
    number = CustodyEntry.objects.filter(thing=thing).count() + 1
    entry = CustodyEntry(
        thing=thing,
        number=number,
        event=event,
        source=source,
        target=target,
        happened_on=day,
        by=by.user,
        photo=photo,
        photo_sha256=photo_sha256,
        **said,
    )
    entry.sha256 = digest(queries.line_of(entry))
    entry.save()
    return entry
