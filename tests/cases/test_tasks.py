"""Jobs that tell people by e-mail."""

from __future__ import annotations

import re

import pytest
from django.core import mail

from cases.actions import messages
from cases.states import Phase
from portal.core import jobs
from portal.core.access import Actor
from portal.core.models import Job
from portal.core.states import JobState
from tests.cases.helpers import ask
from tests.factories.accounts import CoordinatorFactory
from tests.factories.cases import CaseFactory

pytestmark = pytest.mark.django_db

CLINICAL = ["valve", "surgery", "operation", "heart", "cardio", "Example request", "bypass", "Testina", "question?"]


@pytest.fixture
def desk():
    return CoordinatorFactory()


@pytest.fixture
def case(desk):
    return CaseFactory(phase=Phase.TRIAGE, coordinator=desk)


def run_jobs(name):
    for row in Job.objects.filter(name=name):
        for _ in range(2):
            if run := jobs.claim(row.pk):
                jobs.execute(run)
        row.refresh_from_db()
        assert row.state == JobState.DONE, row.error


def test_mail_tells_that_something_waits_and_never_what(case, desk):
    hold = ask(case, desk)
    messages.send(case=case, by=Actor.of(desk), body="About your heart valve operation")
    messages.send(case=case, by=Actor.of(case.opened_by), body="My valve question?")
    CaseFactory(phase=Phase.DELIVERED)
    CaseFactory(phase=Phase.DECLINED)
    CaseFactory(phase=Phase.WITHDRAWN)
    for name in ("received", "message", "hold", "report", "declined", "withdrawn"):
        run_jobs(f"cases.mail_{name}")
    assert len(mail.outbox) >= 8
    for letter in mail.outbox:
        text = letter.subject + letter.body
        name = letter.body.splitlines()[0]
        for word in CLINICAL:
            assert word.lower() not in text.replace(name, "").lower(), (word, text)
        assert re.search(r"[0-9A-Z]{3}-[0-9A-Z]{3}", letter.subject)
        assert letter.body.count("http") == 1
    assert hold.asks not in str([letter.body for letter in mail.outbox])


def test_mail_goes_to_the_side_that_has_to_read(case, desk):
    messages.send(case=case, by=Actor.of(desk), body="Hello")
    run_jobs("cases.mail_message")
    assert [letter.to for letter in mail.outbox] == [[case.opened_by.email]]
    messages.send(case=case, by=Actor.of(case.opened_by), body="Hello back")
    run_jobs("cases.mail_message")
    assert mail.outbox[-1].to == [desk.email] and len(mail.outbox) == 2


def test_mail_of_a_message_that_was_read_meanwhile_is_not_sent(case, desk):
    messages.send(case=case, by=Actor.of(desk), body="Hello")
    messages.mark_read(case=case, by=Actor.of(case.opened_by))
    run_jobs("cases.mail_message")
    assert mail.outbox == []


def test_mail_of_a_hold_for_a_hospital_is_not_sent(case, desk):
    ask(case, desk, owner="hospital")
    run_jobs("cases.mail_hold")
    assert mail.outbox == []
