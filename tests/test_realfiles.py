"""No test may pass because the real files were not found where somebody said that they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.realfiles import folder_of

TESTS = Path(__file__).parent


def test_unset_skips_and_says_why() -> None:
    with pytest.raises(pytest.skip.Exception, match="TEST_DATA is not set"):
        folder_of({})


@pytest.mark.parametrize("named", ["", "  ", "/nowhere/at/all"])
def test_set_to_nothing_or_to_no_folder_fails(named: str) -> None:
    with pytest.raises(pytest.fail.Exception, match="TEST_DATA"):
        folder_of({"TEST_DATA": named})


def test_set_to_a_folder_gives_it(tmp_path: Path) -> None:
    assert folder_of({"TEST_DATA": str(tmp_path)}) == tmp_path.resolve()


def test_every_test_asks_through_this_rule() -> None:
    reads = re.compile(r"environ[^\n]*TEST_DATA|getenv\([^\n]*TEST_DATA|TEST_DATA[^\n]* in os\.environ")
    own = {path.relative_to(TESTS).as_posix() for path in TESTS.rglob("*.py") if reads.search(path.read_text())}
    assert own <= {"realfiles.py", "test_realfiles.py"}, (
        f"use the fixture real_files instead of reading the environment: {own}"
    )
