"""Nothing readable outlives the process that works on it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from portal.core import workfolder

KILLED = """
import os, signal, sys
from django.conf import settings
settings.configure(DATA_DIR=sys.argv[1])
from portal.core.workfolder import work_folder
with work_folder() as made:
    (made / "00000.p00001.jpg").write_bytes(b"a readable page")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def data(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path / "work"


def test_folder_is_private_and_gone_afterwards(data: Path) -> None:
    with workfolder.work_folder() as made:
        (made / "page").write_bytes(b"x")
        assert made.stat().st_mode & 0o777 == 0o700
    assert list(data.iterdir()) == []


def test_folder_of_a_killed_worker_is_removed_and_one_at_work_is_not(data: Path) -> None:
    root = Path(workfolder.__file__).parents[2]
    ended = subprocess.run([sys.executable, "-c", KILLED, str(data.parent)], cwd=root, check=False)
    assert ended.returncode == -9
    assert [one.read_bytes() for one in data.glob("*/*")] == [b"a readable page"]
    with workfolder.work_folder() as mine:
        assert list(data.iterdir()) == [mine]
        assert workfolder.sweep() == 0
        assert mine.exists()
