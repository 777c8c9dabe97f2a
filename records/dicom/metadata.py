"""From walked elements to values: text in its character set, DICOM JSON (PS3.18 Annex F), the index of an instance."""

from __future__ import annotations

import base64
import math
import re
import struct
from collections.abc import Callable
from typing import Any

from .characters import decode, encodings_of
from .reader import DicomFile, Element, Items

BINARY_KEPT = 1024  # bytes of a binary value that stay in the metadata
TEXT_KEPT = {"LT": 10_240, "ST": 1_024, "UT": 65_536, "UC": 4_096}
LINE_KEPT = (
    324  # characters of one value: a person name has three groups of 64, descriptions 64, doubled for the careless
)
VALUES_KEPT = 4_096

# C0 and C1 controls, bidirectional controls and marks, zero-width characters, line separators, byte-order mark; and the halves of
# surrogate pairs by which Python carries bytes of a name that are no text: no database takes them.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]")
_UNSEEN_KEEP_LINES = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]"
)
_NUMBERS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d", "UV": "Q", "SV": "q", "AT": "HH"}
_BINARY = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})

REMEMBERED, REMEMBERED_BYTES = 4096, 128
"""How many short values, and of how many bytes, stay decoded: most elements of an image say what they said in the image before."""
_remembered: dict[tuple[Any, ...], tuple[Any, ...]] = {}


def clean(text: str, *, lines: bool = False) -> str:
    """Text that is safe to show in one line (or in several): without control, bidirectional and invisible characters."""
    return (_UNSEEN_KEEP_LINES if lines else _UNSEEN).sub("", text)


_Read = Callable[[str, bytes, list[str], Callable[[str], None]], list[Any]]
"""Value representation, value, encodings and where remarks go, to values."""


