"""The pages of staff without the second factor, which has tests of its own."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def staff_in(settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR_WAIVED = True
