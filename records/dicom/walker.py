"""The element walker: lengths, nesting and numbers of elements are checked while it goes (PS3.5 section 7)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

from pydicom.datadict import DicomDictionary, dictionary_VR

LOADED = 64 * 1024  # bytes; longer values are located, not loaded
LUT_LOADED = 256 * 1024  # look-up tables are needed to draw the image
WINDOW = 64 * 1024
MAX_DEPTH = 32
MAX_LEVEL_ELEMENTS = 5_000
MAX_ELEMENTS = 400_000
MAX_FRAGMENTS = 100_000

PIXEL_TAGS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD

LONG = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"})
SHORT = frozenset({
    "AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "PN", "SH", "SL", "SS", "ST", "TM", "UI", "UL", "US",
})  # fmt: skip
LUTS = frozenset({0x00283006, 0x00281201, 0x00281202, 0x00281203, 0x00281221, 0x00281222, 0x00281223})


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


class Walker:
    def __init__(self, file: BinaryIO, size: int, *, little: bool, implicit: bool, flags: list[str]) -> None:
        self.file, self.size, self.little, self.implicit, self.flags = file, size, little, implicit, flags
        self.held: int = getattr(file, "held", size)  # less than `size` when only the beginning is here
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
            self.buffer = self.file.read(max(length, min(WINDOW, self.held - position)))
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
            if vr in SHORT:
                return tag, vr, int(self.u16.unpack_from(raw, 6)[0]), position + 8
            if vr in LONG:
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
            if tag == ITEM_END and end is None and not top:
                return found, start
            if top and tag in (ITEM, ITEM_END, SEQUENCE_END) and start + length <= limit:
                self.flag(
                    "dicom_stray_item"
                )  # an item without its sequence: some writers lose the header of private ones
                self.counted(0)
                position = start + length
                continue
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
        if not self.implicit and letters not in SHORT | LONG:
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
            if vr == "UN" and not self.little:
                return self.unknown(start, depth)
            items, position = self.sequence(start, None, depth + 1, implicit or vr == "UN")
            return Element("SQ", start, position - start, None, items), position
        stop = start + length
        if stop > limit:
            raise DicomError("dicom_truncated")
        if vr == "SQ":
            items, _ = self.sequence(start, stop, depth + 1, implicit)
            return Element("SQ", start, length, None, items), stop
        keep = length <= LOADED or (tag in LUTS and length <= LUT_LOADED)
        value = self.bytes_at(start, length) if keep else None
        if tag == 0x00280103 and depth == 0 and value and value[:2] in (b"\x01\x00", b"\x00\x01"):
            self.signed = bool(self.u16.unpack_from(value)[0])
        return Element(vr, start, length, value), stop

    def unknown(self, start: int, depth: int) -> tuple[Element, int]:
        """UN of undefined length is implicit little endian even in a big-endian file (PS3.5 section 6.2.2): kept as bytes."""
        inside = Walker(self.file, self.size, little=True, implicit=True, flags=self.flags)
        inside.count = self.count
        _, stop = inside.sequence(start, None, depth + 1, True)
        self.count = inside.count
        value = self.bytes_at(start, stop - start) if stop - start <= LOADED else None
        return Element("UN", start, stop - start, value), stop

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
