"""What the standard requires and a file lacks: listed for staff, and where it can be worked out, put in its place.

Real discs carry objects without patient's name, without UIDs (exports of clinic programs), or with UIDs that an anonymiser
turned into letters. Their images are as good as others; a made UID is always the same for the same file, so that the parts of an
examination stay together and a second copy is recognised.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

from .metadata import Values
from .validate import check_uid
from .walker import DicomError

# PS3.3, tables of the modules that every patient's object has. Type 1: must be there with a value; type 2: may be empty.
_TYPE_1 = {"SOPClassUID": 0x00080016, "SOPInstanceUID": 0x00080018, "StudyInstanceUID": 0x0020000D,
           "SeriesInstanceUID": 0x0020000E, "Modality": 0x00080060}  # fmt: skip
_TYPE_2 = {"PatientName": 0x00100010, "PatientID": 0x00100020, "PatientBirthDate": 0x00100030, "PatientSex": 0x00100040,
           "StudyDate": 0x00080020, "StudyTime": 0x00080030, "StudyID": 0x00200010, "AccessionNumber": 0x00080050,
           "SeriesNumber": 0x00200011, "InstanceNumber": 0x00200013}  # fmt: skip
_IMAGE = {"SamplesPerPixel": 0x00280002, "PhotometricInterpretation": 0x00280004, "Rows": 0x00280010, "Columns": 0x00280011,
          "BitsAllocated": 0x00280100, "BitsStored": 0x00280101, "HighBit": 0x00280102,
          "PixelRepresentation": 0x00280103}  # fmt: skip
_PLANE = {"PixelSpacing": 0x00280030, "ImageOrientationPatient": 0x00200037, "ImagePositionPatient": 0x00200032,
          "FrameOfReferenceUID": 0x00200052}  # fmt: skip
_RESCALE = {"RescaleSlope": 0x00281053, "RescaleIntercept": 0x00281052}
_PLANAR = {"1.2.840.10008.5.1.4.1.1.2": {**_PLANE, **_RESCALE}, "1.2.840.10008.5.1.4.1.1.4": _PLANE,
           "1.2.840.10008.5.1.4.1.1.128": {**_PLANE, **_RESCALE}}  # fmt: skip
KEYWORDS = frozenset({*_TYPE_1, *_TYPE_2, *_IMAGE, *_PLANE, *_RESCALE})
"""Every name that `missing` may give."""

RETIRED_CLASSES = frozenset({
    "1.2.840.10008.5.1.1.29", "1.2.840.10008.5.1.1.30", "1.2.840.10008.5.1.4.1.1.3", "1.2.840.10008.5.1.4.1.1.5",
    "1.2.840.10008.5.1.4.1.1.6", "1.2.840.10008.5.1.4.1.1.8", "1.2.840.10008.5.1.4.1.1.9", "1.2.840.10008.5.1.4.1.1.10",
    "1.2.840.10008.5.1.4.1.1.12.3", "1.2.840.10008.5.1.4.1.1.77.1", "1.2.840.10008.5.1.4.1.1.77.2",
})  # fmt: skip
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_ODD_UID = re.compile(r"[0-9A-Za-z_-][0-9A-Za-z_. -]{0,95}\Z")
"""What old devices and anonymisers write instead of a UID: letters, blanks, one that is too long. No path, no markup."""


def missing(values: Values, index: dict[str, Any]) -> list[str]:
    """Keywords of required attributes that the file lacks, in the order of the modules."""
    elements = values.file.elements
    wanted = dict(_TYPE_2)
    if values.file.pixels is not None:
        wanted |= _IMAGE | _PLANAR.get(index["sop_class_uid"], {})
    found = [name for name, tag in _TYPE_1.items() if not values.text(tag)]
    found += [
        name for name, tag in wanted.items() if tag not in elements or (name in _IMAGE and not elements[tag].length)
    ]
    return found


def settle(values: Values, index: dict[str, Any], metadata: dict[str, Any], digest: Callable[[], str]) -> None:
    """Fill in what identifies the object. `digest`: SHA-256 of the file, asked for only when its UID must be made.

    Raises DicomError: a UID that tries something, or an object without class, image and content.
    """
    media = values.file.meta.get(0x00020003)
    media_uid = (media.value or b"").rstrip(b"\0 ").decode("ascii", "replace") if media else ""
    media = values.file.meta.get(0x00020002)
    media_class = (media.value or b"").rstrip(b"\0 ").decode("ascii", "replace") if media else ""
    if not index["sop_class_uid"]:
        if values.file.pixels is None and not media_class:
            raise DicomError("dicom_uid_missing")
        index["sop_class_uid"] = media_class or _SECONDARY_CAPTURE
    if index["sop_class_uid"] in RETIRED_CLASSES:
        values.flag("dicom_class_retired")
    if not index["sop_instance_uid"] and _plain(media_uid):
        values.flag("dicom_uid_made")
        index["sop_instance_uid"] = media_uid
    _uid(values, index, "sop_instance_uid", digest)
    exam = [index[name] for name in ("patient_name", "patient_id", "patient_birth_date", "study_date", "accession_number",
                                     "study_id")]  # fmt: skip
    _uid(values, index, "study_instance_uid", lambda: "study".join(exam) if any(exam) else index["sop_instance_uid"])
    series = [str(index[name]) for name in ("study_instance_uid", "modality", "series_number", "series_description")]
    _uid(values, index, "series_instance_uid", lambda: "series".join(series))
    if "dicom_uid_made" in values.file.flags:
        for tag, name in (("00080016", "sop_class_uid"), ("00080018", "sop_instance_uid"),
                          ("0020000D", "study_instance_uid"), ("0020000E", "series_instance_uid")):  # fmt: skip
            metadata[tag] = {"vr": "UI", "Value": [index[name]]}


def _plain(uid: str) -> bool:
    try:
        check_uid(uid, [])
    except DicomError:
        return False
    return True


def _uid(values: Values, index: dict[str, Any], name: str, seed: Callable[[], str]) -> None:
    """Keep a proper UID, make one where there is none or where an anonymiser left letters (always the same for the same letters)."""
    uid = index[name]
    if uid and not _plain(uid) and _ODD_UID.match(uid):
        index[name], uid = made(uid), ""
        values.flag("dicom_uid_made")
    elif not uid:
        index[name] = made(f"{name}:{seed()}")
        values.flag("dicom_uid_made")
    check_uid(index[name], values.file.flags)


def made(seed: str) -> str:
    """A UID below 2.25 (PS3.5 annex B.2) from the first 128 bits of a SHA-256."""
    return f"2.25.{int.from_bytes(hashlib.sha256(seed.encode()).digest()[:16], 'big')}"
