"""Two kinds of time: working hours of the organisation's calendar, and elapsed hours, day and night."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays
from django.conf import settings


@lru_cache(maxsize=8)
def _holidays(country: str, subdivision: str | None) -> holidays.HolidayBase:
    return holidays.country_holidays(country, subdiv=subdivision)


@dataclass(frozen=True)
class Interval:
    """[start, end) in aware times."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class WorkingCalendar:
    """Monday to Friday without public holidays, from `start_hour` to `end_hour` in `zone`.

    One working day of a promise is end_hour - start_hour hours.
    """

    zone: ZoneInfo
    country: str
    subdivision: str | None
    start_hour: int
    end_hour: int

    @classmethod
    def from_settings(cls) -> WorkingCalendar:
        values: dict[str, Any] = settings.WORKING_CALENDAR
        return cls(zone=ZoneInfo(settings.TIME_ZONE), **values)

    @property
    def day_hours(self) -> int:
        return self.end_hour - self.start_hour

    def is_working_day(self, day: date) -> bool:
        return day.weekday() < 5 and day not in _holidays(self.country, self.subdivision)

    def _window(self, day: date) -> Interval:
        begin = datetime.combine(day, time(self.start_hour), self.zone)
        return Interval(begin, datetime.combine(day, time(self.end_hour), self.zone))

    def _windows(self, start: datetime) -> Iterable[Interval]:
        day = start.astimezone(self.zone).date()
        while True:
            if self.is_working_day(day):
                yield self._window(day)
            day += timedelta(days=1)

    def worked(self, start: datetime, end: datetime) -> timedelta:
        """Working time inside [start, end)."""
        total = timedelta()
        for window in self._windows(start):
            if window.start >= end:
                break
            total += max(timedelta(), _utc(min(end, window.end)) - _utc(max(start, window.start)))
        return total

    def add(self, start: datetime, work: timedelta) -> datetime:
        """The moment when `work` of working time has passed since `start`. No work: `start` itself."""
        left = work
        if left <= timedelta():
            return start
        for window in self._windows(start):
            if window.end <= start:
                continue
            begin = max(start, window.start)
            room = _utc(window.end) - _utc(begin)
            if left <= room:
                return (_utc(begin) + left).astimezone(self.zone)
            left -= room
        raise AssertionError("unreachable: the calendar has no end")


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(ZoneInfo("UTC"))


@dataclass(frozen=True)
class Target:
    """A service level's promise: so many working days, or so many elapsed hours."""

    working_days: int | None = None
    elapsed_hours: int | None = None

    def __post_init__(self) -> None:
        if (self.working_days is None) == (self.elapsed_hours is None):
            raise ValueError("a target is given in working days or in elapsed hours")


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """Overlapping intervals joined, in order: two holds at once pause the clock once."""
    joined: list[Interval] = []
    for one in sorted(intervals, key=lambda i: i.start):
        if joined and one.start <= joined[-1].end:
            joined[-1] = Interval(joined[-1].start, max(joined[-1].end, one.end))
        elif one.end > one.start:
            joined.append(one)
    return joined


def spent(
    target: Target, start: datetime, now: datetime, pauses: Iterable[Interval], calendar: WorkingCalendar
) -> timedelta:
    """Time used since `start`, in the target's own unit, pauses left out. Never negative."""
    if now <= start:
        return timedelta()
    inside = merge(Interval(max(p.start, start), min(p.end, now)) for p in pauses if p.end > start and p.start < now)

    def measure(a: datetime, b: datetime) -> timedelta:
        return calendar.worked(a, b) if target.working_days is not None else _utc(b) - _utc(a)

    return measure(start, now) - sum((measure(p.start, p.end) for p in inside), timedelta())


def allowance(target: Target, calendar: WorkingCalendar) -> timedelta:
    """The whole promise as a length of time in the target's unit."""
    if target.working_days is not None:
        return timedelta(hours=target.working_days * calendar.day_hours)
    return timedelta(hours=target.elapsed_hours or 0)


def due(
    target: Target, start: datetime, now: datetime, pauses: Iterable[Interval], calendar: WorkingCalendar
) -> datetime:
    """When the promise ends, if no pause were open from `now` on. Past due times stay where the clock ran out."""
    cursor, left = start, allowance(target, calendar)
    working = target.working_days is not None
    for pause in merge(Interval(p.start, min(p.end, now)) for p in pauses if p.start < now):
        if pause.end <= cursor:
            continue
        begin = max(cursor, pause.start)
        running = calendar.worked(cursor, begin) if working else _utc(begin) - _utc(cursor)
        if left <= running:
            break
        left -= running
        cursor = pause.end
    return calendar.add(cursor, left) if working else (_utc(cursor) + left).astimezone(calendar.zone)
