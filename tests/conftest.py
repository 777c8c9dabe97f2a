"""Fixtures that every layer of the suite shares."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests import prepared
from tests.factories import bucket
from tests.realfiles import folder_of

hypothesis.settings.register_profile("suite", deadline=None)  # slow machines are not wrong results
hypothesis.settings.load_profile("suite")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, in random order among themselves, so that none of them is still running when everything else is done.

    Tests that one process does together are long as a whole.
    """
    items.sort(key=lambda item: not any(map(item.get_closest_marker, ("slow", "journey", "xdist_group"))))


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        prepared.forget(os.environ.get("DATABASE_URL", ""))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Each process's database begins as a copy of the migrated one."""
    prepared.for_this_process(os.environ.get("DATABASE_URL", ""))


@pytest.fixture(scope="session")
def real_files() -> Path:
    """The folder that TEST_DATA names. Skips when it is unset; fails when it is set to nothing."""
    return folder_of(os.environ)


@pytest.fixture(scope="session")
def s3() -> Iterator[bucket.Server]:
    """A real S3 server. Whoever uses it says `pytest.mark.xdist_group("s3")`, so that one process of the suite starts one."""
    with bucket.server() as made:
        yield made
