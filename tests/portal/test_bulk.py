"""Rows that are written together hold what a save of each would have written."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from portal.core import bulk
from portal.core.models import Event, Job
from portal.core.states import JobState

pytestmark = pytest.mark.django_db


def job(**columns: object) -> Job:
    return Job(name="test.job", key=f"test:{uuid4()}", **columns)


def test_rows_are_those_that_a_save_writes() -> None:
    moment = timezone.now()
    rows = [
        job(args={"say": '50 % "ü"'}, case_id=uuid4(), due_at=moment),
        job(state=JobState.DONE, done_at=moment, attempt=3),
    ]
    bulk.insert(rows)
    twins = [Job.objects.get(pk=row.pk) for row in rows]
    for row, twin in zip(rows, twins, strict=True):
        assert {name: value for name, value in vars(row).items() if name != "_state"} == {
            name: value for name, value in vars(twin).items() if name != "_state"
        }
    rows[0].attempt = 7
    rows[0].save()
    assert Job.objects.get(pk=rows[0].pk).attempt == 7


def test_many_rows_and_keys_of_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "ROWS_AT_ONCE", 2)
    events = [
        Event(
            subject_kind="test", subject_id=uuid4(), name=f"n{n}", actor_kind="job", actor_id="t", actor_role="system"
        )
        for n in range(5)
    ]
    bulk.insert(events)
    bulk.insert([])
    assert list(Event.objects.filter(subject_kind="test").order_by("id").values_list("name", flat=True)) == [
        f"n{n}" for n in range(5)
    ]


def test_one_row_gets_the_key_that_the_database_gives() -> None:
    rows = [
        Event(subject_kind="one", subject_id=uuid4(), name=name, actor_kind="job", actor_id="t", actor_role="system")
        for name in ("a", "b")
    ]
    for row in rows:
        bulk.insert_one(row)
    assert [Event.objects.get(pk=row.pk).name for row in rows] == ["a", "b"]
    work = job(args={"n": 1})
    bulk.insert_one(work)
    work.attempt = 2
    work.save()
    assert Job.objects.get(pk=work.pk).attempt == 2


def test_rows_that_differ_in_one_column_are_those_that_a_save_writes() -> None:
    keys, case = [uuid4() for _ in range(3)], uuid4()
    like = Event(
        case_id=case, subject_kind="like", name="n", actor_kind="job", actor_id="t", actor_role="system", data={"a": 1}
    )
    bulk.insert_alike(like, "subject_id", keys)
    bulk.insert_alike(like, "subject_id", [])
    found = list(Event.objects.filter(subject_kind="like").order_by("id"))
    assert [one.subject_id for one in found] == keys
    assert {(one.case_id, one.name, one.at, one.data["a"]) for one in found} == {(case, "n", like.at, 1)}


def test_numbers_rise_by_what_is_added() -> None:
    one, other = job(attempt=1, progress_total=5), job(attempt=1)
    bulk.insert([one, other])
    bulk.increase(Job, one.pk, attempt=2, progress_total=10)
    assert list(
        Job.objects.filter(pk__in=[one.pk, other.pk]).order_by("attempt").values_list("attempt", "progress_total")
    ) == [
        (1, 0),
        (3, 15),
    ]


def test_what_the_database_refuses_is_refused() -> None:
    row = job()
    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.insert([row, Job(name="test.job", key=row.key)])
    assert not Job.objects.filter(name="test.job").exists()


@pytest.mark.django_db(transaction=True)
def test_half_of_them_cannot_stay() -> None:
    assert not connection.in_atomic_block
    with pytest.raises(RuntimeError):
        bulk.insert([job()])
