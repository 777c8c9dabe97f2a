"""The directory in a study's archive: records of every kind, found by their offsets."""

from __future__ import annotations

import io
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pydicom

from records.dicomweb.dicomdir import directory
from records.models import Series, Study
from records.queries.retrieve import Original

CT, REPORT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.88.11"
SAID = {
    "0020000D": {"vr": "UI", "Value": ["1.2"]},
    "00080023": {"vr": "DA", "Value": ["20260312"]},
    "00080033": {"vr": "TM", "Value": ["101500"]},
    "00200013": {"vr": "IS", "Value": [1]},
    "0040A491": {"vr": "CS", "Value": ["COMPLETE"]},
    "0040A493": {"vr": "CS", "Value": ["UNVERIFIED"]},
    "0040A043": {"vr": "SQ", "Value": [{"00080100": {"vr": "SH", "Value": ["121111"]}}]},
}


def test_the_directory_leads_to_every_file_and_leaves_out_what_cannot_be_named() -> None:
    study = Study(uid="1.2", patient_name="ÉXAMPLE^TESTINA", patient_id="P-1", date=date(2026, 3, 12))
    pictures = Series(study=study, uid="1.2.1", modality="CT", number=1)
    papers = Series(study=study, uid="1.2.2", modality="SR", number=2)
    syntax = "1.2.840.10008.1.2.1"
    rows = [
        Original(uuid4(), series=pictures, uid=f"1.2.1.{n}", sop_class=CT, transfer_syntax=syntax, number=n, size=9)
        for n in (1, 2, 3)
    ]
    inside = {"00080100": {"vr": "SH", "Value": ["121111"]}, "00089459": {"vr": "FL", "Value": [1e300]}}
    wide = SAID | {"0040A043": {"vr": "SQ", "Value": [inside]}}
    reports: dict[UUID, dict[str, Any]] = {uuid4(): said for said in (SAID, {}, wide)}
    rows += [
        Original(pk, series=papers, uid=f"1.2.2.{n}", sop_class=REPORT, transfer_syntax=syntax, number=n, size=9)
        for n, pk in enumerate(reports, 1)
    ]
    body = directory([(f"IMAGES/IM{n}", row) for n, row in enumerate(rows, 1)], reports)

    read = pydicom.dcmread(io.BytesIO(body))
    at = {one.seq_item_tell: one for one in read.DirectoryRecordSequence}  # type: ignore[attr-defined]

    def chain(offset: int) -> list[pydicom.Dataset]:
        found = []
        while offset:
            found.append(at[offset])
            offset = at[offset].OffsetOfTheNextDirectoryRecord
        return found

    first = read.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity
    assert first == read.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity
    (patient,) = chain(first)
    assert str(patient.PatientName) == "ÉXAMPLE^TESTINA"
    (examination,) = chain(patient.OffsetOfReferencedLowerLevelDirectoryEntity)
    series = chain(examination.OffsetOfReferencedLowerLevelDirectoryEntity)
    leaves = [chain(one.OffsetOfReferencedLowerLevelDirectoryEntity) for one in series]
    assert [[leaf.DirectoryRecordType for leaf in one] for one in leaves] == [["IMAGE"] * 3, ["SR DOCUMENT"]]
    assert [list(leaf.ReferencedFileID) for leaf in leaves[0]] == [["IMAGES", f"IM{n}"] for n in (1, 2, 3)]
    assert leaves[1][0].ReferencedSOPInstanceUIDInFile == "1.2.2.1"
