"""Leases, fencing, retries: the row is the truth."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.core import jobs
from portal.core.models import Job
from portal.core.states import JobState

pytestmark = pytest.mark.django_db


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A registered job "test.work" whose behaviour each test sets through `ledger`."""
    monkeypatch.setattr(jobs, "REGISTRY", dict(jobs.REGISTRY))
    done: list[str] = []

    @jobs.job("test.work", attempts=3, backoff_seconds=5, on_failure=lambda **ids: done.append("told"))
    def work(run: jobs.Run, mark: str = "x") -> None:
        if mark == "break":
            raise ValueError("CANARY^PATIENT")
        if mark == "give_up":
            raise jobs.GiveUp("hopeless")
        with run.commit():
            done.append(mark)

    return done


def queued(**args: str) -> Job:
    return jobs.enqueue("test.work", **args)


def test_enqueue_with_the_same_key_is_one_job(ledger: list[str]) -> None:
    assert jobs.enqueue("test.work", key="k").pk == jobs.enqueue("test.work", key="k").pk


def test_enqueue_refuses_an_unknown_name(ledger: list[str]) -> None:
    with pytest.raises(LookupError):
        jobs.enqueue("test.unknown")


def test_ring_with_the_broker_away_is_no_error(ledger: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(jobs.run_job, "apply_async", away)
    jobs.ring(queued().pk)


def test_run_job_runs_once_however_often_the_bell_rings(ledger: list[str]) -> None:
    row = queued()
    for _ in range(3):
        if run := jobs.claim(row.pk):
            jobs.execute(run)
    assert ledger == ["x"]
    row.refresh_from_db()
    assert (row.state, row.attempt, row.lease_until) == (JobState.DONE, 1, None)


def test_a_claimed_job_is_not_claimed_again_within_its_lease(ledger: list[str]) -> None:
    row = queued()
    assert jobs.claim(row.pk)
    assert jobs.claim(row.pk) is None
    assert row.pk not in jobs.due()


def test_a_job_left_by_a_dead_worker_is_due_again(ledger: list[str]) -> None:
    row = queued()
    jobs.claim(row.pk)
    Job.objects.filter(pk=row.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert row.pk in jobs.due()


def test_a_stalled_worker_that_wakes_cannot_commit(ledger: list[str]) -> None:
    row = queued()
    stalled = jobs.claim(row.pk)
    Job.objects.filter(pk=row.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    second = jobs.claim(row.pk)
    assert stalled and second
    with pytest.raises(jobs.Fenced), stalled.commit():
        ledger.append("written by the stalled one")
    with pytest.raises(jobs.Fenced):
        stalled.renew()
    jobs.execute(second)
    jobs.execute(stalled)
    assert ledger == ["x"]
    row.refresh_from_db()
    assert row.state == JobState.DONE


def test_what_finish_writes_and_the_jobs_end_are_one_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "REGISTRY", {})
    ends: list[str] = []

    @jobs.job("test.once")
    def once(run: jobs.Run) -> None:
        with run.finish():
            pass
        ends.append(Job.objects.get(pk=run.job.pk).state)

    row = jobs.enqueue("test.once")
    run = jobs.claim(row.pk)
    assert run
    jobs.execute(run)
    assert ends == [JobState.DONE]
    assert jobs.claim(row.pk) is None


def test_a_failing_job_is_queued_again_later_then_fails_and_tells(ledger: list[str]) -> None:
    row = queued(mark="break")
    waits = []
    for _ in range(3):
        run = jobs.claim(row.pk)
        assert run
        jobs.execute(run)
        row.refresh_from_db()
        waits.append(row.due_at - timezone.now())
        Job.objects.filter(pk=row.pk).update(due_at=timezone.now())
    assert waits[0] < waits[1]
    assert (row.state, ledger) == (JobState.FAILED, ["told"])
    assert "ValueError" in row.error
    assert "CANARY" not in row.error


def test_a_job_fails_for_good_although_telling_people_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "REGISTRY", {})

    def cannot_tell() -> None:
        raise ConnectionRefusedError

    @jobs.job("test.sad", on_failure=cannot_tell)
    def sad(run: jobs.Run) -> None:
        raise jobs.GiveUp("hopeless")

    row = jobs.enqueue("test.sad")
    run = jobs.claim(row.pk)
    assert run
    jobs.execute(run)
    row.refresh_from_db()
    assert (row.state, row.error) == (JobState.FAILED, "gave up: hopeless")


def test_give_up_ends_at_once(ledger: list[str]) -> None:
    row = queued(mark="give_up")
    run = jobs.claim(row.pk)
    assert run
    jobs.execute(run)
    row.refresh_from_db()
    assert (row.state, row.attempt, row.error, ledger) == (JobState.FAILED, 1, "gave up: hopeless", ["told"])


def test_retry_begins_afresh_for_failed_jobs_only(ledger: list[str]) -> None:
    row = queued(mark="give_up")
    assert not jobs.retry(row)
    run = jobs.claim(row.pk)
    assert run
    jobs.execute(run)
    assert jobs.retry(row)
    row.refresh_from_db()
    assert (row.state, row.attempt) == (JobState.QUEUED, 0)


def test_a_recurring_job_is_queued_again_after_success_and_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "REGISTRY", {})
    turns: list[int] = []

    @jobs.job("test.tick", every_seconds=60)
    def tick(run: jobs.Run) -> None:
        turns.append(1)
        if len(turns) == 2:
            raise OSError

    jobs.install_recurring()
    jobs.install_recurring()
    row = Job.objects.get(name="test.tick")
    for _ in range(3):
        run = jobs.claim(row.pk)
        assert run
        jobs.execute(run)
        row.refresh_from_db()
        assert row.state == JobState.QUEUED
        assert row.due_at > timezone.now()
        Job.objects.filter(pk=row.pk).update(due_at=timezone.now())
    assert len(turns) == 3
