"""How much time is left, in words that fit a table cell. Shape and words carry the meaning; colour repeats it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

SOON = timedelta(hours=24)


@dataclass(frozen=True)
class TimeLeft:
    """`state` is late, soon, paused or empty (templates/partials/sla.html)."""

    state: str
    text: str


def length(time: timedelta) -> str:
    """ "2 d 4 h", "3 h 20 min", "12 min": two units at most, rounded down."""
    minutes = max(0, int(time.total_seconds() // 60))
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        short = _("%(days)d d %(hours)d h") if hours else _("%(days)d d")
        return short % {"days": days, "hours": hours}
    if hours:
        short = _("%(hours)d h %(minutes)d min") if minutes and hours < 6 else _("%(hours)d h")
        return short % {"hours": hours, "minutes": minutes}
    return _("%(minutes)d min") % {"minutes": minutes}


def time_left(due_at: datetime | None, now: datetime, *, paused: bool = False) -> TimeLeft:
    """Paused says so and nothing else: its clock stands still."""
    if paused:
        return TimeLeft("paused", _("Paused"))
    if due_at is None:
        return TimeLeft("", _("No date yet"))
    left = due_at - now
    if left < timedelta():
        return TimeLeft("late", _("Overdue by %(time)s") % {"time": length(-left)})
    if left <= SOON:
        return TimeLeft("soon", _("Due in %(time)s") % {"time": length(left)})
    return TimeLeft("", _("%(time)s left") % {"time": length(left)})


def to_answer(expires_at: datetime, now: datetime) -> TimeLeft:
    """Time to answer an offer."""
    left = expires_at - now
    state = "soon" if left <= timedelta(hours=4) else ""
    return TimeLeft(state, _("%(time)s to answer") % {"time": length(left)})


def age(born: date | None, today: date) -> int | None:
    """Whole years, or None without a birth date."""
    if born is None:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def age_band(born: date | None, today: date) -> str:
    """Ten years wide, from 18 to 90: a preview must not point at one person."""
    years = age(born, today)
    if years is None:
        return _("age not given")
    if years < 18:
        return _("under 18")
    if years >= 90:
        return _("90 or older")
    low = max(18, years // 10 * 10)
    return f"{low}–{years // 10 * 10 + 9}"
