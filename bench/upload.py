"""`make bench-upload`: uploads that are cut and whose server is killed, the memory of the web processes, a disc of small files.

Prints a table and writes build/bench/upload.json: a list of {name, ours, peer, unit, ratio, target, met}. `--quick`: a tenth of it.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path

from bench import bucket, end_cleanly, tus

OUT = tus.ROOT / "build" / "bench" / "upload.json"
MEGABYTE = 1024**2
Row = dict[str, object]


def row(name: str, ours: float, unit: str, target: str, met: bool, peer: float | None = None) -> Row:
    ratio = round(ours / peer, 3) if peer else None
    found: Row = {"name": name, "ours": round(ours, 3), "peer": peer, "unit": unit, "ratio": ratio}
    return {**found, "target": target, "met": met}


def cuts(folder: Path, count: int, kills: int) -> list[Row]:
    """Every file, cut 1 to 20 times at random places, while the server is killed."""
    portal = tus.Portal(folder)
    target = portal.prepare()
    files = tus.contents(count, 6 * MEGABYTE, seed=11)
    with tus.running(portal):
        many = tus.Many(portal, target, files, cuts=20, seed=11)
        many.run(senders=4, kills=kills)
    expected = {name: hashlib.sha256(content).hexdigest() for name, content in files}
    told = portal.shell(tus.RECEIVED + tus.ORIGINALS)
    arrived = {words[1]: words[4] for words in told if words[0] == "upload"}
    originals = {words[1]: words[4] for words in told if words[0] == "file"}
    equal = sum(arrived.get(name) == digest == originals.get(name) for name, digest in expected.items())
    resent = max(one.resent for one in many.counts)
    refused = {status for one in many.counts for status in one.refused}
    total = sum(one.cuts for one in many.counts)
    return [
        row("uploads that arrived with an equal SHA-256", equal, "files", f"{count} of {count}", equal == count),
        row("cuts", total, "cuts", f"≥ {count}", total >= count),
        row("kill -9 of all web processes meanwhile", many.kills, "kills", f"≥ {kills}", many.kills >= kills),
        row("most sent again after one cut", resent / MEGABYTE, "MiB", "≤ one chunk (1 MiB)", resent <= tus.CHUNK),
        row("kinds of wrong request refused (409, 460)", len(refused), "kinds", "2", refused == {409, 460}),
    ]


def memory(folder: Path, size: int) -> list[Row]:
    """One large file in pieces of 8 MiB, as the portal's own uploader sends it."""
    portal = tus.Portal(folder)
    target = portal.prepare()
    with tus.running(portal):
        seen, took = large(portal, target, size)
    growth = (max(seen) - seen[0]) / MEGABYTE
    return [
        row(
            f"memory of the web processes, growth over {size / 1024**3:g} GiB", growth, "MiB", "≤ 32 MiB", growth <= 32
        ),
        row("memory of the web processes, most", max(seen) / MEGABYTE, "MiB", "told", True),
        row("one large file", size / MEGABYTE / took, "MiB/s", "told", True),
    ]


PIECE = random.Random(5).randbytes(8 * MEGABYTE)


def large(portal: tus.Portal, target: tus.Target, size: int) -> tuple[list[int], float]:
    """Send one file of `size` bytes. Returns the memory of the web from the moment when it is warm, and the seconds it took."""
    with ExitStack() as watching:
        seen: list[int] = []
        sender = tus.Sender(target, "large.bin", b"", 1, 0)
        sender.deadline = time.monotonic() + 3600
        sender.content = _Length(size)  # type: ignore[assignment]
        sender.create()
        offset, began = 0, time.monotonic()
        with closing(HTTPConnection("127.0.0.1", target.port, timeout=300)) as connection:
            while offset < size:
                octets = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset)}
                connection.request("PATCH", sender.url, PIECE[: size - offset], {**target.headers, **octets})
                answer = connection.getresponse()
                answer.read()
                offset = int(answer.headers["Upload-Offset"])
                if not seen and offset >= size // 20:  # warm: what a process loads once is not counted
                    seen = watching.enter_context(bucket.watched(portal.memory))
        return seen, time.monotonic() - began


