"""Frames as the viewer gets them: by offset from the original where it is plain, decoded one by one where it is not."""

from __future__ import annotations

import logging
import shutil
import struct
import warnings
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np

from .metadata import Values
from .reader import EXPLICIT_LITTLE, IMPLICIT_LITTLE, DicomError, DicomFile, Items
from .render import Look, Lut
from .validate import NATIVE, Shape

JPEG_12_BIT = "jpeg-12-bit"  # marks frames that only DCMTK's dcmdjpeg decodes
_JPEG = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 57, 70, 80, 81))
_J2K = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (90, 91, 92, 93, 201, 202, 203))
_RLE = "1.2.840.10008.1.2.5"
DECODABLE = _JPEG | _J2K | {_RLE} | NATIVE
_COLOUR = frozenset({"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "YBR_ICT", "YBR_PARTIAL_422", "YBR_PARTIAL_420"})

logging.getLogger("pydicom").setLevel(logging.CRITICAL)  # its messages quote the file


def source_of(file: DicomFile, shape: Shape, index: dict[str, Any]) -> str:
    """`original` (served by offset), `pack` (must be decoded) or `none` (kept, not shown)."""
    assert file.pixels is not None
    if file.pixels.tag != 0x7FE00010 or shape.bits_allocated > 32:
        return "none"
    plain = file.pixels.fragments is None and file.transfer_syntax in (EXPLICIT_LITTLE, IMPLICIT_LITTLE)
    shifted = index["high_bit"] is not None and index["high_bit"] != shape.bits_stored - 1
    if plain and shape.samples == 1 and shape.photometric.startswith("MONOCHROME"):
        return "pack" if shape.bits_allocated == 1 or shifted else "original"
    if plain and shape.samples == 3 and shape.photometric == "RGB" and shape.bits_allocated == 8 and not shape.planar:
        return "original"
    return "pack" if file.transfer_syntax in DECODABLE else "none"


def places(file: DicomFile, shape: Shape) -> list[list[int]]:
    """(offset, length) of each compressed frame in the original, for tiles fetched one by one (PS3.5 A.4).

    [] when frames are not compressed, or one lies in several fragments: then it is not one piece of the original.
    """
    if file.pixels is None or file.pixels.fragments is None or file.inflated is not None:
        return []
    fragments = file.pixels.fragments
    return [[offset, length] for offset, length in fragments] if len(fragments) == shape.frames else []


def check_codestreams(source: BinaryIO, file: DicomFile, shape: Shape) -> str | None:
    """Compare each compressed frame's own size with Rows and Columns before a decoder allocates anything.

    Returns JPEG_12_BIT when the precision needs DCMTK. Raises DicomError("dicom_codestream_size").
    """
    if file.pixels is None or file.pixels.fragments is None or file.transfer_syntax == _RLE:
        return None
    special = None
    for offset, length in file.pixels.fragments:
        source.seek(offset)
        head = source.read(min(length, 65536))
        found = _jpeg2000_size(head) if file.transfer_syntax in _J2K else _jpeg_size(head)
        if found is None:
            continue
        rows, columns, precision = found
        if (rows, columns) != (shape.rows, shape.columns) and rows:
            raise DicomError("dicom_codestream_size")
        if precision == 12 and file.transfer_syntax in ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"):
            special = JPEG_12_BIT
    return special


def _jpeg_size(head: bytes) -> tuple[int, int, int] | None:
    if head[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 9 < len(head) and head[at] == 0xFF:
        marker = head[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)) or marker == 0xF7:
            precision, rows, columns = struct.unpack_from(">BHH", head, at + 4)
            return rows, columns, precision
        at += 2 + int(struct.unpack_from(">H", head, at + 2)[0])
    return None


def _jpeg2000_size(head: bytes) -> tuple[int, int, int] | None:
    at = head.find(b"\xff\x4f\xff\x51", 0, 4096)
    if at < 0 or len(head) < at + 24:
        return None
    width, height, left, top = struct.unpack_from(">IIII", head, at + 8)
    return height - top, width - left, 0


def decode(source: BinaryIO, file: DicomFile, shape: Shape, values: Values) -> Iterator[np.ndarray]:
    """Every frame: little-endian stored values for grey, RGB8 for colour and palette. Raises DicomError when a frame is damaged."""
    from pydicom.pixels import get_decoder

    assert file.pixels is not None
    options: dict[str, Any] = {
        "rows": shape.rows,
        "columns": shape.columns,
        "number_of_frames": shape.frames,
        "samples_per_pixel": shape.samples,
        "bits_allocated": shape.bits_allocated,
        "bits_stored": shape.bits_stored,
        "pixel_representation": int(shape.signed),
        "photometric_interpretation": shape.photometric,
        "planar_configuration": shape.planar,
        "pixel_keyword": "PixelData",
        "pixel_vr": file.pixels.vr,
    }
    palette = _palette(values) if shape.photometric == "PALETTE COLOR" else None
    shift = 0
    high_bit = values.integer(0x00280102)
    if shape.samples == 1 and file.pixels.fragments is None and high_bit is not None:
        shift = max(0, min(high_bit, shape.bits_allocated - 1) - shape.bits_stored + 1)
    if shift:
        options["bits_stored"] = shape.bits_allocated  # or the decoder would clear what lies above the stored bits
    try:
        decoder = get_decoder(
            file.transfer_syntax if file.pixels.fragments is not None or not file.little else EXPLICIT_LITTLE
        )
        source.seek(file.pixels.offset)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for array, _ in decoder.iter_array(source, indices=range(shape.frames), **options):
                yield _plain(array, shape, palette, shift)
    except (DicomError, MemoryError, GeneratorExit):
        raise
    except Exception:  # decoders raise anything on a damaged stream; the file is refused by name, never skipped
        raise DicomError("dicom_pixels_damaged") from None


def _plain(array: np.ndarray, shape: Shape, palette: Any, shift: int) -> np.ndarray:
    if palette is not None:
        from pydicom.pixels.processing import apply_color_lut

        array = apply_color_lut(array, palette)[..., :3]
        return (array >> 8 if array.dtype.itemsize == 2 else array).astype(np.uint8)
    if shape.samples > 1:
        if array.dtype.itemsize > 1:
            array = array >> max(0, shape.bits_stored - 8)
        return np.ascontiguousarray(array[..., :3].astype(np.uint8))
    if shift:
        above = shape.bits_allocated - shape.bits_stored - shift
        array = (array << above) >> (above + shift)  # what lies above is dropped, the sign is kept
    return array.astype(array.dtype.newbyteorder("<"), copy=False)


def _palette(values: Values) -> Any:
    """A data set with nothing but the palette (PS3.3 C.7.9)."""
    from pydicom.dataset import Dataset

    found = Dataset()
    found.set_original_encoding(False, True)
    for number in (0x1101, 0x1102, 0x1103, 0x1201, 0x1202, 0x1203, 0x1221, 0x1222, 0x1223):
        element = values.file.elements.get(0x00280000 | number)
        if element is None or element.value is None:
            continue
        if number < 0x1200:
            numbers = [int(n) for n in values.numbers(0x00280000 | number)]
            found.add_new(0x00280000 | number, "SS" if min(numbers, default=0) < 0 else "US", numbers)
        else:
            raw = element.value
            if not values.file.little:
                raw = np.frombuffer(raw[: len(raw) // 2 * 2], ">u2").astype("<u2").tobytes()
            found.add_new(0x00280000 | number, "OW", raw)
    return found


def _lut(values: Values, items: list[Items], signed: bool) -> Lut | None:
    """The first table of a LUT sequence (PS3.3 C.11.1.1)."""
    for item in items[:1]:
        descriptor = values.numbers(0x00283002, item)
        element = item.get(0x00283006)
        if len(descriptor) != 3 or element is None or element.value is None:
            return None
        count, first, bits = int(descriptor[0]) or 65536, int(descriptor[1]), int(descriptor[2])
        if signed and first > 32767:
            first -= 65536
        order = "<" if values.file.little else ">"
        if len(element.value) >= count * 2:
            table = np.frombuffer(element.value, f"{order}u2", count)
        else:
            table = np.frombuffer(element.value, np.uint8)[:count]
        if not len(table) or not 1 <= bits <= 16:
            return None
        return Lut(first, bits, table.astype("<u2").tobytes())
    return None


def look_of(values: Values, shape: Shape) -> Look:
    """How the instance wants to be drawn, with the functional groups of enhanced classes."""
    slope, intercept = values.numbers(0x00281053), values.numbers(0x00281052)
    modality = _lut(values, values.items(0x00283000), shape.signed)
    frames = _frame_looks(values)
    signed_values = shape.signed or bool(intercept and intercept[0] < 0)
    windows = zip(values.numbers(0x00281050), values.numbers(0x00281051), strict=False)
    linear = not slope or bool(
        slope[0]
    )  # a slope of 0 would make one grey of all: then there is no rescale, as DCMTK has it
    return Look(
        photometric=shape.photometric,
        samples=shape.samples,
        bits_allocated=shape.bits_allocated,
        bits_stored=shape.bits_stored,
        signed=shape.signed,
        slope=slope[0] if slope and linear else 1.0,
        intercept=intercept[0] if intercept and linear else 0.0,
        modality_lut=modality,
        voi_lut=_lut(values, values.items(0x00283010), signed_values),
        windows=tuple((center, width) for center, width in windows if width > 0),
        function=values.text(0x00281056) or "LINEAR",
        frames=frames,
    )


def _frame_looks(values: Values) -> tuple[tuple[float, float, float | None, float | None], ...]:
    shared = (values.items(0x52009229) or [{}])[0]
    per_frame = values.items(0x52009230)
    if not per_frame and not shared:
        return ()
    out = []
    for group in per_frame or [{}]:
        look: list[float | None] = []
        for sequence, tag in (
            (0x00289145, 0x00281053),
            (0x00289145, 0x00281052),
            (0x00289132, 0x00281050),
            (0x00289132, 0x00281051),
        ):
            found = next(
                (n for g in (group, shared) for i in values.items(sequence, g)[:1] for n in values.numbers(tag, i)),
                None,
            )
            look.append(found)
        slope, intercept = (1.0, 0.0) if look[0] == 0 else (1.0 if look[0] is None else look[0], look[1] or 0.0)
        center, width = (look[2], look[3]) if look[3] and look[3] > 0 else (None, None)
        out.append((slope, intercept, center, width))
    if all(entry == (1.0, 0.0, None, None) for entry in out):
        return ()
    return (out[0],) if all(entry == out[0] for entry in out) else tuple(out)


def complete(metadata: dict[str, Any], shape: Shape) -> None:
    """Say in the metadata what the header left out and `shape_of` worked out."""
    for tag, vr, value in (
        ("00280002", "US", shape.samples),
        ("00280004", "CS", shape.photometric),
        ("00280100", "US", shape.bits_allocated),
        ("00280101", "US", shape.bits_stored),
        ("00280102", "US", shape.bits_stored - 1),
        ("00280103", "US", int(shape.signed)),
    ):
        if not metadata.get(tag, {}).get("Value"):
            metadata[tag] = {"vr": vr, "Value": [value]}
    if shape.frames == 1 and metadata.get("00280008", {}).get("Value") == [0]:
        metadata["00280008"] = {"vr": "IS", "Value": [1]}
    if metadata.get("00281053", {}).get("Value", [1])[0] == 0:
        for tag in ("00281052", "00281053"):
            metadata.pop(tag, None)


def patch(metadata: dict[str, Any], shape: Shape) -> None:
    """Make the metadata describe the decoded frames: RGB8 interleaved, or plain grey."""
    colour = shape.samples > 1 or shape.photometric == "PALETTE COLOR"
    if colour:
        changes: dict[str, tuple[str, Any]] = {
            "00280002": ("US", 3), "00280004": ("CS", "RGB"), "00280006": ("US", 0), "00280100": ("US", 8),
            "00280101": ("US", 8), "00280102": ("US", 7), "00280103": ("US", 0),
        }  # fmt: skip
        for tag in [t for t in metadata if t.startswith(("002811", "002812"))]:
            del metadata[tag]
    else:
        allocated = max(8, shape.bits_allocated)
        stored = 8 if shape.bits_allocated == 1 else shape.bits_stored
        changes = {"00280100": ("US", allocated), "00280101": ("US", stored), "00280102": ("US", stored - 1)}
    for tag, (vr, value) in changes.items():
        metadata[tag] = {"vr": vr, "Value": [value]}


def dcmdjpeg() -> str | None:
    """DCMTK's decoder, where it is installed."""
    return shutil.which("dcmdjpeg", path="/usr/bin:/usr/local/bin")
