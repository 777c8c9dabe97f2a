"""`make bench-viewer`: a CT of 4,000 images in Chromium with the memory of a 4 GB laptop, scrolled from end to end.

Prints a table and writes build/bench/viewer.json: a list of {name, ours, peer, unit, ratio, target, met}. `--quick`: 800 images
and a machine with 1 GB, so that they do not fit either.
Of the 4,000 images 100 are sent through the whole intake; the others are rows of the database that name the same sealed bytes under UIDs,
numbers and places of their own: the browser gets as much as it would of 4,000 different ones, and the bench need not write 2 GB.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from playwright.sync_api import Page, sync_playwright

from bench import data, end_cleanly, servers, topology
from bench.client import Server, stow

if TYPE_CHECKING:
    from records.models import Series

OUT = servers.ROOT / "build" / "bench" / "viewer.json"
SENT, SPACING_MM = 100, 1.0
HEAP_MB = 1024
"""What Chromium gives the script of a page on a machine with 4 GB: a quarter."""
CAP_MB = 2048
"""Half of such a laptop: what the page's process may hold in all, decoded images included."""
SWITCHES = ["--no-sandbox", f"--js-flags=--max-old-space-size={HEAP_MB}", "--enable-precise-memory-info"]
LAPTOP = "Object.defineProperty(Navigator.prototype, 'deviceMemory', { get: () => %d });"
APP = "document.getElementById('viewer').consilium"
SCROLL = """async ([from, to]) => {
  const { panes: [pane] } = document.getElementById('viewer').consilium, steps = [], waits = [], by = Math.sign(to - from);
  const drawn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  let failed = 0;
  for (let index = from; index !== to + by; index += by) {
    const began = performance.now();
    await pane.goTo(index);
    waits.push(performance.now() - began);
    await drawn();
    steps.push(performance.now() - began);
    if (pane.index !== index || pane.node.classList.contains('co-v-pane--failed') || !pane.message.hidden) failed += 1;
  }
  return { steps, waits, failed, heap: performance.memory.usedJSHeapSize, failures: pane.series.failed.size };
}"""
JUMPS = """async (places) => {
  const { panes: [pane] } = document.getElementById('viewer').consilium, steps = [];
  let failed = 0;
  for (const index of places) {
    const began = performance.now();
    await pane.goTo(index);
    steps.push(performance.now() - began);
    if (pane.index !== index || !pane.message.hidden) failed += 1;
  }
  return { steps, failed };
}"""
Row = dict[str, Any]


class Memory:
    """Most resident bytes of the browser's page processes, looked at every 200 ms."""

    def __init__(self, browser: int) -> None:
        self.browser, self.most, self._end = browser, 0, threading.Event()
        self._watcher = threading.Thread(target=self._watch)

    def __enter__(self) -> Memory:
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._end.wait(0.2):
            self.most = max([self.most, *(self._page(pid) for pid in servers.descendants(self.browser))])

    def _page(self, pid: int) -> int:
        try:
            if b"--type=renderer" not in Path(f"/proc/{pid}/cmdline").read_bytes():
                return 0
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
            return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))
        except OSError:
            return 0


def bounded(name: str, ours: float, unit: str, most: float | None) -> Row:
    target, met = ("shown", None) if most is None else (f"≤ {most:g} {unit}", ours <= most)
    return {
        "name": name,
        "ours": round(ours, 1),
        "peer": None,
        "unit": unit,
        "ratio": None,
        "target": target,
        "met": met,
    }


def multiply(study: str, count: int) -> None:
    """Rows for images SENT + 1 … `count` of the study's only series, each with the bytes of one that was sent."""
    from records.models import File, Instance, Series

    series = Series.objects.get(study__uid=study)
    sent = list(Instance.objects.filter(series=series).order_by("number").select_related("file"))
    for number in range(len(sent) + 1, count + 1):
        like = sent[(number - 1) % len(sent)]
        uid, place = f"{series.uid}.{number}", [-180.0, -180.0, (number - 1) * SPACING_MM]
        file = File.objects.get(pk=like.file_id)
        file.pk, file.container_id, file.name = uuid4(), like.file_id, f"IM{number}"
        file.save(force_insert=True)
        metadata = {
            **like.metadata,
            "00080018": {"vr": "UI", "Value": [uid]},
            "00200013": {"vr": "IS", "Value": [number]},
            "00200032": {"vr": "DS", "Value": place},
        }
        like = Instance.objects.get(pk=like.pk)
        like.pk, like.file, like.uid, like.number, like.position, like.metadata = (
            uuid4(), file, uid, number, place, metadata,
        )  # fmt: skip
        like.save(force_insert=True)
    prepare(series, count)


def prepare(series: Series, count: int) -> None:
    """The series' metadata file, as the worker makes it when images have come (records/steps/series.py)."""
    from django.db.models import F

    from portal.core import storage
    from records.dicomweb.qido import instance_metadata
    from records.models import Instance, Series

    rows = Instance.objects.filter(series=series).order_by("number", "uid")
    body = json.dumps([instance_metadata(one) for one in rows], separators=(",", ":")).encode()
    metadata = storage.write_stream([body], case_id=series.study.case_id, kind="derived")
    later = F("revision") + 1
    Series.objects.filter(pk=series.pk).update(
        instance_count=count, frame_count=count, metadata=metadata, revision=later, derived_revision=later
    )


