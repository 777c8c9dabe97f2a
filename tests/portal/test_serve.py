"""`manage.py serve` for real: what `make run` starts, in an empty data folder on a free port."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings

from tests import prepared

pytestmark = pytest.mark.slow

PATIENCE = 120
NOT_INHERITED = ("DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL", "PYTEST_XDIST_WORKER", "CONSILIUM_TEST_DIR")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(folder: Path, port: int, name: str = "first") -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    environment |= {"DATA_DIR": str(folder), "PORT": str(port), "DEMO": "false"}
    environment |= {"DJANGO_SETTINGS_MODULE": "portal.settings.local"}
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "serve"]
    output = (folder.parent / name).open("w")
    with output:
        return subprocess.Popen(command, env=environment, stdout=output, stderr=output, text=True)


@contextmanager
def served(folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    process = start(folder, port)
    try:
        wait_until(lambda: "is ready" in output_of(folder) or process.poll() is not None, "it is ready", folder)
        assert process.poll() is None, output_of(folder)
        yield process
    finally:
        process.kill()
        process.wait()
        wait_until(lambda: not processes_of(folder), "no process is left", folder)


def output_of(folder: Path, name: str = "first") -> str:
    return (folder.parent / name).read_text()


def wait_until(condition: Callable[[], bool], what: str, folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE} s in vain until {what}:\n{output_of(folder)}"
        time.sleep(0.05)


def processes_of(folder: Path) -> list[str]:
    """Every living process whose environment names the folder: children of children too."""
    mark, found = f"DATA_DIR={folder}".encode(), []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:  # ended meanwhile
            continue
    return found


def get(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", path, headers={"Host": f"localhost:{port}"})
    status = connection.getresponse().status
    connection.close()
    return status


def test_serve_stops_all_at_ctrl_c_and_starts_again_on_its_data(tmp_path: Path) -> None:
    folder, port = tmp_path / "data", free_port()
    with served(folder, port) as process:
        assert f"http://localhost:{port}" in output_of(folder)
        running = processes_of(folder)
        assert any("gunicorn" in command for command in running)
        assert any("celery" in command and "--beat" in command for command in running)
        secrets = (folder / "secrets.json").read_bytes()
        assert stat.S_IMODE((folder / "secrets.json").stat().st_mode) == 0o600
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
        assert processes_of(folder) == []
    with served(folder, port):
        assert get(port, "/healthz") == 200
    assert (folder / "secrets.json").read_bytes() == secrets


def test_serve_guards_its_data_and_leaves_no_process_when_it_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    prepared.into_file(folder / prepared.NAME)
    with served(folder, free_port()) as process:
        second = start(folder, free_port(), "second")
        assert second.wait(PATIENCE) != 0
        assert f"A portal already runs on the data in {folder}" in output_of(folder, "second")
        assert len(processes_of(folder)) > 3
        process.kill()
        process.wait()
        wait_until(lambda: not processes_of(folder), "the watcher ended all", folder)


def test_serve_names_another_port_when_its_own_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = int(other.getsockname()[1])
        assert start(folder, port).wait(PATIENCE) != 0
    assert f"Port {port} is taken" in output_of(folder)
    assert f"PORT={port + 1}" in output_of(folder)
