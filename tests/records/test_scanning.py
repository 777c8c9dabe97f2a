"""Virus check: fail-closed, honest about what it did not look at, against a real daemon where one is installed."""

from __future__ import annotations

import shutil
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from portal.core.jobs import claim, execute
from portal.core.models import Job
from portal.core.states import JobState, Role
from records import checks, scanning
from records.models import Document, File, Receipt
from records.queries.files import files as files_of
from records.queries.files import readable_files
from records.scanning import Verdict, scan
from records.states import RecordState
from tests.factories import files
from tests.factories import records as make
from tests.factories.bucket import ports

EICAR = b"".join([b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$", b"EICAR-STANDARD-ANTIVIRUS", b"-TEST-FILE!$H+H*"])
"""Put together here, so that no scanner takes this file for the thing itself."""
LIMIT = 1024 * 1024


class Daemon(socketserver.ThreadingTCPServer):
    """Speaks INSTREAM as clamd(8) says: finds EICAR, and hangs up on a stream above its limit with words."""

    allow_reuse_address = daemon_threads = True
    answer: bytes | None = None
    """Said instead of the truth; empty: hangs up."""

    class RequestHandlerClass(socketserver.StreamRequestHandler):  # type: ignore[assignment]
        def handle(self) -> None:
            command = b""
            while not command.endswith(b"\0"):
                command += self.rfile.read(1)
            if command == b"zPING\0":
                self.wfile.write(b"PONG\0")
                return
            heard = b""
            while (size := int.from_bytes(self.rfile.read(4), "big")) and len(heard) + size <= LIMIT:
                heard += self.rfile.read(size)
            if size:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
            said = self.server.answer  # type: ignore[attr-defined]
            if said is None:
                said = b"stream: Suite.Eicar FOUND\0" if EICAR in heard else b"stream: OK\0"
            self.wfile.write(said)


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    with Daemon(("127.0.0.1", 0), Daemon.RequestHandlerClass) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def address(daemon: Daemon, settings: Any) -> str:
    settings.CLAMAV_ADDRESS = f"127.0.0.1:{daemon.server_address[1]}"
    return str(settings.CLAMAV_ADDRESS)


@pytest.fixture(scope="module")
def clamd() -> Iterator[str]:
    """A real daemon with one signature of its own."""
    program = shutil.which("clamd") or shutil.which("/usr/sbin/clamd")
    if program is None:
        pytest.skip("clamd is not installed (Debian: clamav-daemon); the protocol's other half stands in for it")
    (port,) = ports(1)
    with tempfile.TemporaryDirectory(prefix="consilium-clamd-") as made:
        folder = Path(made)
        (folder / "suite.ndb").write_text(f"Suite.Eicar:0:*:{EICAR.hex()}\n")
        (folder / "clamd.conf").write_text(
            f"TCPSocket {port}\nTCPAddr 127.0.0.1\nDatabaseDirectory {folder}\nForeground yes\nAlertExceedsMax yes\n"
            f"StreamMaxLength 2M\nMaxFileSize {LIMIT}\nMaxScanSize 2M\nTemporaryDirectory {folder}\n"
        )
        process = subprocess.Popen(
            [program, f"--config-file={folder / 'clamd.conf'}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            deadline = time.monotonic() + 60
            while not scanning.answers(f"127.0.0.1:{port}"):
                assert time.monotonic() < deadline and process.poll() is None, "clamd did not start"
                time.sleep(0.05)  # a look at another process, which cannot ring
            yield f"127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


def pieces(content: bytes, size: int = 70_000) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def test_real_daemon_tells_clean_found_and_too_big(clamd: str) -> None:
    assert scan(pieces(b"a letter" * 10_000), address=clamd) is Verdict.CLEAN
    assert scan(pieces(b""), address=clamd) is Verdict.CLEAN
    assert scan(pieces(EICAR), address=clamd) is Verdict.FOUND
    assert scan(pieces(files.packed(**{"readme.txt": b"hello", "setup.exe": EICAR})), address=clamd) is Verdict.FOUND
    assert scan(pieces(bytes(LIMIT + 10_000)), address=clamd) is Verdict.TOO_BIG  # AlertExceedsMax
    assert scan(pieces(bytes(3 * LIMIT)), address=clamd) is Verdict.TOO_BIG  # StreamMaxLength


def test_protocol_server_tells_the_same(address: str) -> None:
    assert scan(pieces(b"a letter" * 10_000), address=address) is Verdict.CLEAN
    assert scan(pieces(EICAR), address=address) is Verdict.FOUND
    assert scan(pieces(bytes(20 * LIMIT)), address=address) is Verdict.TOO_BIG


@pytest.mark.parametrize(
    "answer",
    [b"", b"stream: OK", b"\0", b"stream: lstat() failed. ERROR\0", b"UNKNOWN COMMAND\0", b"OK\0", b"stream: OKAY\0"],
)
def test_anything_but_ok_is_not_clean(daemon: Daemon, address: str, answer: bytes) -> None:
    daemon.answer = answer
    with pytest.raises(scanning.Unavailable):
        scan([b"a letter"], address=address)


@pytest.mark.parametrize("name", ["Heuristics.Limits.Exceeded.MaxFileSize", "Heuristics.Limits.Exceeded.MaxScanTime"])
def test_limits_of_the_daemon_are_too_big_and_not_clean(daemon: Daemon, address: str, name: str) -> None:
    daemon.answer = f"stream: {name} FOUND\0".encode()
    assert scan([b"a letter"], address=address) is Verdict.TOO_BIG


@pytest.mark.parametrize("wrong", ["127.0.0.1:{port}", "/nowhere/clamd.sock", "nonsense", "host:words"])
def test_no_daemon_is_unavailable(wrong: str) -> None:
    (port,) = ports(1)
    with pytest.raises(scanning.Unavailable):
        scan([b"x"], address=wrong.format(port=port))
    assert not scanning.answers(wrong.format(port=port))


def sent(case: Any) -> dict[str, File]:
    return {file.name: file for file in File.objects.filter(case=case)}


@pytest.mark.django_db
def test_what_is_found_is_set_aside_unopened_and_said(address: str, settings: Any, client: Client) -> None:
    settings.CLAMAV_MAX_BYTES = 300_000
    case = make.case()
    make.upload(case, files.pdf("Dear colleague"), "letter.pdf")
    make.upload(case, b"Dear colleague\n" + EICAR, "evil.txt")
    make.upload(case, b"Dear colleague\n" + EICAR, "evil again.txt")
    make.upload(case, b"Dear colleague\n" * 30_000, "large.txt")
    make.upload(case, files.packed(**{"a.txt": b"Dear colleague", "b.txt": b"x" + EICAR}), "both.zip")
    make.run_jobs()
    found = sent(case)
    assert found["letter.pdf"].state == RecordState.READY
    assert (found["evil.txt"].state, found["evil.txt"].code) == (RecordState.QUARANTINED, "malware_found")
    assert (found["large.txt"].state, found["large.txt"].code) == (RecordState.QUARANTINED, "too_big_to_scan")
    assert found["a.txt"].state == RecordState.READY
    assert found["b.txt"].code == "malware_found"
    assert set(Document.objects.values_list("file__name", flat=True)) == {"letter.pdf", "a.txt"}
    view = files_of(case)
    assert {one.file.name for one in view.refused} >= {"evil.txt", "large.txt", "b.txt"}
    client.force_login(case.opened_by)
    page = client.get(f"/cases/{case.ref}/records/").text
    assert "Our virus check found something in this file" in page
    assert "too big for our virus check" in page
    told = {one["code"] for receipt in Receipt.objects.all() for one in receipt.document["refused"]}
    assert told == {"malware_found", "too_big_to_scan"}
    desk = make.user(Role.COORDINATOR)
    assert set(readable_files(desk).values_list("name", flat=True)) == {"letter.pdf", "large.txt", "a.txt"}
    assert set(readable_files(case.opened_by).values_list("name", flat=True)) == {"letter.pdf", "a.txt"}


@pytest.mark.django_db
def test_nothing_is_opened_while_the_daemon_is_away(daemon: Daemon, address: str) -> None:
    daemon.answer = b""
    case = make.case()
    make.upload(case, files.pdf("Dear colleague"), "letter.pdf")
    job = Job.objects.get(name="records.process_upload")
    for _ in range(8):  # more than the attempts that any job has: it may be away for hours
        run = claim(job.pk)
        assert run is not None
        execute(run)
        job.refresh_from_db()
        assert (job.state, job.attempt, job.error.split()[0]) == (JobState.QUEUED, 0, "Unavailable")
        assert job.due_at > timezone.now()
        Job.objects.update(due_at="2020-01-01T00:00Z")
    assert sent(case)["letter.pdf"].state == RecordState.PROCESSING
    assert not Document.objects.exists()
    daemon.answer = None
    make.run_jobs()
    assert sent(case)["letter.pdf"].state == RecordState.READY


@pytest.mark.django_db
def test_a_daemon_that_is_away_for_days_is_told_in_the_end(daemon: Daemon, address: str) -> None:
    daemon.answer = b""
    case = make.case()
    make.upload(case, files.pdf("Dear colleague"), "letter.pdf")
    Job.objects.update(created_at="2020-01-01T00:00Z", attempt=5)
    job = Job.objects.get(name="records.process_upload")
    run = claim(job.pk)
    assert run is not None
    execute(run)
    job.refresh_from_db()
    assert (job.state, sent(case)["letter.pdf"].code) == (JobState.FAILED, "processing_failed")


def test_start_warns_when_the_scanner_is_silent(address: str, settings: Any) -> None:
    settings.PRODUCTION = True
    assert checks.scanner_answers() == []
    with closing(socket.socket()) as nobody:
        nobody.bind(("127.0.0.1", 0))
        settings.CLAMAV_ADDRESS = f"127.0.0.1:{nobody.getsockname()[1]}"
        assert [one.id for one in checks.scanner_answers()] == ["portal.scanner_silent"]
