"""Things by post: announce them, and write each change of hands into the log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.db import transaction
from django.utils import timezone

from cases.actions.guard import must_see
from cases.actions.locking import lock
from cases.models import Case
from portal.core.access import Actor
from portal.core.states import Role
from portal.core.workflow import Refused, move, note
from records.actions import checklist as checklist_actions
from records.models import CustodyEntry, File, PhysicalItem
from records.moves import PHYSICAL
from records.queries import custody as queries
from records.queries.checklist import checklist
from records.rules.custody import FIELDS, digest, missing
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


def record(
    *, thing: PhysicalItem, event: str, happened_on: date, said: Mapping[str, str], by: Actor, photo: File | None = None
) -> CustodyEntry:
    """A thing changes hands, or something is remarked: its state moves and the log grows, together.

    Args:
        said: carrier, tracking, condition, holder, remark; what the event does not ask for is left out.
        photo: a picture of its condition, sent into the same case just now.

    Raises:
        Refused: not possible now, not for this role, something that must be said is missing (`missing: …`), or a day to come.
        PermissionDenied: the case is not open to this person.
    """
    with transaction.atomic():
        held = lock(thing.case_id)
        must_see(held, by)
        thing = PhysicalItem.objects.get(pk=thing.pk)
        kept = {name: said.get(name, "").strip() for name in (*FIELDS.get(event, ()), "remark")}
        if event not in FIELDS:
            raise Refused("physical: no such event")
        if lacks := missing(event, kept):
            raise Refused("missing: " + " ".join(lacks))
        if photo is not None and photo.case_id != held.pk:
            raise Refused("physical: a photo of another case")
        if happened_on > timezone.localdate():
            raise Refused("physical: a day to come")
        holder = {"hand_over": kept.get("holder", "")}.get(event, "" if event != "remark" else thing.holder)
        source = thing.state
        known = PHYSICAL.table.get((source, event))
        target = (known.target or source) if known else source
        entry = _line(thing, event, source, target, happened_on, kept, by, photo)
        data = {"entry": str(entry.pk), "sha256": entry.sha256}
        move(thing, PHYSICAL, event, actor=by, data=data, changes={"holder": holder})
    if thing.item:
        checklist_actions.refresh(case=held, by=Actor.job("records.custody"))
    return entry


def _line(
    thing: PhysicalItem,
    event: str,
    source: str,
    target: str,
    day: date,
    said: Mapping[str, str],
    by: Actor,
    photo: File | None = None,
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
        **said,
    )
    entry.sha256 = digest(queries.line_of(entry))
    entry.save()
    return entry
