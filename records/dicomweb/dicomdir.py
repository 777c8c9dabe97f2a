"""The directory of a file-set (PS3.3 annex F, PS3.10 section 8), so that an archive of a study is a disc that other programs read.

pydicom's own FileSet would need every file opened and copied; here the records come from what is known of the images, and an image costs
microseconds. Other objects (reports, presentation states, …) have the attributes that pydicom's table asks for, out of their metadata.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from typing import Any
from uuid import UUID

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.fileset import DIRECTORY_RECORDERS, _four_level_record_type
from pydicom.filewriter import dcmwrite, write_dataset
from pydicom.uid import ExplicitVRLittleEndian, MediaStorageDirectoryStorage, generate_uid

from records.models import Series, Study
from records.queries.retrieve import Original

IN_USE = 0xFFFF
IMAGE = "IMAGE"
NEXT_AT, LOWER_AT = 16, 38
"""Where in an item its two offsets lie: behind the item's head and the elements in front of them."""
_ITEM = struct.Struct("<HHI")


@dataclass
class Record:
    """One directory record: its bytes with offsets still zero, what comes below it, and where it will lie."""

    body: bytearray
    below: list[Record] = field(default_factory=list)
    offset: int = 0


def directory(files: Sequence[tuple[str, Original]], described: Mapping[UUID, dict[str, Any]]) -> bytes:
    """The DICOMDIR of files of one study, given as (place in the archive with slashes, row), series by series.

    `described`: the metadata (DICOM JSON) of those that are no plain images (`kind_of`).

    A file without what its kind of record must name is left out of the directory, not of the archive.
    """
    study: Study = files[0][1].series.study
    patient = Record(_patient(study), [Record(_study(study))])
    for _, group in groupby(files, key=lambda one: one[1].series.pk):
        rows = list(group)
        leaves = [record for place, row in rows if (record := _leaf(place, row, described.get(row.pk))) is not None]
        if leaves:
            patient.below[0].below.append(Record(_series(rows[0][1].series), leaves))
    return _written([patient])


def _written(roots: list[Record]) -> bytes:
    head = Dataset()
    head.file_meta = FileMetaDataset()
    head.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    head.file_meta.MediaStorageSOPInstanceUID = generate_uid(None)
    head.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    head.FileSetID = "STUDY"
    head.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = 0
    head.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity = 0
    head.FileSetConsistencyFlag = 0
    head.DirectoryRecordSequence = []
    out = DicomBytesIO()
    dcmwrite(out, head, enforce_file_format=True)
    start = bytearray(out.getvalue())
    order = list(_walked(roots))
    place = len(start)
    for record in order:
        record.offset = place
        place += len(record.body)
    _linked(roots)
    # Behind the sequence's length nothing follows: the two offsets of the roots stand in front of it, each in an element of 12 bytes.
    struct.pack_into("<I", start, len(start) - 4, place - len(start))
    struct.pack_into("<I", start, len(start) - 12 - 10 - 4, roots[-1].offset)
    struct.pack_into("<I", start, len(start) - 12 - 10 - 12 - 4, roots[0].offset)
    return bytes(start) + b"".join(record.body for record in order)


def _walked(records: Iterable[Record]) -> Iterable[Record]:
    for record in records:
        yield record
        yield from _walked(record.below)


def _linked(siblings: Sequence[Record]) -> None:
    for number, record in enumerate(siblings):
        if number + 1 < len(siblings):
            struct.pack_into("<I", record.body, NEXT_AT, siblings[number + 1].offset)
        if record.below:
            struct.pack_into("<I", record.body, LOWER_AT, record.below[0].offset)
            _linked(record.below)


def _element(tag: int, vr: bytes, value: bytes) -> bytes:
    pad = b"\0" if vr == b"UI" else b" "
    value += pad * (len(value) % 2)
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


@lru_cache
def _head(kind: str) -> bytes:
    head = _element(0x00041400, b"UL", bytes(4)) + _element(0x00041410, b"US", IN_USE.to_bytes(2, "little"))
    return head + _element(0x00041420, b"UL", bytes(4)) + _element(0x00041430, b"CS", kind.encode())


def _item(kind: str, elements: bytes, file: bytes = b"") -> bytearray:
    body = _head(kind) + file + elements
    return bytearray(_ITEM.pack(0xFFFE, 0xE000, len(body)) + body)


def _of(data: Dataset) -> bytes:
    out = DicomBytesIO()
    out.is_little_endian, out.is_implicit_VR = True, False
    write_dataset(out, data, parent_encoding="utf-8")
    return out.getvalue()


def _utf8() -> Dataset:
    data = Dataset()
    data.SpecificCharacterSet = "ISO_IR 192"
    return data


def _patient(study: Study) -> bytearray:
    data = _utf8()
    data.PatientName, data.PatientID = study.patient_name, study.patient_id
    return _item("PATIENT", _of(data))


def _study(study: Study) -> bytearray:
    data = _utf8()
    data.StudyDate = study.header_date.strftime("%Y%m%d") if study.header_date else ""
    data.StudyTime, data.AccessionNumber = study.time, study.accession
    data.StudyDescription, data.StudyInstanceUID, data.StudyID = study.description, study.uid, study.study_id
    return _item("STUDY", _of(data))


def _series(series: Series) -> bytearray:
    data = _utf8()
    data.Modality, data.SeriesInstanceUID, data.SeriesNumber = series.modality, series.uid, series.number
    data.SeriesDescription = series.description
    return _item("SERIES", _of(data))


@lru_cache(maxsize=1024)
def kind_of(sop_class: str) -> str:
    """The kind of directory record of a SOP class (PS3.3 table F.4-1)."""
    about = Dataset()
    about.SOPClassUID = sop_class
    return _four_level_record_type(about)


def _leaf(place: str, row: Original, metadata: dict[str, Any] | None) -> Record | None:
    file = _element(0x00041500, b"CS", place.replace("/", "\\").encode())
    file += _element(0x00041510, b"UI", row.sop_class.encode()) + _element(0x00041511, b"UI", row.uid.encode())
    file += _element(0x00041512, b"UI", row.transfer_syntax.encode())
    kind = kind_of(row.sop_class)
    if kind == IMAGE:
        number = b"" if row.number is None else str(row.number).encode()
        return Record(_item(kind, _element(0x00200013, b"IS", number), file))
    try:
        described = Dataset.from_json(metadata or {}, lambda *_: b"")
        found = DIRECTORY_RECORDERS[kind](described)
        found.SpecificCharacterSet = "ISO_IR 192"
        return Record(_item(kind, _of(found), file))
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, NotImplementedError, OSError):
        return None  # (pydicom raises OSError for a number that does not fit into its element)
