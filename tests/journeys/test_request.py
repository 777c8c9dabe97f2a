"""Somebody comes who must not wait. The way of those who may, to the sent request and beyond, is in test_opinion."""

from __future__ import annotations

from collections.abc import Callable

from tests.journeys import patient
from tests.journeys.browser import Person


def test_an_emergency_ends_with_the_number_to_call(meet: Callable[..., Person]) -> None:
    patient.stops_at_an_emergency(meet("somebody with chest pain"))
