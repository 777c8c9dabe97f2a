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
from itertools import groupby

from django.http import StreamingHttpResponse

from records.dicomweb.dicomdir import IMAGE, directory, kind_of
from records.queries import downloads, retrieve
from records.queries.downloads import Body
from records.queries.retrieve import Original

HELD = 8 * 1024**2
MAX32, MAX16 = 0xFFFFFFFF, 0xFFFF
LOCAL_BYTES, CENTRAL_BYTES = 30, 46
"""Of a file's heads, without its name and what huge files add."""
DAY = (2026 - 1980) << 9 | 1 << 5 | 1
"""A fixed day: when the file was packed says nothing."""
README = """These are the original images of one study, as the portal received them (DICOM, PS3.10).
Each folder is a series; its files are in the order of their numbers.

"""


@dataclass(frozen=True, slots=True)
class Member:
    """One file in the archive, of `size` bytes. `text` is None for an original."""

    name: bytes
    size: int
    text: bytes | None = None


def members(rows: Sequence[Original]) -> list[Member]:
    """The archive's files in order, the originals last and in the order of `rows`."""
    listed: list[tuple[str, Original]] = []
    lines: list[str] = []
    for folder, (_, group) in enumerate(groupby(rows, key=lambda row: row.series.pk), 1):
        files = list(group)
        series = files[0].series
        lines.append(f"SE{folder:05d}  {series.modality}  {series.description}  ({series.instance_count} files)")
        listed += [(f"IMAGES/SE{folder:05d}/IM{count:05d}", row) for count, row in enumerate(files, 1)]
    text = (README + "\n".join(lines) + "\n").replace("\n", "\r\n").encode()
    described = retrieve.metadata_of([row.pk for row in rows if kind_of(row.sop_class) != IMAGE])
    originals = [Member(place.encode(), row.size) for place, row in listed]
    return [made(b"README.TXT", text), made(b"DICOMDIR", directory(listed, described)), *originals]


def made(name: bytes, content: bytes) -> Member:
    return Member(name, len(content), content)


def response(rows: Sequence[Original]) -> StreamingHttpResponse:
    """The ZIP, with its length known before its first byte."""
    found = members(rows)
    answer = StreamingHttpResponse(
        stream(found, downloads.bodies([row.pk for row in rows])), content_type="application/zip"
    )
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
        wide = _large(one.size) * 16 + (offset >= MAX32) * 8
        central += CENTRAL_BYTES + len(one.name) + (4 + wide if wide else 0)
        offset += LOCAL_BYTES + len(one.name) + (20 if _large(one.size) else 0) + one.size
    return offset + central + len(_end(len(found), central, offset))


def stream(found: Sequence[Member], originals: Iterator[Body]) -> Iterator[bytes]:
    """The archive, one file after the other; at most `HELD` bytes of a file in memory."""
    offset = 0
    directory: list[bytes] = []
    for one in found:
        body = _text(one.text) if one.text is not None else next(originals)
        crc = 0
        held: list[bytes] | None = [] if one.size <= HELD else None
        for piece in body():
            crc = zlib.crc32(piece, crc)
            if held is not None:
                held.append(piece)
        head = _local(one, crc)
        yield head
        yield from body() if held is None else held
        directory.append(_central(one, crc, offset))
        offset += len(head) + one.size
    central = b"".join(directory)
    yield central + _end(len(found), len(central), offset)


def _text(content: bytes) -> Body:
    return lambda: iter([content])
