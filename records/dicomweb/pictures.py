"""Pictures that were drawn lately, in this process's memory: never on a disk, gone with the process, bounded in bytes.

Looked into only after the caller's access to the instance was decided.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable

MAX_BYTES = 64 * 1024**2
_held: OrderedDict[Hashable, bytes] = OrderedDict()
_lock = threading.Lock()
_bytes = 0


def get(key: Hashable) -> bytes | None:
    """The picture, which counts as used now."""
    with _lock:
        found = _held.get(key)
        if found is not None:
            _held.move_to_end(key)
        return found


def put(key: Hashable, picture: bytes) -> None:
    """Keep a picture; the ones unused for longest make room."""
    global _bytes
    with _lock:
        if key in _held or len(picture) > MAX_BYTES // 4:
            return
        _held[key] = picture
        _bytes += len(picture)
        while _bytes > MAX_BYTES:
            _, gone = _held.popitem(last=False)
            _bytes -= len(gone)
