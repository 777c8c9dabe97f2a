"""The two servers that are compared: started here on free ports with folders of their own, ended by their ids."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.client import Server

ROOT = Path(__file__).resolve().parent.parent
PLUGINS = "/usr/share/orthanc/plugins"
START_SECONDS = 90


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(
    command: list[str], port: int, folder: Path, environment: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    log = (folder / "output.log").open("wb")
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((folder / "output.log").read_text(errors="replace")[-3000:]) from None
                time.sleep(0.1)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        log.close()


@contextmanager
def orthanc(folder: Path) -> Iterator[Server]:
    """Debian's Orthanc with its DICOMweb plug-in in its default configuration, without a password."""
    port = free_port()
    folder.mkdir(parents=True)
    settings = {
        "Name": "bench",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "HttpPort": port,
        "DicomServerEnabled": False,
        "AuthenticationEnabled": False,
        "Plugins": [PLUGINS],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }
    configuration = folder / "orthanc.json"
    configuration.write_text(json.dumps(settings))
    with _running(["Orthanc", str(configuration)], port, folder, dict(os.environ)):
        yield Server(port, {"Host": f"localhost:{port}"})


@contextmanager
def portal(folder: Path, port: int) -> Iterator[int]:
    """`manage.py serve` as it is: two web processes, two workers. Gives its process id."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PORT": str(port), "DATA_DIR": str(folder), "DEMO": "0", "LOG_LEVEL": "WARNING"}
    with _running([sys.executable, "manage.py", "serve"], port, folder, environment) as process:
        yield process.pid


def web_memory(pid: int) -> int:
    """Private bytes of everything below this process that is gunicorn."""
    total = 0
    for one in descendants(pid):
        try:
            command = Path(f"/proc/{one}/cmdline").read_bytes()
            if b"gunicorn" not in command:
                continue
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith(("Private_Clean", "Private_Dirty")):
                    total += int(line.split()[1]) * 1024
        except OSError:
            continue
    return total


def descendants(pid: int) -> Iterator[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False).stdout
    for child in map(int, found.split()):
        yield child
        yield from descendants(child)
