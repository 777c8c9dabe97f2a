"""The portal under test: its own data folder, web and worker as real processes, e-mail as files."""

from __future__ import annotations

import contextlib
import email
import email.policy
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from urllib.request import urlopen
from uuid import uuid4

from portal.core.management.commands.serve import QUIET_LOG
from tests import prepared

PATIENCE_SECONDS = 90
ROOT = Path(__file__).parents[2]
LINK = re.compile(r"https?://\S+")


def wait_until(
    true: Callable[[], Any],
    what: str,
    seconds: float = PATIENCE_SECONDS,
    working: Callable[[], object] = lambda: None,
) -> Any:
    """The first true value of `true`. It looks at other processes, which cannot ring.

    `seconds` run anew whenever `working` says something else than before, up to twenty times: on a machine with much else to do a start
    that goes on is waited for, one that hangs is not.
    """
    began = time.monotonic()
    deadline, seen = began + seconds, working()
    while not (found := true()):
        if (now := working()) != seen:
            deadline, seen = min(time.monotonic(), began + 19 * seconds) + seconds, now
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.1)
    return found


def used(*processes: int) -> int:
    """Whole seconds of a processor that these have used."""
    ticks = 0
    for process in processes:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks // os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Inside:
    """A process of the portal without pages, which runs piece after piece of code: starting one for each takes seconds."""

    LOOP = """
import contextlib, io, json, sys, traceback
import django
django.setup()
from django.db import close_old_connections
for line in sys.stdin:
    said, failed = io.StringIO(), ""
    with contextlib.redirect_stdout(said):
        try:
            exec(compile(json.loads(line), "<told>", "exec"), {"__name__": "told"})
        except Exception:
            failed = traceback.format_exc()
    close_old_connections()
    print(json.dumps([said.getvalue(), failed]), flush=True)
"""

    def __init__(self, environment: dict[str, str]) -> None:
        command, pipe = [sys.executable, "-c", self.LOOP], subprocess.PIPE
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, text=True)

    def prints(self, code: str) -> str:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(code) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, f"the process ended: {self.process.wait()}"
        said, failed = json.loads(answer)
        assert not failed, failed[-3000:]
        return str(said)

    def close(self) -> None:
        with self.process:  # closes the pipes and waits
            pass


class Service:
    """Web and worker on one data folder."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.url = f"http://localhost:{self.port}"
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.journeys.settings",
            "DATA_DIR": str(folder),
            "PORT": str(self.port),
            "DEMO": "0",
        }
        self.prepared = False
        """Whether its database has its tables and the catalogue already."""
        self.processes: list[subprocess.Popen[bytes]] = []
        self._inside: Inside | None = None

    def run(self, *command: str, text: str | None = None, patience: float = 120) -> str:
        """Output of a Python command in the portal's environment, which may go `patience` seconds without any work of its own."""
        with TemporaryFile("w+") as given, TemporaryFile("w+") as said, TemporaryFile("w+") as wrong:
            given.write(text or "")
            given.seek(0)
            line = [sys.executable, *command]
            process = subprocess.Popen(line, cwd=ROOT, env=self.environment, stdin=given, stdout=said, stderr=wrong)
            try:
                what = f"the end of {' '.join(command)[:99]}"
                wait_until(lambda: process.poll() is not None, what, patience, lambda: used(process.pid))
            finally:
                process.kill()
                process.wait()
            said.seek(0)
            wrong.seek(0)
            assert process.returncode == 0, wrong.read()[-3000:]
            return said.read()

    def django(self, code: str) -> str:
        """What `code` prints with Django set up: to look into the database, and for what no page can do yet."""
        if self._inside is None:
            self._inside = Inside(self.environment)
        return self._inside.prints(code).strip()

    def start(self) -> None:
        if not self.prepared:
            self.run("manage.py", "migrate", "-v0")
            self.run("manage.py", "load_catalogue", "-v0")
        gunicorn = ["gunicorn", "portal.wsgi:application", "--bind", f"127.0.0.1:{self.port}", "--no-control-socket"]
        self._spawn("web", *gunicorn, "--worker-class", "gthread", "--workers", "1", "--threads", "8", *QUIET_LOG)
        worker = ["celery", "--app", "portal", "--quiet", "worker", "--beat", "--schedule", str(self.folder / "beat")]
        self._spawn(
            "worker", *worker, "--concurrency", "2", "--loglevel", "WARNING", "--without-gossip", "--without-mingle"
        )
        wait_until(self._answers, "the portal answers", working=lambda: used(*(one.pid for one in self.processes)))

    def _spawn(self, name: str, *module: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", *module],
                    cwd=ROOT,
                    env=self.environment,
                    stdout=log,
                    stderr=log,
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,
                )
            )

    def _answers(self) -> bool:
        assert all(process.poll() is None for process in self.processes), self.logs()
        try:
            with urlopen(f"{self.url}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self) -> None:
        if self._inside is not None:
            self._inside.close()
            self._inside = None
        # without a word: nobody uses this portal any more, and a polite end takes seconds
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def logs(self, lines: int = 30) -> str:
        found = [path.read_text(errors="replace").splitlines()[-lines:] for path in sorted(self.folder.glob("*.log"))]
        return "\n".join(line for part in found for line in part)

    def mail(self, to: str) -> list[Any]:
        """Messages to this address, oldest first."""
        found = []
        for path in sorted((self.folder / "mail").glob("*.log"), key=lambda one: one.stat().st_mtime_ns):
            for text in re.split(rb"^-{70,}$", path.read_bytes(), flags=re.MULTILINE):
                message = email.message_from_bytes(text.strip(), policy=email.policy.default)
                if to in str(message["To"]):
                    found.append(message)
        return found

    def mailed_link(self, to: str, part: str) -> str:
        """The newest link to this address that contains `part`; waits for the worker to send it."""

        def look() -> str | None:
            links = [link for one in self.mail(to) for link in LINK.findall(one.get_content()) if part in link]
            return links[-1] if links else None

        return str(wait_until(look, f"an e-mail to {to} with a link to {part}"))


@contextlib.contextmanager
def _own_services() -> Iterator[dict[str, str]]:
    """On PostgreSQL and Redis: a database of one's own, and numbered databases that the rest of the suite does not use."""
    found: dict[str, str] = {}
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])  # a portal must not hear another one's doorbell
    for name, number in (("CELERY_BROKER_URL", 10 + 2 * process), ("CACHE_URL", 11 + 2 * process)):
        if (redis := os.environ.get(name, "")).startswith("redis"):
            found[name] = urlunsplit(urlsplit(redis)._replace(path=f"/{number}"))
    url = os.environ.get("DATABASE_URL")
    if not url:
        yield found
        return
    name = f"journey_{uuid4().hex[:12]}"
    prepared.new_database(url, name, "loaded")
    yield found | {"DATABASE_URL": prepared.at(url, name)}
    prepared.drop_database(url, name)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Service]:
    """A portal that answers; stopped and forgotten afterwards."""
    with _own_services() as environment:
        service = Service(folder)
        service.environment |= environment
        if "DATABASE_URL" not in environment:
            prepared.into_file(folder / prepared.NAME, "loaded")
        service.prepared = prepared.possible()
        try:
            service.start()
            yield service
        finally:
            service.stop()
