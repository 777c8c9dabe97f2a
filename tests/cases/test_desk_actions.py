"""What a coordinator decides, the release, and the watch over turnaround."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from cases.actions import holds, release, triage, watch
from cases.actions import level as levels
from cases.models import Case, Message, Report
from cases.queries.desk import clocks_of
from cases.states import ClockSignal, Level, Phase, ReportState
from portal.core.access import Actor
from portal.core.models import Event, Job
from portal.core.workflow import Refused
from tests.factories.accounts import CoordinatorFactory, UserFactory
from tests.factories.cases import make_case, signed_report

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 9, 15, 0, tzinfo=ZoneInfo("UTC"))


@pytest.fixture
def desk() -> Actor:
    return Actor.of(CoordinatorFactory())


def test_complete_records_starts_the_promised_time(desk: Actor) -> None:
    case = make_case(phase=Phase.COLLECTING)
    with time_machine.travel(MONDAY, tick=False):
        triage.complete_records(case=case, by=desk)
    assert case.phase == Phase.TRIAGE
    assert case.complete_at == MONDAY
    assert case.due_at is not None
    assert case.due_at > MONDAY + timedelta(days=5)


def test_all_records_here_moves_the_case_on_by_itself(desk: Actor) -> None:
    case = make_case(phase=Phase.COLLECTING)
    job = Actor.job("test")
    triage.set_completeness(case=case, needed=3, satisfied=2, by=job)
    assert case.phase == Phase.COLLECTING
    triage.set_completeness(case=case, needed=3, satisfied=3, by=job)
    assert case.phase == Phase.TRIAGE


def test_reopen_records_takes_the_promise_back(desk: Actor) -> None:
    case = make_case(phase=Phase.TRIAGE)
    triage.reopen_records(case=case, by=desk)
    assert (case.phase, case.complete_at, case.due_at) == (Phase.COLLECTING, None, None)


def test_decline_tells_the_patient_why(desk: Actor) -> None:
    case = make_case(phase=Phase.TRIAGE)
    triage.decline(case=case, reason="decline_place", text="We are sorry.", by=desk)
    assert case.phase == Phase.DECLINED
    assert Message.objects.get(case=case).body == "We are sorry."


def test_decline_without_words_is_refused_and_changes_nothing(desk: Actor) -> None:
    case = make_case(phase=Phase.TRIAGE)
    with pytest.raises(Refused):
        triage.decline(case=case, reason="decline_place", text="  ", by=desk)
    case.refresh_from_db()
    assert case.phase == Phase.TRIAGE


@pytest.mark.parametrize("phase", [Phase.IN_REVIEW, Phase.DELIVERED, Phase.DECLINED])
def test_decline_is_refused_where_it_is_too_late(desk: Actor, phase: str) -> None:
    case = make_case(phase=phase)
    with pytest.raises(Refused):
        triage.decline(case=case, reason="x", text="Sorry.", by=desk)
    assert Message.objects.filter(case=case, body="Sorry.").count() == 0


def test_a_patient_cannot_decide(desk: Actor) -> None:
    case = make_case(phase=Phase.TRIAGE)
    with pytest.raises(Refused):
        triage.accept(case=case, by=Actor.of(case.opened_by))


def test_set_level_moves_the_due_time(desk: Actor) -> None:
    case = make_case(phase=Phase.TRIAGE)
    before = case.due_at
    levels.set_level(case=case, level=Level.URGENT, by=desk)
    assert before is not None
    assert case.due_at is not None
    assert case.due_at < before


def test_assign_coordinator_refuses_a_patient(desk: Actor) -> None:
    with pytest.raises(Refused):
        triage.assign_coordinator(case=make_case(phase=Phase.TRIAGE), coordinator=UserFactory(), by=desk)


def test_release_waits_for_the_pdf(desk: Actor) -> None:
    case = make_case(phase=Phase.RELEASE)
    Report.objects.filter(case=case).delete()
    signed_report(case, pdf=False)
    with pytest.raises(Refused, match="PDF"):
        release.release(case=case, by=desk)


def test_release_delivers_and_tells_the_patient(desk: Actor) -> None:
    case = make_case(phase=Phase.RELEASE)
    Report.objects.filter(case=case).delete()
    signed_report(case)
    report = release.release(case=case, by=desk)
    assert (case.phase, report.state) == (Phase.DELIVERED, ReportState.RELEASED)
    assert case.delivered_at == report.released_at
    assert Job.objects.filter(name="cases.mail_report").exists()


def test_watch_says_each_warning_once_and_escalates(desk: Actor) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        case = make_case(phase=Phase.TRIAGE)
        levels.set_level(case=case, level=Level.URGENT, by=desk)
        said = []
        for hours in (1, 12, 12.1, 19.3, 19.4, 24.1, 30):
            clock.move_to(MONDAY + timedelta(hours=hours))
            said.append(watch.look(case=case, by=Actor.job("test")))
    W = ClockSignal
    assert said == [None, W.WARN_HALF, None, W.WARN_MOST, None, W.BREACH, None]
    assert Event.objects.filter(case_id=case.pk, name="breach").count() == 1
    assert Job.objects.filter(name="cases.mail_clock").count() == 3


def test_watch_is_silent_while_the_case_is_on_hold(desk: Actor) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        case = make_case(phase=Phase.TRIAGE)
        levels.set_level(case=case, level=Level.URGENT, by=desk)
        holds.open(case=case, reason="ask_question", owner="patient", asks="When?", by=desk)
        clock.move_to(MONDAY + timedelta(hours=40))
        assert watch.look(case=case, by=Actor.job("test")) is None


def test_five_clocks_share_out_the_time(desk: Actor) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        case = make_case(phase=Phase.COLLECTING)
        clock.move_to(MONDAY + timedelta(hours=10))
        triage.complete_records(case=case, by=desk)
        clock.move_to(MONDAY + timedelta(hours=12))
        hold = holds.open(case=case, reason="ask_question", owner="patient", asks="When?", by=desk)
        clock.move_to(MONDAY + timedelta(hours=15))
        holds.close(hold=hold, by=desk)
        clock.move_to(MONDAY + timedelta(hours=16))
        found = clocks_of(case)
    assert found["collecting"] == timedelta(hours=10)
    assert found["waiting"] == timedelta(hours=3)
    assert found["triage"] == timedelta(hours=3)
    assert found["specialist"] == timedelta()


def test_declined_case_waits_for_nobody(desk: Actor) -> None:
    case = make_case(phase=Phase.TRIAGE)
    hold = holds.open(case=case, reason="info", owner="patient", asks="One thing, please.", by=desk)
    triage.decline(case=case, reason="other", text="We cannot help with this.", by=desk)
    hold.refresh_from_db()
    assert hold.until is not None
    assert not Case.objects.get(pk=case.pk).on_hold
