"""Walk the elements of a DICOM file strictly, before any library that trusts it.

pydicom returns part of a data set without a word when a header is cut short, recurses as deep as the file says, and inflates
without end. This walker reads the same encoding (PS3.5 section 7) and refuses instead: each length must lie inside the file, nesting
and number of elements are bounded, the end of the last element must be the end of the file. Values are kept as bytes; a value
longer than `LOADED` bytes is only located (offset, length).
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from typing import BinaryIO

from pydicom.datadict import DicomDictionary, dictionary_VR

LOADED = 64 * 1024  # bytes; longer values are located, not loaded
LUT_LOADED = 256 * 1024  # look-up tables are needed to draw the image
WINDOW = 64 * 1024
MAX_DEPTH = 32
MAX_LEVEL_ELEMENTS = 5_000
MAX_ELEMENTS = 400_000
MAX_FRAGMENTS = 100_000
INFLATE_RATIO = 100
INFLATE_FREE = 4 * 1024 * 1024
INFLATE_MAX = 1024 * 1024 * 1024

PIXEL_TAGS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD

_LONG = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"})
_SHORT = frozenset({
    "AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "PN", "SH", "SL", "SS", "ST", "TM", "UI", "UL", "US",
})  # fmt: skip
_LUTS = frozenset({0x00283006, 0x00281201, 0x00281202, 0x00281203, 0x00281221, 0x00281222, 0x00281223})


class DicomError(Exception):
    """The file is refused; `code` is the stable reason (see records/child/protocol.py)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Element:
    """One data element: `value` holds the bytes (None when only located), `items` the items of a sequence."""

    vr: str
    offset: int
    length: int
    value: bytes | None = None
    items: list[Items] | None = None


Items = dict[int, Element]


@dataclass(slots=True)
class PixelPlace:
    """Where the pixels lie. `fragments` (offset, length) without the offset table when encapsulated, else None."""

    tag: int
    vr: str
    offset: int
    length: int
    fragments: list[tuple[int, int]] | None = None


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


