"""What a DICOM stream says it is, from its first bytes, while it passes: enough to answer a sender, never to decide about a record.

The confined child reads the file properly later. Here only the shallow elements before the pixels are looked at, inside a bounded
window, without nesting: whatever is unusual ends the look.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

WINDOW = 64 * 1024
LARGE_WINDOW = 256 * 1024
"""For streams whose pixels begin later."""
PIXELS, BEHIND = b"\xe0\x7f\x10\x00", 12
"""How pixel data begins (little endian), and how many bytes tell its length."""
_UID = re.compile(r"[0-9.]{1,64}\Z")
_LONG = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
_IMPLICIT, _DEFLATED, _BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"
_UNDEFINED = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Head:
    """UIDs as the stream states them; "" where it does not, or not where it was looked for."""

    sop_class: str = ""
    sop_instance: str = ""
    syntax: str = ""
    study: str = ""
    series: str = ""


class Peek:
    """Passes a stream through and keeps its first bytes: a window, and on to where its pixels seem to begin."""

    def __init__(self) -> None:
        self._kept, self._looked = bytearray(), False

    def through(self, chunks: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview]:
        for chunk in chunks:
            if not self._looked:
                self._keep(chunk)
            yield chunk

    def _keep(self, chunk: bytes | memoryview) -> None:
        """What is kept is always how the stream begins: once a byte was left out, none is added."""
        kept, view = self._kept, memoryview(chunk)
        room = max(0, WINDOW - len(kept))
        for piece in (view[:room], view[room:]):
            if self._looked:
                return
            kept += piece[: LARGE_WINDOW - len(kept)]
            self._looked = len(kept) >= LARGE_WINDOW or (
                len(kept) >= WINDOW and 0 <= kept.find(PIXELS) < len(kept) - BEHIND
            )

    def head(self) -> Head:
        return head_of(bytes(self._kept[:WINDOW]))

    def beginning(self) -> bytes:
        """What was kept, up to the last place where pixels may begin: an icon's look the same. Nothing where none do."""
        place = self._kept.rfind(PIXELS)
        return b"" if place < 0 else bytes(self._kept[: place + BEHIND])


def head_of(start: bytes) -> Head:
    """The head of a PS3.10 stream; an empty one when it does not begin like that."""
    if start[128:132] != b"DICM":
        return Head()
    meta = dict(_walk(start, 132, explicit=True, group=0x0002))
    place = max((end for end, _ in meta.values()), default=132)
    uids = {tag: _text(value) for tag, (_, value) in meta.items()}
    syntax = uids.get(0x00020010, "")
    found: dict[int, str] = {}
    if syntax not in (_DEFLATED, _BIG):
        for tag, (_, value) in _walk(start, place, explicit=syntax != _IMPLICIT, group=None):
            found[tag] = _text(value) if tag in (0x0020000D, 0x0020000E) else ""
    return Head(
        uids.get(0x00020002, ""), uids.get(0x00020003, ""), syntax, found.get(0x0020000D, ""), found.get(0x0020000E, "")
    )


def _text(value: bytes) -> str:
    text = value.rstrip(b"\0 ").decode("ascii", "replace")
    return text if _UID.match(text) else ""


def _walk(start: bytes, place: int, *, explicit: bool, group: int | None) -> Iterator[tuple[int, tuple[int, bytes]]]:
    """Shallow elements (tag, (end, value)); ends at another group, after the series' UID, or at what it cannot step over."""
    while place + 8 <= len(start):
        first, second = struct.unpack_from("<HH", start, place)
        tag = first << 16 | second
        if (group is not None and first != group) or tag > 0x0020000E:
            return
        if explicit and start[place + 4 : place + 6] in _LONG:
            if place + 12 > len(start):
                return
            length, value = struct.unpack_from("<I", start, place + 8)[0], place + 12
        elif explicit:
            length, value = struct.unpack_from("<H", start, place + 6)[0], place + 8
        else:
            length, value = struct.unpack_from("<I", start, place + 4)[0], place + 8
        if length == _UNDEFINED:
            after = _after_sequence(start, value)
            if after is None:
                return
            place = after
            continue
        place = value + length
        if place > len(start):
            return
        yield tag, (place, start[value:place] if length <= 64 else b"")


def _after_sequence(start: bytes, place: int) -> int | None:
    """Behind the delimiter that closes this sequence, nested ones counted roughly by their own delimiters; None beyond the window."""
    end = start.find(b"\xfe\xff\xdd\xe0\0\0\0\0", place)
    return None if end < 0 else end + 8
