"""Queries that are compiled once: whoever asks together gets the same one, and no statement runs under another's name."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db.models import QuerySet, Value
from django.utils import timezone

from portal.core import compiled as module
from portal.core.compiled import Compiled, among, compiled, first_of
from portal.core.models import Job

STAND_INS = {"key": "stands for a session"}
MORE = 50
"""Shapes that two threads race for, and as many after them."""
PATIENCE = 60
"""Seconds after which the other thread counts as hanging; no time is measured."""


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_kept", {})


def asks(number: int) -> QuerySet[Any, Any]:
    """A query whose SQL is the same for every number: the number is one of its values that stay."""
    return Session.objects.filter(pk=STAND_INS["key"]).annotate(number=Value(number)).values_list("number")


def of_two_threads(shape: object, make: Callable[[], QuerySet[Any, Any]]) -> tuple[Compiled, Compiled]:
    """What this thread gets, and one that began to compile the same shape before it and ends after it."""
    began, ended, found = threading.Event(), threading.Event(), list[Compiled]()

    def slowly() -> QuerySet[Any, Any]:
        began.set()
        assert ended.wait(PATIENCE)
        return make()

    other = threading.Thread(target=lambda: found.append(compiled(shape, STAND_INS, slowly)))
    other.start()
    assert began.wait(PATIENCE)
    mine = compiled(shape, STAND_INS, make)
    ended.set()
    other.join(PATIENCE)
    return mine, found[0]


@pytest.mark.django_db
def test_two_threads_on_one_shape_share_one_statement_and_no_other_runs_under_its_name() -> None:
    Session.objects.create(pk="known", session_data="", expire_date=timezone.now())
    same, names = list[bool](), list[str]()
    for number in range(MORE):
        mine, others = of_two_threads(("raced", number), lambda number=number: asks(number))  # type: ignore[misc]
        assert mine.rows({"key": "known"}) == [(number,)], "another statement was run"
        same.append(mine is others)
        names.append(mine.called)
        del mine, others
    for number in range(MORE, 2 * MORE):
        one = compiled(("more", number), STAND_INS, lambda number=number: asks(number))  # type: ignore[misc]
        assert one.rows({"key": "known"}) == [(number,)], "another statement was run"
        names.append(one.called)
        del one
    assert all(same)
    assert compiled(("raced", 0), STAND_INS, lambda: asks(0)).called == names[0]
    assert len(set(names)) == 2 * MORE


def test_statements_that_differ_only_in_a_value_that_stays_have_names_of_their_own() -> None:
    first, second = (compiled(number, STAND_INS, lambda number=number: asks(number)) for number in (1, 2))  # type: ignore[misc]
    assert first.sql == second.sql
    assert first.called != second.called


@pytest.mark.django_db
def test_objects_are_whole_and_converted() -> None:
    made = Job.objects.create(name="a.job", key="a key", args={"subject_id": "x", "n": [1]})
    for _ in range(2):  # the second time from what was kept
        one = first_of(
            "job", {"key": "stands for a key"}, {"key": "a key"}, lambda: Job.objects.filter(key="stands for a key")
        )
        assert one is not None and not one._state.adding
        assert [getattr(one, field.attname) for field in Job._meta.concrete_fields] == [
            getattr(made, field.attname) for field in Job._meta.concrete_fields
        ]
    assert first_of("job", {"key": "stands for a key"}, {"key": "another"}, lambda: Job.objects.none()) is None
    with pytest.raises(TypeError):
        compiled(
            "values", {"key": "stands for a key"}, lambda: Job.objects.filter(key="stands for a key").values_list("pk")
        ).models({"key": "a key"})


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_one_of_several_is_asked_for_in_few_shapes(count: int) -> None:
    for number in range(10):
        Job.objects.create(name="a.job", key=f"key {number}")
    wanted = [f"key {number}" for number in range(count)]
    stand_ins, values = among("key", wanted)
    assert len(stand_ins) in (1, 2, 4, 8)
    asked = compiled(
        ("keys", len(stand_ins)),
        stand_ins,
        lambda: Job.objects.filter(key__in=list(stand_ins.values())).order_by("key").values_list("key"),
    )
    assert [key for (key,) in asked.rows(values)] == wanted
