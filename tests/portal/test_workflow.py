"""Moves: the table, the roles, the guard, the event row and its jobs, all or nothing."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.db import transaction

from portal.core import jobs, workflow
from portal.core.access import Actor
from portal.core.models import Event, Job
from portal.core.states import JobState, Role
from portal.core.workflow import Machine, Reaction, Refused, move, note, row

SYSTEM = Actor.job("test")


@dataclass
class Lamp:
    """A job row stands in for a subject: it has a key, a state column, and belongs to a case."""

    @staticmethod
    def make() -> Job:
        return Job.objects.create(name="lamp", key="lamp")


def machine(**extra: object) -> Machine:
    return Machine(
        "lamp",
        "state",
        (
            row("light", JobState.QUEUED, JobState.DONE, [Role.SYSTEM], **extra),  # type: ignore[arg-type]
            row("stay", JobState.QUEUED, None, [Role.PATIENT]),
        ),
    )


@pytest.fixture(autouse=True)
def belongs_to_no_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Job, "case_uuid", None, raising=False)


def now() -> dict[str, object]:
    from django.utils import timezone

    return {"done_at": timezone.now()}


@pytest.mark.django_db
def test_move_writes_change_and_event_together() -> None:
    lamp = Lamp.make()
    event = move(lamp, machine(), "light", actor=SYSTEM, changes=now(), data={"code": "x"})
    lamp.refresh_from_db()
    assert lamp.state == JobState.DONE
    assert (event.source, event.target, event.actor_id, event.data) == ("queued", "done", "test", {"code": "x"})


@pytest.mark.django_db
def test_move_refuses_a_pair_that_is_not_in_the_table() -> None:
    lamp = Lamp.make()
    move(lamp, machine(), "light", actor=SYSTEM, changes=now())
    with pytest.raises(Refused, match="not possible when done"):
        move(lamp, machine(), "light", actor=SYSTEM)
    assert Event.objects.count() == 1


@pytest.mark.django_db
def test_move_refuses_a_role_that_is_not_named() -> None:
    with pytest.raises(Refused, match="not for system"):
        move(Lamp.make(), machine(), "stay", actor=SYSTEM)


@pytest.mark.django_db
def test_move_obeys_the_guard() -> None:
    with pytest.raises(Refused, match="too_dark"):
        move(Lamp.make(), machine(guard=lambda held: "too_dark"), "light", actor=SYSTEM)


@pytest.mark.django_db
def test_move_from_a_stale_copy_is_refused() -> None:
    lamp = Lamp.make()
    stale = Job.objects.get(pk=lamp.pk)
    move(lamp, machine(), "light", actor=SYSTEM, changes=now())
    with pytest.raises(Refused):
        move(stale, machine(), "light", actor=SYSTEM, changes=now())


@pytest.mark.django_db
def test_move_queues_the_reactions_in_the_same_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "REGISTRY", {})
    jobs.job("test.react")(lambda run, subject_id: None)
    monkeypatch.setattr(workflow, "subscriptions", lambda: {("lamp", "light"): (Reaction("test.react"),)})
    lamp = Lamp.make()
    with pytest.raises(RuntimeError), transaction.atomic():
        move(lamp, machine(), "light", actor=SYSTEM, changes=now())
        raise RuntimeError
    assert not Job.objects.filter(name="test.react").exists()
    assert not Event.objects.exists()
    lamp.refresh_from_db()
    move(lamp, machine(), "light", actor=SYSTEM, changes=now())
    assert Job.objects.get(name="test.react").args == {"subject_id": str(lamp.pk)}


@pytest.mark.django_db(transaction=True)
def test_note_outside_a_transaction_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="outside a transaction"):
        note(Lamp.make(), "lamp", "seen", actor=SYSTEM)


def test_machine_refuses_two_rows_for_one_pair() -> None:
    with pytest.raises(ValueError, match="two rows"):
        Machine("lamp", "state", (row("light", "a", "b", [Role.SYSTEM]), row("light", ["a", "c"], "d", [Role.SYSTEM])))


def test_every_reaction_names_a_registered_job() -> None:
    for reactions in workflow.subscriptions().values():
        for reaction in reactions:
            assert reaction.job in jobs.REGISTRY
