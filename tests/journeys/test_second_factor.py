"""Staff: by invitation, and never without a second factor."""

from __future__ import annotations

from collections.abc import Callable

from tests.journeys import accounts
from tests.journeys.browser import Person
from tests.journeys.service import Service


def test_an_administrator_is_led_to_a_second_factor_and_signs_in_with_it(
    service: Service, meet: Callable[..., Person]
) -> None:
    admin = meet("administrator")
    accounts.first_administrator(service, admin, "second@factor.example")
