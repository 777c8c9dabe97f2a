"""Pictures and lists that were made lately, in this process's memory: never on a disk, gone with the process, bounded in bytes.

Looked into only after the caller's access to the instance or series was decided. Keys are ids, numbers and addresses without a name.
"""

from __future__ import annotations

import gzip
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

MAX_BYTES = 64 * 1024**2
GZIP_FROM = 1024
"""Bytes of a list below which compressing is not worth it."""
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


def forget() -> None:
    """For tests: nothing was made yet."""
    global _bytes
    with _lock:
        _held.clear()
        _bytes = 0


def body(key: Hashable, make: Callable[[], bytes | None], *, compressed: bool) -> tuple[bytes, str] | None:
    """A list and its content coding ("" or "gzip"), made once for its key; what `make` gives up on is None, and not kept."""
    held = get(plain_key := ("list", key))
    if held is None:
        made = make()
        if made is None:
            return None
        put(plain_key, held := made)
    if not compressed or len(held) < GZIP_FROM:
        return held, ""
    packed = get(packed_key := ("gzip", key))
    if packed is None:
        put(packed_key, packed := gzip.compress(held, compresslevel=1, mtime=0))
    return packed, "gzip"
