"""Pure predicates about accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Any


def invitation_problem(invitation: Any, now: datetime) -> str | None:
    """Why an invitation cannot be used ("used", "revoked", "expired"), or None."""
    if invitation.accepted_at is not None:
        return "used"
    if invitation.revoked_at is not None:
        return "revoked"
    if invitation.expires_at <= now:
        return "expired"
    return None
