"""Many frames of a series in one response: what our viewer fetches instead of one request for each image.

The body (`application/vnd.consilium.frames`, docs/dicomweb.md): the length of the head as 4 bytes little endian; the head as JSON,
padded with spaces so that the data begin at a multiple of 16; then the frames, each beginning at a multiple of 8.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from portal.core import storage
from records.queries.frames import Place

MEDIA_TYPE = "application/vnd.consilium.frames"
MAX_COUNT = 2000
MAX_BYTES = 64 * 1024**2
"""A response ends before the frame that would take it above this (but holds at least one)."""
ALIGN = 8


@dataclass(frozen=True, slots=True)
class Entry:
    """One frame of a pack: where it lies in the data."""

    place: Place
    frame: int
    offset: int

    @property
    def padding(self) -> int:
        return -self.place.frame_bytes % ALIGN


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
                "length": one.place.frame_bytes,
                "encoding": "identity",
            }
            for one in self.entries
        ]
        text = json.dumps({"first": self.first, "total": self.total, "frames": listed}, separators=(",", ":")).encode()
        text += b" " * (-(len(text) + 4) % 16)
        return len(text).to_bytes(4, "little") + text

    @property
    def data_length(self) -> int:
        return sum(one.place.frame_bytes + one.padding for one in self.entries)

    def body(self) -> Iterator[bytes]:
        """Verified bytes of the frames; those that lie side by side in one object are read in one go."""
        for one in self.entries:
            yield from storage.read_range(one.place.stored, *one.place.span(one.frame))
            if one.padding:
                yield bytes(one.padding)


def cut(places: Sequence[Place], *, first: int, count: int) -> Pack:
    """The pack of `count` frames from `first`; shorter at the end of the series or at the limit in bytes."""
    entries: list[Entry] = []
    offset, before = 0, 0
    total = sum(place.frames for place in places)
    for place in places:
        for frame in range(max(1, first - before), min(place.frames, first + count - 1 - before) + 1):
            padded = place.frame_bytes + -place.frame_bytes % ALIGN
            if entries and offset + padded > MAX_BYTES:
                return Pack(first, total, entries)
            entries.append(Entry(place, frame, offset))
            offset += padded
        before += place.frames
        if before >= first + count - 1:
            break
    return Pack(first, total, entries)
