"""Upload links: as their case's people see them, and as their holder does."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from cases import queries as cases
from cases.models import Case
from records.models import File, Upload, UploadLink
from records.queries.checklist import ItemView, checklist
from records.refusals import Words
from records.rules.codes import NOT_A_RECORD
from records.rules.links import OPEN_STATES, LinkState, hashed, initials, read_token, state_of
from records.states import RecordState
from records.told import told


def state(link: UploadLink, now: datetime | None = None) -> LinkState:
    """How a link stands at this moment. The grant must be loaded with it."""
    assert link.grant.until is not None
    return state_of(
        now=now or timezone.now(),
        until=link.grant.until,
        revoked_at=link.grant.revoked_at,
        mailed_at=link.mailed_at,
        opened_at=link.opened_at,
        redeemed_at=link.redeemed_at,
        finished_at=link.finished_at,
    )


@dataclass(frozen=True)
class LinkView:
    """A link with what came by it. `tone` is the colour of its tag."""

    link: UploadLink
    state: LinkState
    label: str
    tone: str
    files: int
    size: int
    last: datetime | None
    items: list[ItemView]

    @property
    def open(self) -> bool:
        """Whether it can still be used or is in use: what a revocation would end."""
        return self.state in OPEN_STATES or self.state is LinkState.USED


def label(found: LinkState) -> tuple[str, str]:
    """(words, colour) of a state."""
    words: dict[LinkState, tuple[str, str]] = {
        LinkState.MADE: (_("Not used yet"), "blue"),
        LinkState.SENT: (_("Sent"), "blue"),
        LinkState.OPENED: (_("Opened"), "purple"),
        LinkState.USED: (_("In use"), "orange"),
        LinkState.FINISHED: (_("Done"), "green"),
        LinkState.EXPIRED: (_("Ran out"), "grey"),
        LinkState.REVOKED: (_("Stopped"), "grey"),
    }
    return words[found]


def visible_links(user: Any, case: Case) -> QuerySet[UploadLink]:
    """Links of a case that this user sees in full."""
    return UploadLink.objects.filter(case__in=cases.visible_to(user), case=case).select_related("grant", "made_by")


def links(user: Any, case: Case) -> list[LinkView]:
    """Newest first; three queries, however many there are."""
    rows = list(visible_links(user, case).order_by("-made_at", "pk"))
    return viewed(case, rows)


def viewed(case: Case, rows: list[UploadLink]) -> list[LinkView]:
    sums = {
        row["grant"]: row
        for row in Upload.objects.filter(grant__in=[one.grant_id for one in rows], received_at__isnull=False)
        .values("grant")
        .annotate(files=Count("pk"), size=Sum("size"), last=Max("received_at"))
    }
    items = {one.key: one for one in checklist(case)} if rows else {}
    now = timezone.now()
    found = []
    for one in rows:
        held = state(one, now)
        here: dict[str, Any] = dict(sums.get(one.grant_id, {}))
        words, tone = label(held)
        asked = [items[key] for key in one.items if key in items]
        found.append(
            LinkView(one, held, words, tone, here.get("files", 0), here.get("size", 0), here.get("last"), asked)
        )
    return found


def arrived(link: UploadLink) -> list[File]:
    """The files that came by a link, as they were sent; for the case's own people."""
    return list(
        File.objects.filter(upload__grant=link.grant_id, container__isnull=True)
        .exclude(state=RecordState.REMOVED)
        .order_by("created_at", "pk")
    )


# -- the holder's side ---------------------------------------------------------------------------------------------


def by_token(typed: str) -> UploadLink | None:
    """The link that this code is for, ended or not. A wrong code is None, and takes as long."""
    token = read_token(typed)
    if not token:
        return None
    found = UploadLink.objects.filter(grant__token_sha256=hashed(token))
    return found.select_related("grant", "case__patient").first()


def held_by(link_id: UUID, secret: str) -> UploadLink | None:
    """The link, if `secret` is that of the browser that redeemed it; ended or not."""
    found = UploadLink.objects.select_related("grant", "case__patient").filter(pk=link_id).first()
    if found is None or not found.holder_sha256 or not hmac.compare_digest(found.holder_sha256, hashed(secret)):
        return None
    return found


def sent_by(link: UploadLink) -> QuerySet[Upload]:
    """What the holder of a link sends: nobody else's files."""
    return Upload.objects.filter(case_id=link.case_id, grant=link.grant_id)


@dataclass(frozen=True)
class Person:
    """The least that lets a hospital see that it has the right patient: it has the letter with the rest."""

    initials: str
    born: int | None


def person(case: Case) -> Person:
    patient = case.patient
    return Person(
        initials(patient.given_name, patient.family_name), patient.birth_date.year if patient.birth_date else None
    )


def asked_items(link: UploadLink) -> list[ItemView]:
    """The records that were asked for by this link, whether or not they have come meanwhile by another way."""
    return [one for one in checklist(link.case) if one.key in link.items]


@dataclass(frozen=True)
class SentFile:
    """One line of the sender's own receipt. `words` only where the file itself is at fault and can be sent again."""

    name: str
    folder: str
    size: int
    at: datetime | None
    words: Words | None


@dataclass(frozen=True)
class SentFiles:
    """The sender's receipt: what arrived whole, and what could not be read."""

    rows: list[SentFile]
    total: int
    size: int
    refused: list[SentFile]
    checking: bool


SHOWN = 200


def receipt(link: UploadLink) -> SentFiles:
    """What its holder sent. It tells nothing of the case: a file that is here already, one that waits for a person and
    one that was read well all have arrived; only what cannot be read at all is said, so that it can be sent again."""
    mine = File.objects.filter(upload__grant=link.grant_id).exclude(state=RecordState.REMOVED)
    sums = mine.filter(container__isnull=True).aggregate(
        total=Count("pk"), size=Sum("size"), checking=Count("pk", filter=Q(state=RecordState.PROCESSING))
    )
    refused = mine.filter(state=RecordState.REJECTED).exclude(code__in=NOT_A_RECORD).order_by("folder", "name", "pk")
    rows = mine.filter(container__isnull=True).select_related("upload").order_by("created_at", "pk")[:SHOWN]

    def line(file: File, words: Words | None = None) -> SentFile:
        return SentFile(file.name, file.folder, file.size, file.created_at, words)

    return SentFiles(
        rows=[line(one) for one in rows],
        total=sums["total"],
        size=sums["size"] or 0,
        refused=[line(one, told(one.code)) for one in refused[:SHOWN]],
        checking=bool(sums["checking"]),
    )
