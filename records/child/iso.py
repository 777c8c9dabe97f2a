"""A copy of a disc (ISO 9660 with Joliet or Rock Ridge names) in the child.

ECMA-119 and the Joliet specification. Read by hand because patients' discs are often a little wrong and hostile ones very: every extent
is checked against the file before it is used, a folder that comes twice ends the file, and nothing is held but the list of entries.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO

from .job import Job, Refused

SECTOR = 2048
FIRST = 16 * SECTOR
"""Where the volume descriptors begin."""
MAX_DEPTH = 40
MOST_ZEROS = 1 << 20
MAX_FOLDER_BYTES = 64 * 1024 * 1024
"""Of all directory records together."""
NOTHING = -1
"""Instead of an offset: bytes that were never written, and are zero."""
_UDF = (b"NSR02", b"NSR03")
_JOLIET = (b"%/@", b"%/C", b"%/E")
_DIRECTORY, _ASSOCIATED, _MORE = 0x02, 0x04, 0x80


def is_disc(job: Job) -> bool:
    job.file.seek(FIRST + 1)
    return job.file.read(5) in (b"CD001", b"BEA01", b"NSR02", b"NSR03")


@dataclass(slots=True)
class Entry:
    """A file of the disc: its path, and where its bytes lie as (offset, size), several for one above 4 GB."""

    path: str
    pieces: list[tuple[int, int]] = field(default_factory=list)

    @property
    def size(self) -> int:
        return sum(size for _, size in self.pieces)


class Slices(io.RawIOBase):
    """The bytes of one entry, in order."""

    def __init__(self, file: IO[bytes], pieces: list[tuple[int, int]]) -> None:
        self.file, self.pieces = file, list(pieces)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while self.pieces:
            offset, left = self.pieces[0]
            if not left:
                self.pieces.pop(0)
                continue
            wanted = left if size < 0 else min(size, left)
            if offset == NOTHING:
                wanted = min(wanted, MOST_ZEROS)
                self.pieces[0] = (NOTHING, left - wanted)
                return bytes(wanted)
            self.file.seek(offset)
            chunk = self.file.read(wanted)
            if not chunk:
                raise Refused("disc_cut")
            self.pieces[0] = (offset + len(chunk), left - len(chunk))
            return chunk
        return b""


def entries(job: Job) -> list[Entry]:
    """Every file of the disc. Raises Refused: `disc_damaged`, `disc_cut`, `disc_unsupported`, `disc_loop`, `zip_too_many_entries`.

    A DVD often has its files twice, in ISO 9660 and in UDF, or all of them in UDF and a note in ISO 9660 that says so.
    """
    from . import udf

    primary, joliet, bridge = _volumes(job)
    if primary is None:
        return udf.entries(job)
    found = _plain(job, primary, joliet)
    if bridge:
        with suppress(Refused):
            return _together(found, udf.entries(job))
    return found


def _together(plain: list[Entry], other: list[Entry]) -> list[Entry]:
    """The larger list, and what only the smaller one has: the same bytes under two names are one file."""
    most, fewer = (other, plain) if len(other) > len(plain) else (plain, other)
    known = {entry.pieces[0][0] for entry in most if entry.size}
    return most + [entry for entry in fewer if entry.size and entry.pieces[0][0] not in known]


def _plain(job: Job, primary: bytes, joliet: bytes | None) -> list[Entry]:
    if joliet is not None:
        try:
            return list(_walk(job, joliet, wide=True))
        except Refused as refusal:
            if refusal.code != "disc_damaged":
                raise  # a broken second table of names does not cost the disc
    return list(_walk(job, primary, wide=False))


def _volumes(job: Job) -> tuple[bytes | None, bytes | None, bool]:
    """The root records of the primary and of the Joliet volume, and whether there is UDF."""
    primary = joliet = None
    bridge = ended = False
    for number in range(64):
        job.file.seek(FIRST + number * SECTOR)
        sector = job.file.read(SECTOR)
        bridge = bridge or sector[1:6] in _UDF
        if len(sector) < SECTOR or sector[1:6] not in (b"CD001", b"BEA01", b"TEA01", *_UDF):
            break
        ended = ended or sector[1:6] != b"CD001" or sector[0] == 255
        if ended:
            continue
        block = struct.unpack_from("<H", sector, 128)[0]
        if sector[0] in (1, 2) and block != SECTOR:
            raise Refused("disc_unsupported")
        if sector[0] == 1 and primary is None:
            primary = sector[156:190]
        elif sector[0] == 2 and sector[88:91] in _JOLIET and joliet is None:
            joliet = sector[156:190]
    return primary, joliet, bridge


def _extent(job: Job, record: bytes) -> tuple[int, int]:
    """(offset, size) in bytes that a directory record names."""
    start, size = struct.unpack_from("<I", record, 2)[0] + record[1], struct.unpack_from("<I", record, 10)[0]
    offset = start * SECTOR
    if size and offset + size > job.size:
        raise Refused("disc_cut")
    return offset, size


def _walk(job: Job, root: bytes, *, wide: bool) -> Iterator[Entry]:
    waiting = [("", _extent(job, root), 0)]
    seen: set[int] = set()
    total = count = 0
    while waiting:
        path, (offset, size), depth = waiting.pop()
        total += size
        if offset in seen or depth > MAX_DEPTH:
            raise Refused("disc_loop")
        if total > MAX_FOLDER_BYTES:
            raise Refused("zip_too_many_entries")
        seen.add(offset)
        job.file.seek(offset)
        open_entry: Entry | None = None
        for record in _records(job.file.read(size)):
            flags, name = record[25], _name(record, wide=wide)
            if name is None or flags & _ASSOCIATED:
                continue
            full = f"{path}/{name}" if path else name
            if flags & _DIRECTORY:
                waiting.append((full, _extent(job, record), depth + 1))
                continue
            if record[26] or record[27]:
                raise Refused("disc_unsupported")  # interleaved: never seen on a patient's disc
            if open_entry is None:
                count += 1
                if count > job.limits.entries * 2:
                    raise Refused("zip_too_many_entries")
                open_entry = Entry(full)
            open_entry.pieces.append(_extent(job, record))
            if not flags & _MORE:
                yield open_entry
                open_entry = None
        if open_entry is not None:
            raise Refused("disc_damaged")


def _records(body: bytes) -> Iterator[bytes]:
    """The records of a folder; none crosses a sector (ECMA-119, 6.8.1.1)."""
    place = 0
    while place < len(body):
        length = body[place]
        if length == 0:
            place = (place // SECTOR + 1) * SECTOR
            continue
        record = body[place : place + length]
        if len(record) < length or length < 34 or 33 + record[32] > length:
            raise Refused("disc_damaged")
        yield record
        place += length


def _name(record: bytes, *, wide: bool) -> str | None:
    """The entry's own name, what is no UTF-8 as surrogates (PEP 383); None for the folder itself and the one above."""
    raw = record[33 : 33 + record[32]]
    if raw in (b"\0", b"\1"):
        return None
    if wide:
        text = raw.decode("utf-16-be", "replace")
    else:
        text = _rock_ridge(record[33 + record[32] + (1 - record[32] % 2) :]) or raw.decode("utf-8", "surrogateescape")
    text = text.split(";")[0].rstrip(".") or text
    return text.replace("/", "_")


def _rock_ridge(area: bytes) -> str:
    """The long name of the Rock Ridge extension (SUSP entry "NM"), when there is one."""
    name, place = b"", 0
    while place + 5 <= len(area) and area[place + 2] >= 4:
        length = area[place + 2]
        if area[place : place + 2] == b"NM":
            name += area[place + 5 : place + length]
        place += length
    return name.decode("utf-8", "surrogateescape")
