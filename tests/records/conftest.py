"""Who most tests of records need: a case of the lungs, its patient and the desk, each signed in."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from portal.core.states import Role
from tests.factories import records as make


@pytest.fixture
def case(db: None) -> Any:
    return make.case(specialties=["pulmonology"], condition="nodule")


@pytest.fixture
def patient(case: Any) -> Client:
    client = Client()
    client.force_login(case.opened_by)
    return client


@pytest.fixture
def desk(settings: Any) -> Client:
    settings.STAFF_SECOND_FACTOR_WAIVED = True
    client = Client()
    client.force_login(make.user(Role.COORDINATOR, name="Ines Invented"))
    return client
