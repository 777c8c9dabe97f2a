"""Fifty browsers confirm one upload link at once: one of them has it. Asked of both databases.

The claim is one conditional UPDATE. SQLite lets one writer in at a time and would hide a missing row lock, but not a
missing condition: without it each of the fifty would win in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest
from django.db import connection

from cases.states import Phase
from portal.core.access import Actor
from portal.core.models import Event
from records.actions import links
from records.queries import links as queries
from records.rules.links import LinkState
from tests.factories.cases import make_case
from tests.races.test_races import fresh_edition as fresh_edition
from tests.races.test_races import race

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("races")]
BROWSERS = 50


@pytest.fixture(scope="module", autouse=True)
def history_that_can_be_emptied(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """SQLite empties a table row by row, which the history forbids: its triggers are away while this file runs."""
    history = import_module("portal.core.migrations.0002_append_only")
    if connection.vendor == "postgresql":
        yield
        return
    with django_db_blocker.unblock(), connection.schema_editor() as editor:
        history.unlock(None, editor)
    yield
    with django_db_blocker.unblock(), connection.schema_editor() as editor:
        history.lock(None, editor)


def test_link_redeemed_by_fifty_at_once_has_one_holder() -> None:
    case = make_case(phase=Phase.COLLECTING)
    made, token = links.make(case=case, label="Sample Hospital", items=[], days=7, by=Actor.of(case.opened_by))

    def redeem(number: int) -> Callable[[], Any]:
        def work() -> tuple[int, str]:
            found = queries.by_token(token)
            assert found is not None
            return number, links.redeem(link=found, name=f"Dr Sample {number}", place="Sample Hospital")

        return work

    won, lost = race(*[redeem(number) for number in range(BROWSERS)])
    assert len(won) == 1, lost
    assert [getattr(problem, "state", problem) for problem in lost] == [LinkState.USED] * (BROWSERS - 1)
    number, secret = won[0]
    held = queries.held_by(made.pk, secret)
    assert held is not None and held.holder_name == f"Dr Sample {number}"
    assert Event.objects.filter(subject_id=made.pk, name="redeem").count() == 1
