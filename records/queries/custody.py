"""Things by post and their custody log."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from cases import queries as cases
from cases.models import Case
from portal.core.models import Event
from portal.core.states import Role
from records.models import CustodyEntry, Document, File, PhysicalItem
from records.moves import PHYSICAL
from records.rules.codes import DUPLICATE
from records.rules.custody import ARRIVED, OUT, digest, overdue
from records.states import Condition, PhysicalState, RecordState

TONES = {
    PhysicalState.ANNOUNCED: "grey",
    PhysicalState.TO_US: "blue",
    PhysicalState.HERE: "green",
    PhysicalState.WITH_READER: "purple",
    PhysicalState.TO_OWNER: "blue",
    PhysicalState.RETURNED: "grey",
    PhysicalState.KEPT: "grey",
    PhysicalState.LOST: "red",
    PhysicalState.CANCELLED: "grey",
}


def event_words(event: str) -> str:
    """What a line of the log, or the button that writes it, says."""
    return {
        "announce": _("Announced"),
        "send": _("Sent to us"),
        "receive": _("Received by the desk"),
        "hand_over": _("Handed over to a specialist or laboratory"),
        "take_back": _("Back from the specialist or laboratory"),
        "send_back": _("Sent back to the owner"),
        "confirm_return": _("Arrived back at the owner"),
        "keep": _("Stays with us"),
        "lose": _("Missing"),
        "cancel": _("Not sent after all"),
        "remark": _("Remark"),
    }.get(event, event)


def line_of(entry: CustodyEntry) -> dict[str, Any]:
    """What the digest of a line covers: everything that it says."""
    names = "number event source target carrier tracking condition holder remark".split()
    photo = {"photo": str(entry.photo_id)} if entry.photo_id else {}
    if entry.photo_sha256 is not None:
        photo["photo_sha256"] = entry.photo_sha256
    return (
        {name: getattr(entry, name) for name in names}
        | photo
        | {
            "thing": str(entry.thing_id),
            "happened_on": entry.happened_on.isoformat(),
            "at": entry.at.isoformat(),
            "by": str(entry.by_id),
        }
    )


def visible_things(user: Any, case: Case) -> QuerySet[PhysicalItem]:
    """Things of a case that this user sees in full."""
    return PhysicalItem.objects.filter(case__in=cases.visible_to(user), case=case)


@dataclass
class ThingView:
    """A thing with where it is and, where asked for, its log."""

    thing: PhysicalItem
    overdue: bool
    log: list[LineView] = field(default_factory=list)

    @property
    def tone(self) -> str:
        return "red" if self.overdue else TONES[PhysicalState(self.thing.state)]

    @property
    def place(self) -> str:
        if self.thing.state == PhysicalState.WITH_READER:
            return self.thing.holder
        return str(PhysicalState(self.thing.state).label)


@dataclass(frozen=True)
class LineView:
    """A line of the log; `intact` is false when it is not what its event row, which nobody can change, says it was."""

    entry: CustodyEntry
    words: str
    condition: str
    intact: bool
    photo: Document | None = None
    """The picture as it can be shown; None while it is read, or when it was refused."""
    photo_words: str = ""
    """Why there is none to show, or that it is one which was sent before."""


def things(user: Any, case: Case) -> list[ThingView]:
    """Of a case, the newest first; one query."""
    today = timezone.localdate()
    rows = visible_things(user, case).order_by("-announced_at", "pk")
    return [ThingView(one, overdue(one.state, one.return_by, today)) for one in rows]


def with_log(thing: PhysicalItem) -> ThingView:
    """One thing and every line of its log; two queries, one more where there are photos."""
    entries = list(
        CustodyEntry.objects.filter(thing=thing).select_related("by", "photo__duplicate_of").order_by("number")
    )
    events = Event.objects.filter(subject_kind="physical", subject_id=thing.pk).values_list("data", flat=True)
    signed = {data["entry"]: data["sha256"] for data in events if "entry" in data}
    pictures = [_original(entry.photo) for entry in entries if entry.photo]
    rows = Document.objects.filter(file__in=pictures) if pictures else []
    papers = {one.file_id: one for one in rows}
    view = ThingView(thing, overdue(thing.state, thing.return_by, timezone.localdate()))
    for entry in entries:
        intact = signed.get(str(entry.pk)) == digest(line_of(entry)) and _same_bytes(entry)
        condition = str(Condition(entry.condition).label) if entry.condition else ""
        paper = papers.get(_original(entry.photo).pk) if entry.photo else None
        photo = paper if paper is not None and paper.state == RecordState.READY else None
        words = _photo_words(entry.photo, paper) if entry.photo else ""
        view.log.append(LineView(entry, event_words(entry.event), condition, intact, photo, words))
    return view


def _original(photo: File) -> File:
    """The file that a picture is shown from: the same bytes may have come before."""
    return photo.duplicate_of if photo.code == DUPLICATE and photo.duplicate_of else photo


def _same_bytes(entry: CustodyEntry) -> bool:
    """Whether the picture's file still holds what was sent; its digest is written once it has been read."""
    kept = entry.photo.sha256 if entry.photo else ""
    return entry.photo_sha256 is None or kept in ("", entry.photo_sha256)


def _photo_words(photo: File, paper: Document | None) -> str:
    state = _original(photo).state
    if state == RecordState.READY and paper is not None:
        state = paper.state
    if state == RecordState.READY and paper is not None:
        return "" if _original(photo) == photo else _("The same picture was sent before.")
    return {
        RecordState.PROCESSING: _("A photo was sent with this line. It is shown here once we have checked it."),
        RecordState.QUARANTINED: _("A photo was sent with this line. It is set aside until a person has looked at it."),
        RecordState.REJECTED: _("A photo was sent with this line. It could not be read, so it is not shown."),
        RecordState.REMOVED: _("A photo was sent with this line. It has been removed."),
        RecordState.READY: _("A photo was sent with this line. It is kept with the records of this case."),
    }[RecordState(state)]


def allowed(thing: PhysicalItem, role: Role) -> list[tuple[str, str]]:
    """(event, words) that this role may write now."""
    return [(event, event_words(event)) for event in PHYSICAL.allowed(thing.state, role)]


def arrived_items(case: Case) -> set[str]:
    """Keys of checklist items that were satisfied by something that came by post."""
    return set(
        PhysicalItem.objects.filter(case=case, state__in=ARRIVED).exclude(item="").values_list("item", flat=True)
    )


def overdue_things() -> QuerySet[PhysicalItem]:
    """Things that should be back with their owner and are not, of any case: for the queue, which sees its own cases."""
    return PhysicalItem.objects.filter(state__in=OUT, return_by__lt=timezone.localdate())
