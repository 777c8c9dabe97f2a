"""A letter that is sent twice by a job that died in between is the same letter."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail as outbox

from portal.core import jobs, mail
from portal.core.models import Job
from portal.core.states import JobState
from tests.factories import records as make

pytestmark = pytest.mark.django_db


def ids() -> list[str]:
    return [letter.message()["Message-ID"] for letter in outbox.outbox]


def attempt(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED, lease_until=None)
    run = jobs.claim(job.pk)
    assert run is not None
    jobs.execute(run)


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, str]]:
    """What the job of this test sends: to whom, about which page. It fails afterwards, as if it had died before its commit."""
    wanted: list[tuple[Any, str]] = []

    def send(run: jobs.Run) -> None:
        for to, page in wanted:
            mail.send(to=to, template="message", ref="2K7-4QD", url=f"http://localhost/{page}/")
        raise RuntimeError

    kind = jobs.Kind("suite.send", send, 5, 0, None, None)
    monkeypatch.setitem(jobs.REGISTRY, kind.name, kind)
    return wanted


def test_a_letter_keeps_its_id_at_each_attempt_and_shares_it_with_no_other(letters: list[tuple[Any, str]]) -> None:
    letters += [(make.user(), "a"), (make.user(), "a"), (make.user(), "b")]
    letters += [(letters[0][0], "b")]
    first, second = (Job.objects.create(name="suite.send", key=f"suite.send:{n}") for n in range(2))
    attempt(first)
    attempt(first)
    attempt(second)
    told = ids()
    assert len(told) == 12
    assert told[:4] == told[4:8]
    assert len(set(told)) == 8
    assert all(one.endswith("@localhost>") for one in told)
    assert jobs.current() is None


def test_letters_of_a_recurring_job_are_new_each_time(
    letters: list[tuple[Any, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    letters.append((make.user(), "a"))
    kind = jobs.Kind("suite.send", jobs.REGISTRY["suite.send"].function, 5, 0, 60, None)
    monkeypatch.setitem(jobs.REGISTRY, kind.name, kind)
    job = Job.objects.create(name="suite.send", key="suite.send", every_seconds=60)
    attempt(job)
    Job.objects.update(due_at="2020-01-01T00:00Z")
    attempt(job)
    assert len(set(ids())) == 2
