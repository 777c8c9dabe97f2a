"""The viewer's side of the server: what a person marks and takes along, what stands beside the images, slides tile by tile."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pydicom
import pytest
from django.db import transaction
from django.test import Client
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import VLWholeSlideMicroscopyImageStorage

from cases.models import Case
from portal.core.access import Actor
from portal.core.states import Role
from records.actions import viewing
from records.dicom.notes import in_millimetres, mend, pixel_points, shape, uid_for
from records.models import Instance, Study, ViewerStateVersion
from records.queries import notes
from tests.factories import files, records

pytestmark = pytest.mark.django_db
STUDY, SERIES, INSTANCE = files.uid(1), files.uid(1, 1), files.uid(1, 1, 1)
SPACING = 0.7
LENGTH = {
    "uid": "m-1", "tool": "length", "series": SERIES, "instance": INSTANCE, "frame": 1, "label": "Nodule",
    "points": [[7.0, 14.0, 1.0], [7.0, 21.0, 1.0]], "stats": {"length": 7.0, "unit": "mm"},
}  # fmt: skip
ELLIPSE = {
    "uid": "m-2", "tool": "ellipse", "series": SERIES, "instance": INSTANCE, "frame": 1, "label": "",
    "points": [[7.0, 10.5, 1.0], [7.0, 7.0, 1.0], [3.5, 8.75, 1.0], [10.5, 8.75, 1.0]],
    "stats": {"area": 19.2, "areaUnit": "mm²", "mean": 41.5, "stdDev": 3.0, "min": 30, "max": 55, "modalityUnit": "HU"},
}  # fmt: skip
ARROW = {
    "uid": "m-4", "tool": "arrow", "series": SERIES, "instance": INSTANCE, "frame": 1, "label": "Look here", "arrowFirst": False,
    "points": [[0.7, 0.7, 1.0], [7.0, 3.5, 1.0]], "stats": {},
}  # fmt: skip
STATE = {
    "version": 1,
    "measurements": [
        LENGTH,
        ELLIPSE,
        ARROW,
        {"uid": "m-3", "tool": "length", "plane": "coronal", "slice": 4, "points": []},
    ],
    "keyImages": [{"series": SERIES, "instance": INSTANCE, "frame": 1}],
}


@pytest.fixture(scope="module")
def stored(django_db_setup: None, django_db_blocker: Any) -> Iterator[Case]:
    with django_db_blocker.unblock(), transaction.atomic():
        found = records.case()
        records.upload(found, files.dicom(PixelSpacing=[SPACING, SPACING]), "IM1")
        records.run_jobs()
        yield found
        transaction.set_rollback(True)


@pytest.fixture
def case(stored: Case) -> Case:
    return Case.objects.get(pk=stored.pk)


@pytest.fixture
def owner(case: Case) -> Client:
    client = Client()
    client.force_login(case.opened_by)
    return client


def save(case: Case, state: dict[str, Any], revision: int = 0) -> None:
    owner = case.opened_by
    actor = Actor("user", str(owner.pk), Role(owner.role), owner)
    viewing.save_viewer_state(study=Study.objects.get(case=case), state=state, revision=revision, by=actor)


def test_points_in_the_body_become_pixels_of_the_image() -> None:
    header = json.loads(pydicom.dcmread(io.BytesIO(files.dicom(PixelSpacing=[0.5, 2.0]))).to_json())
    header["00200032"]["Value"] = [10.0, 20.0, 5.0]
    assert pixel_points(header, 1, [[10.0, 20.0, 5.0], [14.0, 21.0, 5.0]]) == [(0.5, 0.5), (2.5, 2.5)]


def test_points_of_an_image_without_place_or_spacing_are_pixels_already() -> None:
    assert pixel_points({}, 1, [[3.0, 4.0, 0.0]]) == [(3.5, 4.5)]
    assert pixel_points({"00181164": {"vr": "DS", "Value": [0.2, 0.1]}}, 1, [[3.0, 4.0, 0.0]])[0] == pytest.approx(
        (30.5, 20.5)
    )


def test_points_of_a_film_come_from_the_frames_own_place() -> None:
    def group(z: float) -> dict[str, Any]:
        return {"00209113": {"vr": "SQ", "Value": [{"00200032": {"vr": "DS", "Value": [z, 0.0, 0.0]}}]}}

    header = {"52009230": {"vr": "SQ", "Value": [group(0.0), group(5.0)]}}
    assert pixel_points(header, 2, [[5.0, 0.0, 0.0]]) == [(0.5, 0.5)]


def test_an_ellipse_names_its_longer_axis_first() -> None:
    kind, points = shape("ellipse", [(5, 6), (5, 4), (1, 5), (9, 5)])
    assert (kind, points) == ("ELLIPSE", [(1, 5), (9, 5), (5, 6), (5, 4)])
    assert shape("rectangle", [(0, 0), (4, 0), (0, 2), (4, 2)])[1] == [(0, 0), (4, 0), (4, 2), (0, 2), (0, 0)]


def test_the_same_thing_has_the_same_uid() -> None:
    assert uid_for("a", 1) == uid_for("a", 1) != uid_for("a", 2)
    assert len(uid_for("a")) <= 64


def test_every_save_stays_as_a_version(case: Case, owner: Client) -> None:
    save(case, STATE)
    save(case, {"version": 1, "measurements": [], "keyImages": []}, revision=1)
    kept = ViewerStateVersion.objects.filter(held__study__case=case).order_by("revision")
    assert [(row.revision, len(row.state["measurements"])) for row in kept] == [(1, 4), (2, 0)]
    older = notes.state_of(case.opened_by, Study.objects.get(case=case), 1)
    assert older is not None
    assert older[1:] == (1, STATE)
    assert owner.get(f"/viewer/{case.ref}/notes/{STUDY}/key-images.dcm").status_code == 409
    assert owner.get(f"/viewer/{case.ref}/notes/{STUDY}/key-images.dcm?revision=9").status_code == 404


def test_key_images_leave_as_a_key_object_selection(case: Case, owner: Client) -> None:
    save(case, STATE)
    answer = owner.get(f"/viewer/{case.ref}/notes/{STUDY}/key-images.dcm")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="key-images-1.dcm"'
    found = pydicom.dcmread(io.BytesIO(answer.content))
    assert found.SOPClassUID.name == "Key Object Selection Document Storage"
    assert (found.StudyInstanceUID, str(found.PatientName)) == (STUDY, "EXAMPLE^TESTINA")
    images = [one for one in found.ContentSequence if one.ValueType == "IMAGE"]
    assert [one.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for one in images] == [INSTANCE]


def test_measurements_leave_as_a_structured_report_with_their_place_in_the_image(case: Case, owner: Client) -> None:
    save(case, STATE)
    answer = owner.get(f"/viewer/{case.ref}/notes/{STUDY}/measurements.dcm")
    assert answer.status_code == 200, answer.content
    found = pydicom.dcmread(io.BytesIO(answer.content))
    assert found.SOPClassUID.name == "Comprehensive SR Storage"

    def items(node: Any) -> Iterator[Any]:
        for one in node.get("ContentSequence", []):
            yield one
            yield from items(one)

    figures = {
        one.ConceptNameCodeSequence[0].CodeMeaning: float(one.MeasuredValueSequence[0].NumericValue)
        for one in items(found)
        if one.ValueType == "NUM"
    }
    assert figures["Length"] == 7.0
    assert figures["Area"] == 19.2
    places = [list(one.GraphicData) for one in items(found) if one.ValueType == "SCOORD"]
    assert places[0] == pytest.approx([10.5, 20.5, 10.5, 30.5])
    assert places[-1] == pytest.approx([10.5, 5.5]), "the tip of the arrow"
    texts = [one.TextValue for one in items(found) if one.ValueType == "TEXT"]
    assert {"Nodule", "Look here"} <= set(texts)


def test_figures_of_ultrasound_are_reported_in_millimetres() -> None:
    assert in_millimetres(1.8, "cm US Region", 1) == (pytest.approx(18.0), False)
    assert in_millimetres(2.0, "cm² US Region", 2) == (pytest.approx(200.0), False)
    assert in_millimetres(7, "mm", 1) == (7.0, False)
    assert in_millimetres(7, "px", 1) == (7.0, True)
    assert in_millimetres(7, "cm/sec US Region", 1)[0] is None
    assert in_millimetres(7, "Hz", 1)[0] is None


def test_another_person_takes_none_of_my_notes(case: Case) -> None:
    save(case, STATE)
    stranger = Client()
    stranger.force_login(records.user())
    assert stranger.get(f"/viewer/{case.ref}/notes/{STUDY}/measurements.dcm").status_code == 404
    desk = Client()
    desk.force_login(records.user(Role.COORDINATOR))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("portal.core.access.BaseView.second_factor_missing", lambda *_: False)
        assert desk.get(f"/viewer/{case.ref}/notes/{STUDY}/measurements.dcm").status_code == 409, "the notes are mine"


def test_a_tile_is_a_picture_of_the_frame(case: Case, owner: Client) -> None:
    answer = owner.get(f"/viewer/{case.ref}/tiles/{STUDY}/{SERIES}/{INSTANCE}/1")
    assert (answer.status_code, answer.content[:2]) == (200, b"\xff\xd8")
    assert owner.get(f"/viewer/{case.ref}/tiles/{STUDY}/{SERIES}/{INSTANCE}/2").status_code == 404


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"StudyDate": "1994.01.30", "StudyTime": "11:25:01", "PatientSex": "F"}, ("19940130", "112501", "", "F")),
        ({"StudyDate": "20260312", "StudyTime": "101500.5", "PatientBirthDate": "19610504"}, ("20260312", "101500.5", "19610504", "")),
        ({"StudyDate": "20261399", "StudyTime": "9", "PatientBirthDate": "UNKNOWN", "PatientSex": "W"}, ("", "", "", "")),
        ({}, ("", "", "", "")),
    ],
)  # fmt: skip
def test_notes_repeat_of_a_header_what_can_be_understood(said: dict[str, str], kept: tuple[str, ...]) -> None:
    """An old file writes its days and times otherwise; its key images are no less wanted."""
    image = Dataset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for keyword, text in said.items():
            setattr(image, keyword, text)
        mend(image)
    assert (
        tuple(str(image[name].value) for name in ("StudyDate", "StudyTime", "PatientBirthDate", "PatientSex")) == kept
    )
    assert image.StudyID == image.AccessionNumber == image.PatientID == ""


def test_drawings_over_an_image_are_a_clear_picture_for_those_who_see_the_case(case: Case, owner: Client) -> None:
    data = pydicom.dcmread(io.BytesIO(files.dicom(study=8, size=16)))
    plane = np.zeros((16, 16), np.uint8)
    plane[3, 5] = 1
    said = (
        (0x10, "US", 16),
        (0x11, "US", 16),
        (0x40, "CS", "G"),
        (0x50, "SS", [1, 1]),
        (0x100, "US", 1),
        (0x102, "US", 0),
    )
    for number, vr, value in (*said, (0x3000, "OW", np.packbits(plane.ravel(), bitorder="little").tobytes())):
        data.add_new((0x6000, number), vr, value)
    out = io.BytesIO()
    data.save_as(out, enforce_file_format=True)
    records.upload(case, out.getvalue(), "IM8")
    records.run_jobs()
    of = f"/viewer/{case.ref}/planes/{files.uid(8)}/{files.uid(8, 1)}/{files.uid(8, 1, 1)}"
    shown = np.asarray(Image.open(io.BytesIO(owner.get(f"{of}/1").content)).convert("RGBA"))
    assert shown.shape == (16, 16, 4) and tuple(shown[3, 5]) == (255, 255, 255, 255)
    assert int((shown[..., 3] > 0).sum()) == 1, "clear where nothing is drawn"
    without = owner.get(f"/viewer/{case.ref}/planes/{STUDY}/{SERIES}/{INSTANCE}/1")
    assert (
        without.status_code == 200
        and not np.asarray(Image.open(io.BytesIO(without.content)).convert("RGBA"))[..., 3].any()
    )
    stranger = Client()
    stranger.force_login(records.user())
    assert [owner.get(f"{of}/2").status_code, stranger.get(f"{of}/1").status_code] == [404, 404]


def test_tiles_of_a_grey_slide_have_one_brightness_even_where_a_tile_is_empty(case: Case, owner: Client) -> None:
    tiles = np.array([[[0, 0], [0, 0]], [[24, 24], [24, 24]], [[12, 12], [12, 12]]], "<u2")
    content = files.dicom(
        study=7, size=2, NumberOfFrames=3, PixelData=tiles.tobytes(), PixelRepresentation=0, HighBit=15, BitsStored=16,
        WindowCenter=None, WindowWidth=None, TotalPixelMatrixColumns=6, TotalPixelMatrixRows=2,
        SOPClassUID=VLWholeSlideMicroscopyImageStorage,
    )  # fmt: skip
    records.upload(case, content, "IM7")
    records.run_jobs()
    small = owner.get(f"/dicomweb/studies/{files.uid(7)}/series/{files.uid(7, 1)}/thumbnail").content
    whole = Image.open(io.BytesIO(small))
    assert (whole.size, whole.getpixel((2, 0)), whole.getpixel((0, 1))) == (
        (6, 2),
        pytest.approx(255, abs=40),
        pytest.approx(0, abs=40),
    )
    of = f"/viewer/{case.ref}/tiles/{files.uid(7)}/{files.uid(7, 1)}/{files.uid(7, 1, 1)}"
    shown = [Image.open(io.BytesIO(owner.get(f"{of}/{n}").content)).getpixel((0, 0)) for n in (1, 2, 3)]
    assert shown == [pytest.approx(0, abs=2), pytest.approx(255, abs=2), pytest.approx(128, abs=3)]


def test_what_stands_beside_plain_images_is_nothing(case: Case, owner: Client) -> None:
    answer = owner.get(f"/viewer/{case.ref}/beside/{STUDY}/")
    assert answer.json() == {"papers": [], "videos": [], "marks": []}


def test_plain_page_says_when_the_picture_was_compressed_with_loss(case: Case, owner: Client) -> None:
    address = f"/viewer/{case.ref}/plain/"
    assert "Compressed with loss" not in owner.get(address).content.decode()
    held = Instance.objects.get(series__study__case=case)
    held.metadata["00282110"] = {"vr": "CS", "Value": ["01"]}
    held.save(update_fields=["metadata"])
    assert "Compressed with loss" in owner.get(address).content.decode()