class _Walker:
    def __init__(self, file: BinaryIO, size: int, *, little: bool, implicit: bool, flags: list[str]) -> None:
        self.file, self.size, self.little, self.implicit, self.flags = file, size, little, implicit, flags
        self.base, self.buffer = 0, b""
        self.count = 0
        self.pixels: PixelPlace | None = None
        order = "<" if little else ">"
        self.tag_struct = struct.Struct(order + "HH")
        self.u16, self.u32 = struct.Struct(order + "H"), struct.Struct(order + "I")
        self.signed = False

    def bytes_at(self, position: int, length: int) -> bytes:
        end = position + length
        if end > self.size:
            raise DicomError("dicom_truncated")
        if position < self.base or end > self.base + len(self.buffer):
            self.file.seek(position)
            self.buffer = self.file.read(max(length, min(WINDOW, self.size - position)))
            self.base = position
            if len(self.buffer) < length:
                raise DicomError("dicom_truncated")
        start = position - self.base
        return self.buffer[start : start + length]

    def flag(self, code: str) -> None:
        if code not in self.flags:
            self.flags.append(code)

    def header(self, position: int, implicit: bool) -> tuple[int, str, int, int]:
        """(tag, VR, length, position of the value) of the element at `position`."""
        raw = self.bytes_at(position, 8)
        group, number = self.tag_struct.unpack_from(raw)
        tag = group << 16 | number
        if group == 0xFFFE:
            return tag, "", int(self.u32.unpack_from(raw, 4)[0]), position + 8
        if not implicit:
            letters = raw[4:6]
            vr = letters.decode("latin-1")
            if vr in _SHORT:
                return tag, vr, int(self.u16.unpack_from(raw, 6)[0]), position + 8
            if vr in _LONG:
                length = int(self.u32.unpack(self.bytes_at(position + 8, 4))[0])
                return tag, vr, length, position + 12
            if 65 <= letters[0] <= 90 and 65 <= letters[1] <= 90:
                self.flag("dicom_vr_unknown")
                return tag, self.known_vr(tag), int(self.u16.unpack_from(raw, 6)[0]), position + 8
            self.flag("dicom_vr_missing")
        return tag, self.known_vr(tag), int(self.u32.unpack_from(raw, 4)[0]), position + 8

    def known_vr(self, tag: int) -> str:
        """The dictionary's VR; choices such as "US or SS" are settled by the pixel representation (PS3.5 A.1)."""
        entry = DicomDictionary.get(tag)
        if entry is not None:
            vr = entry[0]
        elif tag >> 16 & 1:
            return "LO" if 0x10 <= (tag & 0xFFFF) <= 0xFF else "UN"
        elif tag & 0xFFFF == 0:
            return "UL"
        else:
            try:
                vr = dictionary_VR(tag)
            except KeyError:
                return "UN"
        if len(vr) == 2:
            return vr
        if "OW" in vr:
            return "OW"
        return ("SS" if self.signed else "US") if "SS" in vr else "UN"

    def level(
        self, position: int, end: int | None, depth: int, implicit: bool, *, top: bool = False
    ) -> tuple[Items, int]:
        """The elements from `position` to `end` (None: up to an item delimiter), and where reading stopped."""
        if depth > MAX_DEPTH:
            raise DicomError("dicom_too_deep")
        found: Items = {}
        limit = self.size if end is None else end
        last = -1
        while position < limit:
            if top and self.tail(position, last):
                break
            tag, vr, length, start = self.header(position, implicit)
            if tag == ITEM_END and end is None:
                return found, start
            if tag >> 16 in (0xFFFE, 0):
                raise DicomError("dicom_damaged")
            self.counted(len(found))
            if tag <= last:
                self.flag("dicom_order")
            last = tag
            if tag in PIXEL_TAGS and top:
                position = self.pixel_place(tag, vr, start, length)
                continue
            element, position = self.element(tag, vr, length, start, limit, depth, implicit)
            if element is not None:
                found[tag] = element
        if end is None and not top:
            raise DicomError("dicom_truncated")
        return found, position

    def counted(self, here: int) -> None:
        self.count += 1
        if self.count > MAX_ELEMENTS or here >= MAX_LEVEL_ELEMENTS:
            raise DicomError("dicom_too_many_elements")

    def tail(self, position: int, last: int) -> bool:
        """Whether what follows the pixels is no element any more: padding, or something glued on (see _check_end)."""
        if self.size - position < 8:
            return True
        if self.pixels is None:
            return False
        raw = self.bytes_at(position, 8)
        group, number = self.tag_struct.unpack_from(raw)
        if group in (0, 0xFFFE) or (group << 16 | number) <= last:
            return True
        letters = raw[4:6].decode("latin-1")
        if not self.implicit and letters not in _SHORT | _LONG:
            return True
        _, _, length, start = self.header(position, self.implicit)
        return length != UNDEFINED and start + length > self.size

    def element(
        self, tag: int, vr: str, length: int, start: int, limit: int, depth: int, implicit: bool
    ) -> tuple[Element | None, int]:
        """The element whose value begins at `start`, and where the next begins; None for an icon's compressed pixels."""
        if length == UNDEFINED:
            if tag in PIXEL_TAGS:
                return None, self.fragments(start)[1]
            if vr not in ("SQ", "UN", "OB", "OW"):
                raise DicomError("dicom_damaged")
            items, position = self.sequence(start, None, depth + 1, implicit or vr == "UN")
            return Element("SQ", start, position - start, None, items), position
        stop = start + length
        if stop > limit:
            raise DicomError("dicom_truncated")
        if vr == "SQ":
            items, _ = self.sequence(start, stop, depth + 1, implicit)
            return Element("SQ", start, length, None, items), stop
        keep = length <= LOADED or (tag in _LUTS and length <= LUT_LOADED)
        value = self.bytes_at(start, length) if keep else None
        if tag == 0x00280103 and depth == 0 and value and value[:2] in (b"\x01\x00", b"\x00\x01"):
            self.signed = bool(self.u16.unpack_from(value)[0])
        return Element(vr, start, length, value), stop

    def sequence(self, position: int, end: int | None, depth: int, implicit: bool) -> tuple[list[Items], int]:
        if depth > MAX_DEPTH:
            raise DicomError("dicom_too_deep")
        items: list[Items] = []
        limit = self.size if end is None else end
        while position < limit:
            raw = self.bytes_at(position, 8)
            group, number = self.tag_struct.unpack_from(raw)
            tag, length = group << 16 | number, self.u32.unpack_from(raw, 4)[0]
            position += 8
            if tag == SEQUENCE_END:
                return items, position if end is None else end
            if tag != ITEM:
                raise DicomError("dicom_damaged")
            if length == UNDEFINED:
                found, position = self.level(position, None, depth, implicit)
            else:
                if position + length > limit:
                    raise DicomError("dicom_truncated")
                found, position = self.level(position, position + length, depth, implicit)
            self.counted(0)
            items.append(found)
        if end is None:
            raise DicomError("dicom_truncated")
        return items, position

    def pixel_place(self, tag: int, vr: str, start: int, length: int) -> int:
        if length != UNDEFINED:
            if start + length > self.size:
                raise DicomError("dicom_truncated")
            self.pixels = PixelPlace(tag, vr, start, length)
            return start + length
        fragments, position = self.fragments(start)
        if not fragments:
            raise DicomError("dicom_no_pixels")
        self.pixels = PixelPlace(tag, vr, start, position - start, fragments)
        return position

    def fragments(self, position: int) -> tuple[list[tuple[int, int]], int]:
        """The items behind the offset table (PS3.5 A.4), and where their sequence ends."""
        items: list[tuple[int, int]] = []
        while position < self.size or len(items) < 2:
            raw = self.bytes_at(position, 8)
            group, number = self.tag_struct.unpack_from(raw)
            item, size = group << 16 | number, self.u32.unpack_from(raw, 4)[0]
            position += 8
            if item == SEQUENCE_END:
                return items[1:], position
            if item != ITEM:
                raise DicomError("dicom_damaged")
            if position + size > self.size:
                raise DicomError("dicom_truncated")
            items.append((position, size))
            if len(items) > MAX_FRAGMENTS:
                raise DicomError("dicom_too_many_elements")
            position += size
        self.flag("dicom_delimiter_missing")
        return items[1:], position


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
    return head[4:6].decode("latin-1") in _SHORT | _LONG or (not big and length <= 256)


