"""How long an offer stands, and which declarations take a case."""

from __future__ import annotations

from datetime import datetime, timedelta

from portal.core.clock import WorkingCalendar
from specialists.states import Conflict, DeclineReason

SHORTEST = timedelta(hours=1)
"""A case that is late already still leaves a specialist this long to answer, in the level's unit."""


def stands_until(
    now: datetime,
    due_at: datetime | None,
    *,
    calendar: WorkingCalendar | None,
    hours: float,
    percent: float,
) -> datetime:
    """When an offer made `now` runs out: `hours`, or `percent` of the time left until `due_at`, whichever is less.

    `calendar` makes both count working time; None counts elapsed time, day and night (clinical-content.md, "Time").
    """
    whole = timedelta(hours=hours)
    if due_at is not None:
        left = calendar.worked(now, due_at) if calendar and due_at > now else due_at - now
        whole = min(whole, left * percent / 100)
    whole = max(whole, min(SHORTEST, timedelta(hours=hours)))
    return calendar.add(now, whole) if calendar else now + whole


def declaration_refused(conflict: str, text: str) -> str | None:
    """Why an acceptance without a whole declaration is refused (a code), or None."""
    if conflict not in Conflict.values:
        return "declaration_missing"
    if conflict == Conflict.DECLARED and not text.strip():
        return "declaration_says_nothing"
    return None


def decline_refused(reason: str, text: str) -> str | None:
    """Why a decline is refused (a code), or None."""
    if reason not in DeclineReason.values:
        return "reason_missing"
    if reason == DeclineReason.OTHER and not text.strip():
        return "reason_says_nothing"
    return None
