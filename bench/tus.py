"""A tus sender that breaks its connections on purpose, and the portal that it sends to, which is killed meanwhile."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 180
CHUNK = 1024 * 1024
"""Bytes of one request: what a cut may cost at most. The portal's own uploader sends eight times that."""
PREPARE = """
from django.core.management import call_command
from django.test import Client
call_command("migrate", verbosity=0)
from tests.factories import records
case = records.case()
client = Client()
client.force_login(case.opened_by)
client.get("/help/")
from django.middleware.csrf import _get_new_csrf_string
print("case", case.ref, client.cookies["sessionid"].value, _get_new_csrf_string())
"""
RECEIVED = """
import hashlib
from portal.core import storage
from records.models import Upload, UploadPart
for upload in Upload.objects.order_by("name"):
    digest, at = hashlib.sha256(), 0
    for part in UploadPart.objects.filter(upload=upload).order_by("start").select_related("object__key"):
        assert part.start == at, "a gap"
        at += part.size
        for piece in storage.read_range(part.object):
            digest.update(piece)
    print("upload", upload.name, upload.state, at, digest.hexdigest())
"""
ORIGINALS = """
from tests.factories import records
from records.models import File
records.run_jobs()
for file in File.objects.order_by("name"):
    print("file", file.name, file.state, file.size, file.sha256)
"""
SERVER = "import sys; from gunicorn.app.wsgiapp import run; sys.argv = ['gunicorn', *sys.argv[1:]]; run()"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Portal:
    """The web processes alone, on a folder of their own; started again on the same port after each kill."""

    def __init__(self, folder: Path, *, workers: int = 2, environment: dict[str, str] | None = None) -> None:
        self.folder, self.workers, self.port = folder, workers, free_port()
        ours = {"DATA_DIR": str(folder), "DEMO": "false", "PORT": str(self.port), "DATABASE_URL": ""}
        settings = {"DJANGO_SETTINGS_MODULE": "portal.settings.local", "PYTHONDONTWRITEBYTECODE": "1"}
        self.environment = {**os.environ, **ours, **settings, **(environment or {})}
        self.process: subprocess.Popen[bytes] | None = None
        self.lock = threading.Lock()
        self.stopped = False

    def shell(self, code: str) -> list[list[str]]:
        command = [sys.executable, "manage.py", "shell", "--no-imports", "-v", "0", "-c", code]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr[-3000:])
        return [line.split() for line in done.stdout.splitlines()]

    def prepare(self) -> Target:
        subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], cwd=ROOT, env=self.environment, check=True)
        (found,) = [words for words in self.shell(PREPARE) if words[:1] == ["case"]]
        return Target(self.port, *found[1:])

    def start(self) -> None:
        command = [sys.executable, "-c", SERVER, "portal.wsgi:application", "--bind", f"127.0.0.1:{self.port}"]
        command += ["--worker-class", "gthread", "--workers", str(self.workers), "--threads", "8"]
        command += ["--no-control-socket", "--log-level", "warning"]
        with (self.folder / "web.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.well():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError((self.folder / "web.log").read_text(errors="replace")[-3000:])
            time.sleep(0.05)

    def well(self) -> bool:
        try:
            with closing(HTTPConnection("127.0.0.1", self.port, timeout=5)) as asked:
                asked.request("GET", "/healthz")
                return asked.getresponse().status == 200
        except (OSError, HTTPException):
            return False

    def kill(self) -> None:
        """All web processes at once, without a word."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def memory(self) -> int:
        """Bytes of memory of all web processes together, pages that they share counted once each (Pss)."""
        total = 0
        if self.process is None:
            return 0
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for pid in [str(self.process.pid), *children]:
            with contextlib.suppress(OSError):
                for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        total += int(line.split()[1]) * 1024
        return total

    def cpu(self) -> float:
        """Seconds of processor that the web processes took."""
        if self.process is None:
            return 0.0
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        ticks = 0
        for pid in children:
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(words[11]) + int(words[12])
        return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def running(portal: Portal) -> Iterator[Portal]:
    portal.start()
    try:
        yield portal
    finally:
        portal.kill()


@dataclass(frozen=True)
class Target:
    """Where to send, and as whom."""

    port: int
    ref: str
    session: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        cookie = f"sessionid={self.session}; csrftoken={self.token}"
        return {"Host": f"localhost:{self.port}", "Tus-Resumable": "1.0.0", "Cookie": cookie, "X-CSRFToken": self.token}


def described(name: str, size: int, number: int = 0) -> dict[str, str]:
    """Headers of a creation. The same name is the same file of the same choice."""
    mark = hashlib.sha256(f"{name} {number}".encode()).hexdigest()[:32]
    pairs = {"filename": name, "batch": "0f9c1f6e-6c8e-4d5e-9d3f-0123456789ab", "fingerprint": mark}
    told = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
    return {"Upload-Length": str(size), "Upload-Metadata": told}


@dataclass
class Count:
    """What happened to one file."""

    cuts: int = 0
    resent: int = 0
    """Most bytes that had to be sent again after one cut."""
    refused: dict[int, int] = field(default_factory=dict)
    """Answers that a probe asked for: wrong offset (409), wrong checksum (460)."""


class Sender:
    """Sends one file until it is there."""

    def __init__(self, target: Target, name: str, content: bytes, seed: int, cuts: int) -> None:
        self.target, self.name, self.content = target, name, content
        self.random = random.Random(seed)
        self.cuts_left = cuts
        self.count = Count()
        self.url = ""
        self.deadline = time.monotonic() + PATIENCE_SECONDS

    def ask(self, method: str, url: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, dict[str, str]]:
        """One request; asked again while nobody answers: the server may be on its way up."""
        while True:
            try:
                with closing(HTTPConnection("127.0.0.1", self.target.port, timeout=60)) as connection:
                    connection.request(method, url, body, {**self.target.headers, **headers})
                    answer = connection.getresponse()
                    answer.read()
                    if answer.status < 500:
                        return answer.status, {name.lower(): value for name, value in answer.getheaders()}
            except (OSError, HTTPException):
                pass
            if time.monotonic() > self.deadline:
                raise TimeoutError(self.name)
            time.sleep(0.02)

    def create(self) -> None:
        told = described(self.name, len(self.content))
        status, headers = self.ask("POST", f"/uploads/{self.target.ref}/", told)
        if status != 201:
            raise RuntimeError(f"create: {status}")
        self.url = headers["location"]

    def offset(self) -> int:
        status, headers = self.ask("HEAD", self.url, {})
        if status != 200:
            raise RuntimeError(f"head: {status}")
        return int(headers["upload-offset"])

    def probe(self, offset: int) -> None:
        """What must be refused, and must change nothing."""
        octets = {"Content-Type": "application/offset+octet-stream"}
        wrong = {**octets, "Upload-Offset": str(offset + 1)}
        if offset + 2 < len(self.content):
            status, _ = self.ask("PATCH", self.url, wrong, b"x")
            self.count.refused[status] = self.count.refused.get(status, 0) + 1
        digest = base64.b64encode(hashlib.sha256(b"something else").digest()).decode()
        checked = {**octets, "Upload-Offset": str(offset), "Upload-Checksum": f"sha256 {digest}"}
        status, _ = self.ask("PATCH", self.url, checked, self.content[offset : offset + 1000])
        self.count.refused[status] = self.count.refused.get(status, 0) + 1

    def run(self, *, probes: bool = False) -> Count:
        self.create()
        while (offset := self.offset()) < len(self.content):
            if probes:
                self.probe(offset)
                probes = False
            rest = self.content[offset : offset + CHUNK]
            if self.cuts_left:
                self.cuts_left -= 1
                sent = self.cut(
                    offset, rest, self.random.randrange(1, max(2, len(rest) // self.random.choice((1, 2, 8))))
                )
                self.count.cuts += 1
                self.count.resent = max(self.count.resent, sent - self.offset())
            else:
                self.patch(offset, rest)
        return self.count

    def patch(self, offset: int, rest: bytes) -> None:
        octets = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset)}
        try:
            with closing(HTTPConnection("127.0.0.1", self.target.port, timeout=60)) as connection:
                connection.request("PATCH", self.url, rest, {**self.target.headers, **octets})
                connection.getresponse().read()
        except (OSError, HTTPException):
            self.count.cuts += 1  # the server was killed: that is a cut as well
            if time.monotonic() > self.deadline:
                raise

    def cut(self, offset: int, rest: bytes, length: int) -> int:
        """Promise all that is left, send `length` bytes of it and break off. Returns how far the sender had come."""
        lines = [f"PATCH {self.url} HTTP/1.1", f"Content-Length: {len(rest)}", f"Upload-Offset: {offset}"]
        lines += [
            "Content-Type: application/offset+octet-stream",
            *(f"{k}: {v}" for k, v in self.target.headers.items()),
        ]
        try:
            with closing(socket.create_connection(("127.0.0.1", self.target.port), timeout=60)) as raw:
                raw.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
                raw.sendall(rest[:length])
                if self.random.random() < 0.5:  # without a word to the other side: what is on its way is thrown away
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        except OSError:
            return offset
        return offset + length


def contents(count: int, largest: int, seed: int) -> list[tuple[str, bytes]]:
    """Files of random sizes and bytes, the same for the same seed."""
    chance = random.Random(seed)
    return [(f"file-{n:04d}.bin", chance.randbytes(chance.randrange(1, largest))) for n in range(count)]


class Many:
    """Many files from several senders at once, while the server is killed again and again."""

    def __init__(self, portal: Portal, target: Target, files: list[tuple[str, bytes]], *, cuts: int, seed: int) -> None:
        self.portal, self.target, self.files, self.cuts, self.seed = portal, target, files, cuts, seed
        self.counts: list[Count] = []
        self.errors: list[BaseException] = []
        self.queue = list(enumerate(files))
        self.done = 0
        self.kills = 0

    def run(self, *, senders: int, kills: int) -> None:
        threads = [threading.Thread(target=self._send) for _ in range(senders)]
        for thread in threads:
            thread.start()
        marks = [(n + 1) * len(self.files) // (kills + 1) for n in range(kills)]
        while any(thread.is_alive() for thread in threads):
            if marks and self.done >= marks[0]:
                marks.pop(0)
                self.portal.kill()
                self.kills += 1
                self.portal.start()
            time.sleep(0.02)
        for thread in threads:
            thread.join()
        if self.errors:
            raise self.errors[0]

    def _send(self) -> None:
        while True:
            with self.portal.lock:
                if not self.queue or self.errors:
                    return
                number, (name, content) = self.queue.pop(0)
            try:
                self._one(number, name, content)
            except BaseException as problem:
                with self.portal.lock:
                    self.errors.append(problem)
                return

    def _one(self, number: int, name: str, content: bytes) -> None:
        cuts = random.Random(self.seed + number).randint(1, self.cuts)
        tabs = [Sender(self.target, name, content, self.seed + number, cuts)]
        if number % 10 == 3:  # the same file in two tabs
            tabs.append(Sender(self.target, name, content, self.seed - number, 0))
        beside = [threading.Thread(target=self._tab, args=(tab,)) for tab in tabs[1:]]
        for thread in beside:
            thread.start()
        found = tabs[0].run(probes=number % 5 == 0)
        for thread in beside:
            thread.join()
        with self.portal.lock:
            self.counts.append(found)
            self.done += 1

    def _tab(self, tab: Sender) -> None:
        try:
            tab.run()
        except BaseException as problem:
            with self.portal.lock:
                self.errors.append(problem)
