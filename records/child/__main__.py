"""The child's loop: read one line of orders, lock in, then handle one open descriptor after the other.

Started by records.sandbox only. Writes one JSON line when a file begins and one when it is done.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import confine
from .protocol import OUT_OF_MEMORY, Limits

OFFICE = ("/etc/libreoffice", "/var/lib/libreoffice", "/var/spool/libreoffice")
"""What LibreOffice reads of its own outside its folder, which may lie below /opt."""


def main() -> int:
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    orders = json.loads(sys.stdin.buffer.readline())
    os.chdir(orders["work"])
    for entry in orders["files"]:
        entry["fd"] = int(sys.argv[1 + entry["fd"]])
    limits = Limits(**orders["limits"])
    confine.die_with_parent(orders["parent"])
    confine.limit(
        memory=limits.memory,
        cpu=limits.cpu * max(1, len(orders["files"])) + 30 + int(_more(orders["files"], limits)),
        file_size=limits.file_size,
        open_files=len(orders["files"]) + (512 if limits.office else 64),
    )
    confined = True
    os.environ["TMPDIR"] = orders["work"]
    try:
        also = (*OFFICE, os.path.dirname(limits.office)) if limits.office else ()
        confine.keep_inside(orders["work"], also=also)
        confine.block_network()
    except confine.CannotConfine:
        confined = False
        if not orders["allow_unconfined"]:
            _say(out, {"t": "unconfined"})
            return 4
    if orders.get("canary") is not None:
        _say(out, {"t": "canary", "confined": confined, **_canary(**orders["canary"])})
        return 0
    if orders.get("beginnings"):
        return _beginnings(out, orders["work"], limits)
    from .handle import MachineTrouble, handle

    work = Path(orders["work"])
    for entry in orders["files"]:
        _say(out, {"t": "start", "i": entry["i"]})
        size = os.fstat(entry["fd"]).st_size
        confine.allow_cpu(limits.cpu + int(limits.more_seconds(size, locked=bool(entry["password"]))))
        try:
            result = handle(entry, work, limits)
        except MachineTrouble:
            _say(out, {"t": "trouble"})
            return 5
        except MemoryError:
            return OUT_OF_MEMORY
        _say(out, {"t": "done", "i": entry["i"], **result})
        if result["status"] == "container":
            taken = sum(member["size"] for member in result["data"]["members"])
            limits = replace(limits, extracted=max(0, limits.extracted - taken))
    _say(out, {"t": "end"})
    return 0


def _beginnings(out: Any, work: str, limits: Limits) -> int:
    """Look at first bytes of images, all of one case: a line of their lengths and the files' sizes, the bytes, the next line."""
    from .handle import MachineTrouble, handle

    orders, number = sys.stdin.buffer, 0
    while line := orders.readline():
        for held, size in json.loads(line):
            entry = {"i": number, "beginning": orders.read(held), "size": size, "password": None, "depth": 1}
            confine.allow_cpu(limits.cpu)
            try:
                result = handle({**entry, "thumbnail": False, "trailing": False}, Path(work), limits)
            except MachineTrouble:
                return 5
            except MemoryError:
                return OUT_OF_MEMORY
            _say(out, {"t": "done", "i": number, **result})
            number += 1
    return 0


def _more(files: list[dict[str, Any]], limits: Limits) -> float:
    return sum(limits.more_seconds(os.fstat(one["fd"]).st_size, locked=bool(one["password"])) for one in files)


def _say(out: Any, message: dict[str, Any]) -> None:
    line = json.dumps(message, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii") + b"\n"
    view = memoryview(line)
    while view:
        view = view[out.write(view) :]


def _canary(port: int, outside: str, secrets: list[str]) -> dict[str, bool]:
    """Really try to reach a listener of the parent on the loopback, to write outside the work folder and to read what lies there."""
    import socket

    found = {"reached": True, "wrote": True, "read": True}
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        found["reached"] = False
    try:
        with open(outside, "w") as file:
            file.write("escaped")
    except OSError:
        found["wrote"] = False
    found["read"] = any(_can_read(one) for one in secrets)
    return found


def _can_read(path: str) -> bool:
    try:
        if os.path.isdir(path):
            os.listdir(path)
        else:
            with open(path, "rb") as file:
                file.read(1)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
