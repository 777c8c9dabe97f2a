"""First image and whole series in a browser: our viewer on our portal, OHIF on Orthanc, in one Chromium on one machine.

OHIF comes from npm (`@ohif/app`, built by its makers) into build/, and is never part of the product. Its pages are served by a small server here; it
asks Orthanc directly, so nothing stands between the two that would cost it time: Chromium is told not to mind the two origins, for both sides alike.
"""

from __future__ import annotations

import json
import mimetypes
import shutil
import statistics
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from bench.servers import ROOT

PACKAGE = "@ohif/app@3.13.2"
KEPT = ROOT / "build" / "ohif-3.13.2"
SWITCHES = ["--no-sandbox", "--disable-web-security"]
SECONDS = 180
WATCH = """
localStorage.setItem('shownTours', '["basicViewerTour"]');
performance.setResourceTimingBufferSize(100000);
window.benchFirst = 0;
const look = () => {
  for (const canvas of document.querySelectorAll('canvas.cornerstone-canvas')) {
    if (canvas.width < 100 || canvas.height < 100) continue;
    const at = canvas.getContext('2d').getImageData(canvas.width / 2 - 8, canvas.height / 2 - 8, 16, 16).data;
    if (at.some((value, n) => n % 4 !== 3 && value > 8)) { window.benchFirst = performance.now(); return; }
  }
  requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
"""In every page: when the middle of an image window is no longer black (milliseconds from navigation). Both viewers draw with cornerstone.
OHIF is told that its tour was taken: its layer over the images would cost it time."""
FETCHED = """() => {
  const asked = performance.getEntriesByType('resource').filter((one) => one.responseEnd > 0);
  const frames = new Set(asked.filter((one) => /\\/instances\\/[^/]+\\/frames\\//.test(one.name)).map((one) => one.name));
  const packs = asked.filter((one) => one.name.includes('/pack?'));
  const inPacks = packs.reduce((sum, one) => sum + Number(new URL(one.name).searchParams.get('count')), 0);
  const last = Math.max(0, ...asked.filter((one) => frames.has(one.name) || packs.includes(one)).map((one) => one.responseEnd));
  return { first: window.benchFirst, frames: frames.size + inPacks, last };
}"""


class Unreachable(Exception):
    """OHIF cannot be had; the argument says why."""


def ohif() -> Path:
    """The folder of OHIF's built pages, fetched once.

    Raises:
        Unreachable: there is no npm, or it cannot reach its registry.
    """
    if (KEPT / "index.html").exists():
        return KEPT
    npm = shutil.which("npm") or str(Path(sys.executable).parent / "npm")
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    command = [npm, "pack", "--silent", "--pack-destination", str(KEPT.parent), PACKAGE]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise Unreachable(f"npm: {problem}") from problem
    if done.returncode:
        raise Unreachable(f"npm does not give {PACKAGE}")
    packed = KEPT.parent / done.stdout.split()[-1]
    with tarfile.open(packed) as archive:
        for member in archive.getmembers():
            if member.isfile() and member.name.startswith("package/dist/"):
                member.name = member.name.removeprefix("package/dist/")
                archive.extract(member, KEPT, filter="data")
    packed.unlink()
    return KEPT


def settings(root: str) -> bytes:
    """OHIF's configuration for a DICOMweb service without a password."""
    source = {
        "namespace": "@ohif/extension-default.dataSourcesModule.dicomweb",
        "sourceName": "peer",
        "configuration": {
            "friendlyName": "peer",
            "name": "peer",
            "qidoRoot": root,
            "wadoRoot": root,
            "wadoUriRoot": root,
            "qidoSupportsIncludeField": False,
            "imageRendering": "wadors",
            "thumbnailRendering": "wadors",
            "enableStudyLazyLoad": True,
            "supportsFuzzyMatching": False,
            "supportsWildcard": True,
            "omitQuotationForMultipartRequest": True,
        },
    }
    told = {
        "routerBasename": None,
        "extensions": [],
        "modes": [],
        "customizationService": {},
        "showStudyList": False,
        "investigationalUseDialog": {"option": "never"},
        "maxNumberOfWebWorkers": 3,
        "maxNumRequests": {"interaction": 100, "thumbnail": 5, "prefetch": 25},
        "defaultDataSourceName": "peer",
        "dataSources": [source],
    }
    return f"window.config = {json.dumps(told)};".encode()


class _Pages(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *arguments: Any, folder: Path, configuration: bytes) -> None:
        self.folder, self.configuration = folder, configuration
        super().__init__(*arguments)

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].lstrip("/")
        file = self.folder / path
        if path == "app-config.js":
            content, kind = self.configuration, "text/javascript"
        else:  # any other address is one of the application's own
            file = file if path and file.is_file() else self.folder / "index.html"
            content = file.read_bytes()
            kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def pages(root: str) -> Iterator[str]:
    """Serves OHIF for the DICOMweb service at `root`; gives its address."""
    handler = partial(_Pages, folder=ohif(), configuration=settings(root))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def opened(browser: Browser, address: str, frames: int, cookie: str = "") -> tuple[float, float]:
    """Seconds from navigation to the first drawn image and to the last of all frames, in a browser that was never there.

    Raises:
        RuntimeError: it did not come so far.
    """
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    try:
        context.add_init_script(WATCH)
        if cookie:
            name, _, value = cookie.split(";")[0].partition("=")
            context.add_cookies([{"name": name, "value": value, "domain": "localhost", "path": "/"}])
        page = context.new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)[:200]))
        page.goto(address)
        began = time.monotonic()
        while time.monotonic() - began < SECONDS:
            found = page.evaluate(FETCHED)
            if found["first"] and found["frames"] >= frames:
                return found["first"] / 1000, found["last"] / 1000
            page.wait_for_timeout(100)
        raise RuntimeError(
            f"{page.url.partition('?')[0]} after {SECONDS} s: {found}; {complaints[:3]} {page.inner_text('body')[:120]!r}"
        )
    finally:
        context.close()


def compared(
    ours: str, cookie: str, peer_root: str, study: str, frames: int, times: int
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Medians of (first image, whole series) in seconds: ours, OHIF's. They take turns.

    Raises:
        Unreachable: OHIF cannot be had.
    """
    from tests.journeys.browser import chromium_path

    with pages(peer_root) as address, sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=chromium_path(), args=SWITCHES)
        taken: tuple[list[tuple[float, float]], list[tuple[float, float]]] = ([], [])
        for _ in range(times):
            taken[0].append(opened(browser, ours, frames, cookie))
            taken[1].append(opened(browser, f"{address}/viewer?StudyInstanceUIDs={study}", frames))
        browser.close()

    def median(found: list[tuple[float, float]]) -> tuple[float, float]:
        return statistics.median(one[0] for one in found), statistics.median(one[1] for one in found)

    return median(taken[0]), median(taken[1])
