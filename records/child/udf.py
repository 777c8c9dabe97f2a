"""A copy of a disc in UDF (ECMA-167 and OSTA UDF 1.02 to 2.60) in the child: what many programs write on DVDs.

Read by hand as `iso` is, and as carefully: every descriptor has its checksum, every extent is checked against the file before it is used, a
folder that comes twice ends the file. Discs that were written to in several goes (virtual partitions) are refused in words.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from .iso import MAX_DEPTH, MAX_FOLDER_BYTES, NOTHING, SECTOR, Entry
from .job import Job, Refused

ANCHOR = 256
"""Sector of the anchor; the other places are the last one and 256 before it."""
_ANCHOR, _PARTITION, _VOLUME, _END = 2, 5, 6, 8
_FILE_SET, _NAME, _MORE, _FILE, _FILE_2 = 256, 257, 258, 261, 266
_FOLDER = 4
_IS_FOLDER, _DELETED, _PARENT = 0x02, 0x04, 0x08
_LENGTH = 0x3FFFFFFF
MAX_EXTENTS = 100_000
"""Of one file: gigabytes in the smallest pieces that programs write."""
Place = tuple[int, int]
"""Block and partition, as the disc's own addresses are."""


@dataclass
class _File:
    folder: bool
    size: int
    pieces: list[tuple[int, int]]


def entries(job: Job) -> list[Entry]:
    """Every file of the disc. Raises Refused as `iso.entries`."""
    try:
        return list(_walk(job, *_Disc.of(job)))
    except struct.error:
        raise Refused("disc_damaged") from None


