"""One-time upload links: make, show, redeem, end. The token is returned once and kept as a hash."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from cases.actions import grants
from cases.actions.guard import must_see
from cases.actions.locking import lock
from cases.models import Case
from cases.queries.access import live_grants
from cases.states import GrantScope
from portal.core import audit
from portal.core.access import Actor
from portal.core.states import Role
from portal.core.workflow import Refused, note
from records.models import UploadLink
from records.queries import links as queries
from records.queries.checklist import checklist
from records.rules.links import DAILY_LINKS, DAYS, LIVE_LINKS, OPEN_STATES, LinkState, hashed, new_token
from records.rules.uploads import takes_files


class Ended(Exception):
    """The link cannot be used. `state` says why: used by somebody else, revoked, run out, finished."""

    def __init__(self, state: LinkState) -> None:
        super().__init__(str(state))
        self.state = state


@transaction.atomic
def make(*, case: Case, label: str, items: Sequence[str], days: int, by: Actor) -> tuple[UploadLink, str]:
    """Make a link for one hospital or doctor. Returns it and its token, which exists nowhere else.

    Raises:
        Refused: the case takes no files (`closed`), too many links are open (`too_many_links`) or were
            made today (`too_many_today`), or the days are not offered.
        PermissionDenied: the case is not open to this person.
    """
    held = lock(case)
    must_see(held, by)
    if by.role not in {Role.PATIENT, Role.COORDINATOR}:
        raise Refused("link: for patient and desk only")
    if not takes_files(held.phase):
        raise Refused("closed")
    if days not in DAYS or not label.strip():
        raise Refused("link: not as offered")
    now = timezone.now()
    alive = UploadLink.objects.filter(case=held, grant__revoked_at__isnull=True, grant__until__gt=now)
    if alive.filter(finished_at__isnull=True).count() >= LIVE_LINKS:
        raise Refused("too_many_links")
    if UploadLink.objects.filter(case=held, made_at__gt=now - timedelta(days=1)).count() >= DAILY_LINKS:
        raise Refused("too_many_today")
    token = new_token()
    grant = grants.grant_token(
        case=held,
        token_sha256=hashed(token),
        scope=GrantScope.WRITE_ONLY,
        until=now + timedelta(days=days),
        by=by,
    )
    known = {one.key for one in checklist(held)}
    link = UploadLink.objects.create(
        case=held,
        grant=grant,
        label=" ".join(label.split())[:120],
        items=[key for key in dict.fromkeys(items) if key in known],
        made_by=by.user,
        made_at=now,
    )
    note(link, "link", "make", actor=by)
    return link, token


@transaction.atomic
def mailed(*, link: UploadLink, by: Actor) -> None:
    """The portal has handed the link to a mail server."""
    lock(link.case_id)
    if UploadLink.objects.filter(pk=link.pk, mailed_at__isnull=True).update(mailed_at=timezone.now()):
        note(link, "link", "mail", actor=by)


@transaction.atomic
def show(*, link: UploadLink) -> None:
    """Somebody pressed the button with the right code. The first time is kept; looking does not use the link up.

    Raises:
        Ended: used, revoked, run out.
    """
    usable(link)
    if UploadLink.objects.filter(pk=link.pk, opened_at__isnull=True).update(opened_at=timezone.now()):
        note(link, "link", "open", actor=Actor.token(link.grant_id))
    audit.record(
        actor=Actor.token(link.grant_id), action="link open", cases=[str(link.case_id)], subjects=[str(link.pk)]
    )


def usable(link: UploadLink) -> None:
    """Raises Ended unless nobody has claimed the link and it still counts."""
    found = queries.state(link)
    if found not in OPEN_STATES:
        raise Ended(found)


def redeem(*, link: UploadLink, name: str, place: str) -> str:
    """Claim the link for one browser. Returns the secret that binds it, of which only the hash is kept.

    Whoever is first wins: the claim is one conditional UPDATE that names everything a live link must be, so that of any
    number at once one row is changed once, on SQLite as on PostgreSQL.

    Raises:
        Ended: somebody was first, or it was revoked or ran out meanwhile.
        Refused: no name.
    """
    if not name.strip() or not place.strip():
        raise Refused("link: say who you are")
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        lock(link.case_id)
        now = timezone.now()
        live = live_grants().filter(pk=OuterRef("grant_id"))  # no join: PostgreSQL looks at the row again after a wait
        mine = UploadLink.objects.filter(Exists(live), pk=link.pk, redeemed_at__isnull=True).update(
            redeemed_at=now,
            holder_sha256=hashed(secret),
            holder_name=" ".join(name.split())[:120],
            holder_place=" ".join(place.split())[:160],
        )
        if mine:
            link.refresh_from_db()
            note(link, "link", "redeem", actor=Actor.token(link.grant_id))
            audit.record(
                actor=Actor.token(link.grant_id),
                action="link redeem",
                cases=[str(link.case_id)],
                subjects=[str(link.pk)],
            )
            return secret
    raise Ended(queries.state(UploadLink.objects.select_related("grant").get(pk=link.pk)))


@transaction.atomic
def revoke(*, link: UploadLink, by: Actor) -> bool:
    """Stop a link; it works on the holder's next request. What has arrived stays. Returns whether it was open."""
    held = lock(link.case_id)
    must_see(held, by)
    if by.role not in {Role.PATIENT, Role.COORDINATOR}:
        raise Refused("link: for patient and desk only")
    if not grants.revoke_token(grant=link.grant, by=by):
        return False
    note(link, "link", "revoke", actor=by)
    return True


@transaction.atomic
def finish(*, link: UploadLink) -> bool:
    """The sender has sent everything: the link ends. Returns whether it was in use."""
    lock(link.case_id)
    by = Actor.token(link.grant_id)
    live = live_grants().filter(pk=OuterRef("grant_id"))
    mine = UploadLink.objects.filter(Exists(live), pk=link.pk, redeemed_at__isnull=False, finished_at__isnull=True)
    if not mine.update(finished_at=timezone.now()):
        return False
    grants.revoke_token(grant=link.grant, by=by)
    note(link, "link", "finish", actor=by)
    return True
