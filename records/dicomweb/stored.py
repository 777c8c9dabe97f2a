"""Compressed frames as they lie in the original, for a client that names their transfer syntax or media type.

Where the frames lie the confined child wrote behind the decoded ones when it took the original in. For images that came before it did so
the original's elements are walked once more here: the same bytes (they are verified), the same bounds. What is found is remembered in this
process.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from io import RawIOBase
from typing import BinaryIO, cast
from uuid import UUID

from portal.core import storage
from portal.core.models import StoredObject
from records.dicom import encapsulated
from records.dicom.encapsulated import MEDIA_TYPES, Pieces
from records.dicomweb.negotiate import ANY, Wanted, parse
from records.models import Instance

OCTETS = "application/octet-stream"
EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
REMEMBERED = 200_000
"""Pieces of frames whose places this process remembers: some 35 MB."""
_OVERHEAD = 50
"""What remembering an instance costs beside its pieces, counted in pieces."""
_known: OrderedDict[tuple[UUID, int], tuple[Pieces, ...]] = OrderedDict()
_lock = threading.Lock()
_held = 0


@dataclass(frozen=True, slots=True)
class Compressed:
    """The frames of one instance as they lie: `pieces` of each, in `original`."""

    syntax: str
    original: StoredObject
    pieces: tuple[Pieces, ...]

    def length(self, frame: int) -> int:
        return sum(length for _, length in self.pieces[frame - 1])

    def body(self, frame: int) -> Iterator[bytes]:
        """Verified bytes of a frame, numbered from 1. Its pieces lie one behind the other: they are read at once."""
        pieces = list(self.pieces[frame - 1])
        (at, _), (last, length) = pieces[0], pieces[-1]
        for block in storage.read_range(self.original, at, last + length):
            end = at + len(block)
            while pieces:
                start, stop = pieces[0][0], sum(pieces[0])
                if start < end:
                    yield block[max(start - at, 0) : min(stop, end) - at]
                if stop > end:
                    break
                pieces.pop(0)
            at = end


def welcome(accept: str) -> bool:
    """Whether any compressed frame could be what the caller wants: most ask for decoded ones, and nothing more is looked up for them."""
    return any(_names_compressed(wanted) for wanted in parse(accept))


def _names_compressed(wanted: Wanted) -> bool:
    if wanted.media_type in MEDIA_TYPES.values():
        return True
    return wanted.media_type in {OCTETS, "*/*", "image/*"} and wanted.syntax in MEDIA_TYPES


def preferred(accept: str, syntax: str) -> Wanted | None:
    """The range by which a frame of this syntax is asked for, unless decoded octets are wanted more; None: not as it lies."""
    for wanted in parse(accept):
        if wanted.syntax == syntax and wanted.media_type in {OCTETS, "*/*", "image/*", MEDIA_TYPES.get(syntax)}:
            return wanted
        if wanted.media_type == MEDIA_TYPES.get(syntax) and wanted.syntax in {"", ANY}:
            return wanted
        if wanted.media_type == OCTETS and wanted.syntax in {"", ANY, EXPLICIT_LITTLE_ENDIAN}:
            return None
    return None


def compressed(row: Instance) -> Compressed | None:
    """The instance's frames as they lie; None when they are not compressed or cannot be told apart."""
    original = row.file.object
    if original is None or row.transfer_syntax not in MEDIA_TYPES:
        return None
    pieces = _pieces(row, original)
    return Compressed(row.transfer_syntax, original, pieces) if pieces else None


def _pieces(row: Instance, original: StoredObject) -> tuple[Pieces, ...]:
    global _held
    key = (original.pk, row.frames)
    with _lock:
        if (known := _known.get(key)) is not None:
            _known.move_to_end(key)
            return known
    told = _told(row, original)
    if told is None:
        told = encapsulated.frames(cast(BinaryIO, _Sealed(original)), original.size, row.frames)
    found = tuple(told)
    with _lock:
        if key not in _known:
            _known[key] = found
            _held += _cost(found)
        while _held > REMEMBERED:
            _held -= _cost(_known.popitem(last=False)[1])
    return found


def _told(row: Instance, original: StoredObject) -> list[Pieces] | None:
    """What the child found, from behind the decoded frames; None when nothing stands there."""
    start = row.frames * (row.frame_bytes or 0)
    if row.pack is None or not start < row.pack.size <= start + encapsulated.MAX_INDEX_BYTES:
        return None
    try:
        raw = b"".join(storage.read_range(row.pack, start, row.pack.size))
    except (storage.Damaged, storage.NotReady):
        return None
    return encapsulated.indexed(raw, original.size, row.frames)


def _cost(found: tuple[Pieces, ...]) -> int:
    return _OVERHEAD + sum(map(len, found))


class _Sealed(RawIOBase):
    """A sealed object as a file to read from, by ranges."""

    def __init__(self, stored: StoredObject) -> None:
        super().__init__()
        self._stored, self._at = stored, 0

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = min(offset, self._stored.size)
        return self._at

    def read(self, size: int = -1) -> bytes:
        stop = self._stored.size if size < 0 else min(self._at + size, self._stored.size)
        found = b"".join(storage.read_range(self._stored, self._at, stop))
        self._at = stop
        return found
