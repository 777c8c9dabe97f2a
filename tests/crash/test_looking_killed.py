"""Who looked is on record when the web process is killed: the series, and all images but those of the last half minute."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings


@pytest.mark.slow
def test_a_killed_process_loses_only_what_it_had_not_written_yet(tmp_path: Path) -> None:
    environment = {**os.environ, "CRASH_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "tests.crash.settings"}
    environment.pop("CRASH_DATABASE_URL", None)
    command = [sys.executable, "-m", "tests.crash.look"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, text=True, **pipes) as process:  # type: ignore[call-overload]
        assert process.stdout.readline() == "looking\n"
        process.kill()
    (database,) = tmp_path.glob("*.sqlite3")
    with closing(sqlite3.connect(database)) as opened:
        rows = opened.execute("SELECT action, subjects FROM core_auditentry ORDER BY id").fetchall()
    told = [(action, json.loads(subjects)) for action, subjects in rows]
    assert told == [("opened", ["series"]), ("looked at instances", ["00000000-0000-0000-0000-00000000000a"])]