class Values:
    """The values of a file, decoded when asked for."""

    def __init__(self, file: DicomFile) -> None:
        self.file, self.order = file, "<" if file.little else ">"
        self.encodings = encodings_of(file.elements, ["iso8859"], self.flag)

    def flag(self, code: str) -> None:
        if code not in self.file.flags:
            self.file.flags.append(code)

    def texts(self, tag: int, items: Items | None = None) -> list[str]:
        element = (self.file.elements if items is None else items).get(tag)
        return [] if element is None or element.value is None else self._strings(element, self.encodings)

    def text(self, tag: int, items: Items | None = None) -> str:
        found = self.texts(tag, items)
        return found[0] if found else ""

    def joined(self, tag: int) -> str:
        return "\\".join(self.texts(tag))

    def numbers(self, tag: int, items: Items | None = None) -> list[float]:
        element = (self.file.elements if items is None else items).get(tag)
        if element is None or element.value is None:
            return []
        values = self._values(element, self.encodings)
        return [float(v) for v in values if isinstance(v, (int, float)) and math.isfinite(v)]

    def integer(self, tag: int) -> int | None:
        found = self.numbers(tag)
        return int(found[0]) if found and abs(found[0]) < 2**63 else None

    def items(self, tag: int, items: Items | None = None) -> list[Items]:
        element = (self.file.elements if items is None else items).get(tag)
        return (element.items or []) if element is not None else []

    def _strings(self, element: Element, encodings: list[str]) -> list[str]:
        return self._known("strings", element, encodings, _strings_of)

    def _values(self, element: Element, encodings: list[str]) -> list[Any]:
        return self._known(self.order, element, encodings, self._values_of)

    def _known(self, what: str, element: Element, encodings: list[str], read: _Read) -> list[Any]:
        """What `read` makes of an element, from memory where the same bytes were read before without a remark."""
        vr, value = element.vr, element.value or b""
        if len(value) > REMEMBERED_BYTES:
            return read(vr, value, encodings, self.flag)
        key = (what, vr, value, *encodings)
        known = _remembered.get(key)
        if known is not None:
            return list(known)
        remarks: list[str] = []
        found = read(vr, value, encodings, remarks.append)
        for code in remarks:
            self.flag(code)
        if not remarks:
            if len(_remembered) >= REMEMBERED:
                _remembered.clear()
            _remembered[key] = tuple(found)
        return found

    def _values_of(self, vr: str, value: bytes, encodings: list[str], flag: Callable[[str], None]) -> list[Any]:
        if vr in _NUMBERS:
            code = _NUMBERS[vr]
            width = struct.calcsize(self.order + code)
            count = min(len(value) // width, VALUES_KEPT)
            found = struct.unpack(f"{self.order}{code * count}", value[: width * count])
            if vr == "AT":
                return [f"{found[i]:04X}{found[i + 1]:04X}" for i in range(0, len(found), 2)]
            return [v if not isinstance(v, float) or math.isfinite(v) else None for v in found]
        strings = _strings_of(vr, value, encodings, flag)
        if vr in ("DS", "IS"):
            return [_number(text, vr) for text in strings]
        if vr == "PN":
            groups = [
                dict(zip(("Alphabetic", "Ideographic", "Phonetic"), t.split("=")[:3], strict=False)) for t in strings
            ]
            return [{k: v.rstrip("^ ") for k, v in group.items() if v.rstrip("^ ")} or None for group in groups]
        return [text or None for text in strings]

    def json(self, items: Items | None = None, encodings: list[str] | None = None) -> dict[str, Any]:
        """DICOM JSON without pixels and without binary values above `BINARY_KEPT` bytes."""
        top = items is None
        items = self.file.elements if items is None else items
        encodings = self.encodings if encodings is None else encodings
        if not top:
            encodings = encodings_of(items, encodings, self.flag)
        out: dict[str, Any] = {}
        for tag, element in items.items():
            if tag & 0xFFFF == 0 and not top:
                continue
            vr = element.vr
            entry: dict[str, Any] = {"vr": vr}
            if element.items is not None:
                if element.items:
                    entry["Value"] = [self.json(item, encodings) for item in element.items]
            elif element.value or (vr in _BINARY and BINARY_KEPT < element.length < 0xFFFFFFFF):
                if vr in _BINARY:
                    if element.length <= BINARY_KEPT:
                        entry["InlineBinary"] = base64.b64encode(element.value or b"").decode("ascii")
                    elif tag < 0x7FE00000 and self.file.inflated is None and (self.file.little or vr in ("OB", "UN")):
                        entry["BulkDataURI"] = f"{element.offset}:{element.length}"  # where in the file it lies
                else:
                    values = self._values(element, encodings)
                    if any(v is not None for v in values):
                        entry["Value"] = values
            out[f"{tag:08X}"] = entry
        return out


def _strings_of(vr: str, value: bytes, encodings: list[str], flag: Callable[[str], None]) -> list[str]:
    if vr in TEXT_KEPT and vr != "UC":
        text = clean(decode(value, vr, encodings, flag), lines=True).rstrip(" ")
        if len(text) > TEXT_KEPT[vr]:
            flag("dicom_text_shortened")
        return [text[: TEXT_KEPT[vr]]]
    kept = []
    for part in decode(value, vr, encodings, flag).split("\\")[:VALUES_KEPT]:
        part = clean(part).strip(" ")
        if len(part) > LINE_KEPT and vr != "UC":
            flag("dicom_text_shortened")
            part = part[:LINE_KEPT]
        kept.append(part)
    return kept


def _number(text: str, vr: str) -> int | float | None:
    if not text or len(text) > 64:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    if not math.isfinite(number):
        return None
    return int(number) if vr == "IS" and number == int(number) else number


_TEXT_FIELDS = {
    "study_instance_uid": 0x0020000D,
    "series_instance_uid": 0x0020000E,
    "sop_instance_uid": 0x00080018,
    "sop_class_uid": 0x00080016,
    "modality": 0x00080060,
    "patient_name": 0x00100010,
    "patient_id": 0x00100020,
    "issuer_of_patient_id": 0x00100021,
    "patient_birth_date": 0x00100030,
    "patient_sex": 0x00100040,
    "study_date": 0x00080020,
    "study_time": 0x00080030,
    "series_date": 0x00080021,
    "series_time": 0x00080031,
    "acquisition_date": 0x00080022,
    "content_date": 0x00080023,
    "study_description": 0x00081030,
    "series_description": 0x0008103E,
    "protocol_name": 0x00181030,
    "requested_procedure_description": 0x00321060,
    "body_part_examined": 0x00180015,
    "view_position": 0x00185101,
    "laterality": 0x00200060,
    "image_laterality": 0x00200062,
    "institution_name": 0x00080080,
    "manufacturer": 0x00080070,
    "accession_number": 0x00080050,
    "study_id": 0x00200010,
    "frame_of_reference_uid": 0x00200052,
    "photometric_interpretation": 0x00280004,
    "burned_in_annotation": 0x00280301,
    "lossy_image_compression": 0x00282110,
}
_INTEGER_FIELDS = {
    "series_number": 0x00200011,
    "instance_number": 0x00200013,
    "acquisition_number": 0x00200012,
    "rows": 0x00280010,
    "columns": 0x00280011,
    "samples_per_pixel": 0x00280002,
    "bits_allocated": 0x00280100,
    "bits_stored": 0x00280101,
    "high_bit": 0x00280102,
    "pixel_representation": 0x00280103,
    "planar_configuration": 0x00280006,
}
_LIST_FIELDS = {
    "pixel_spacing": 0x00280030,
    "imager_pixel_spacing": 0x00181164,
    "image_position_patient": 0x00200032,
    "image_orientation_patient": 0x00200037,
    "window_center": 0x00281050,
    "window_width": 0x00281051,
}
_NUMBER_FIELDS = {
    "slice_thickness": 0x00180050,
    "slice_location": 0x00201041,
    "spacing_between_slices": 0x00180088,
    "frame_time": 0x00181063,
}
_DATE = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\Z")


def index_of(values: Values) -> dict[str, Any]:
    """The flat record of an instance: `study_instance_uid`, … as in the header, cleaned; numbers as numbers or None.

    Lengths in mm, `frame_time` in ms, dates YYYYMMDD or "" when the header's are not dates.
    """
    out: dict[str, Any] = {name: values.text(tag) for name, tag in _TEXT_FIELDS.items()}
    for name, tag in _INTEGER_FIELDS.items():
        out[name] = values.integer(tag)
    for name, tag in _LIST_FIELDS.items():
        out[name] = values.numbers(tag)
    for name, tag in _NUMBER_FIELDS.items():
        out[name] = next(iter(values.numbers(tag)), None)
    out["image_type"] = values.texts(0x00080008)
    others = [name for tag in (0x00101001, 0x00101005) for name in values.texts(tag) if name]
    out["patient_other_names"] = "=".join(others[:8])[:400]
    out["procedure_codes"] = _codes(values, 0x00081032) + _codes(values, 0x00082218)
    for name in [n for n in out if n.endswith("_date")]:
        text = out[name].replace(".", "")
        if text and not _DATE.match(text):
            values.flag("dicom_date_invalid")
            text = ""
        out[name] = text
    out["patient_name"] = out["patient_name"].rstrip("=")
    out["transfer_syntax_uid"] = values.file.transfer_syntax
    _shared_geometry(values, out)
    return out


def _codes(values: Values, tag: int) -> list[str]:
    meanings = [values.text(0x00080104, item) for item in values.items(tag)[:8]]
    return [meaning for meaning in meanings if meaning]


def _shared_geometry(values: Values, out: dict[str, Any]) -> None:
    """Spacing and thickness of the enhanced classes, from the functional groups (PS3.3 C.7.6.16)."""
    groups = values.items(0x52009229)[:1] + values.items(0x52009230)[:1]
    for group in groups:
        for measures in values.items(0x00289110, group)[:1]:
            out["pixel_spacing"] = out["pixel_spacing"] or values.numbers(0x00280030, measures)
            thickness = values.numbers(0x00180050, measures)
            if out["slice_thickness"] is None and thickness:
                out["slice_thickness"] = thickness[0]
        for plane in values.items(0x00209116, group)[:1]:
            found = values.numbers(0x00200037, plane)
            out["image_orientation_patient"] = out["image_orientation_patient"] or found
        for place in values.items(0x00209113, group)[:1]:
            found = values.numbers(0x00200032, place)
            out["image_position_patient"] = out["image_position_patient"] or found
