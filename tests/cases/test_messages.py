"""Messages, holds, and what the patient is told of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from cases.actions import holds, messages, turnaround, withdrawal
from cases.models import Case, Hold, Message
from cases.queries import messages as reads
from cases.queries.people import patient_side
from cases.states import Phase
from portal.core.access import Actor
from portal.core.states import Role
from portal.core.workflow import Refused
from tests.cases.helpers import ask
from tests.factories.accounts import CoordinatorFactory, UserFactory
from tests.factories.cases import CaseFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk():
    return CoordinatorFactory()


@pytest.fixture
def case(desk):
    return CaseFactory(phase=Phase.TRIAGE, coordinator=desk)


def test_send_from_the_patient_is_unread_at_the_desk_until_opened(case, desk):
    messages.send(case=case, by=Actor.of(case.opened_by), body=" Hello? ")
    assert reads.unread(case, Role.COORDINATOR) == 1
    assert reads.unread(case, Role.PATIENT) == 0
    assert reads.unread_by_case(desk) == {case.pk: 1}
    messages.mark_read(case=case, by=Actor.of(desk))
    assert reads.unread(case, Role.COORDINATOR) == 0


def test_mark_read_leaves_ones_own_messages_unread_for_the_other_side(case, desk):
    messages.send(case=case, by=Actor.of(desk), body="Hello")
    messages.mark_read(case=case, by=Actor.of(desk))
    assert reads.unread(case, Role.PATIENT) == 1


def test_send_twice_at_once_is_one_message(case):
    actor = Actor.of(case.opened_by)
    first = messages.send(case=case, by=actor, body="Hello")
    assert messages.send(case=case, by=actor, body="Hello") == first
    messages.send(case=case, by=actor, body="Hello again")
    assert Message.objects.filter(case=case).count() == 2


@pytest.mark.parametrize(("body", "reason"), [("  ", "message_empty"), ("x" * 5001, "message_long")])
def test_send_refuses_nothing_and_too_much(case, body, reason):
    with pytest.raises(Refused, match=reason):
        messages.send(case=case, by=Actor.of(case.opened_by), body=body)


@pytest.mark.parametrize("phase", [Phase.DRAFT, Phase.WITHDRAWN])
def test_send_refuses_where_nobody_reads(phase):
    case = CaseFactory(phase=phase)
    with pytest.raises(Refused, match="message_closed"):
        messages.send(case=case, by=Actor.of(case.opened_by), body="Hello")


def test_send_in_another_persons_case_is_refused(case):
    with pytest.raises(PermissionDenied):
        messages.send(case=case, by=Actor.of(UserFactory()), body="Hello")
    with pytest.raises(PermissionDenied):
        messages.mark_read(case=case, by=Actor.of(UserFactory()))


def test_send_with_another_cases_hold_is_refused(case, desk):
    other = CaseFactory(phase=Phase.TRIAGE, coordinator=desk)
    hold = ask(other, desk)
    with pytest.raises(Refused):
        messages.send(case=case, by=Actor.of(case.opened_by), body="Hello", hold=hold)
    assert not Message.objects.exists()


def test_answer_closes_the_hold_and_restarts_the_clock(case, desk):
    hold = ask(case, desk)
    assert Case.objects.get(pk=case.pk).on_hold
    messages.send(case=case, by=Actor.of(case.opened_by), body="Two", hold=hold)
    hold.refresh_from_db()
    assert hold.until is not None and hold.closed_by.startswith("user:")
    assert not Case.objects.get(pk=case.pk).on_hold


def test_a_message_of_the_desk_about_a_hold_leaves_it_open(case, desk):
    hold = ask(case, desk)
    messages.send(case=case, by=Actor.of(desk), body="Have you seen this?", hold=hold)
    hold.refresh_from_db()
    assert hold.until is None


def test_hold_moves_the_due_time_by_what_it_took(case, desk):
    before = turnaround.refresh(case).due_at
    hold = ask(case, desk)
    Hold.objects.filter(pk=hold.pk).update(since=timezone.now() - timedelta(days=7))
    Case.objects.filter(pk=case.pk).update(complete_at=timezone.now() - timedelta(days=8))
    start = turnaround.refresh(case).due_at
    holds.close(hold=hold, by=Actor.of(desk))
    after = Case.objects.get(pk=case.pk).due_at
    assert before is not None and start is not None and after is not None
    assert after >= start
    assert after - timezone.now() > timedelta(days=4)


def test_hold_of_one_assignment_does_not_pause_the_promise(case, desk):
    due = turnaround.refresh(case).due_at
    holds.open(case=case, reason="question", owner="patient", asks="?", by=Actor.of(desk), assignment_id=case.pk)
    case.refresh_from_db()
    assert not case.on_hold and case.due_at == due


def test_hold_is_not_the_patients_to_open_and_not_for_a_draft(case, desk):
    with pytest.raises(Refused):
        holds.open(case=case, reason="q", owner="patient", asks="?", by=Actor.of(case.opened_by))
    with pytest.raises(PermissionDenied):
        ask(CaseFactory(phase=Phase.DRAFT), desk)
    with pytest.raises(Refused):
        ask(CaseFactory(phase=Phase.DECLINED, coordinator=desk), desk)


def test_hold_of_the_desk_is_not_the_patients_to_close(case, desk):
    hold = ask(case, desk, owner="desk")
    with pytest.raises(PermissionDenied):
        holds.close(hold=hold, by=Actor.of(case.opened_by))


def test_close_twice_changes_nothing(case, desk):
    hold = ask(case, desk)
    first = holds.close(hold=hold, by=Actor.of(desk))
    assert holds.close(hold=hold, by=Actor.job("x")).until == first.until


def test_withdraw_closes_holds_and_is_possible_once(case, desk):
    hold = ask(case, desk)
    withdrawal.withdraw(case=case, by=Actor.of(case.opened_by))
    hold.refresh_from_db()
    assert Case.objects.get(pk=case.pk).phase == Phase.WITHDRAWN and hold.until is not None
    with pytest.raises(Refused):
        withdrawal.withdraw(case=case, by=Actor.of(case.opened_by))


def test_withdraw_after_delivery_is_refused():
    case = CaseFactory(phase=Phase.DELIVERED)
    with pytest.raises(Refused):
        withdrawal.withdraw(case=case, by=Actor.of(case.opened_by))


def test_withdraw_another_persons_case_is_refused(case):
    with pytest.raises(PermissionDenied):
        withdrawal.withdraw(case=case, by=Actor.of(UserFactory()))


def test_patient_side_is_the_opener_alone(case):
    assert patient_side(case) == [case.opened_by]
