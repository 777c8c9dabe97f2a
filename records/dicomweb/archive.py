"""A study or series as a ZIP of its originals, streamed: stored, not deflated (images do not shrink enough to be worth the wait).

It is a file-set of PS3.10: a DICOMDIR, and names as that asks (numbers, in folders by series, without an ending).
Sizes stand in front of each file (and not behind it), so that every reader
can unpack while it arrives; a file above `HELD` bytes is read twice for that, once for its checksum.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.http import Http404, StreamingHttpResponse

from portal.core.models import StoredObject
from records.dicomweb.dicomdir import directory
from records.models import Instance
from records.queries import downloads

HELD = 8 * 1024**2
MAX32, MAX16 = 0xFFFFFFFF, 0xFFFF
DAY = (2026 - 1980) << 9 | 1 << 5 | 1
"""A fixed day: when the file was packed says nothing."""
README = """These are the original images of one study, as the portal received them (DICOM, PS3.10).
Each folder is a series; its files are in the order of their numbers.

"""


@dataclass(frozen=True, slots=True)
class Member:
    """One file in the archive: `row` is None for what is made for it (the text and the directory beside the images)."""

    name: bytes
    size: int
    row: Instance | None
    stored: StoredObject | None
    text: bytes = b""

    def chunks(self) -> Iterator[bytes]:
        if self.row is None or self.stored is None:
            yield self.text
        else:
            yield from downloads.body_of(self.row.file, self.stored)


def members(rows: Sequence[Instance]) -> list[Member]:
    """The archive's files in order. Raises Http404 when an original is gone."""
    found: list[Member] = []
    listed: list[tuple[str, Instance]] = []
    lines: list[str] = []
    folder, count, last = 0, 0, None
    for row in rows:
        stored = row.file.object
        if stored is None:
            raise Http404
        if row.series_id != last:
            folder, count, last = folder + 1, 0, row.series_id
            series = row.series
            lines.append(f"SE{folder:05d}  {series.modality}  {series.description}  ({series.instance_count} files)")
        count += 1
        place = f"IMAGES/SE{folder:05d}/IM{count:05d}"
        listed.append((place, row))
        found.append(Member(place.encode(), stored.size, row, stored))
    text = (README + "\n".join(lines) + "\n").replace("\n", "\r\n").encode()
    index = directory(listed) if listed else b""
    return [made(b"README.TXT", text), made(b"DICOMDIR", index), *found]


def made(name: bytes, content: bytes) -> Member:
    return Member(name, len(content), None, None, content)


def response(rows: Sequence[Instance]) -> StreamingHttpResponse:
    """The ZIP, with its length known before its first byte."""
    found = members(rows)
    answer = StreamingHttpResponse(stream(found), content_type="application/zip")
    answer["Content-Length"] = str(length(found))
    answer["Content-Disposition"] = 'attachment; filename="images.zip"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _large(size: int) -> bool:
    return size >= MAX32


def _local(member: Member, crc: int) -> bytes:
    big = _large(member.size)
    size = MAX32 if big else member.size
    extra = struct.pack("<HHQQ", 1, 16, member.size, member.size) if big else b""
    fixed = (45 if big else 20, 0x800, 0, 0, DAY, crc, size, size, len(member.name), len(extra))
    return b"PK\x03\x04" + struct.pack("<HHHHHIIIHH", *fixed) + member.name + extra


def _central(member: Member, crc: int, offset: int) -> bytes:
    wide = b"".join(struct.pack("<Q", n) for n in (member.size, member.size)) if _large(member.size) else b""
    if offset >= MAX32:
        wide += struct.pack("<Q", offset)
    extra = struct.pack("<HH", 1, len(wide)) + wide if wide else b""
    version = 45 if extra else 20
    size = MAX32 if _large(member.size) else member.size
    fixed = (version, version, 0x800, 0, 0, DAY, crc, size, size, len(member.name), len(extra), 0, 0, 0, 0)
    return b"PK\x01\x02" + struct.pack("<HHHHHHIIIHHHHHII", *fixed, min(offset, MAX32)) + member.name + extra


def _end(count: int, size: int, offset: int) -> bytes:
    out = b""
    if count >= MAX16 or size >= MAX32 or offset >= MAX32:
        out += b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, size, offset)
        out += b"PK\x06\x07" + struct.pack("<IQI", 0, offset + size, 1)
    short = min(count, MAX16)
    return out + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, short, short, min(size, MAX32), min(offset, MAX32), 0)


def length(found: Sequence[Member]) -> int:
    """Bytes of the whole archive."""
    offset = central = 0
    for one in found:
        central += len(_central(one, 0, offset))
        offset += len(_local(one, 0)) + one.size
    return offset + central + len(_end(len(found), central, offset))


def stream(found: Sequence[Member]) -> Iterator[bytes]:
    """The archive, one file after the other; at most `HELD` bytes of a file in memory."""
    offset = 0
    directory: list[bytes] = []
    for one in found:
        crc = 0
        held: list[bytes] | None = [] if one.size <= HELD else None
        for piece in one.chunks():
            crc = zlib.crc32(piece, crc)
            if held is not None:
                held.append(piece)
        head = _local(one, crc)
        yield head
        yield from one.chunks() if held is None else held
        directory.append(_central(one, crc, offset))
        offset += len(head) + one.size
    central = b"".join(directory)
    yield central + _end(len(found), len(central), offset)
