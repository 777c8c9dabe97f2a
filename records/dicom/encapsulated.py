"""Where each compressed frame lies in an original (PS3.5 section A.4), for a client that decodes by itself."""

from __future__ import annotations

import json
import struct
from typing import BinaryIO

from .reader import DicomError, DicomFile, read

MEDIA_TYPES = {
    **{f"1.2.840.10008.1.2.4.{n}": "image/jpeg" for n in (50, 51, 57, 70)},
    **{f"1.2.840.10008.1.2.4.{n}": "image/jls" for n in (80, 81)},
    **{f"1.2.840.10008.1.2.4.{n}": "image/jp2" for n in (90, 91)},
    **{f"1.2.840.10008.1.2.4.{n}": "image/jpx" for n in (92, 93)},
    **{f"1.2.840.10008.1.2.4.{n}": "image/jphc" for n in (201, 202, 203)},
    "1.2.840.10008.1.2.5": "image/dicom-rle",
}
"""What a frame of each transfer syntax is called (PS3.18 table 8.7.3-5)."""
_PALETTE = b"PALETTE COLOR"
_OWN_COLOURS = frozenset({"1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.5"})
"""JPEG-LS and RLE: their code streams do not say what colours they hold, only the header does."""
_SAMPLES, _PHOTOMETRIC = 0x00280002, 0x00280004
_EXTENDED_OFFSETS = 0x7FE00001
MAX_PIECES = 256
"""Of one frame: more is no writer's way of cutting, and each costs whoever gives the frame out."""
MAX_INDEX_BYTES = 4 * 1024**2
"""Of a kept index: some 200,000 frames."""

Pieces = tuple[tuple[int, int], ...]
"""(offset, length) in the file of the fragments that make one frame."""


def frames(source: BinaryIO, size: int, count: int) -> list[Pieces]:
    """The pieces of each of `count` frames; [] when the file is not compressed, does not say where its frames begin, cuts one into
    more than `MAX_PIECES`, or has colours that the metadata, which describe the decoded frames, would tell wrong. Empty pieces are
    left out.
    """
    try:
        found = [tuple(one for one in pieces if one[1]) for pieces in _frames(source, size, count)]
    except (
        DicomError,
        struct.error,
        ValueError,
        LookupError,
        ArithmeticError,
        TypeError,
        RecursionError,
        AssertionError,
    ):
        return []  # a stranger's bytes: whatever they lead to here, the decoded frames are there
    return found if all(0 < len(pieces) <= MAX_PIECES for pieces in found) else []


def index(found: list[Pieces]) -> bytes:
    """What `frames` found, to be kept behind the decoded frames: a list for each frame, offset and length in turn."""
    return json.dumps([[n for piece in pieces for n in piece] for pieces in found], separators=(",", ":")).encode()


def indexed(raw: bytes, size: int, count: int) -> list[Pieces] | None:
    """What `index` wrote for an original of `size` bytes with `count` frames; None when this is not it: it comes from a process that
    read a stranger's file, so every place is looked at.
    """
    try:
        rows = json.loads(raw)
        found = [tuple(zip(row[::2], row[1::2], strict=True)) for row in rows]
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    return found if not found or (len(found) == count and all(_plausible(pieces, size) for pieces in found)) else None


def _plausible(pieces: Pieces, size: int) -> bool:
    if not 0 < len(pieces) <= MAX_PIECES or not all(type(n) is int and n > 0 for piece in pieces for n in piece):
        return False
    ends = [offset + length for offset, length in pieces]
    return ends[-1] <= size and all(end <= after for end, (after, _) in zip(ends, pieces[1:], strict=False))


def _frames(source: BinaryIO, size: int, count: int) -> list[Pieces]:
    file = read(source, size, trailing=True)
    fragments = file.pixels.fragments if file.pixels is not None else None
    if not fragments or file.inflated is not None or _told_wrong(file):
        return []
    if len(fragments) == count:
        return [(one,) for one in fragments]
    if count == 1:
        return [tuple(fragments)]
    base = fragments[0][0] - 8  # offsets count from the first byte of the first fragment's own tag
    starts = {base + offset: number for number, offset in enumerate(_offsets(source, file))}
    found: list[list[tuple[int, int]]] = []
    for offset, length in fragments:
        if starts.get(offset - 8) == len(found):
            found.append([])
        if not found:
            return []
        found[-1].append((offset, length))
    return [tuple(one) for one in found] if len(found) == count else []


def _told_wrong(file: DicomFile) -> bool:
    """Whether the metadata say RGB where the code stream's reader needs the original's words (a palette, YBR, 16 bits)."""
    samples, photometric = (file.elements.get(tag) for tag in (_SAMPLES, _PHOTOMETRIC))
    if photometric is not None and (photometric.value or b"").strip(b" \0").upper() == _PALETTE:
        return True
    many = samples is not None and int.from_bytes((samples.value or b"")[:2], "little") > 1
    return many and file.transfer_syntax in _OWN_COLOURS


def _offsets(source: BinaryIO, file: DicomFile) -> list[int]:
    """The extended offset table where there is one, else the basic one."""
    assert file.pixels is not None
    extended = file.elements.get(_EXTENDED_OFFSETS)
    if extended is not None:
        source.seek(extended.offset)
        raw = source.read(extended.length)
        return list(struct.unpack(f"<{len(raw) // 8}Q", raw[: len(raw) // 8 * 8]))
    source.seek(file.pixels.offset + 4)
    length = struct.unpack("<I", source.read(4))[0]
    raw = source.read(length)
    return list(struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4]))
