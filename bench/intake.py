"""What becomes of real, hostile and whole-disc uploads: `make bench-intake`.

A portal of its own (web and worker as real processes) takes each set over tus as the page sends it. Counted is what the receipt counts;
time runs from the last byte sent to the receipt; memory is the peak that the kernel notes for each process (VmHWM).

Published figures for comparison: 78 % and 95 % of patients' discs could be imported (see docs/performance.md).
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from bench import end_cleanly

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "build" / "bench" / "intake.json"
CONNECTIONS = 4
"""As the page sends."""
STILL_SECONDS = 900
"""So long nothing may change in a case before it is given up: no clock runs out on a machine that is merely slow."""
MOST_SECONDS = 6 * 3600
PUBLISHED = (0.78, 0.95)
LEAST_BYTES = 132
RESEARCH = (".dat", ".atr", ".hea")
"""WFDB: binary signals without a header of their own, which no hospital hands out."""
Sent = tuple[str, bytes]


def main() -> int:
    from tests.journeys.service import running

    files = int(os.environ.get("FILES", "5000"))
    data = Path(os.environ.get("TEST_DATA", ""))
    sets: list[tuple[str, Sequence[Sent], set[str]]] = []
    if data.is_dir() and (data / "hostile").is_dir():
        for name, folder in (("real DICOM", "dicom"), ("real papers", "documents"), ("hostile", "hostile")):
            found = [
                (str(path.relative_to(data)), path.read_bytes())
                for path in sorted((data / folder).rglob("*"))
                if path.is_file()
            ]
            sets.append((name, found, {path for path, content in found if readable(path, content, folder)}))
    else:
        print("TEST_DATA names no real files: only the generated disc is measured", file=sys.stderr)
    made = list(disc(files))
    sets.append((f"disc of {len(made):,} files", made, {path for path, _ in made}))
    results: list[Result] = []
    with TemporaryDirectory() as folder, running(Path(folder)) as service:
        for name, sent, good in sets:
            with Memory([process.pid for process in service.processes]) as memory:
                results.append(take(service, name, sent, good, memory))
            print(results[-1].line(), flush=True)
    rows = [row for result in results for row in result.rows()]
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(rows, indent=1) + "\n")
    table(results, rows)
    return 0 if all(row["met"] for row in rows) else 1


def readable(path: str, content: bytes, folder: str) -> bool:
    """Whether another reader (pydicom) opens a DICOM file to its end and decodes its first image, or has all the bytes of its pixels.

    Every paper is held to be readable but the signal files of research databases; nothing hostile is.
    """
    import io
    import warnings

    import pydicom
    from pydicom.dataelem import RawDataElement

    if folder != "dicom":
        return folder == "documents" and not path.endswith(RESEARCH)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = pydicom.dcmread(io.BytesIO(content), force=len(content) > LEAST_BYTES)
            raw = (one for one in found.values() if isinstance(one, RawDataElement) and one.length != 0xFFFFFFFF)
            if any(len(one.value or b"") < one.length for one in raw):
                return False  # it is cut short, which pydicom passes over in silence
            for _ in found.iterall():
                pass
            if "PixelData" in found and not _decodable(found, content):
                return False
            return "SOPClassUID" in found or "DirectoryRecordSequence" in found
        except Exception:  # whatever the other reader raises: to it the file is unreadable
            return False


def _decodable(found: Any, content: bytes) -> bool:
    """Whether the pixels are all there, or one of pydicom's decoders makes an image of the first frame."""
    import io

    from pydicom.pixels import get_decoder, pixel_array

    syntax = found.file_meta.TransferSyntaxUID
    if syntax.is_compressed:
        return bool(get_decoder(syntax).is_available) and bool(pixel_array(io.BytesIO(content), index=0).size)
    bits = (
        found.Rows
        * found.Columns
        * found.SamplesPerPixel
        * found.BitsAllocated
        * int(found.get("NumberOfFrames", 1) or 1)
    )
    return len(found.PixelData) >= bits // 8 or found.PhotometricInterpretation == "YBR_FULL_422"


def disc(files: int) -> Iterator[Sent]:
    """A disc as a hospital burns it: images without endings, a viewer with its help pages and icons, a table of contents."""
    from tests.factories.files import dicom, pdf

    program = b"MZ\x90\0" + bytes(4096)
    extra: list[Sent] = [("AUTORUN.INF", b"[autorun]\r\nopen=viewer.exe\r\n"), ("viewer.exe", program)]
    extra += [(f"VIEWER/bin/lib{n}.dll", program + bytes([n])) for n in range(20)]
    extra += [(f"VIEWER/help/page{n}.html", f"<html><body>Help {n}</body></html>".encode()) for n in range(20)]
    extra += [("README.TXT", b"Insert the disc and wait."), ("report.pdf", pdf("Impression: nodule of 14 mm"))]
    yield from extra
    for n in range(files - len(extra)):
        series, image = n // 400 + 1, n % 400 + 1
        yield f"DICOM/S{series:03d}/{image:08d}", dicom(series=series, instance=image, size=64)


