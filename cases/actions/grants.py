"""Opening and closing a case to people. Nothing else gives access."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from cases.actions.locking import lock
from cases.models import Case, Grant
from cases.states import GrantScope
from portal.core.access import Actor
from portal.core.states import Role
from portal.core.workflow import note


@transaction.atomic
def grant_user(*, case: Case, user: Any, scope: GrantScope, by: Actor, until: datetime | None = None) -> Grant:
    """Open the case to one person. The same live grant twice is one row."""
    lock(case)
    held, made = Grant.objects.get_or_create(
        case=case,
        user=user,
        scope=scope,
        revoked_at=None,
        defaults={"until": until, "granted_by": f"{by.kind}:{by.id}"},
    )
    if made:
        note(case, "case", "grant", actor=by, data={"grant": str(held.pk), "scope": scope})
    elif held.until != until:
        held.until = until
        held.save(update_fields=["until"])
    return held


@transaction.atomic
def grant_role(*, case: Case, role: Role, scope: GrantScope, by: Actor) -> Grant:
    """Open the case to everyone of a role: the desk, once a case is sent."""
    lock(case)
    held, made = Grant.objects.get_or_create(
        case=case, role=role, scope=scope, revoked_at=None, defaults={"granted_by": f"{by.kind}:{by.id}"}
    )
    if made:
        note(case, "case", "grant", actor=by, data={"grant": str(held.pk), "scope": scope})
    return held


@transaction.atomic
def grant_token(*, case: Case, token_sha256: str, scope: GrantScope, until: datetime, by: Actor) -> Grant:
    """Open the case to the holder of a token, of which only the hash is kept. It always ends."""
    lock(case)
    held = Grant.objects.create(
        case=case, token_sha256=token_sha256, scope=scope, until=until, granted_by=f"{by.kind}:{by.id}"
    )
    note(case, "case", "grant", actor=by, data={"grant": str(held.pk), "scope": scope})
    return held


@transaction.atomic
def revoke_token(*, grant: Grant, by: Actor) -> bool:
    """Close the case to a token's holder; it works on their next request, and on the next part of a running one.

    Returns whether it was open until now.
    """
    lock(grant.case_id)
    ended = Grant.objects.filter(pk=grant.pk, revoked_at__isnull=True).exclude(token_sha256="")
    if not ended.update(revoked_at=timezone.now()):
        return False
    grant.refresh_from_db()
    note(grant.case, "case", "revoke", actor=by, data={"grant": str(grant.pk)})
    return True


@transaction.atomic
def revoke(*, case: Case, user: Any, by: Actor) -> int:
    """Close the case to one person; it works on their next request. Returns how many grants ended."""
    lock(case)
    ended = Grant.objects.filter(case=case, user=user, revoked_at__isnull=True).update(revoked_at=timezone.now())
    if ended:
        note(case, "case", "revoke", actor=by, data={"user": str(user.pk)})
    return ended


@transaction.atomic
def close_to_specialists(*, case: Case, by: Actor) -> int:
    """The case has ended without a report: no specialist, reading or asked, sees it on their next request. Returns how many."""
    lock(case)
    held = Grant.objects.filter(case=case, user__role=Role.SPECIALIST, revoked_at__isnull=True).order_by("pk")
    people = {grant.user for grant in held.select_related("user")}
    for person in people:
        revoke(case=case, user=person, by=by)
    return len(people)
