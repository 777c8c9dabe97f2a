"""How fast a study is taken in: sent over four connections, until every image is found and can be shown.

Both servers get it in the ways that senders have, and the best of each is compared: STOW-RS with ten and with a hundred images in a
request, and one by one to Orthanc, whose own interface takes them so.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Sequence

from bench import data
from bench.client import Request, Server, stow
from bench.rows import Row, bounded, compared

JSON = {"Accept": "application/dicom+json"}
CONNECTIONS = 4
REST_SECONDS = 5
"""Between two studies: workers look at a case as a whole some time after its last image came."""
IN_A_REQUEST = (100, 10)
"""The last one is the study that the other rows are measured with."""


def measure(ours: Server, peer: Server, base: str, peer_base: str, volume: data.Volume) -> list[Row]:
    """Rows of the ingest. Afterwards both servers hold `volume`."""
    _warm_up(ours, peer, base, peer_base)
    count = len(volume.files)
    peers = {f"{number} in a request": stowed(peer_base, volume, number) for number in IN_A_REQUEST}
    peers["one by one"] = [Request("/instances", "POST", {}, one) for one in volume.files]
    theirs: dict[str, float] = {}
    for way, requests in peers.items():
        if theirs:
            _forget(peer)
        theirs[way] = count / peer.all(requests, CONNECTIONS)[0]
    accepted: dict[int, float] = {}
    viewable: dict[int, float] = {}
    first_thumbnail = [0.0]
    for number in IN_A_REQUEST:
        last = number == IN_A_REQUEST[-1]
        sent = volume if last else data.volume(count, number=100 + number)
        requests = stowed(base, sent, number)
        time.sleep(REST_SECONDS)
        began = time.perf_counter()
        watch = threading.Thread(target=_watch_thumbnail, args=(ours, base, volume, began, first_thumbnail))
        if last:
            watch.start()
        accepted[number] = count / ours.all(requests, CONNECTIONS)[0]
        _wait(ours, base, sent)
        viewable[number] = count / (time.perf_counter() - began)
        if last:
            watch.join()
    best = max(theirs.values())
    step = "ingest: first byte sent to indexed and viewable"
    rows = [compared(step, max(viewable.values()), best, "instances/s", at_least=1)]
    for number in IN_A_REQUEST:
        peers_own = theirs[f"{number} in a request"]
        rows.append(_shown(f"the same, both with {number} in a request", viewable[number], peers_own))
        rows.append(
            _shown(
                f"all accepted (sealed, on disk, in the database), {number} in a request", accepted[number], peers_own
            )
        )
    most = 1.0 if "redis" in os.environ.get("CELERY_BROKER_URL", "") else 3.0
    return [*rows, bounded("first thumbnail after the series' first file", first_thumbnail[0], "s", most)]


def stowed(base: str, volume: data.Volume, number: int) -> list[Request]:
    files: Sequence[bytes] = volume.files
    return [stow(f"{base}/studies", files[at : at + number]) for at in range(0, len(files), number)]


def _shown(name: str, ours: float, peer: float) -> Row:
    return Row(f"ingest: {name}", round(ours, 1), round(peer, 1), "instances/s", round(ours / peer, 3), "shown", None)


def _warm_up(ours: Server, peer: Server, base: str, peer_base: str) -> None:
    """Both servers take a small study first: what a process loads at its first request is not what is measured."""
    small = data.volume(64, number=2)
    for server, address in ((peer, peer_base), (ours, base)):
        server.all(stowed(address, small, 4), 8)
    _wait(ours, base, small)


def _wait(ours: Server, base: str, volume: data.Volume) -> None:
    """Until every image of it is found and listed. Raises TimeoutError after five minutes."""
    study = f"{base}/studies/{volume.study}"
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        rows = ours.get(f"{study}/series", **JSON)
        listed = json.loads(rows)[0]["00201209"].get("Value") if rows else None
        if listed == [len(volume.files)] and _count(ours, f"{study}/series/{volume.series}") == len(volume.files):
            return
        time.sleep(0.05)
    raise TimeoutError("the study did not become viewable")


def _count(ours: Server, series: str) -> int:
    try:
        return len(json.loads(ours.get(f"{series}/metadata", **JSON)))
    except RuntimeError:
        return 0


def _forget(peer: Server) -> None:
    """Orthanc drops what it has, to take it in anew."""
    for study in json.loads(peer.get("/studies")):
        connection = peer.connect()
        connection.request("DELETE", f"/studies/{study}", headers=dict(peer.headers))
        connection.getresponse().read()
        connection.close()


def _watch_thumbnail(ours: Server, base: str, volume: data.Volume, began: float, found: list[float]) -> None:
    """Asks every tenth of a second from the moment when the first byte is sent: more often, and the asking is what is measured."""
    while time.perf_counter() - began < 300:
        try:
            ours.get(f"{base}/studies/{volume.study}/series/{volume.series}/thumbnail")
            break
        except RuntimeError:
            time.sleep(0.1)
    found[0] = time.perf_counter() - began
