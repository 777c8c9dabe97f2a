"""The conversation between a patient and the desk."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q

from cases.models import Case, Hold, Message
from cases.queries.access import visible_to
from cases.states import HoldOwner
from portal.core.states import STAFF, Role


def thread(case: Case) -> list[Message]:
    """Oldest first, with authors and the question that each answers."""
    return list(Message.objects.filter(case=case).select_related("author", "hold"))


def last_from_staff(case: Case) -> Message | None:
    return Message.objects.filter(case=case, from_staff=True).select_related("author").last()


def unread(case: Case, role: Role) -> int:
    """Messages of the other side that this side has not opened."""
    return Message.objects.filter(case=case, from_staff=role not in STAFF, read_at__isnull=True).count()


def unread_by_case(user: Any) -> dict[Any, int]:
    """Case id to unread messages, over all cases of this user in one query."""
    rows = (
        Message.objects.filter(case__in=visible_to(user), read_at__isnull=True, from_staff=user.role not in STAFF)
        .order_by()
        .values_list("case_id")
        .annotate(count=Count("pk"))
    )
    return dict(rows)


def open_holds(case: Case, owner: HoldOwner | None = None) -> list[Hold]:
    """What the case waits for, oldest first; with `owner`, what that side has to do."""
    wanted = Q(owner=owner) if owner else Q()
    return list(Hold.objects.filter(wanted, case=case, until__isnull=True).order_by("since", "pk"))
