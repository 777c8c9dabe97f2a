"""Pure rules: how long offers stand, words for time, draft names, structured values, the document."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.catalogue import loader
from portal.core.clock import WorkingCalendar
from specialists.rules import draft, fields, offers, opinion
from specialists.rules.timeleft import age_band, length, time_left, to_answer

NOW = datetime(2026, 3, 12, 15, 0, tzinfo=UTC)  # a Thursday
CALENDAR = WorkingCalendar(ZoneInfo("UTC"), "US", None, 9, 17)
EDITION = loader.build(loader.read_folder())
CARDIOLOGY = EDITION.fields("cardiology")
KNOWN = fields.by_key(CARDIOLOGY)


@pytest.mark.parametrize(
    ("due", "calendar", "until"),
    [
        (NOW + timedelta(hours=24), None, NOW + timedelta(hours=6)),
        (NOW + timedelta(hours=96), None, NOW + timedelta(hours=12)),
        (None, None, NOW + timedelta(hours=12)),
        (NOW - timedelta(hours=3), None, NOW + timedelta(hours=1)),
        # 2 h today, 8 h on Friday, 2 h on Monday
        (NOW + timedelta(days=30), CALENDAR, datetime(2026, 3, 16, 11, 0, tzinfo=UTC)),
        # 2 + 8 working hours left: a quarter is 2.5 h
        (datetime(2026, 3, 13, 17, 0, tzinfo=UTC), CALENDAR, datetime(2026, 3, 13, 9, 30, tzinfo=UTC)),
    ],
)
def test_offer_stands_for_twelve_hours_or_a_quarter(due, calendar, until) -> None:
    assert offers.stands_until(NOW, due, calendar=calendar, hours=12, percent=25) == until


@given(st.integers(-500, 5000), st.booleans())
def test_offer_never_stands_longer_than_its_hours_nor_shorter_than_one(minutes: int, working: bool) -> None:
    calendar = CALENDAR if working else None
    until = offers.stands_until(NOW, NOW + timedelta(minutes=minutes), calendar=calendar, hours=12, percent=25)
    used = CALENDAR.worked(NOW, until) if working else until - NOW
    assert timedelta(hours=1) <= used <= timedelta(hours=12)


@pytest.mark.parametrize(
    ("due", "paused", "state", "text"),
    [
        (NOW + timedelta(days=2, hours=4), False, "", "2 d 4 h left"),
        (NOW + timedelta(hours=2, minutes=20), False, "soon", "Due in 2 h 20 min"),
        (NOW - timedelta(hours=3), False, "late", "Overdue by 3 h"),
        (NOW - timedelta(hours=3), True, "paused", "Paused"),
        (None, False, "", "No date yet"),
    ],
)
def test_time_left_is_said_in_words(due, paused, state, text) -> None:
    assert time_left(due, NOW, paused=paused) == type(time_left(due, NOW))(state, text)


def test_time_to_answer_turns_soon_in_the_last_hours() -> None:
    assert to_answer(NOW + timedelta(hours=3), NOW).state == "soon"
    assert to_answer(NOW + timedelta(hours=30), NOW).text == "1 d 6 h to answer"
    assert length(timedelta(seconds=-5)) == "0 min"


@pytest.mark.parametrize(
    ("born", "band"),
    [
        (date(1961, 3, 13), "60–69"),
        (date(2006, 3, 12), "20–29"),
        (date(2007, 3, 12), "18–19"),
        (date(2010, 1, 1), "under 18"),
        (date(1930, 1, 1), "90 or older"),
        (None, "age not given"),
    ],
)
def test_age_band_is_ten_years_wide(born, band) -> None:
    assert age_band(born, date(2026, 3, 12)) == band


values = st.dictionaries(
    st.sampled_from(["plain", "question.1", "test.1.test", "field.lvef.1.value", "cite.plain"]),
    st.lists(st.text(max_size=20), max_size=2),
)


@given(values, values)
def test_saving_changes_only_what_it_names(before: dict[str, list[str]], changes: dict[str, list[str]]) -> None:
    held = draft.merged({}, draft.cleaned(before, questions=1, fields=KNOWN))
    cleaned = draft.cleaned(changes, questions=1, fields=KNOWN)
    after = draft.merged(held, cleaned)
    assert all(after.get(name, []) == texts for name, texts in cleaned.items())
    assert all(after.get(name) == texts for name, texts in held.items() if name not in cleaned)
    assert draft.merged(after, cleaned) == after


def test_text_that_is_too_long_is_refused_whole() -> None:
    with pytest.raises(draft.Unknown):
        draft.cleaned({"plain": ["x" * (draft.LONGEST + 1)]}, questions=0, fields=KNOWN)


@pytest.mark.parametrize(
    ("raw", "confirmed", "kind"),
    [
        ("58", "", None),
        ("3", "", "range"),
        ("3", "3", None),
        ("4", "3", "range"),
        ("much", "", "number"),
        ("NaN", "", "number"),
    ],
)
def test_value_is_asked_about_once(raw: str, confirmed: str, kind: str | None) -> None:
    found = fields.doubts(CARDIOLOGY, {"field.lvef.1.value": [raw], "ok.lvef.1.value": [confirmed]})
    assert [one.kind for one in found] == ([kind] if kind else [])


def test_decimal_comma_is_a_number_and_stays_as_it_was_written() -> None:
    values = {"field.av_area.1.value": ["0,8"], "when.av_area.1": ["2026-03-12"]}
    assert not fields.doubts(CARDIOLOGY, values)
    shown = fields.document_fields(CARDIOLOGY, values)
    assert [(one["value"], one["unit"], one["date"]) for one in shown] == [("0,8", "cm²", "2026-03-12")]


def test_internal_fields_never_reach_the_report() -> None:
    every = [one for one in EDITION.fields("radiology") if one.internal]
    assert every, "the catalogue marks RADPEER as internal"
    values = {name: ["1"] for one in every for name, _part in fields.controls(one, 1)}
    assert fields.document_fields(EDITION.fields("radiology"), values) == []


def test_emptied_row_closes_the_gap_and_takes_its_citations_along() -> None:
    values = {
        "test.2.test": ["Example CT"],
        "test.2.would_change": ["The ring"],
        "cite.test.2": ["b"],
        "cite.test.7": ["a"],
        "cite.plain": ["c", "gone"],
    }
    citations = {key: {"label": key.upper()} for key in "abc"}
    made = opinion.content(values, citations, questions=[], opinion_fields=())
    assert made["tests"] == [{"test": "Example CT", "would_change": "The ring"}]
    assert made["cited"] == {"plain": ["c"], "test.1": ["b"]}
    assert made["citations"] == {"c": {"label": "C"}, "b": {"label": "B"}}
