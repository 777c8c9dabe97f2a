"""Working hours and elapsed hours."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.clock import Interval, Target, WorkingCalendar, allowance, due, merge, spent

ZONE = ZoneInfo("America/New_York")
CALENDAR = WorkingCalendar(ZONE, "US", None, 9, 17)
FIVE_DAYS, TWO_DAYS_ROUND = Target(working_days=5), Target(elapsed_hours=48)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(lambda d: d.replace(tzinfo=ZONE, fold=0))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-16T09:00", "2026-11-20T17:00"),
        ("2026-11-20T16:00", "2026-11-30T16:00"),  # over a weekend and Thanksgiving
        ("2026-11-21T12:00", "2026-11-30T17:00"),  # begins on a Saturday
        ("2026-10-30T12:00", "2026-11-06T12:00"),  # over the end of summer time
    ],
)
def test_due_counts_working_days_of_the_calendar(start: str, end: str) -> None:
    assert due(FIVE_DAYS, at(start), at(start), [], CALENDAR) == at(end)


def test_due_in_elapsed_hours_runs_at_night_and_over_a_clock_change() -> None:
    assert due(TWO_DAYS_ROUND, at("2026-10-31T12:00"), at("2026-10-31T12:00"), [], CALENDAR) == at("2026-11-02T11:00")


def test_due_moves_by_the_working_time_of_a_pause() -> None:
    pause = Interval(at("2026-11-16T12:00"), at("2026-11-17T12:00"))
    moved = due(FIVE_DAYS, at("2026-11-16T09:00"), at("2026-11-18T09:00"), [pause], CALENDAR)
    assert moved == at("2026-11-23T17:00")


def test_two_pauses_at_once_count_once() -> None:
    a, b = (
        Interval(at("2026-11-16T10:00"), at("2026-11-16T12:00")),
        Interval(at("2026-11-16T11:00"), at("2026-11-16T13:00")),
    )
    assert spent(FIVE_DAYS, at("2026-11-16T09:00"), at("2026-11-16T17:00"), [a, b], CALENDAR) == timedelta(hours=5)


def test_target_needs_exactly_one_unit() -> None:
    with pytest.raises(ValueError, match="working days or in elapsed hours"):
        Target()


@given(moments, st.integers(0, 200))
def test_add_then_worked_is_the_same_length(start: datetime, hours: int) -> None:
    end = CALENDAR.add(start, timedelta(hours=hours))
    assert CALENDAR.worked(start, end) == timedelta(hours=hours)


@given(
    moments,
    st.lists(st.tuples(st.integers(0, 300), st.integers(1, 60)), max_size=4),
    st.sampled_from([FIVE_DAYS, TWO_DAYS_ROUND]),
)
def test_at_the_due_time_the_whole_allowance_is_spent(
    start: datetime, raw: list[tuple[int, int]], target: Target
) -> None:
    utc = start.astimezone(ZoneInfo("UTC"))
    pauses = [Interval(utc + timedelta(hours=a), utc + timedelta(hours=a + b)) for a, b in raw]
    now = utc + timedelta(hours=400)
    end = due(target, utc, now, pauses, CALENDAR)
    assert spent(target, utc, end, pauses, CALENDAR) == allowance(target, CALENDAR)


@given(st.lists(st.tuples(moments, st.integers(0, 50)), max_size=8))
def test_merge_gives_intervals_apart_and_in_order(raw: list[tuple[datetime, int]]) -> None:
    joined = merge(
        Interval(a.astimezone(ZoneInfo("UTC")), a.astimezone(ZoneInfo("UTC")) + timedelta(hours=h)) for a, h in raw
    )
    assert all(one.end < two.start for one, two in pairwise(joined))
