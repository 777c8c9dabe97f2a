"""Real files of other people's devices and programs, from the folder that TEST_DATA names. They are never copied into the project."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.factories.documents import make_zip
from tests.journeys import accounts, patient
from tests.journeys.browser import Person
from tests.journeys.service import Service

FOLDER = (
    "dicom/dcm4che/CT-JPEGLosslessSV1.dcm",
    "dicom/dcm4che/MR-JPEGLosslessSV1.dcm",
    "dicom/dcm4che/US-RGB-8-esopecho",
    "documents/ecg-pdf/anonymous_ecg_3x4_1.pdf",
    "documents/ecg-pdf/anonymous_ecg_3x4.png",
    "documents/ccda/Discharge_Summary.xml",
)
ARCHIVE = ("dicom/dcm4che/YBR_FULL-RLE.dcm", "documents/ccda/Operative_Note.xml")
HOSTILE = "hostile/dicom/truncated_130.dcm"


@pytest.fixture
def data(real_files: Path) -> Path:
    missing = [name for name in (*FOLDER, *ARCHIVE, HOSTILE) if not (real_files / name).is_file()]
    assert not missing, f"TEST_DATA names {real_files}, which lacks {missing}"
    return real_files


def test_real_files_are_all_accounted_for(
    service: Service, meet: Callable[..., Person], tmp_path: Path, data: Path
) -> None:
    disc = tmp_path / "disc"
    disc.mkdir()
    for name in (*FOLDER, HOSTILE):
        shutil.copy(data / name, disc / Path(name).name)
    (disc / "more.zip").write_bytes(make_zip({Path(name).name: (data / name).read_bytes() for name in ARCHIVE}))

    testina = meet("patient")
    patient.passes_screening(testina)
    testina.follow("Make an account")
    accounts.signs_up(testina, "Testina Example", "testina@real.example")
    case = patient.opens_case(testina)
    patient.fills_about(testina)
    patient.sends_records(testina, disc)
    patient.reads_receipt(testina, "1 packed file, opened", "truncated_130.dcm")
    testina.page.locator("summary").first.click()
    for name in (*FOLDER, *ARCHIVE, HOSTILE):
        testina.reads(Path(name).name)

    # Other people's names are on these: set aside until a person has looked, and said so
    testina.go(f"{case}records/")
    testina.reads("A person is checking this")
    ref = case.split("/")[2]
    counted = service.django(
        "from collections import Counter\nfrom records.models import File\n"
        f"print(*sorted(Counter(File.objects.filter(case__ref={ref!r}).values_list('state', flat=True))))"
    ).split()
    assert not {"received", "processing"} & set(counted), counted
