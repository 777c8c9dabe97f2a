"""Who looked at what, without a row for each image: the list of instances follows the row of their series within a minute.

The row that somebody begins to look at a series is committed before its first byte (`DicomwebView.opened`). What this process still
has in memory when it is killed is at most one minute of instances of series whose opening is on record.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from uuid import UUID

import structlog
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection

from portal.core import audit
from portal.core.access import Actor

log = structlog.get_logger(__name__)

AGAIN_SECONDS = 600
"""Somebody who looks on for this long is recorded again."""
IDS_A_ROW = 1000
KEPT = 50_000
"""Openings remembered; beyond it the oldest are forgotten, which at worst writes a row too many."""
ACTION = "looked at instances"

_lock = threading.Lock()
_began: OrderedDict[tuple[str, str, UUID], float] = OrderedDict()
_waiting: dict[tuple[Actor, UUID], set[UUID]] = {}
_thread: threading.Thread | None = None


def begins(actor: Actor, series: UUID) -> bool:
    """Whether this process has no recent row of this person opening this series."""
    at = _began.get((actor.kind, actor.id, series))
    return at is None or time.monotonic() - at > AGAIN_SECONDS


def began(actor: Actor, series: UUID) -> None:
    """The row is committed: remember it. Never before, or a failed row would go unnoticed."""
    with _lock:
        key = (actor.kind, actor.id, series)
        _began[key] = time.monotonic()
        _began.move_to_end(key)
        while len(_began) > KEPT:
            _began.popitem(last=False)


def add(actor: Actor, case: UUID, instances: Sequence[UUID]) -> None:
    """These instances were given to this person; written in the background."""
    with _lock:
        _waiting.setdefault((actor, case), set()).update(instances)
    _start()


def _start() -> None:
    global _thread
    if settings.LOOKS_FLUSH_SECONDS is None or (
        _thread is not None and _thread.is_alive()
    ):  # a forked worker has its parent's variable and not its thread
        return
    with _lock:
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_run, name="looks", daemon=True)
            _thread.start()


def _run() -> None:
    while True:
        time.sleep(settings.LOOKS_FLUSH_SECONDS or 30)
        close_old_connections()
        try:
            flush()
        except DatabaseError as problem:  # tried again at the next turn
            log.error("looks_not_written", problem=type(problem).__name__)
        finally:
            connection.close()


def flush() -> int:
    """Write what waits. Returns how many rows; what could not be written waits on."""
    with _lock:
        taken = dict(_waiting)
        _waiting.clear()
    rows = 0
    try:
        for (actor, case), ids in list(taken.items()):
            listed = sorted(str(one) for one in ids)
            for start in range(0, len(listed), IDS_A_ROW):
                audit.record(actor=actor, action=ACTION, cases=[str(case)], subjects=listed[start : start + IDS_A_ROW])
                rows += 1
            del taken[actor, case]
    finally:
        with _lock:
            for key, ids in taken.items():
                _waiting.setdefault(key, set()).update(ids)
    return rows


def forget() -> None:
    """For tests: nobody has looked at anything yet."""
    with _lock:
        _began.clear()
        _waiting.clear()


def _at_exit() -> None:
    try:
        if _waiting and settings.LOOKS_FLUSH_SECONDS is not None:
            flush()
    except Exception as problem:
        log.error("looks_not_written", problem=type(problem).__name__)


atexit.register(_at_exit)
