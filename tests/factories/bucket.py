"""A real S3 server for the tests that need one: SeaweedFS from its wheel, once for the session, ended by its own process id."""

from __future__ import annotations

import ctypes
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KEY, SECRET = "suite", "a secret of the suite alone"
START_SECONDS = 90


@dataclass(frozen=True)
class Server:
    """Where it listens; `process` is there to be stopped in the middle of a test."""

    port: int
    process: subprocess.Popen[bytes]

    def options(self, bucket: str = "consilium-test") -> dict[str, Any]:
        """What settings.production gives to the backend."""
        return {
            "bucket_name": bucket,
            "endpoint_url": f"http://127.0.0.1:{self.port}",
            "access_key": KEY,
            "secret_key": SECRET,
            "region_name": "us-east-1",
            "signature_version": "s3v4",
            "default_acl": None,
            "file_overwrite": False,
        }


def ports(count: int) -> list[int]:
    """Free ports, all different: every probe stays open until the last is found."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


@contextmanager
def server() -> Iterator[Server]:
    """SeaweedFS on the loopback, with its data in a temporary folder."""
    program = Path(sys.executable).with_name("weed")
    names = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc")
    numbers = ports(len(names) + 2)
    with tempfile.TemporaryDirectory(prefix="consilium-s3-") as folder:
        command = [str(program), f"-logdir={folder}", "server", f"-dir={folder}", "-ip=127.0.0.1", "-s3"]
        command += [f"-{name}={number}" for name, number in zip(names, numbers, strict=False)]
        command += [f"-s3.port={numbers[-1]}", f"-s3.port.grpc={numbers[-2]}", "-master.volumeSizeLimitMB=64"]
        command += ["-volume.max=0", "-master.telemetry=false", "-s3.autoCreateBucket=false"]
        command += [
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
        ]  # their ports are fixed: two suites on one machine would meet
        access = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
        with (Path(folder) / "said").open("wb") as said:
            process = subprocess.Popen(
                command, env={**os.environ, **access}, stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd=folder,
                preexec_fn=lambda: ctypes.CDLL(None).prctl(1, signal.SIGKILL),  # PR_SET_PDEATHSIG: never outlives the suite
            )  # fmt: skip
        try:
            _wait(process, numbers[-1], Path(folder) / "said")
            yield Server(numbers[-1], process)
        finally:
            process.kill()  # it may take long over SIGTERM, and what it holds is thrown away
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, said: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        assert process.poll() is None, said.read_text(errors="replace")[-2000:]
        assert time.monotonic() < deadline, f"no S3 server: {said.read_text(errors='replace')[-2000:]}"
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as asked:
                asked.request("GET", "/status")
                if asked.getresponse().status < 500:
                    return
        except OSError:
            time.sleep(0.1)  # a look at another process, which cannot ring
