"""Plain images that arrive together are indexed while they arrive; whatever is anything else goes the way of every upload."""

from __future__ import annotations

import fcntl
import io
import os
import resource
from collections.abc import Iterator
from typing import Any

import numpy as np
import pydicom
import pytest
from django.db import DataError
from pydicom.uid import RLELossless

from cases.models import Case
from portal.core.models import Event
from records import at_once, beginnings
from records.actions import whole
from records.child.handle import handle
from records.child.protocol import Limits
from records.dicom.peek import Peek
from records.models import File, Instance, Receipt, Series, Study
from records.states import RecordState
from tests.factories import files, records
from tests.records.test_peek import beginning as beginning_of
from tests.records.test_stow import bearer, multipart, store

pytestmark = pytest.mark.django_db


@pytest.fixture
def token(case: Case) -> dict[str, str]:
    return bearer(case.opened_by, case)[1]


@pytest.fixture(autouse=True)
def _no_child_is_left() -> Any:
    yield
    beginnings.forget()


def slices(*numbers: int, **elements: Any) -> list[bytes]:
    return [files.dicom(instance=n, **elements) for n in numbers]


def changed(body: bytes, **elements: Any) -> bytes:
    data = pydicom.dcmread(io.BytesIO(body))
    for keyword, value in elements.items():
        setattr(data, keyword, value)
    out = io.BytesIO()
    data.save_as(out, enforce_file_format=True)
    return out.getvalue()


def other_pixels(body: bytes) -> bytes:
    pixels = np.frombuffer(pydicom.dcmread(io.BytesIO(body)).PixelData, "<i2") + 1
    return changed(body, PixelData=pixels.tobytes())


def compressed(body: bytes) -> bytes:
    data = pydicom.dcmread(io.BytesIO(body))
    data.compress(RLELossless, generate_instance_uid=False)
    out = io.BytesIO()
    data.save_as(out, enforce_file_format=True)
    return out.getvalue()


def test_plain_images_can_be_seen_with_the_answer(case: Case, token: dict[str, str]) -> None:
    assert store(token, multipart(slices(1, 2, 3))).status_code == 202
    assert set(File.objects.values_list("state", "kind", "code")) == {(RecordState.READY, "dicom", "")}
    assert (Study.objects.get().state, Series.objects.get().instance_count) == (RecordState.READY, 3)
    before = list(Instance.objects.order_by("number").values())
    records.run_jobs()
    assert Receipt.objects.count() == 1
    assert Series.objects.get().thumbnail is not None
    assert list(Instance.objects.order_by("number").values()) == before


def test_what_the_beginning_tells_is_what_the_whole_file_tells(tmp_path: Any) -> None:
    body = files.dicom(size=256)
    peek = Peek()
    assert b"".join(peek.through([body[:100], body[100:70_000], body[70_000:]])) == body
    with (tmp_path / "one").open("wb+") as file:
        file.write(body)
        file.flush()
        entry = {
            "i": 0,
            "fd": os.dup(file.fileno()),
            "password": None,
            "depth": 0,
            "thumbnail": False,
            "trailing": False,
        }
        whole_file = handle(entry, tmp_path, Limits())
        os.close(entry["fd"])
    start = {**entry, "beginning": peek.beginning(), "size": len(body)}
    found = handle(start, tmp_path, Limits())
    assert len(peek.beginning()) < 4000 < len(body)
    assert found["data"].pop("digest") == "" != whole_file["data"].pop("digest")
    assert found == whole_file
    cut = handle({**start, "size": len(body) - 1}, tmp_path, Limits())
    glued = handle({**start, "size": len(body) + 40}, tmp_path, Limits())
    assert [one["code"] for one in (cut, glued)] == ["dicom_truncated"] * 2


def test_images_of_another_person_are_set_aside_with_the_answer(case: Case, token: dict[str, str]) -> None:
    store(token, multipart(slices(1, 2, 3, PatientName="OTHERWISE^PERSONA", PatientBirthDate="19900101")))
    study = Study.objects.get()
    assert (study.state, study.code) == (RecordState.QUARANTINED, "wrong_patient")
    records.run_jobs()
    assert Study.objects.get().state == RecordState.QUARANTINED


def test_one_strange_image_among_a_patients_own_holds_the_study(case: Case, token: dict[str, str]) -> None:
    strange = files.dicom(instance=2, PatientName="OTHERWISE^PERSONA", PatientBirthDate="19900101")
    store(token, multipart([*slices(1, 3), strange]))
    assert (Study.objects.get().state, Study.objects.get().code) == (RecordState.QUARANTINED, "two_patients")


def test_a_study_is_not_seen_before_a_strange_image_of_it_that_waits(case: Case, token: dict[str, str]) -> None:
    strange = files.dicom(instance=4, PatientName="OTHERWISE^PERSONA", PatientBirthDate="19900101")
    store(token, multipart([*slices(1, 2, 3), compressed(strange)]))
    records.run_jobs()
    study = Study.objects.get()
    assert (study.state, study.code) == (RecordState.QUARANTINED, "two_patients")
    assert not Event.objects.filter(subject_id=study.pk, name="ready").exists()


def test_what_is_more_than_a_request_may_hold_waits_for_the_job(
    case: Case, token: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_once, "MAX_BYTES", 3 * len(beginning_of(files.dicom(), 4096)))
    store(token, multipart(slices(*range(1, 7))))
    assert (Instance.objects.count(), File.objects.filter(state=RecordState.PROCESSING).count()) == (3, 3)
    records.run_jobs()
    assert (Instance.objects.count(), Study.objects.get().state) == (6, RecordState.READY)


