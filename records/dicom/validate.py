"""Is this instance what it says it is? Identifiers, preamble, image size, amount of pixel data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from .reader import DicomError, DicomFile

MAX_PIXELS = 100_000_000  # a frame; the largest mammograms have 30 million
MAX_FRAME_BYTES = 160 * 1024 * 1024  # decoded, must fit in the child's memory with room to work
MAX_DECODED_BYTES = 2 * 1024 * 1024 * 1024  # all frames of one instance
MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"
ENCAPSULATED = {  # SOP class: allowed MIME Type of Encapsulated Document (0042,0012), first bytes
    "1.2.840.10008.5.1.4.1.1.104.1": ("application/pdf", b"%PDF-"),
    "1.2.840.10008.5.1.4.1.1.104.2": ("text/xml", b"<"),
}
NATIVE = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"})

_JPEG_ROOT = "1.2.840.10008.1.2.4."
MPEG2 = frozenset(f"{_JPEG_ROOT}{n}" for n in ("100", "101", "100.1", "101.1"))
H264 = frozenset(f"{_JPEG_ROOT}{n}{part}" for n in (102, 103, 104, 105, 106) for part in ("", ".1"))
HEVC = frozenset(f"{_JPEG_ROOT}{n}" for n in (107, 108))
VIDEO = MPEG2 | H264 | HEVC
_THREE = frozenset({"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "YBR_ICT", "YBR_PARTIAL_422", "YBR_PARTIAL_420"})
_UID = re.compile(r"[0-9]+(\.[0-9]+)*\Z")
_PREAMBLES = (b"MZ", b"\x7fELF", b"PK\x03\x04", b"#!", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")


def check_uid(uid: str, flags: list[str]) -> None:
    """PS3.5 section 9: at most 64 characters, digits and dots. A leading zero is common and only noted."""
    if not uid:
        raise DicomError("dicom_uid_missing")
    if len(uid) > 64 or not _UID.match(uid):
        raise DicomError("dicom_uid_invalid")
    if any(len(part) > 1 and part[0] == "0" for part in uid.split(".")) and "dicom_uid_leading_zero" not in flags:
        flags.append("dicom_uid_leading_zero")


def preamble_flag(preamble: bytes) -> str | None:
    """`executable_preamble`: the first 128 bytes make the file something else as well; a download gets them zeroed.

    A TIFF header is legal there (PS3.10 section 7.1) and noted as `dicom_tiff_preamble`.
    """
    if not preamble.strip(b"\0"):
        return None
    if preamble[:4] in (b"II*\0", b"MM\0*"):
        return "dicom_tiff_preamble"
    lowered = preamble.lower()
    if preamble.startswith(_PREAMBLES) or b"<" in lowered or b"%pdf" in lowered:
        return "executable_preamble"
    return "dicom_preamble_used"


@dataclass(frozen=True, slots=True)
class Shape:
    """The image of an instance. `frame_bytes`: of one native frame as stored, in bytes (0 for 1-bit images)."""

    rows: int
    columns: int
    samples: int
    bits_allocated: int
    bits_stored: int
    signed: bool
    planar: int
    photometric: str
    frames: int

    @property
    def frame_bits(self) -> int:
        bits = self.rows * self.columns * self.samples * self.bits_allocated
        return bits // 3 * 2 if self.photometric == "YBR_FULL_422" else bits

    @property
    def frame_bytes(self) -> int:
        return self.frame_bits // 8


def shape_of(index: dict[str, Any], frames: list[float], file: DicomFile) -> Shape | None:
    """The shape of the image, checked before anything is allocated; None when the instance has no image."""
    if file.pixels is None:
        return None
    rows, columns = index["rows"] or 0, index["columns"] or 0
    count = int(frames[0]) if frames else 1
    if count == 0:  # one, as other readers have it
        count = 1
        file.flags.append("dicom_description_guessed")
    if count < 1:
        raise DicomError("dicom_frame_count")
    photometric = (index["photometric_interpretation"] or "").upper()
    samples = index["samples_per_pixel"] or (3 if photometric in _THREE else 1)
    photometric = photometric or ("RGB" if samples > 1 else "MONOCHROME2")
    allocated = index["bits_allocated"] or _allocated(file, rows * columns * samples * count)
    stored = index["bits_stored"] or allocated
    if not index["bits_allocated"] or not index["samples_per_pixel"] or not index["photometric_interpretation"]:
        file.flags.append("dicom_description_guessed")
    if file.pixels.tag != 0x7FE00010:
        allocated = stored = 32 if file.pixels.tag == 0x7FE00008 else 64
    if rows < 1 or columns < 1 or samples not in (1, 3, 4) or allocated not in (1, 8, 16, 32, 64) or stored > allocated:
        raise DicomError("dicom_image_description")
    shape = Shape(rows, columns, samples, allocated, stored, bool(index["pixel_representation"]),
                  index["planar_configuration"] or 0, photometric, count)  # fmt: skip
    _check_amount(file, shape)
    return shape


def _allocated(file: DicomFile, values: int) -> int:
    """Bits of a value where the header does not say: what the length of native pixel data allows, else 8."""
    if file.pixels is None or file.pixels.fragments is not None or values < 1:
        return 8
    return {1: 8, 2: 16, 4: 32}.get(file.pixels.length // values, 0)


def _check_amount(file: DicomFile, shape: Shape) -> None:
    """Pixel data present against pixel data described."""
    if file.pixels is None:
        return
    count = shape.frames
    encapsulated = file.pixels.fragments is not None
    if not encapsulated and file.transfer_syntax in NATIVE:
        expected = (shape.frame_bits * count + 7) // 8
        if file.pixels.length < expected:
            raise DicomError("dicom_pixel_length")
        if file.pixels.length > expected + 1:
            file.flags.append("dicom_pixel_data_longer")
    elif not encapsulated:
        raise DicomError("dicom_damaged")
    elif not file.pixels.fragments:
        raise DicomError("dicom_no_pixels")
    elif count > len(file.pixels.fragments) and file.transfer_syntax not in VIDEO:
        raise DicomError("dicom_truncated")
    if shape.rows * shape.columns > MAX_PIXELS:
        raise DicomError("image_too_large")
    if encapsulated and file.transfer_syntax not in VIDEO and shape.frame_bytes > MAX_FRAME_BYTES:
        raise DicomError("image_too_large")


def known_syntax(uid: str) -> bool:
    """Whether the standard names it (JPEG XL is newer than pydicom's list, hence by its root)."""
    return uid == "1.2.840.10008.1.2" or uid.startswith("1.2.840.10008.1.2.")
