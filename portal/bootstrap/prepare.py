"""Makes this checkout ready to run or to test, on a machine that has only Python and make.

``python3 portal/bootstrap run`` prepares what the portal needs; ``test`` adds what its tests need; ``lint`` leaves the
front end and the Debian libraries out; ``services`` installs PostgreSQL and Redis for ``.ci/with-services``. It runs
before anything is installed, so it uses the standard library alone. What is done already (:mod:`steps`) is
not done again: a second run takes well under two seconds.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from . import debian, environment, front, steps

MINIMUM_PYTHON = (3, 11)
PURPOSES = (*steps.REQUIREMENTS, "services")


def main(arguments: list[str]) -> int:
    """Prepares for ``run``, ``test`` or ``lint``. Returns the exit status."""
    if sys.version_info < MINIMUM_PYTHON:
        return _continue_with_newer_python(arguments)
    what = arguments[0] if arguments else "run"
    if what not in PURPOSES:
        print(f"usage: python3 portal/bootstrap {{{'|'.join(PURPOSES)}}}", file=sys.stderr)
        return 2
    try:
        with steps.one_at_a_time():
            prepare(what)
    except steps.Stop as stop:
        print(f"Cannot continue: {stop}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. The same command continues where this one ended.", file=sys.stderr)
        return 130
    return 0


def prepare(what: str) -> None:
    """Does every step that ``what`` needs and whose inputs changed."""
    debian.install_debian_packages(debian.missing_debian_packages(what))
    if what == "services":
        return
    environment.make_virtual_environment()
    environment.install_requirements(steps.REQUIREMENTS[what])
    if what != "lint":
        environment.compile_ahead()
        front.build_front_end()


def _continue_with_newer_python(arguments: list[str]) -> int:
    for minor in range(20, MINIMUM_PYTHON[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer:
            os.execv(newer, [newer, str(Path(__file__).parent), *arguments])  # noqa: S606
    found = ".".join(map(str, sys.version_info[:2]))
    print(f"Cannot continue: Python 3.11 or newer is needed, and python3 here is {found}.", file=sys.stderr)
    return 1
