"""``manage.py serve``: the whole portal on one machine, as ``make run`` starts it."""

from __future__ import annotations

import fcntl
import http.client
import io
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError

from portal.settings.env import env
from portal.supervisor import Program, Supervisor

ADDRESS = "127.0.0.1"
WEB_PROCESSES = 2
WEB_THREADS = 24
"""A client that takes a stream and does not read on holds one. A thread that was never needed is never started."""
WORKER_PROCESSES = 2
WORKER_CLASS = "portal.core.webworker.BalancedWorker"
QUIET_LOG = ("--logger-class", "portal.core.serverlog.ServerLogger")
"""Gunicorn's own would write addresses, which may hold a token."""


class Command(BaseCommand):
    """Prepares the database and runs web, worker and beat until Ctrl-C."""

    help = "Prepares the database and runs web, worker and beat under one supervisor until Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError, with what to do next, when the port or the data folder is in use."""
        port = env.int("PORT", 8000)
        folder = Path(settings.DATA_DIR)
        with self._only_one_on(folder):
            check_port_is_free(port)
            sign_ins = self._prepare()
            supervisor = Supervisor(
                programs(port, folder),
                environment={**os.environ, "PORT": str(port), "DATA_DIR": str(folder), "PYTHONUNBUFFERED": "1"},
                is_ready=lambda: answers(port),
                on_ready=lambda: self._announce(port, sign_ins),
                write=self._write,
            )
            status = supervisor.run()
        if status:
            sys.exit(status)

    def _only_one_on(self, folder: Path) -> IO[str]:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (folder / "serve.lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise CommandError(
                f"A portal already runs on the data in {folder}. Stop it, or choose another folder: DATA_DIR=…"
            ) from None
        return lock

    def _prepare(self) -> str:
        """Brings database and catalogue up to date; returns what the demo says about signing in."""
        available = get_commands()
        self._write("Preparing the database")
        call_command("migrate", interactive=False, verbosity=0)
        if "load_catalogue" in available:
            call_command("load_catalogue", verbosity=0)
        if not (settings.DEMO and "demo" in available):
            return ""
        said = _DemoOutput(self._write)
        call_command("demo", stdout=said)
        return said.getvalue().rstrip()

    def _announce(self, port: int, sign_ins: str) -> None:
        self._write(f"\n{settings.PRODUCT['name']} is ready: http://localhost:{port}   (Ctrl-C stops it)")
        if sign_ins:
            self._write(f"\n{sign_ins}\n")

    def _write(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


class _DemoOutput(io.StringIO):
    """Shows at once what the demo is busy with, and keeps the sign-ins for when the portal is ready."""

    def __init__(self, show: Callable[[str], None]) -> None:
        super().__init__()
        self.show = show

    def write(self, text: str) -> int:
        if text.startswith("demo: "):
            self.show(text.rstrip())
            return len(text)
        return super().write(text)


def programs(port: int, folder: Path) -> list[Program]:
    """What the embedded installation consists of. Beat runs inside the only worker."""
    gunicorn = ["-m", "gunicorn", "portal.wsgi:application", "--bind", f"{ADDRESS}:{port}", "--no-control-socket"]
    threads = ["--worker-class", WORKER_CLASS, "--workers", str(WEB_PROCESSES), "--threads", str(WEB_THREADS)]
    worker = ["-m", "celery", "--app", "portal", "--quiet", "worker", "--beat", "--schedule", str(folder / "beat")]
    celery = ["--concurrency", str(WORKER_PROCESSES), "--loglevel", "WARNING", "--without-gossip", "--without-mingle"]
    quiet = ["-W", "ignore:You're running the worker with superuser privileges"]  # root in a container is usual
    return [
        Program("web", [sys.executable, *gunicorn, *threads, "--log-level", "warning", *QUIET_LOG], essential=True),
        Program("worker", [sys.executable, *quiet, *worker, *celery]),
    ]


def check_port_is_free(port: int) -> None:
    """Raises CommandError when something else listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError:
            raise CommandError(
                f"Port {port} is taken by another program. Choose another: make run PORT={port + 1}"
            ) from None


def answers(port: int) -> bool:
    """Whether the portal says that it is well."""
    connection = http.client.HTTPConnection(ADDRESS, port, timeout=2)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
