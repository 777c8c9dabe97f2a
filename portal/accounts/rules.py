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


def display_name(user: Any) -> str:
    """How allauth's pages address an account; its own default would show the account's id."""
    return str(user.get_full_name())
