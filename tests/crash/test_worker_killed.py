"""kill -9 of real workers under load: nothing is lost, nothing is done twice; a lost doorbell is found by the sweeper."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest

from tests.journeys.service import Inside

JOBS = 240
KILLS = 20
PATIENCE_SECONDS = 240


class Portal:
    """A database and a broker of its own, and processes that work on them."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.crash.settings",
            "CRASH_DIR": str(folder),
            **environment,
        }

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, *command], env=self.environment, check=check, capture_output=True, timeout=120
        )

    @cached_property
    def inside(self) -> Inside:
        """Looks into the database. Starting a process for each look would take from the worker what it waits for."""
        return Inside(self.environment)

    def worker(self) -> subprocess.Popen[bytes]:
        command = [
            "-m",
            "celery",
            "-A",
            "portal",
            "worker",
            "-B",
            "-c",
            "2",
            "-l",
            "ERROR",
            "-s",
            str(self.folder / f"beat-{uuid4().hex}"),
        ]
        with (self.folder / "worker.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *command], env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def tries(self) -> int:
        path = self.folder / "tries"
        return path.read_bytes().count(b"\n") if path.exists() else 0

    def states(self) -> Counter[str]:
        found = self.inside.prints(
            "from portal.core.models import Job\nprint(*Job.objects.filter(name='crash.work').values_list('state', flat=True))"
        )
        return Counter(found.split())

    def worked(self) -> list[int]:
        found = self.inside.prints(
            "from portal.core.models import Event\nprint(*[e.data['number'] for e in Event.objects.filter(name='worked')])"
        )
        return sorted(int(word) for word in found.split())


def kill(process: subprocess.Popen[bytes]) -> None:
    """The worker, its children and its beat, at once and without a word."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(true: Callable[[], bool], what: str, process: subprocess.Popen[bytes] | None = None) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"never happened: {what}"
        assert process is None or process.poll() is None, "the worker ended by itself"
        time.sleep(0.05)  # a look at another process, which cannot ring


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    environment: dict[str, str] = {}
    drop = None
    if url := os.environ.get("DATABASE_URL"):
        import psycopg2

        name = f"crash_{uuid4().hex[:12]}"
        connection = psycopg2.connect(url)
        connection.autocommit = True
        connection.cursor().execute(f"CREATE DATABASE {name}")
        environment["CRASH_DATABASE_URL"] = urlunsplit(urlsplit(url)._replace(path=f"/{name}"))

        def drop() -> None:
            connection.cursor().execute(f"DROP DATABASE {name} WITH (FORCE)")
            connection.close()

    if (broker := os.environ.get("CELERY_BROKER_URL", "")).startswith("redis"):
        environment["CRASH_BROKER_URL"] = urlunsplit(
            urlsplit(broker)._replace(path=f"/{8 + int(os.environ.get('PYTEST_XDIST_WORKER', 'gw0')[2:]) % 2}")
        )
    made = Portal(tmp_path, environment)
    made.run("manage.py", "migrate", "-v0")
    yield made
    made.inside.close()
    if drop:
        drop()


@pytest.mark.slow
def test_twenty_kills_under_load_lose_nothing_and_double_nothing(portal: Portal) -> None:
    portal.run("-m", "tests.crash.enqueue", "0", str(JOBS))
    for _ in range(KILLS):
        worker = portal.worker()
        try:
            before = portal.tries()
            wait_until(
                lambda before=before: portal.tries() >= before + 2 or portal.tries() >= JOBS, "the worker works", worker
            )
        finally:
            kill(worker)
    worker = portal.worker()
    try:
        wait_until(lambda: portal.states() == Counter(done=JOBS), "every job done", worker)
    finally:
        kill(worker)
    assert portal.worked() == list(range(JOBS))


@pytest.mark.slow
def test_a_process_killed_between_commit_and_bell_loses_no_job(portal: Portal) -> None:
    died = portal.run("-m", "tests.crash.enqueue", "0", "5", "deaf", check=False)
    assert died.returncode == -signal.SIGKILL
    assert portal.states() == Counter(queued=5)
    worker = portal.worker()
    try:
        wait_until(lambda: portal.states() == Counter(done=5), "the sweeper found them", worker)
    finally:
        kill(worker)
    assert portal.worked() == list(range(5))
