"""Reads of accounts, for administrators."""

from __future__ import annotations

import hashlib
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from portal.accounts.models import AccessToken, Invitation, User
from portal.core.states import STAFF


def hashed(secret: str) -> str:
    """How an invitation's secret is stored. It has 256 bits of its own, so one round is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def invitation_by_secret(secret: str) -> Invitation | None:
    return Invitation.objects.filter(secret_sha256=hashed(secret)).first()


def open_invitations() -> QuerySet[Invitation]:
    """Sent and still usable, the newest first."""
    return (
        Invitation.objects.filter(accepted_at__isnull=True, revoked_at__isnull=True, expires_at__gt=timezone.now())
        .select_related("invited_by")
        .order_by("-created_at")
    )


def staff() -> QuerySet[User]:
    """Everyone who works here, by role and name."""
    return User.objects.filter(role__in=STAFF).order_by("role", "name")


def with_email(email: str) -> User | None:
    return User.objects.filter(email=email.strip().lower()).first()


def with_id(pk: str) -> User | None:
    """None for what is no id, too: it comes from an address."""
    try:
        return User.objects.filter(pk=UUID(pk)).first()
    except ValueError:
        return None


def token_by_secret(secret: str) -> AccessToken | None:
    """The token with this secret if it still opens anything: not revoked, not run out, its account open."""
    live = AccessToken.objects.filter(revoked_at__isnull=True, expires_at__gt=timezone.now(), user__is_active=True)
    return live.select_related("user").filter(secret_sha256=hashed(secret)).first()


def token_works(pk: UUID) -> bool:
    """Whether a token still opens anything: asked again at the end of a request that may take an hour."""
    live = AccessToken.objects.filter(revoked_at__isnull=True, expires_at__gt=timezone.now(), user__is_active=True)
    return live.filter(pk=pk).exists()


def live_tokens() -> QuerySet[AccessToken]:
    """Every token that still works, the newest first."""
    live = AccessToken.objects.filter(revoked_at__isnull=True, expires_at__gt=timezone.now())
    return live.select_related("user").order_by("-created_at")


def token_with_id(pk: UUID) -> AccessToken | None:
    return AccessToken.objects.filter(pk=pk).first()
