"""What the steps of the set-up share: where things are, the stamps of what is done, and commands.

A stamp is a hash of a step's inputs, left by its last success. A step removes its stamp before it starts: a run that
was interrupted anywhere is repeated, never trusted.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
STATIC = ROOT / "static"
STATE = ROOT / "build" / "bootstrap"
PYTHON = VENV / "bin" / "python"
TRIES = 3
REQUIREMENTS = {"run": "requirements.txt", "test": "requirements-dev.txt", "lint": "requirements-dev.txt"}


class Stop(Exception):
    """The set-up cannot go on; the text says in one line what the person should do."""


def stamp(name: str) -> str | None:
    try:
        return (STATE / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def remember(name: str, value: str) -> None:
    temporary = STATE / f"{name}.new"
    temporary.write_text(value, encoding="utf-8")
    temporary.replace(STATE / name)


def forget(name: str) -> None:
    (STATE / name).unlink(missing_ok=True)


def files_below(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in ("node_modules", "dist"))
        yield from (Path(parent) / name for name in sorted(files))


def hash_of(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        content = path.read_bytes() if path.exists() else b""
        digest.update(f"{path.relative_to(ROOT)}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two commands started at once prepare one after the other."""
    STATE.mkdir(parents=True, exist_ok=True)
    with (STATE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(
    command: list[str], *, folder: Path = ROOT, environment: dict[str, str] | None = None, tries: int = 1, silent: bool = False
) -> None:  # fmt: skip
    """Runs a command without showing its output; shows the output's end when the last try failed, unless `silent`.

    Raises:
        Stop: when every try failed.
    """
    for attempt in range(1, tries + 1):
        done = subprocess.run(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
        )  # fmt: skip
        if done.returncode == 0:
            return
        if attempt < tries:
            say(f"  that failed; trying again ({attempt + 1} of {tries})")
            time.sleep(3 * attempt)
    if not silent:
        print("\n".join(done.stdout.splitlines()[-25:]), file=sys.stderr)
    raise Stop(f"this command failed, its last words are above: {' '.join(command)}")


def say(text: str) -> None:
    print(text, flush=True)
