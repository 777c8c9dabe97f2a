"""Two images under one SOP Instance UID: equal pixels are one record, other pixels are held until the desk has decided."""

from __future__ import annotations

import io
import re
from html import unescape
from typing import Any

import numpy as np
import pydicom
import pytest
from django.test import Client
from PIL import Image
from pydicom.uid import RLELossless

from portal.core.access import Actor
from records.actions import files as actions
from records.models import File, Instance, Study
from records.states import RecordState
from records.steps import reading
from records.steps.work import Work
from tests.factories import files
from tests.factories import records as make

pytestmark = pytest.mark.django_db


def other_pixels() -> bytes:
    data = pydicom.dcmread(io.BytesIO(files.dicom()))
    data.PixelData = (np.frombuffer(data.PixelData, "<i2")[::-1] + 1).tobytes()
    out = io.BytesIO()
    data.save_as(out, enforce_file_format=True)
    return out.getvalue()


def sent_twice(case: Any, second: bytes, *, together: bool) -> None:
    make.upload(case, files.dicom(), "first")
    if not together:
        make.run_jobs()
    make.upload(case, second, "second")
    make.run_jobs()


@pytest.mark.parametrize("together", [True, False])
def test_same_uid_with_other_pixels_is_held_and_shown_to_the_desk(case: Any, desk: Client, together: bool) -> None:
    sent_twice(case, other_pixels(), together=together)
    held = File.objects.get(name="second")
    assert (held.state, held.code) == (RecordState.QUARANTINED, "same_uid_other_pixels")
    assert (Instance.objects.count(), Instance.objects.get().file.name) == (1, "first")
    page = desk.get(f"/desk/cases/{case.ref}/").content.decode()
    address = f"/cases/{case.ref}/records/files/{held.pk}/decide/"
    assert address in page
    both = desk.get(address).content.decode()
    assert "first" in both and "second" in both
    pictures = [unescape(one) for one in re.findall(r'<img [^>]*src="([^"]+)"', both)]
    drawn = [desk.get(one) for one in pictures]
    assert [(one.status_code, one["Content-Type"]) for one in drawn] == [(200, "image/jpeg")] * 2
    one, other = (np.asarray(Image.open(io.BytesIO(part.content))).astype(int) for part in drawn)
    assert one.shape == other.shape and (one != other).any()
    patient = Client()
    patient.force_login(case.opened_by)
    assert patient.get(pictures[1]).status_code in (403, 404)
    desk.post(address, {"keep": "first"})
    assert desk.get(pictures[1]).status_code == 404, "decided: it is no question any more"


def test_desk_keeps_the_first(case: Any, desk: Client) -> None:
    sent_twice(case, other_pixels(), together=False)
    held = File.objects.get(name="second")
    desk.post(f"/cases/{case.ref}/records/files/{held.pk}/decide/", {"keep": "first"})
    make.run_jobs()
    held.refresh_from_db()
    assert (held.state, held.code, Instance.objects.get().file.name) == (RecordState.READY, "duplicate", "first")
    make.upload(case, other_pixels(), "third")  # decided once is enough
    make.run_jobs()
    assert File.objects.get(name="third").code == "duplicate"


def test_desk_takes_the_second_and_both_originals_stay(case: Any, desk: Client) -> None:
    sent_twice(case, other_pixels(), together=False)
    held = File.objects.get(name="second")
    desk.post(f"/cases/{case.ref}/records/files/{held.pk}/decide/", {"keep": "second"})
    make.run_jobs()
    assert Instance.objects.get().file.name == "second"
    assert Study.objects.get().state == RecordState.READY
    first = File.objects.select_related("object").get(name="first")
    assert first.object is not None
    assert (first.code, first.object.state) == ("duplicate", "stored")
    desk.post(
        f"/cases/{case.ref}/records/files/{held.pk}/decide/", {"keep": "second"}
    )  # a second click changes nothing
    assert Instance.objects.get().file.name == "second"


def test_equal_pixels_in_another_wrapping_are_one_image(case: Any) -> None:
    sent_twice(case, files.dicom(InstitutionName="Other Archive"), together=False)
    assert File.objects.get(name="second").code == "duplicate"


def test_patient_cannot_decide(case: Any) -> None:
    sent_twice(case, other_pixels(), together=False)
    client = Client()
    client.force_login(case.opened_by)
    held = File.objects.get(name="second")
    answer = client.post(f"/cases/{case.ref}/records/files/{held.pk}/decide/", {"keep": "second"})
    assert answer.status_code in (403, 404)
    assert client.get(f"/files/{held.pk}/download/").status_code == 404


def test_held_image_takes_the_place_of_a_first_that_is_removed(case: Any) -> None:
    sent_twice(case, other_pixels(), together=False)
    client = Client()
    client.force_login(case.opened_by)
    client.post(f"/cases/{case.ref}/records/files/{File.objects.get(name='first').pk}/remove/")
    make.run_jobs()
    assert Instance.objects.get().file.name == "second"


def test_copies_of_the_image_that_was_not_chosen_stay_copies_of_it(case: Any, desk: Client) -> None:
    sent_twice(case, other_pixels(), together=False)
    make.upload(case, files.dicom(), "first again")
    make.run_jobs()
    desk.post(f"/cases/{case.ref}/records/files/{File.objects.get(name='second').pk}/decide/", {"keep": "second"})
    make.run_jobs()
    first = File.objects.get(name="first")
    assert File.objects.get(name="first again").duplicate_of == first
    Study.objects.update(state=RecordState.QUARANTINED, code="wrong_patient")
    client = Client()
    client.force_login(case.opened_by)
    assert [client.get(f"/files/{one.pk}/download/").status_code for one in File.objects.all()] == [404, 404, 404]


def test_image_whose_twin_goes_while_it_is_read_gets_its_frames(case: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its frames are not kept beside those of its twin: without them it would be there and never shown."""
    make.upload(case, packed(InstitutionName="One"), "first")
    make.run_jobs()
    write, first = reading._write, File.objects.get(name="first")

    def meanwhile(work: Work, writes: Any) -> None:
        if File.objects.get(pk=first.pk).state == RecordState.READY:
            actions.remove(file=first, by=Actor.of(case.opened_by))
        write(work, writes)

    monkeypatch.setattr(reading, "_write", meanwhile)
    make.upload(case, packed(InstitutionName="Two"), "second")
    make.run_jobs()
    shown = Instance.objects.get()
    assert (shown.file.name, shown.file.state) == ("second", RecordState.READY)
    assert shown.pack is not None


def packed(**elements: Any) -> bytes:
    """An image whose frames have to be decoded."""
    data = pydicom.dcmread(io.BytesIO(files.dicom(**elements)))
    data.compress(RLELossless, generate_instance_uid=False)
    out = io.BytesIO()
    data.save_as(out, enforce_file_format=True)
    return out.getvalue()