@dataclass
class Result:
    name: str
    sent: int
    readable: set[str]
    lost: dict[str, str] = field(default_factory=dict)
    """Files that ended without being taken, with the code that says why."""
    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    sending: float = 0.0
    to_receipt: float = 0.0
    memory: dict[str, int] = field(default_factory=dict)

    @property
    def missed(self) -> dict[str, str]:
        """Readable files that were not taken."""
        return {path: code for path, code in self.lost.items() if path in self.readable}

    @property
    def rate(self) -> float:
        """Of the readable files, those that are in the case; what is set aside for a person is in it."""
        return round(1 - len(self.missed) / len(self.readable), 4) if self.readable else 1.0

    def line(self) -> str:
        return f"{self.name}: {dict(self.counts)} in {self.sending:.1f} s + {self.to_receipt:.1f} s"

    def rows(self) -> list[dict[str, Any]]:
        rows = []
        if self.name != "hostile":
            for peer in PUBLISHED:
                rows.append(
                    _row(f"{self.name}: imported of readable files", self.rate, peer, "share", 1.0, self.rate >= 1.0)
                )
        else:
            ended = sum(self.counts.values())
            rows.append(
                _row("hostile: files that end with a verdict", ended, self.sent, "files", self.sent, ended >= self.sent)
            )
        rows.append(_row(f"{self.name}: last byte to receipt", round(self.to_receipt, 1), None, "s", None, True))
        for process, size in self.memory.items():
            target = 1024 if process == "child" else None
            mega = round(size / 1024**2)
            rows.append(
                _row(
                    f"{self.name}: peak memory of {process}", mega, None, "MB", target, target is None or mega <= target
                )
            )
        return rows


def _row(name: str, ours: float, peer: float | None, unit: str, target: float | None, met: bool) -> dict[str, Any]:
    ratio = round(ours / peer, 3) if peer else None
    return {"name": name, "ours": ours, "peer": peer, "unit": unit, "ratio": ratio, "target": target, "met": met}


class Memory:
    """Watches the processes below these for the most memory that each kind of them ever had, in bytes."""

    def __init__(self, roots: Sequence[int]) -> None:
        self.roots = dict(zip(roots, ("web", "worker"), strict=False))
        self.peak: dict[str, int] = {}
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Memory:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.thread.join()

    def _watch(self) -> None:
        while not self.stopped.wait(0.1):
            parents: dict[int, int] = {}
            sizes: dict[int, int] = {}
            children: set[int] = set()
            for entry in os.listdir("/proc"):
                if entry.isdigit():
                    try:
                        status = Path(f"/proc/{entry}/status").read_text()
                        line = Path(f"/proc/{entry}/cmdline").read_bytes()
                    except OSError:
                        continue
                    fields = dict(part.split(":", 1) for part in status.splitlines() if ":" in part)
                    parents[int(entry)] = int(fields["PPid"])
                    sizes[int(entry)] = int(fields.get("VmHWM", "0 kB").split()[0]) * 1024
                    if b"records.child" in line or b"lok.py" in line:
                        children.add(int(entry))
            for pid, size in sizes.items():
                kind = self._kind(pid, parents)
                if kind:
                    kind = "child" if pid in children else kind
                    self.peak[kind] = max(self.peak.get(kind, 0), size)

    def _kind(self, pid: int, parents: dict[int, int]) -> str:
        while pid > 1:
            if pid in self.roots:
                return self.roots[pid]
            pid = parents.get(pid, 0)
        return ""


def take(service: Any, name: str, sent: Sequence[Sent], good: set[str], memory: Memory) -> Result:
    """Send a set into a case of its own, and wait for its receipt."""
    ref, session = service.django(NEW_CASE).splitlines()[-1].split()
    batch = str(uuid4())
    result = Result(name, len(sent), good)
    began = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(lambda one: send(service.port, ref, session, batch, *one), sent))
    last = time.perf_counter()
    result.sending = last - began
    found = json.loads(service.run("-c", WAIT.format(batch=batch, still=STILL_SECONDS), patience=MOST_SECONDS))
    result.to_receipt = max(0.0, found["waited"] + found["from"] - (time.time() - (time.perf_counter() - last)))
    result.counts, result.reasons = Counter(found["counts"]), Counter(found["reasons"])
    result.lost = found["lost"]
    result.memory = dict(memory.peak)
    return result


_OPEN = threading.local()