class _Disc:
    """The partitions, and where their blocks lie in the file."""

    def __init__(self, job: Job, starts: list[int | list[tuple[int, int]]]) -> None:
        self.job, self.starts = job, starts

    @classmethod
    def of(cls, job: Job) -> tuple[_Disc, Place]:
        """The disc and the place of its root folder."""
        length, first = struct.unpack_from("<II", _anchor(job), 16)
        partitions: dict[int, int] = {}
        volume = b""
        for number in range(min(length // SECTOR, 256)):
            raw = _sector(job, first + number)
            kind = _tag(raw)
            if kind == _END:
                break
            if kind == _PARTITION:
                partitions[struct.unpack_from("<H", raw, 22)[0]] = struct.unpack_from("<I", raw, 188)[0]
            elif kind == _VOLUME:
                volume = raw
        if not volume or struct.unpack_from("<I", volume, 212)[0] != SECTOR:
            raise Refused("disc_unsupported")
        disc = cls(job, [])
        place = 440
        for _ in range(min(struct.unpack_from("<I", volume, 268)[0], 8)):
            kind, size = volume[place], volume[place + 1]
            disc.starts.append(disc._map(volume[place : place + size], kind, partitions))
            place += size
        block, partition = struct.unpack_from("<IH", volume, 252)
        file_set = disc.block((block, partition), _FILE_SET)
        return disc, struct.unpack_from("<IH", file_set, 404)

    def _map(self, raw: bytes, kind: int, partitions: dict[int, int]) -> int | list[tuple[int, int]]:
        number = struct.unpack_from("<H", raw, 4 if kind == 1 else 38)[0]
        if number not in partitions:
            raise Refused("disc_damaged")
        if kind == 1:
            return partitions[number]
        if kind == 2 and raw[5:28].rstrip(b"\0") == b"*UDF Metadata Partition":
            # Folders lie in a file of their own, whose blocks are a partition.
            self.starts.append(partitions[number])
            inside = self.file((struct.unpack_from("<I", raw, 40)[0], len(self.starts) - 1))
            self.starts.pop()
            return inside.pieces
        raise Refused("disc_unsupported")  # written in several goes

    def offset(self, place: Place) -> int:
        """Where a block begins in the file."""
        block, partition = place
        if partition >= len(self.starts):
            raise Refused("disc_damaged")
        start = self.starts[partition]
        if isinstance(start, int):
            return (start + block) * SECTOR
        left = block * SECTOR
        for offset, size in start:
            if left < size:
                if offset == NOTHING:
                    break
                return offset + left
            left -= size
        raise Refused("disc_damaged")

    def block(self, place: Place, *kinds: int) -> bytes:
        """A descriptor of one of these kinds."""
        self.job.file.seek(self.offset(place))
        raw = self.job.file.read(SECTOR)
        if _tag(raw) not in kinds:
            raise Refused("disc_cut" if len(raw) < SECTOR else "disc_damaged")
        return raw

    def file(self, place: Place) -> _File:
        raw = self.block(place, _FILE, _FILE_2)
        size: int = struct.unpack_from("<Q", raw, 56)[0]
        lengths = 168 if _tag(raw) == _FILE else 208
        attributes, described = struct.unpack_from("<II", raw, lengths)
        begin = lengths + 8 + attributes
        if begin + described > SECTOR:
            raise Refused("disc_damaged")
        shape = struct.unpack_from("<H", raw, 34)[0] & 7
        if shape == 3:
            if size > described:
                raise Refused("disc_damaged")
            pieces = [(self.offset(place) + begin, size)]
        elif shape in (0, 1):
            pieces = list(self._pieces(raw[begin : begin + described], shape, place[1], size))
        else:
            raise Refused("disc_unsupported")
        if sum(length for _, length in pieces) != size:
            raise Refused("disc_damaged")
        return _File(raw[27] == _FOLDER, size, pieces)

    def _pieces(self, raw: bytes, shape: int, partition: int, left: int) -> Iterator[tuple[int, int]]:
        """(offset, size) of the extents, `left` bytes in all; NOTHING instead of an offset where nothing was written."""
        width, at = (8, 0) if shape == 0 else (16, 0)
        for _ in range(MAX_EXTENTS):
            if left <= 0 or at + width > len(raw):
                return
            said, block = struct.unpack_from("<II", raw, at)
            where = (block, struct.unpack_from("<H", raw, at + 8)[0] if shape else partition)
            at += width
            length = said & _LENGTH
            if said >> 30 == 3:  # the list goes on elsewhere
                more = self.block(where, _MORE)
                raw, at = more[24 : 24 + struct.unpack_from("<I", more, 20)[0]], 0
                continue
            if not length:
                return
            length = min(length, left)
            left -= length
            if said >> 30:
                yield NOTHING, length
                continue
            # Blocks of the folders' own partition may lie apart.
            step = length if isinstance(self.starts[where[1]] if where[1] < len(self.starts) else 0, int) else SECTOR
            for begin in range(0, length, step):
                offset, size = self.offset((where[0] + begin // SECTOR, where[1])), min(step, length - begin)
                if offset + size > self.job.size:
                    raise Refused("disc_cut")
                yield offset, size
        raise Refused("disc_damaged")


def _sector(job: Job, number: int) -> bytes:
    job.file.seek(number * SECTOR)
    return job.file.read(SECTOR)


def _tag(raw: bytes) -> int:
    """What this descriptor is; 0 when its checksum is wrong (ECMA-167, 3/7.2)."""
    if len(raw) < 16 or (sum(raw[:4]) + sum(raw[5:16])) & 0xFF != raw[4]:
        return 0
    return int(struct.unpack_from("<H", raw)[0])


def _anchor(job: Job) -> bytes:
    last = job.size // SECTOR - 1
    for number in (ANCHOR, last, last - ANCHOR):
        if number > 0 and _tag(raw := _sector(job, number)) == _ANCHOR:
            return raw
    raise Refused("disc_unsupported")


def _walk(job: Job, disc: _Disc, root: Place) -> Iterator[Entry]:
    waiting = [("", root, 0)]
    seen: set[Place] = set()
    total = count = 0
    while waiting:
        path, place, depth = waiting.pop()
        if place in seen or depth > MAX_DEPTH:
            raise Refused("disc_loop")
        seen.add(place)
        folder = disc.file(place)
        total += folder.size
        if not folder.folder:
            raise Refused("disc_damaged")
        if total > MAX_FOLDER_BYTES:
            raise Refused("zip_too_many_entries")
        for name, flags, where in _names(_content(job, folder)):
            full = f"{path}/{name}" if path else name
            if flags & _IS_FOLDER:
                waiting.append((full, where, depth + 1))
                continue
            count += 1
            if count > job.limits.entries * 2:
                raise Refused("zip_too_many_entries")
            yield Entry(full, disc.file(where).pieces)


def _content(job: Job, folder: _File) -> bytes:
    found = []
    for offset, size in folder.pieces:
        if offset == NOTHING:
            raise Refused("disc_damaged")
        job.file.seek(offset)
        found.append(job.file.read(size))
    return b"".join(found)


def _names(body: bytes) -> Iterator[tuple[str, int, Place]]:
    """(name, flags, place) of what a folder holds, without what was deleted and the folder above."""
    at = 0
    while at + 38 <= len(body):
        if _tag(body[at : at + 16]) != _NAME:
            raise Refused("disc_damaged")
        flags, length = body[at + 18], body[at + 19]
        block, partition = struct.unpack_from("<IH", body, at + 24)
        used = struct.unpack_from("<H", body, at + 36)[0]
        raw = body[at + 38 + used : at + 38 + used + length]
        if len(raw) < length:
            raise Refused("disc_damaged")
        at += (38 + used + length + 3) // 4 * 4
        if not flags & (_DELETED | _PARENT):
            yield _name(raw), flags, (block, partition)


def _name(raw: bytes) -> str:
    """OSTA compressed Unicode: the first byte says how many bits a letter has."""
    text = raw[1:].decode("utf-16-be" if raw[:1] == b"\x10" else "latin-1", "replace")
    return text.replace("/", "_") or "_"