def in_bucket(folder: Path, size: int) -> list[Row]:
    """The same with the records in a bucket, and the worker that puts the parts together, which is killed in the midst of it."""
    found = bucket.measured(folder, size, large)
    web, worker = ((max(seen) - seen[0]) / MEGABYTE for seen in (found.web, found.worker))
    digest, gib = hashlib.sha256(), f"{size / 1024**3:g} GiB"
    for start in range(0, size, len(PIECE)):
        digest.update(PIECE[: size - start])
    equal = (found.size, found.sha256) == (size, digest.hexdigest())
    return [
        row(f"S3: memory of the web processes, growth over {gib}", web, "MiB", "≤ 32 MiB", web <= 32),
        row(f"S3: memory of the worker, growth while it puts {gib} together", worker, "MiB", "≤ 32 MiB", worker <= 32),
        row("S3: memory of the worker and its processes, most", max(found.worker) / MEGABYTE, "MiB", "told", True),
        row("S3: one large file", size / MEGABYTE / found.seconds, "MiB/s", "told", True),
        row("S3: files whole after the worker was killed in the midst", int(equal), "files", "1 of 1", equal),
        row("S3: unfinished multipart uploads after the kill", found.unfinished, "uploads", "told", True),
        row(
            "S3: unfinished uploads and bytes too many after the sweep",
            found.left,
            "objects",
            "0",
            not found.left,
        ),
    ]


class _Length:
    """Stands for bytes that are never in memory together."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size


def disc(folder: Path, count: int) -> list[Row]:
    """Files of 30 kB over four connections that are kept: creation with upload, as the portal's own uploader does."""
    portal = tus.Portal(folder)
    target = portal.prepare()
    body = PIECE[:30_000]
    numbers = iter(range(count))
    wrong: list[int] = []
    lock = threading.Lock()

    def send() -> None:
        with closing(HTTPConnection("127.0.0.1", target.port, timeout=300)) as connection:
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                headers = tus.described(f"IM{number:05d}", len(body), number)
                octets = {"Content-Type": "application/offset+octet-stream"}
                connection.request("POST", f"/uploads/{target.ref}/", body, {**target.headers, **headers, **octets})
                answer = connection.getresponse()
                answer.read()
                if (answer.status, answer.headers["Upload-Offset"]) != (201, str(len(body))):
                    wrong.append(answer.status)
                    return

    with tus.running(portal):
        cpu, began = portal.cpu(), time.monotonic()
        threads = [threading.Thread(target=send) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took, cpu = time.monotonic() - began, portal.cpu() - cpu
    if wrong:
        raise RuntimeError(f"answers that are not 201: {wrong}")
    return [
        row(f"{count} small files", count / took, "files/s", "told", True),
        row("processor of the web for one small file", 1000 * cpu / count, "ms", "told", True),
    ]


def main(arguments: list[str]) -> int:
    """Returns 1 when a target is missed."""
    quick = "--quick" in arguments
    rows: list[Row] = []
    for work in (
        lambda folder: cuts(folder, 20 if quick else 200, 2 if quick else 8),
        lambda folder: memory(folder, (200 if quick else 2048) * MEGABYTE),
        lambda folder: in_bucket(folder, (200 if quick else 2048) * MEGABYTE),
        lambda folder: disc(folder, 200 if quick else 2000),
    ):
        with tempfile.TemporaryDirectory(prefix="consilium-bench-") as made:
            found = work(Path(made))
        rows += found
        for one in found:
            print(
                f"{one['name']!s:<62} {one['ours']!s:>10} {one['unit']!s:<8} {one['target']!s:<22} {'met' if one['met'] else 'MISSED'}",
                flush=True,
            )
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(rows, indent=1))
    return 0 if all(one["met"] for one in rows) else 1


if __name__ == "__main__":
    end_cleanly()
    sys.exit(main(sys.argv[1:]))
