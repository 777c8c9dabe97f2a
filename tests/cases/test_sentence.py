"""What the patient is told at the top of the case: who has it, by when, what is needed. And the steps below, which agree."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.formats import date_format

from cases.actions import holds
from cases.models import Case, Hold
from cases.queries.sentence import forecast, headline
from cases.queries.timeline import timeline
from cases.states import OPEN, Phase
from portal.core.access import Actor
from tests.factories.accounts import CoordinatorFactory, SpecialistFactory
from tests.factories.cases import CaseFactory

pytestmark = pytest.mark.django_db
NO_DAY_YET = "We can give you a day for the report as soon as we have all the records."
TITLES = {
    Phase.DRAFT: "Your request is not sent yet",
    Phase.COLLECTING: "We are checking that the records are complete",
    Phase.TRIAGE: "Ines Invented is reading your request",
    Phase.MATCHING: "We are finding the right doctor",
    Phase.IN_REVIEW: "Dr Ada Sample is looking at the records",
    Phase.RELEASE: "The doctor has signed the report",
    Phase.DELIVERED: "The report is ready",
    Phase.CLOSED: "Your case is closed",
    Phase.DECLINED: "We cannot take this case",
    Phase.WITHDRAWN: "You took this request back",
}
STEPS = {
    Phase.COLLECTING: ("checked", "We are checking"),
    Phase.TRIAGE: ("checked", "We are checking"),
    Phase.MATCHING: ("found", "We are looking"),
    Phase.IN_REVIEW: ("review", "Dr Ada Sample"),
    Phase.RELEASE: ("ready", "Last check"),
}


@pytest.fixture
def desk():
    return CoordinatorFactory(name="Ines Invented")


def a_case(phase, desk):
    return CaseFactory(phase=phase, coordinator=desk, specialist=SpecialistFactory(name="Dr Ada Sample"))


def ask(case, desk, owner="patient"):
    hold = holds.open(case=case, reason="question", owner=owner, asks="How was it?", by=Actor.of(desk))
    case.refresh_from_db()
    return hold


@pytest.mark.parametrize("phase", list(Phase))
def test_headline_says_who_has_the_case_in_every_phase(phase, desk):
    found = headline(a_case(phase, desk))
    assert found.title == TITLES[phase]
    assert found.text and not found.needs_patient


@pytest.mark.parametrize("phase", sorted(OPEN))
def test_forecast_says_by_when_in_every_phase(phase, desk):
    case = a_case(phase, desk)
    found = forecast(case)
    if phase == Phase.COLLECTING:
        assert (found.words, found.day) == (NO_DAY_YET, None)
    else:
        day = date_format(timezone.localtime(case.due_at), "l j F")
        assert (found.words, found.day) == (f"We expect the report by {day}.", case.due_at)


@pytest.mark.parametrize("phase", sorted(OPEN))
@pytest.mark.parametrize(
    ("owner", "title", "words", "step"),
    [
        ("patient", "We need one answer from you", "While we wait for you", "We wait for you"),
        ("hospital", "We are waiting for a hospital", "While we wait for the hospital", "We wait for a hospital"),
        ("desk", "We have to sort something out first", "Until that is done", "We sort something out"),
    ],
)
def test_a_pause_is_told_alike_everywhere_and_names_no_day(phase, owner, title, words, step, desk):
    case = a_case(phase, desk)
    ask(case, desk, owner)
    assert headline(case).title == title
    found = forecast(case)
    assert found.words.startswith(words)
    assert found.paused and found.day is None
    steps = timeline(case)
    assert [one.detail for one in steps if one.state == "now"] == [step]
    assert all(one.expected is None for one in steps)


@pytest.mark.parametrize("phase", [Phase.TRIAGE, Phase.MATCHING, Phase.IN_REVIEW, Phase.RELEASE])
def test_a_late_report_is_said_to_be_late_instead_of_expected_in_the_past(phase, desk):
    case = a_case(phase, desk)
    Case.objects.filter(pk=case.pk).update(due_at=timezone.now() - timedelta(minutes=1))
    case.refresh_from_db()
    found = forecast(case)
    assert found.late and found.day is None
    assert "late" in found.words and "sorry" in found.words
    assert all(one.expected is None for one in timeline(case))


@pytest.mark.parametrize("phase", sorted(STEPS))
def test_timeline_has_one_step_now_that_says_what_happens(phase, desk):
    steps = timeline(a_case(phase, desk))
    states = [one.state for one in steps]
    assert [(one.key, one.detail) for one in steps if one.state == "now"] == [STEPS[phase]]
    assert states == sorted(states, key=["done", "now", "next"].index)


def test_timeline_of_a_delivered_case_is_all_done(desk):
    assert {step.state for step in timeline(a_case(Phase.DELIVERED, desk))} == {"done"}


def test_headline_asks_the_patient_before_it_speaks_of_others(desk):
    case = a_case(Phase.TRIAGE, desk)
    ask(case, desk, owner="hospital")
    ask(case, desk)
    ask(case, desk)
    assert headline(case).needs_patient
    assert headline(case).title == "We need 2 answers from you"


def test_missing_records_are_asked_for_only_while_they_are_collected_and_the_step_says_the_same(desk):
    case = a_case(Phase.COLLECTING, desk)
    assert headline(case, 3).title == "We need 3 more records from you"
    assert headline(case, 1).needs_patient and not headline(case, 0).needs_patient
    assert [one.detail for one in timeline(case, 3) if one.state == "now"] == ["We wait for you"]
    assert not headline(a_case(Phase.IN_REVIEW, desk), 3).needs_patient


def test_forecast_says_why_the_day_moved(desk):
    case = a_case(Phase.TRIAGE, desk)
    hold = ask(case, desk)
    Hold.objects.filter(pk=hold.pk).update(since=timezone.now() - timedelta(hours=5))
    holds.close(hold=hold, by=Actor.of(desk))
    case.refresh_from_db()
    found = forecast(case)
    assert "waited for an answer" in found.words and not found.paused