def opened(page: Page, address: str, seconds: float = 300) -> float:
    """Seconds from navigation to the first image on screen."""
    began = time.monotonic()
    page.goto(address)
    ready = f"Boolean({APP}?.panes?.[0]?.viewport?.getCornerstoneImage?.() && {APP}.panes[0].message.hidden)"
    while not page.evaluate(ready):
        if time.monotonic() - began > seconds:
            raise RuntimeError("the viewer shows no image")
        page.wait_for_timeout(20)
    return time.monotonic() - began


def looked_at(page: Page, address: str, count: int, memory: Memory, cap: int) -> list[Row]:
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("crash", lambda _: complaints.append("the page crashed"))
    first = opened(page, address)
    page.evaluate(f"{APP}.panes[0].goTo(0)")
    there = page.evaluate(SCROLL, [0, count - 1])
    back = page.evaluate(SCROLL, [count - 1, count - 200])
    jumps = page.evaluate(JUMPS, [(n * 7919) % count for n in range(1, 31)])
    cache = page.evaluate(f"{APP}.cacheSize()") / 1e6
    steps, waits = sorted(there["steps"] + back["steps"]), sorted(there["waits"] + back["waits"])
    failed = there["failed"] + back["failed"] + jumps["failed"] + there["failures"] + len(complaints)
    for one in complaints[:5]:
        print("  !", one)
    return [
        bounded(f"first image of {count:,} from navigation", first, "s", 5.0),
        bounded(f"scrolling {count:,} images and 200 back: until the image is there, median", statistics.median(waits), "ms", 50),
        bounded("… 95 of 100", waits[int(len(waits) * 0.95)], "ms", 250),
        bounded("… until it is drawn (in software here), median", statistics.median(steps), "ms", 100),
        bounded("… the longest step", steps[-1], "ms", None),
        bounded("30 jumps anywhere: until the image is there, median", statistics.median(jumps["steps"]), "ms", 1000),
        bounded("images that failed, errors of the page", failed, "", 0),
        bounded("script heap with its buffers at the end", back["heap"] / 1e6, "MB", cap * 1.5 + 256),
        bounded("decoded images held at the end", cache / 1.048576, "MiB", cap),
        bounded("most memory of the page's process (heap, images, pictures)", memory.most / 1e6, "MB", CAP_MB),
    ]  # fmt: skip


def run(count: int, gigabytes: int) -> list[Row]:
    from tests.journeys.browser import chromium_path

    volume = data.volume(SENT)
    with tempfile.TemporaryDirectory(prefix="consilium-bench-") as name:
        folder = Path(name) / "portal"
        port = servers.free_port()
        os.environ |= {"DATA_DIR": str(folder), "DEMO": "0", "PORT": str(port), "DJANGO_ALLOW_ASYNC_UNSAFE": "1"}
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.local")
        with servers.portal(folder, port), sync_playwright() as tools:
            case, headers, _ = topology.prepared()
            server = Server(port, headers)
            server.all(
                [stow(f"/dicomweb/cases/{case}/studies", volume.files[at : at + 10]) for at in range(0, SENT, 10)], 2
            )
            path = f"/dicomweb/cases/{case}/studies/{volume.study}/series/{volume.series}/metadata"
            deadline = time.monotonic() + 600
            while time.monotonic() < deadline:
                found = server.get(path, Accept="application/dicom+json") if _there(server, path) else b"[]"
                if len(json.loads(found)) == SENT:
                    break
                time.sleep(0.3)
            multiply(volume.study, count)
            with Memory(os.getpid()) as memory:
                chromium = tools.chromium.launch(executable_path=chromium_path(), args=SWITCHES)
                context = chromium.new_context(viewport={"width": 1366, "height": 768})
                context.add_init_script(LAPTOP % gigabytes)
                cookie, _, value = headers["Cookie"].split(";")[0].partition("=")
                context.add_cookies([{"name": cookie, "value": value, "url": f"http://localhost:{port}"}])
                address = f"http://localhost:{port}/viewer/{case}/?study={volume.study}"
                rows = looked_at(context.new_page(), address, count, memory, max(256, gigabytes * 192))
                chromium.close()
            return rows


def _there(server: Server, path: str) -> bool:
    try:
        server.get(path, Accept="application/dicom+json")
    except RuntimeError:
        return False
    return True


def main(arguments: list[str]) -> int:
    rows = run(800, 1) if "--quick" in arguments else run(4000, 4)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(rows, indent=1, ensure_ascii=False))
    print(f"| step | ours | target | met |\n|---|---|---|---|\n{chr(10).join(map(_line, rows))}")
    return 0


def _line(row: Row) -> str:
    met = {None: "shown", True: "yes", False: "**no**"}[row["met"]]
    return f"| {row['name']} | {row['ours']:,} {row['unit']} | {row['target']} | {met} |"


if __name__ == "__main__":
    end_cleanly()
    sys.exit(main(sys.argv[1:]))
