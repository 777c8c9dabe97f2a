"""Every page of the portal, as each role sees it, at both widths: axe, nothing too wide, nothing wrong in the console."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings

from tests.journeys.browser import Person
from tests.journeys.service import Service

LEAST = {"patient": 20, "coordinator": 12, "specialist": 10, "administrator": 7}
"""Pages that were there when this was written: a list that came out empty must not pass."""
NOBODY_TO_ASK = """
from specialists.models import Licence
Licence.objects.filter(profile__user__email__endswith="@example.test").delete()
"""
"""The journeys after this one have a specialist of their own, who must be found."""


@pytest.fixture(scope="module")
def told(service: Service) -> Iterator[dict[str, Any]]:
    yield json.loads(service.run("-m", "tests.journeys.populated").strip().splitlines()[-1])
    service.django(NOBODY_TO_ASK)


@pytest.mark.xdist_group("every page")  # one process fills one portal for all of them
@pytest.mark.parametrize("role", LEAST)
def test_every_page_of_a_role_is_accessible(
    role: str, told: dict[str, Any], service: Service, meet: Callable[..., Person]
) -> None:
    person = meet(role)
    person.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": told[role]["cookie"], "url": service.url}]
    )
    assert len(told[role]["pages"]) >= LEAST[role], told[role]["pages"]
    for address in told[role]["pages"]:
        answer = person.page.goto(address)
        assert answer is not None and answer.status == 200, f"{address}: {answer and answer.status}"
        assert person.page.url.removeprefix(service.url).partition("?")[0] == address, person.page.url
        person.checks_page()