def test_what_is_not_plain_waits_for_the_job(case: Case, token: dict[str, str]) -> None:
    body = files.dicom(instance=4)
    store(
        token,
        multipart(
            [*slices(1, 2), compressed(files.dicom(instance=3)), body[:-9], files.dicom(instance=5) + b"more" * 9]
        ),
    )
    assert (Instance.objects.count(), File.objects.filter(state=RecordState.PROCESSING).count()) == (2, 3)
    assert Study.objects.get().state == RecordState.PROCESSING, "what waits may be somebody else's"
    records.run_jobs()
    assert Study.objects.get().state == RecordState.READY
    assert sorted(File.objects.exclude(state=RecordState.READY).values_list("state", "code")) == [
        (RecordState.QUARANTINED, "dicom_trailing_data"),
        (RecordState.REJECTED, "dicom_truncated"),
    ]
    assert Instance.objects.count() == 3


def test_the_same_image_again_is_compared_by_its_pixels(case: Case, token: dict[str, str]) -> None:
    first = slices(1, 2, 3)
    store(token, multipart(first))
    records.run_jobs()
    assert set(Instance.objects.values_list("digest", flat=True)) == {""}
    again = [first[0], changed(first[1], StationName="ELSEWHERE"), other_pixels(first[2])]
    store(token, multipart(again))
    assert Instance.objects.count() == 3
    records.run_jobs()
    later = File.objects.order_by("-created_at")[:3]
    told = sorted((one.state, one.code) for one in later)
    assert told == [
        (RecordState.QUARANTINED, "same_uid_other_pixels"),
        (RecordState.READY, "duplicate"),
        (RecordState.READY, "duplicate"),
    ]
    assert Instance.objects.filter(digest="").count() == 1, "the very same bytes need no look at their pixels"


def test_twins_in_one_request_are_one_image(case: Case, token: dict[str, str]) -> None:
    body = slices(1, 2)
    store(token, multipart([*body, body[0], other_pixels(body[1])]))
    assert Instance.objects.count() == 2
    records.run_jobs()
    assert Instance.objects.count() == 2
    assert sorted(File.objects.exclude(code="").values_list("code", flat=True)) == [
        "duplicate",
        "same_uid_other_pixels",
    ]


def test_with_a_virus_scanner_nothing_is_indexed_before_it_was_scanned(
    case: Case, token: dict[str, str], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CLAMAV_ADDRESS = "127.0.0.1:1"
    monkeypatch.delattr(Peek, "beginning")  # nothing is kept that nobody asks about
    store(token, multipart(slices(1, 2, 3)))
    assert (Instance.objects.count(), File.objects.filter(state=RecordState.PROCESSING).count()) == (0, 3)


@pytest.mark.parametrize("trouble", ["dies", "lies", "is_late"])
def test_a_child_that_fails_leaves_the_files_to_the_job(
    case: Case, token: dict[str, str], monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    if trouble == "dies":
        monkeypatch.setattr(beginnings, "BOOT", "raise SystemExit(3)")
    elif trouble == "is_late":
        monkeypatch.setattr(at_once, "SECONDS", 0.0)
    else:
        monkeypatch.setattr(beginnings, "parse_line", lambda line: {"t": "done", "i": 7})
    assert store(token, multipart(slices(1, 2, 3))).status_code == 202
    assert (Instance.objects.count(), File.objects.filter(state=RecordState.PROCESSING).count()) == (0, 3)
    monkeypatch.undo()
    records.run_jobs()
    assert Instance.objects.count() == 3


def test_rows_that_do_not_fit_are_left_to_the_job(
    case: Case, token: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unfit(**_: Any) -> Any:
        raise DataError

    monkeypatch.setattr(whole.indexing, "index", unfit)
    assert store(token, multipart(slices(1, 2, 3))).status_code == 202
    assert set(File.objects.values_list("state", flat=True)) == {RecordState.PROCESSING}
    monkeypatch.undo()
    records.run_jobs()
    assert Instance.objects.count() == 3


@pytest.fixture
def talk() -> Iterator[tuple[beginnings.Child, int]]:
    """A child of which we are the other side, asked about one file: its descriptors are above those that select() takes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1100), hard))
    pipes = [*os.pipe(), *os.pipe()]
    child = object.__new__(beginnings.Child)
    child._out, child._in = (fcntl.fcntl(pipes[n], fcntl.F_DUPFD, 1030) for n in (0, 3))
    child._told, child._heard, child._number, child._asked = bytearray(), bytearray(), 0, []
    os.set_blocking(child._in, False)
    yield child, pipes[1]
    for one in (*pipes, child._in, child._out):
        os.close(one)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_child_is_heard_at_any_descriptor(talk: tuple[beginnings.Child, int]) -> None:
    child, says = talk
    child.ask([(9, b"a" * 300_000)])
    refused = '"status":"rejected","code":"dicom_truncated","kind":"dicom","media_type":"application/dicom"'
    os.write(says, f'{{"t":"done","i":0,{refused},"flags":[],"data":{{}},"outputs":[]}}\n'.encode())
    assert [one.code for one in child.answers(5)] == ["dicom_truncated"]
    assert child._told, "nobody took what did not fit into the pipe"


def test_a_child_that_says_too_much_is_given_up(
    talk: tuple[beginnings.Child, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beginnings, "MAX_HEARD", 1000)
    child, says = talk
    child.ask([(9, b"a")])
    os.write(says, b" " * 1001)
    with pytest.raises(beginnings.GaveUp, match="too much"):
        child.answers(5)


def test_a_child_serves_one_case_and_sender_alone(case: Case) -> None:
    mine, other = ("a", "user", "1"), ("b", "user", "1")
    child = beginnings.child_for(mine)
    beginnings.give_back(mine, child)
    stranger = beginnings.child_for(other)
    assert stranger is not child
    assert beginnings.child_for(mine) is child
    for one in (child, stranger):
        one.close()