def read(file: BinaryIO, size: int, *, scratch: BinaryIO | None = None) -> DicomFile:
    """Read all elements of a DICOM file of `size` bytes.

    `scratch`: a temporary file that takes the data set of a deflated file. Raises DicomError and nothing else
    for whatever the bytes are; OSError when the disk fails; MemoryError.
    """
    file.seek(0)
    head = file.read(132)
    flags: list[str] = []
    has_preamble = head[128:132] == b"DICM"
    if has_preamble:
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
        end = _inflate(file, position, size, scratch)
        body, inflated, position = scratch, scratch, 0
    little, implicit = syntax != EXPLICIT_BIG, syntax == IMPLICIT_LITTLE
    body.seek(position)
    first = body.read(8)
    if len(first) < 8:
        raise DicomError("dicom_truncated")
    spelled = first[4:6].decode("latin-1") in _SHORT | _LONG
    if not syntax:
        flags.append("dicom_syntax_missing")
        little, implicit = first[0] != 0 or first[1] == 0, not spelled
        syntax = IMPLICIT_LITTLE if implicit else EXPLICIT_LITTLE if little else EXPLICIT_BIG
    elif implicit == spelled:
        flags.append("dicom_syntax_wrong")
        implicit = not spelled
    walker = _Walker(body, end, little=little, implicit=implicit, flags=flags)
    elements, position = walker.level(position, None, 0, implicit, top=True)
    _check_end(walker, position, end)
    return DicomFile(meta, elements, preamble, syntax, little, walker.pixels, flags, inflated)


def _meta(file: BinaryIO, size: int, position: int, flags: list[str]) -> tuple[Items, int]:
    """Group 2, always explicit little endian; read by its tags, because the stated group length is often wrong."""
    walker = _Walker(file, size, little=True, implicit=False, flags=flags)
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


def _inflate(file: BinaryIO, position: int, size: int, scratch: BinaryIO) -> int:
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
    if len(engine.unused_data) + (size - file.tell()) > 16:  # some writers leave a checksum, as zlib and gzip do
        raise DicomError("dicom_trailing_data")
    scratch.flush()
    return total


def _check_end(walker: _Walker, position: int, end: int) -> None:
    """Bytes after the last element: padding is noted, anything else is refused as another file glued on."""
    left = end - position
    if left <= 0:
        return
    step = 1 << 20
    for offset in range(position, end, step):
        if walker.bytes_at(offset, min(step, end - offset)).strip(b"\0"):
            raise DicomError("dicom_trailing_data" if walker.pixels is not None else "dicom_truncated")
    walker.flag("dicom_padding")
