"""A large upload with the records in a bucket: the memory of web and worker, a worker killed while it puts the parts together.

The far end is a real S3 server (SeaweedFS from its wheel), which is not counted.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import tus

MEGABYTE = 1024**2
LEASE_SECONDS = 20
PATIENCE_SECONDS = 3600
PREPARE = "from portal.core import storage; storage.make_place()"
LEFT = """
from django.utils import timezone
from portal.core import storage, sweep
from portal.core.models import StoredObject
sweep.sweep(remove=True, older_than=timezone.now(), anyway=True)
listed = list(storage.backend().listed())
known = set(StoredObject.objects.filter(state="stored").values_list("name", flat=True))
print("left", sum(not one.whole for one in listed), len({one.name for one in listed} ^ known))
"""


class Worker:
    """The worker as `manage.py serve` starts it, in a process group of its own."""

    def __init__(self, portal: tus.Portal) -> None:
        from portal.core.management.commands.serve import programs

        (command,) = [one.command for one in programs(portal.port, portal.folder) if one.name == "worker"]
        with (portal.folder / "worker.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=tus.ROOT, env=portal.environment, stdout=log, stderr=log, start_new_session=True
            )

    def memory(self) -> int:
        """Bytes of memory of all its processes, children of files among them (Pss)."""
        return sum(_pss(pid) for pid in _below(self.process.pid))

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def _below(pid: int) -> Iterator[int]:
    yield pid
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _below(int(child))
    except OSError:
        return


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


@contextmanager
def watched(memory: Callable[[], int]) -> Iterator[list[int]]:
    """What `memory` says, five times a second."""
    seen, ended = [memory()], threading.Event()

    def watch() -> None:
        while not ended.wait(0.2):
            seen.append(memory())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


def _wait(true: Callable[[], Any], what: str, worker: Worker) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := true()):
        if time.monotonic() > deadline or worker.process.poll() is not None:
            raise RuntimeError(f"never happened: {what}")
        time.sleep(0.1)
    return found


@dataclass
class Found:
    """Bytes of memory, seconds, and what the far end holds."""

    web: list[int]
    """From the moment when it is warm."""
    seconds: float
    worker: list[int] = field(default_factory=list)
    size: int = 0
    sha256: str = ""
    unfinished: int = 0
    """Multipart uploads that the killed worker left."""
    left: int = 0
    """What is unfinished, without a row or missing after the sweep."""


def measured(folder: Path, size: int, send: Callable[[tus.Portal, tus.Target, int], tuple[list[int], float]]) -> Found:
    """`send` brings a file of `size` bytes through the web; then a worker is killed in the midst of it and another one goes on."""
    from tests.factories import bucket

    with bucket.server() as far:
        options = json.dumps(far.options("bench"))
        ours = {"BENCH_BUCKET": options, "JOB_LEASE_SECONDS": str(LEASE_SECONDS)}
        portal = tus.Portal(folder, environment={"DJANGO_SETTINGS_MODULE": "bench.bucketsettings", **ours})
        portal.shell(PREPARE)
        target = portal.prepare()
        with tus.running(portal):
            found = Found(*send(portal, target, size))
        _assemble(portal, found)
        return found


def _assemble(portal: tus.Portal, found: Found) -> None:
    client = _client(portal)
    bucket = json.loads(portal.environment["BENCH_BUCKET"])["bucket_name"]

    def unfinished() -> list[dict[str, Any]]:
        return list(client.list_multipart_uploads(Bucket=bucket).get("Uploads", []))

    first = Worker(portal)
    try:
        _wait(unfinished, "a multipart upload", first)
    finally:
        first.kill()
    found.unfinished = len(unfinished())
    worker = Worker(portal)
    try:
        _wait(lambda: len(unfinished()) > found.unfinished, "another multipart upload", worker)
        with watched(worker.memory) as seen:
            _wait(lambda: _state(portal) not in ("", "processing"), "a verdict on the file", worker)
    finally:
        worker.kill()
    told = portal.shell("from records.models import File; f = File.objects.get(); print('file', f.size, f.sha256)")
    ((_, length, found.sha256),) = [words for words in told if words[0] == "file"]
    ((_, halves, other),) = [words for words in portal.shell(LEFT) if words[0] == "left"]
    found.size, found.left, found.worker = int(length), int(halves) + int(other), seen[len(seen) // 20 :]


def _state(portal: tus.Portal) -> str:
    with closing(sqlite3.connect(portal.folder / "consilium.sqlite3", timeout=60)) as database:
        row = database.execute("SELECT state FROM records_file").fetchone()
    return str(row[0]) if row else ""


def _client(portal: tus.Portal) -> Any:
    import boto3
    from botocore.config import Config

    options = json.loads(portal.environment["BENCH_BUCKET"])
    return boto3.client(
        "s3",
        endpoint_url=options["endpoint_url"],
        aws_access_key_id=options["access_key"],
        aws_secret_access_key=options["secret_key"],
        region_name=options["region_name"],
        config=Config(s3={"addressing_style": "path"}),
    )
