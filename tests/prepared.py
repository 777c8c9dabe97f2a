"""A database with every table, and one with the catalogue as well: made once for a whole run of the suite, then copied.

`manage.py migrate` and `load_catalogue` take ten seconds of a processor; the suite starts a dozen portals. What the two
commands do is proved where a portal is started without this (tests/portal/test_serve.py, tests/portal/test_catalogue_loader.py).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).parents[1]
NAME = "consilium.sqlite3"
STEPS = {"migrated": "migrate", "loaded": "load_catalogue"}
"""Each is made from the one before it by this command."""


def _folder() -> Path | None:
    """Of this run of the suite; none for programs that borrow the suite's portals (bench, docs)."""
    found = os.environ.get("CONSILIUM_TEST_DIR")
    return Path(found) / "prepared" if found else None


def possible() -> bool:
    return _folder() is not None


def execute(url: str, *statements: str) -> None:
    """Each on its own, as CREATE DATABASE wants it."""
    import psycopg2

    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        for statement in statements:
            connection.cursor().execute(statement)


def at(url: str, name: str) -> str:
    """The address of another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _template(which: str) -> str:
    folder = str(_folder())
    return f"prepared_{hashlib.sha256(folder.encode()).hexdigest()[:12]}_{which}"


@contextmanager
def _made(server: str, which: str) -> Iterator[str]:
    """The file or the name of the prepared database; nobody else makes one meanwhile."""
    root = _folder()
    assert root is not None
    folder = root / ("server" if server else "files")  # a suite on PostgreSQL starts portals on files too
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = ""
        for step, command in STEPS.items():
            home = folder / step
            if not (folder / f"{step}.made").exists():
                _make(server, step, before, home, command)
                (folder / f"{step}.made").touch()
            before = step
            if step == which:
                break
        yield _template(which) if server else str(home / NAME)


def _make(server: str, step: str, before: str, home: Path, command: str) -> None:
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    if server:
        names = (_template(step), f" TEMPLATE {_template(before)}" if before else "")
        execute(server, f"DROP DATABASE IF EXISTS {names[0]}", f"CREATE DATABASE {names[0]}{names[1]}")
    elif before:
        shutil.copyfile(home.parent / before / NAME, home / NAME)
    ours = {"DATA_DIR": str(home), "DATABASE_URL": at(server, _template(step)) if server else "", "DEMO": "0"}
    done = subprocess.run(
        [sys.executable, "manage.py", command, "-v0"],
        cwd=ROOT, env={**os.environ, **ours, "DJANGO_SETTINGS_MODULE": "tests.journeys.settings"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]


def into_file(path: Path, which: str = "migrated") -> None:
    """Copies the prepared database to this path, where one can be prepared."""
    if possible():
        with _made("", which) as source:
            shutil.copyfile(source, path)


def new_database(server: str, name: str, which: str = "migrated") -> None:
    """Creates a database of this name on the server: a copy, or an empty one where nothing can be prepared."""
    if possible():
        with _made(server, which) as template:
            execute(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    else:
        execute(server, f"CREATE DATABASE {name}")


def drop_database(server: str, name: str) -> None:
    execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def for_this_process(server: str) -> None:
    """The database that Django makes for the tests of this process begins as a copy."""
    from django.db import connection

    if server:
        with _made(server, "migrated") as template:
            connection.settings_dict["TEST"]["TEMPLATE"] = template
        return
    creation: Any = connection.creation
    make = creation._create_test_db

    def copied(*arguments: Any, **named: Any) -> str:
        name = str(make(*arguments, **named))
        into_file(Path(name))
        return name

    creation._create_test_db = copied


def forget(server: str) -> None:
    """At the end of the run: the folder goes by itself, databases do not."""
    folder = _folder()
    if server and folder and folder.exists():
        execute(server, *(f"DROP DATABASE IF EXISTS {_template(step)} WITH (FORCE)" for step in STEPS))
