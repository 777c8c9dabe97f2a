"""Who saw or did what. Written in the request's own path: a page that cannot be recorded is not shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from portal.core.bulk import insert_one
from portal.core.models import AuditEntry

if TYPE_CHECKING:
    from portal.core.access import Actor


def record(
    *,
    actor: Actor,
    action: str,
    cases: Iterable[str] = (),
    subjects: Iterable[str] = (),
    outcome: str = "ok",
    request_id: str = "",
) -> AuditEntry:
    """Append one row. There is no way to write one without an actor, and none to change one."""
    row = AuditEntry(
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_role=actor.role,
        action=action,
        cases=sorted(set(cases)),
        subjects=sorted(set(subjects)),
        outcome=outcome,
        request_id=request_id,
    )
    insert_one(row)
    return row
