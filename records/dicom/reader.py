"""Walk the elements of a DICOM file strictly, before any library that trusts it.

pydicom returns part of a data set without a word when a header is cut short, recurses as deep as the file says, and inflates
without end. This walker reads the same encoding (PS3.5 section 7) and refuses instead: each length must lie inside the file, nesting
and number of elements are bounded, the end of the last element must be the end of the file. Values are kept as bytes; a value
longer than `LOADED` bytes is only located (offset, length).
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass, field
from typing import BinaryIO

from .walker import (
    DEFLATED,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    LONG,
    SHORT,
    DicomError,
    Element,
    Items,
    PixelPlace,
    Walker,
)

__all__ = [
    "DEFLATED",
    "EXPLICIT_BIG",
    "EXPLICIT_LITTLE",
    "IMPLICIT_LITTLE",
    "DicomError",
    "DicomFile",
    "Element",
    "Items",
    "PixelPlace",
]

_DELIMITERS = re.compile(rb"\xfe\xff[\x0d\xdd]\xe0\0\0\0\0|\xff\xfe\xe0[\x0d\xdd]\0\0\0\0")
"""Ends of items and sequences that one writer sets once too often."""
COMPRESSED = ("1.2.840.10008.1.2.4.", "1.2.840.10008.1.2.5")
_STREAMS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP")
"""How JPEG, JPEG-LS and JPEG 2000 begin."""
INFLATE_RATIO = 100
INFLATE_FREE = 4 * 1024 * 1024
INFLATE_MAX = 1024 * 1024 * 1024


@dataclass(slots=True)
class DicomFile:
    meta: Items
    elements: Items
    preamble: bytes
    transfer_syntax: str
    little: bool
    pixels: PixelPlace | None
    flags: list[str] = field(default_factory=list)
    inflated: BinaryIO | None = None
    """The inflated data set of a deflated file; offsets of elements and pixels are in it, not in the original."""


TRAILING, TRAILING_IGNORED = "dicom_trailing_data", "dicom_trailing_ignored"


def looks_like_dicom(head: bytes) -> bool:
    """Whether the first bytes are a DICOM file, with or without the preamble of PS3.10 section 7.1."""
    if head[128:132] == b"DICM":
        return True
    if len(head) < 16 or head[:2] not in (b"\x02\x00", b"\x08\x00", b"\x00\x08"):
        return False
    big = head[:2] == b"\x00\x08"
    number, length = struct.unpack_from(">H" if big else "<H", head, 2)[0], struct.unpack_from("<I", head, 4)[0]
    if number > 0x1200:
        return False
    return head[4:6].decode("latin-1") in SHORT | LONG or (not big and length <= 256)


def read(file: BinaryIO, size: int, *, scratch: BinaryIO | None = None, trailing: bool = False) -> DicomFile:
    """Read all elements of a DICOM file of `size` bytes.

    `scratch`: a temporary file that takes the data set of a deflated file. `trailing`: what follows the last element is passed
    over, because a person has decided so. Raises DicomError and nothing else
    for whatever the bytes are; OSError when the disk fails; MemoryError.
    """
    file.seek(0)
    head = file.read(132)
    flags: list[str] = []
    if head[128:132] == b"DICM" and not _by_chance(head, file):
        position, preamble = 132, head[:128]
    elif looks_like_dicom(head):
        position, preamble = 0, b""
        flags.append("dicom_preamble_missing")
    elif len(head) < 132:
        raise DicomError("dicom_truncated")
    else:
        raise DicomError("type_unsupported")
    meta, position = _meta(file, size, position, flags)
    if position >= size:
        raise DicomError("dicom_truncated")
    element = meta.get(0x00020010)
    syntax = (element.value or b"").rstrip(b"\0 ").decode("ascii", "replace") if element else ""
    body, end, inflated = file, size, None
    if syntax == DEFLATED:
        if scratch is None:
            raise DicomError("dicom_damaged")
        end, more = _inflate(file, position, size, scratch)
        if more and not trailing:
            raise DicomError(TRAILING)
        flags += [TRAILING_IGNORED] if more else []
        body, inflated, position = scratch, scratch, 0
    little, implicit = syntax != EXPLICIT_BIG, syntax == IMPLICIT_LITTLE
    body.seek(position)
    first = body.read(8)
    if len(first) < 8:
        raise DicomError("dicom_truncated")
    spelled = first[4:6].decode("latin-1") in SHORT | LONG
    if not syntax:
        flags.append("dicom_syntax_missing")
        little, implicit = first[0] != 0 or first[1] == 0, not spelled
        syntax = IMPLICIT_LITTLE if implicit else EXPLICIT_LITTLE if little else EXPLICIT_BIG
    elif implicit == spelled:
        flags.append("dicom_syntax_wrong")
        implicit = not spelled
    walker = Walker(body, end, little=little, implicit=implicit, flags=flags)
    elements, position = walker.level(position, None, 0, implicit, top=True)
    _check_end(walker, position, end, trailing)
    if syntax.startswith(COMPRESSED) and _is_plain(walker):
        walker.flag("dicom_syntax_wrong")
        syntax = IMPLICIT_LITTLE if implicit else EXPLICIT_LITTLE
    return DicomFile(meta, elements, preamble, syntax, little, walker.pixels, flags, inflated)


def _is_plain(walker: Walker) -> bool:
    """Whether the pixels lie there as they are, although the header says that they are compressed: some archives forget to change it."""
    pixels = walker.pixels
    if pixels is None or pixels.fragments is not None or pixels.length < 8:
        return False
    return not walker.bytes_at(pixels.offset, 8).startswith(_STREAMS)


def _by_chance(head: bytes, file: BinaryIO) -> bool:
    """Whether "DICM" merely happens to stand at byte 128 of a file without a preamble: then group 2 does not follow."""
    if not looks_like_dicom(head[:16]):
        return False
    file.seek(132)
    return file.read(2) != b"\x02\x00"


def _meta(file: BinaryIO, size: int, position: int, flags: list[str]) -> tuple[Items, int]:
    """Group 2, always explicit little endian; read by its tags, because the stated group length is often wrong."""
    walker = Walker(file, size, little=True, implicit=False, flags=flags)
    meta: Items = {}
    stated: int | None = None
    while position < size:
        if walker.bytes_at(position, 2) != b"\x02\x00":
            break
        tag, vr, length, start = walker.header(position, False)
        if length > 64 * 1024 or len(meta) > 100:
            raise DicomError("dicom_truncated" if start + length > size else "dicom_damaged")
        value = walker.bytes_at(start, length)
        meta[tag] = Element(vr, start, length, value)
        position = start + length
        if tag == 0x00020000 and length == 4:
            stated = position + int(struct.unpack("<I", value)[0])
    if stated is not None and stated != position:
        flags.append("dicom_group_length")
    return meta, position


def _inflate(file: BinaryIO, position: int, size: int, scratch: BinaryIO) -> tuple[int, bool]:
    """(size of the data set, whether something follows it in the file)."""
    allowed = min(INFLATE_MAX, max(INFLATE_FREE, INFLATE_RATIO * (size - position)))
    file.seek(position)
    scratch.seek(0)
    engine, total = zlib.decompressobj(-zlib.MAX_WBITS), 0
    try:
        while not engine.eof:
            chunk = engine.unconsumed_tail or file.read(65536)
            if not chunk:
                raise DicomError("dicom_truncated")
            plain = engine.decompress(chunk, 1 << 20)
            total += len(plain)
            if total > allowed:
                raise DicomError("dicom_inflates_too_much")
            scratch.write(plain)
    except zlib.error:
        raise DicomError("dicom_damaged") from None
    scratch.flush()
    return total, len(engine.unused_data) + (
        size - file.tell()
    ) > 16  # some writers leave a checksum, as zlib and gzip do


def _check_end(walker: Walker, position: int, end: int, trailing: bool) -> None:
    """Bytes after the last element: padding is noted, anything else is refused as another file glued on."""
    left = end - position
    if left <= 0:
        return
    step = 1 << 20
    for offset in range(position, end, step):
        piece = walker.bytes_at(offset, min(step, end - offset))
        if piece.strip(b"\0") and _DELIMITERS.sub(b"", piece).strip(b"\0"):
            if walker.pixels is None:
                raise DicomError("dicom_truncated")
            if not trailing:
                raise DicomError(TRAILING)
            walker.flag(TRAILING_IGNORED)
            return
    walker.flag("dicom_padding")
