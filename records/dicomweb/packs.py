"""Many frames of a series in one response: what our viewer fetches instead of one request for each image.

The body (`application/vnd.consilium.frames`, docs/dicomweb.md): the length of the head as 4 bytes little endian; the head as JSON,
padded with spaces so that the data begin at a multiple of 16; then the frames, each beginning at a multiple of 8.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from portal.core import storage
from records.dicomweb.multipart import ONE_PIECE_BYTES
from records.dicomweb.stored import Compressed
from records.queries.frames import Place

MEDIA_TYPE = "application/vnd.consilium.frames"
MAX_COUNT = 2000
MAX_BYTES = 64 * 1024**2
"""A response ends before the frame that would take it above this (but holds at least one)."""
ALIGN = 8
PLAIN = "identity"

Find = Callable[[str], Compressed | None]
"""The frames of an instance (by its UID) as they lie in the original, when the caller wants them so."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One frame of a pack: where it lies in the data; `source` when it is given compressed, as it lies in the original."""

    place: Place
    frame: int
    offset: int
    source: Compressed | None = None

    @property
    def length(self) -> int:
        return self.place.frame_bytes if self.source is None else self.source.length(self.frame)

    @property
    def padding(self) -> int:
        return -self.length % ALIGN

    def body(self) -> Iterator[bytes]:
        if self.source is None:
            return storage.read_range(self.place.stored, *self.place.span(self.frame))
        return self.source.body(self.frame)


@dataclass(frozen=True)
class Pack:
    """Frames `first` … of the `total` that the series shows, counted from 1 in the order of its metadata."""

    first: int
    total: int
    entries: Sequence[Entry]

    def head(self) -> bytes:
        listed = [
            {
                "instance": one.place.instance,
                "frame": one.frame,
                "offset": one.offset,
                "length": one.length,
                "encoding": PLAIN if one.source is None else one.source.syntax,
            }
            for one in self.entries
        ]
        text = json.dumps({"first": self.first, "total": self.total, "frames": listed}, separators=(",", ":")).encode()
        text += b" " * (-(len(text) + 4) % 16)
        return len(text).to_bytes(4, "little") + text

    @property
    def data_length(self) -> int:
        return sum(one.length + one.padding for one in self.entries)

    def body(self) -> Iterator[bytes]:
        """Verified bytes of the frames, each in one piece (one write to the socket instead of nine) unless it is large."""
        for one in self.entries:
            if one.length > ONE_PIECE_BYTES:
                yield from one.body()
                yield bytes(one.padding)
            else:
                yield b"".join([*one.body(), bytes(one.padding)])


def cut(places: Sequence[Place], *, first: int, count: int, compressed: Find | None = None) -> Pack:
    """The pack of `count` frames from `first`; shorter at the end of the series or at the limit in bytes."""
    entries: list[Entry] = []
    offset, before = 0, 0
    total = sum(place.frames for place in places)
    for place in places:
        wanted = range(max(1, first - before), min(place.frames, first + count - 1 - before) + 1)
        source = compressed(place.instance) if compressed is not None and wanted else None
        for frame in wanted:
            entry = Entry(place, frame, offset, source)
            if entries and offset + entry.length + entry.padding > MAX_BYTES:
                return Pack(first, total, entries)
            entries.append(entry)
            offset += entry.length + entry.padding
        before += place.frames
        if before >= first + count - 1:
            break
    return Pack(first, total, entries)
