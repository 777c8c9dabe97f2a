"""Every row of the table in one topology: `python -m bench.topology OUT [--quick]`, with the services' addresses in the environment."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from bench import browser, data, end_cleanly, ingest, servers
from bench.client import Request, Server, median, timed
from bench.rows import Row, bounded, compared

FRAMES = {"Accept": 'multipart/related; type="application/octet-stream"'}
JPEG = {"Accept": "image/jpeg"}
JSON = {"Accept": "application/dicom+json"}
PACK = 32
STUDIES = 20_000


class Bench:
    def __init__(self, ours: Server, peer: Server, case: str, volume: data.Volume, quick: bool, pid: int) -> None:
        self.ours, self.peer, self.volume, self.quick, self.pid = ours, peer, volume, quick, pid
        self.base, self.peer_base = f"/dicomweb/cases/{case}", "/dicom-web"
        self.study = f"/studies/{volume.study}"
        self.series = f"{self.study}/series/{volume.series}"
        self.rows: list[Row] = []

    def instance(self, number: int) -> str:
        return f"{self.series}/instances/{self.volume.instances[number]}"

    def ingest(self) -> None:
        self.rows += ingest.measure(self.ours, self.peer, self.base, self.peer_base, self.volume)

    # -- finding

    def lists(self) -> None:
        times = 3 if self.quick else 7
        for name, path in (
            ("QIDO: all instances of the series", f"{self.series}/instances"),
            ("metadata of the series", f"{self.series}/metadata"),
        ):
            ours = median(partial(timed, partial(self.ours.get, self.base + path, **JSON)), times)
            peer = median(partial(timed, partial(self.peer.get, self.peer_base + path, **JSON)), min(times, 3))
            self.rows.append(compared(name, ours * 1000, peer * 1000, "ms", at_most=0.1))

    # -- looking

    def frames(self) -> None:
        count = len(self.volume.files)
        single = [f"{self.instance(n)}/frames/1" for n in range(count)]
        repeat = 1 if self.quick else 3

        def by_frames(server: Server, base: str) -> float:
            return median(lambda: server.all([Request(base + path, headers=FRAMES) for path in single], 8)[0], repeat)

        def by_packs() -> float:
            asked = [
                Request(f"{self.base}{self.series}/pack?first={at}&count={PACK}") for at in range(1, count + 1, PACK)
            ]
            return median(lambda: self.ours.all(asked, 4)[0], repeat)

        peer = by_frames(self.peer, self.peer_base)
        ours = by_frames(self.ours, self.base)
        self.rows.append(
            compared(
                "whole series as our viewer fetches it (packs) against frames",
                by_packs() * 1000,
                peer * 1000,
                "ms",
                at_most=0.5,
            )
        )
        self.rows.append(
            compared("single frames by WADO-RS, 8 connections", count / ours, count / peer, "frames/s", at_least=0.8)
        )

    def rendered(self) -> None:
        count = len(self.volume.files)

        def rate(server: Server, base: str, query: str = "") -> float:
            asked = [Request(f"{base}{self.instance(n)}/frames/1/rendered{query}", headers=JPEG) for n in range(count)]
            return count / server.all(asked, 8)[0]

        peer = rate(self.peer, self.peer_base)
        cold = rate(self.ours, self.base)
        for _ in range(3):  # each of the two processes has drawn each picture
            rate(self.ours, self.base)
        self.rows.append(
            compared("rendered JPEG, 8 connections, cached", rate(self.ours, self.base), peer, "pictures/s", at_least=2)
        )
        self.rows.append(compared("rendered JPEG, 8 connections, cold", cold, peer, "pictures/s", at_least=1))

    def archive(self) -> None:
        found = self.peer.get(f"{self.peer_base}/studies?StudyInstanceUID={self.volume.study}", **JSON)
        if not found:
            raise RuntimeError("the peer lost the study")
        orthanc_id = next(
            one
            for one in json.loads(self.peer.get("/studies"))
            if json.loads(self.peer.get(f"/studies/{one}"))["MainDicomTags"]["StudyInstanceUID"] == self.volume.study
        )
        first, whole, _ = self.ours.first_byte(
            Request(f"{self.base}{self.study}", headers={"Accept": "application/zip"})
        )
        peer_first, peer_whole, _ = self.peer.first_byte(Request(f"/studies/{orthanc_id}/archive"))
        self.rows.append(compared("study as ZIP: first byte", first * 1000, peer_first * 1000, "ms", at_most=0.2))
        self.rows.append(compared("study as ZIP: whole", whole * 1000, peer_whole * 1000, "ms", at_most=0.2))

    def browser(self) -> None:
        names = "first image in the browser", "whole series in the browser"
        address = f"http://localhost:{self.ours.port}/viewer/{self.base.rpartition('/')[2]}/?study={self.volume.study}"
        peer = f"http://localhost:{self.peer.port}{self.peer_base}"
        count = len(self.volume.files)
        try:
            ours, ohif = browser.compared(
                address, self.ours.headers["Cookie"], peer, self.volume.study, count, 1 if self.quick else 3
            )
        except (browser.Unreachable, RuntimeError) as problem:
            self.rows += [
                Row(name, None, None, "s", None, f"≤ 0.5 × OHIF; not measured: {problem}", None) for name in names
            ]
            return
        self.rows += [compared(*told, "s", at_most=0.5) for told in zip(names, ours, ohif, strict=True)]

    # -- staying up

    def held_stream(self) -> None:
        """A client that takes the study and reads nothing, eight times over; meanwhile frames are asked for."""
        path = f"{self.instance(0)}/frames/1"
        ask = [Request(self.base + path, headers=FRAMES)] * 20
        free = self.ours.all(ask, 1)[0]
        held: list[HTTPConnection] = []
        for _ in range(8):
            connection = self.ours.connect()
            connection.request(
                "GET", f"{self.base}{self.study}", headers={**self.ours.headers, "Accept": "application/zip"}
            )
            held.append(connection)
        time.sleep(0.5)
        beside = self.ours.all(ask, 1)[0]
        for connection in held:
            connection.close()
        self.rows.append(
            compared("20 frames beside 8 held streams, against without", beside * 1000, free * 1000, "ms", at_most=3)
        )

    def memory(self) -> None:
        """Private memory of the web processes before, and the most while, 2 GB leave (the study eight times over, twice in quick)."""
        before = most = servers.web_memory(self.pid)
        times = 2 if self.quick else 8
        done = threading.Event()

        def watch() -> None:
            nonlocal most
            while not done.is_set():
                most = max(most, servers.web_memory(self.pid))
                done.wait(0.05)

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            accept = {"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}
            for _ in range(times):
                self.ours.all([Request(f"{self.base}{self.study}", headers=accept)], 1)
        finally:
            done.set()
            thread.join()
        self.rows.append(
            bounded(
                f"growth of web memory while {times * self.volume.size / 1e9:.1f} GB leave",
                (most - before) / 1e6,
                "MB",
                32,
            )
        )

    def scale(self, fill: Callable[[], None]) -> None:
        """The same questions with one study in the portal and with 20,000."""
        ask = {
            "QIDO of one study by its UID": (f"{self.base}/studies?StudyInstanceUID={self.volume.study}", JSON),
            "QIDO of one study by its UID, over all cases": (
                f"/dicomweb/studies?StudyInstanceUID={self.volume.study}",
                JSON,
            ),
            "one frame": (f"{self.base}{self.instance(0)}/frames/1", FRAMES),
        }

        def measured(path: str, headers: dict[str, str]) -> float:
            requests = [Request(path, headers=headers)] * 60
            self.ours.all(requests[:10], 1)
            return median(lambda: self.ours.all(requests, 1)[0] / 60, 3)

        few = {name: measured(*asked) for name, asked in ask.items()}
        fill()
        for name, asked in ask.items():
            self.rows.append(
                compared(
                    f"{name}: with {STUDIES:,} studies against 1",
                    measured(*asked) * 1000,
                    few[name] * 1000,
                    "ms",
                    at_most=1.5,
                )
            )


def prepared() -> tuple[str, dict[str, str], Callable[[], None]]:
    """A case and its patient, signed in: reference, headers, and how to fill the portal with other studies."""
    import django

    django.setup()
    from django.conf import settings
    from django.test import Client

    from cases.models import Case
    from records.models import Series, Study
    from records.states import RecordState
    from tests.factories import records

    settings.ALLOWED_HOSTS = ["*"]
    case = records.case()
    browser = Client()
    browser.force_login(case.opened_by)
    cookie = f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"
    csrf = "x" * 32

    def fill() -> None:
        others: list[Case] = [records.case(by=case.opened_by) for _ in range(20)]
        for at in range(0, STUDIES, 2000):
            made = Study.objects.bulk_create(
                Study(
                    case=others[n % 20],
                    uid=f"{data.ROOT}9.{n}",
                    date="2026-01-01",
                    modalities=["CT"],
                    state=RecordState.READY,
                )
                for n in range(at, at + 2000)
            )
            Series.objects.bulk_create(
                Series(study=one, uid=f"{one.uid}.1", modality="CT", instance_count=1) for one in made
            )
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")

    return case.ref, {"Cookie": f"{cookie}; csrftoken={csrf}", "X-CSRFToken": csrf, "Host": "localhost"}, fill


def run(quick: bool) -> list[dict[str, Any]]:
    volume = data.volume(100 if quick else 500)
    with tempfile.TemporaryDirectory(prefix="consilium-bench-") as name:
        folder = Path(name)
        os.environ["DATA_DIR"] = str(folder / "portal")
        os.environ["DEMO"] = "0"
        os.environ["PORT"] = str(port := servers.free_port())
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.local")
        with servers.orthanc(folder / "orthanc") as peer, servers.portal(folder / "portal", port) as pid:
            case, headers, fill = prepared()
            bench = Bench(Server(port, headers), peer, case, volume, quick, pid)
            steps = ("ingest", "lists", "frames", "rendered", "archive", "browser", "held_stream", "memory")
            wanted = os.environ.get("BENCH_ROWS", " ".join([*steps, "scale"])).split()
            for step in steps:
                if step in wanted or step == "ingest":
                    before = len(bench.rows)
                    getattr(bench, step)()
                    for row in bench.rows[before:]:
                        print(
                            f"  {row.name}: {row.ours} {row.unit} (peer {row.peer}) ratio {row.ratio} target {row.target} {row.met}",
                            flush=True,
                        )
            if "scale" in wanted:
                bench.scale(fill)
            return [asdict(row) for row in bench.rows]


if __name__ == "__main__":
    end_cleanly()
    out, quick = Path(sys.argv[1]), "--quick" in sys.argv
    out.write_text(json.dumps(run(quick), indent=1))