def send(port: int, ref: str, session: str, batch: str, path: str, content: bytes) -> None:
    """One file in one request, as the page sends a small one (tus 1.0, creation-with-upload); large ones in parts of 8 MB."""
    token = "b" * 32
    name = path.rsplit("/", 1)[-1]
    said = {
        "filename": name,
        "relativePath": path,
        "batch": batch,
        "fingerprint": hashlib.sha256(path.encode()).hexdigest(),
    }
    meta = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items())
    common = {"Cookie": f"sessionid={session}; csrftoken={token}", "X-CSRFToken": token, "Tus-Resumable": "1.0.0"}
    kind = {"Content-Type": "application/offset+octet-stream"}
    part = 8 * 1024 * 1024
    answer, location = ask(
        port,
        "POST",
        f"/uploads/{ref}/",
        content[:part],
        common | kind | {"Upload-Length": str(len(content)), "Upload-Metadata": meta},
    )
    if answer != 201:
        raise RuntimeError(f"{answer} for a file of {name}")
    for start in range(part, len(content), part):
        answer, _ = ask(
            port, "PATCH", location, content[start : start + part], common | kind | {"Upload-Offset": str(start)}
        )
        if answer != 204:
            raise RuntimeError(f"{answer} for a part")


def ask(port: int, method: str, address: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    for _ in range(2):
        connection = getattr(_OPEN, "connection", None)
        if connection is None:
            connection = _OPEN.connection = http.client.HTTPConnection("localhost", port, timeout=300)
        try:
            connection.request(method, address, body, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.headers.get("Location", "").removeprefix(f"http://localhost:{port}")
        except (http.client.HTTPException, OSError):
            connection.close()
            _OPEN.connection = None
    raise RuntimeError("the portal does not answer")


NEW_CASE = """
from tests.factories import records as make
from django.test import Client
case = make.case()
client = Client()
client.force_login(case.opened_by)
print(case.ref, client.cookies["sessionid"].value)
"""
WAIT = """
import json, time
import django; django.setup()
from collections import Counter
from django.db.models import Count
from records.models import File, Receipt
began = moved = time.time()
before = None
while not Receipt.objects.filter(batch="{batch}").exists():
    now = list(File.objects.filter(upload__batch="{batch}").order_by().values_list("state").annotate(n=Count("pk"), kept=Count("object")))
    if now != before: before, moved = now, time.time()
    if time.time() - moved > {still}: raise SystemExit(f"no receipt, and nothing has moved for {still} s: {{now}}")
    time.sleep(0.2)
waited = time.time() - began
rows = list(File.objects.filter(upload__batch="{batch}", container__isnull=True).values_list("state", "code", "kind"))
left = {{"viewer_program", "viewer_file", "dicomdir", "system_file"}}
def kind(state, code):
    if state == "ready": return "left out" if code in left else "accepted"
    if state == "rejected": return "needs a password" if code in ("pdf_password", "zip_password") else "refused"
    return state
lost = {{f"{{folder}}/{{name}}".lstrip("/"): code for folder, name, code in File.objects.filter(
    upload__batch="{batch}", container__isnull=True, state="rejected").exclude(code__in=("pdf_password", "zip_password")).values_list("folder", "name", "code")}}
print(json.dumps({{"lost": lost, "waited": waited, "from": began, "counts": Counter(kind(s, c) for s, c, _ in rows),
                  "reasons": Counter(c for s, c, _ in rows if s != "ready")}}))
"""


def table(results: Sequence[Result], rows: Sequence[dict[str, Any]]) -> None:
    print(
        f"\n{'set':26}{'sent':>7}{'accepted':>10}{'left out':>10}{'set aside':>11}{'password':>10}{'refused':>9}{'to receipt':>12}"
    )
    for one in results:
        c = one.counts
        print(
            f"{one.name:26}{one.sent:>7}{c['accepted']:>10}{c['left out']:>10}{c['quarantined']:>11}{c['needs a password']:>10}"
            f"{c['refused']:>9}{one.to_receipt:>10.1f} s"
        )
        for code, count in one.reasons.most_common():
            print(f"{'':26}{count:>7}  {code}")
        for path, code in one.missed.items():
            print(f"{'':26}{'missed':>7}  {path}: {code}")
    print(f"\n{'measure':58}{'ours':>9}{'peer':>8}{'ratio':>8}{'target':>9}  met")
    for row in rows:
        shown = [("" if row[key] is None else f"{row[key]:g}") for key in ("ours", "peer", "ratio", "target")]
        print(f"{row['name']:58}{shown[0]:>9}{shown[1]:>8}{shown[2]:>8}{shown[3]:>9}  {'yes' if row['met'] else 'NO'}")
    print(f"\nWritten to {OUT.relative_to(ROOT)}; {os.cpu_count()} cores")


if __name__ == "__main__":
    end_cleanly()
    sys.exit(main())
