"""The first gate: a case that no live grant opens for this user does not exist for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from cases.models import Case, Grant
from cases.states import GrantScope


def live_grants(at: datetime | None = None) -> QuerySet[Grant]:
    """Grants that count at this moment (or `at`): neither revoked nor run out."""
    now = timezone.now() if at is None else at
    return Grant.objects.filter(revoked_at__isnull=True).filter(Q(until__isnull=True) | Q(until__gt=now))


def grants_of(user: Any, at: datetime | None = None) -> QuerySet[Grant]:
    """Live grants that this user holds, by name or by role."""
    if not getattr(user, "is_authenticated", False):
        return Grant.objects.none()
    return live_grants(at).filter(Q(user=user) | Q(role=user.role))


def visible_to(user: Any, *, at: datetime | None = None) -> QuerySet[Case]:
    """Cases that this user may see in full."""
    held = grants_of(user, at).filter(case=OuterRef("pk"), scope=GrantScope.FULL)
    return Case.objects.filter(Exists(held))


def previewed_by(user: Any) -> QuerySet[Case]:
    """Cases of which this user may see at least the preview: enough to declare a conflict, no more."""
    held = grants_of(user).filter(case=OuterRef("pk"), scope__in=[GrantScope.FULL, GrantScope.PREVIEW])
    return Case.objects.filter(Exists(held))
