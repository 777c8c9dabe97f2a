"""The folder of real files: named by TEST_DATA, never copied into the project."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest


def folder_of(environment: Mapping[str, str]) -> Path:
    """Unset: there are none here, skip and say so. Set to nothing or to no folder: a mistake that must not look like success."""
    named = environment.get("TEST_DATA")
    if named is None:
        pytest.skip("TEST_DATA is not set: no real files to try")
    if not named.strip():
        pytest.fail("TEST_DATA is set but empty: name the folder of real files, or unset it")
    folder = Path(named).resolve()
    if not folder.is_dir():
        pytest.fail(f"TEST_DATA names {folder}, which is no folder")
    return folder
