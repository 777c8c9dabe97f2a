"""What the test of held streams serves: a body without an end, and a short one once it has read what was sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import repeat
from typing import Any

from portal.core.webworker import BalancedWorker

CHUNK = bytes(64 * 1024)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/held":
        start_response("200 OK", [("Content-Type", "application/octet-stream")])
        return repeat(CHUNK)
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"quick"]


class ImpatientWorker(BalancedWorker):
    STALLED_SECONDS = 0.5
