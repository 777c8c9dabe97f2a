"""The browser's own modules have unit tests in JavaScript; they belong to the suite."""

from __future__ import annotations

import os
import subprocess

from portal.bootstrap import front, steps


def test_browser_modules_pass_their_own_tests() -> None:
    folder, npm = front.node()
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}
    done = subprocess.run(
        [*npm, "test", "--silent"], cwd=steps.STATIC, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# fail 0" in done.stdout
    assert "# tests 0" not in done.stdout
