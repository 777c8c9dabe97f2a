"""Many small files in one request: one wait for the disk, one commit, one job, and a cut loses nothing that arrived."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from cases.states import Phase
from portal.core import storage
from portal.core.models import Event, Job, StoredObject
from records.actions import whole
from records.models import File, Upload
from records.rules import tus as rules
from records.states import UploadState
from records.views import tus
from tests.factories import records as make
from tests.records.helpers import BATCH, TUS, patch

pytestmark = pytest.mark.django_db


def bundle(
    patient: Client, case: Any, files: list[tuple[str, bytes]], batch: str = BATCH, cut: int | None = None
) -> Any:
    listed = [
        {
            "filename": name,
            "relativePath": f"disc/{name}",
            "batch": batch,
            "fingerprint": f"mark-{name}",
            "size": len(content),
        }
        for name, content in files
    ]
    body = json.dumps(listed).encode() + b"\n" + b"".join(content for _, content in files)
    return patient.post(f"/uploads/{case.ref}/", body[:cut], content_type=tus.BUNDLE, headers=TUS)


def lying() -> set[str]:
    return {one.name for one in storage.backend().listed()}


SMALL = [(f"IM{n}", bytes([n]) * (n * 1000)) for n in range(1, 6)]


def test_bundle_of_small_files_is_one_commit_and_one_job(
    patient: Client, case: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled: list[int] = []
    real = storage.Batch.settle
    monkeypatch.setattr(storage.Batch, "settle", lambda self: settled.append(len(self._staged)) or real(self))
    told = bundle(patient, case, SMALL).json()["files"]
    assert settled == [5]
    assert [one["offset"] for one in told] == [len(content) for _, content in SMALL]
    assert Job.objects.filter(name="records.process_upload").count() == 1
    assert Event.objects.filter(subject_kind="upload", name="receive").count() == 5
    for (name, content), one in zip(SMALL, told, strict=True):
        file = File.objects.select_related("upload", "object__key").get(name=name)
        assert (file.folder, str(file.upload.batch), file.upload.state) == ("disc", BATCH, UploadState.RECEIVED)
        assert (one["url"], file.sha256) == (
            f"/uploads/{case.ref}/{file.upload_id}/",
            hashlib.sha256(content).hexdigest(),
        )
        assert file.object is not None and b"".join(storage.read_range(file.object)) == content
    assert patient.head(told[0]["url"], headers=TUS).headers["Upload-Offset"] == "1000"


def test_bundle_sent_again_is_told_of_as_it_stands(patient: Client, case: Any) -> None:
    first = bundle(patient, case, SMALL).json()
    before = lying()
    assert bundle(patient, case, SMALL).json() == first
    assert (Upload.objects.count(), StoredObject.objects.count()) == (5, 5)
    assert lying() == before, "the bytes of the second time are gone"


@pytest.mark.parametrize("missing", [1, 5000, 5001, 9000, 15000])
def test_bundle_that_is_cut_keeps_whole_files_and_what_arrived_of_the_next(
    patient: Client, case: Any, missing: int
) -> None:
    bundle(patient, case, SMALL, cut=-missing)
    arrived = sum(len(content) for _, content in SMALL) - missing
    assert sum(Upload.objects.values_list("offset", flat=True)) == arrived
    waiting = patient.get(f"/uploads/{case.ref}/").json()["unfinished"]
    for one in waiting:
        content = dict(SMALL)[one["name"]]
        patch(patient, one["url"], one["offset"], content[one["offset"] :])
    assert len(waiting) == (missing not in (5000, 9000, 15000))
    told = bundle(patient, case, SMALL).json()["files"]
    assert [one["offset"] for one in told] == [len(content) for _, content in SMALL]
    assert Upload.objects.filter(state=UploadState.RECEIVED).count() == 5


@pytest.fixture
def sealed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How large each object of a bundle is that was sealed, kept or not."""
    sizes: list[int] = []
    real = storage.Batch.seal

    def seal(self: storage.Batch, chunks: Any, *, kind: str) -> StoredObject:
        stored = real(self, chunks, kind=kind)
        sizes.append(stored.size)
        return stored

    monkeypatch.setattr(storage.Batch, "seal", seal)
    return sizes


def test_file_of_a_bundle_that_does_not_fit_is_refused_by_itself_and_not_sealed(
    patient: Client, case: Any, settings: Any, sealed: list[int]
) -> None:
    settings.MAX_CASE_BYTES = 6500
    before = lying()
    told = bundle(patient, case, [*SMALL[:3], ("big", b"x" * 4000), ("tiny", b"y" * 100)]).json()["files"]
    assert [one.get("error") for one in told] == [None, None, None, "case_full", None]
    assert told[3]["message"]
    assert sorted(File.objects.values_list("name", flat=True)) == ["IM1", "IM2", "IM3", "tiny"]
    assert len(lying() - before) == 4
    assert sealed == [1000, 2000, 3000, 100]


def test_bundle_sent_again_into_a_full_case_is_told_of_as_it_stands(
    patient: Client, case: Any, settings: Any, sealed: list[int]
) -> None:
    settings.MAX_CASE_BYTES = sum(len(content) for _, content in SMALL)
    first = bundle(patient, case, SMALL).json()
    sealed.clear()
    again = bundle(patient, case, [*SMALL, ("more", b"x")])
    assert again.json()["files"][:5] == first["files"]
    assert again.json()["files"][5]["error"] == "case_full"
    assert sealed == []


def test_bundle_that_is_cut_where_a_file_is_refused_keeps_what_came_before(
    patient: Client, case: Any, settings: Any
) -> None:
    settings.MAX_CASE_BYTES = 6500
    told = bundle(patient, case, [SMALL[0], ("big", b"x" * 8000), ("tiny", b"y" * 100)], cut=-200).json()["files"]
    assert [one.get("error", one.get("offset")) for one in told] == [1000, "case_full"]
    assert list(Upload.objects.values_list("name", "state")) == [("IM1", UploadState.RECEIVED)]


def test_bundle_of_more_than_one_request_may_hold_is_refused_before_anything_is_sealed(
    patient: Client, case: Any, sealed: list[int]
) -> None:
    listed = [{"filename": f"IM{n}", "batch": BATCH, "fingerprint": f"m{n}", "size": 4 * 1024**2} for n in range(9)]
    answer = patient.post(
        f"/uploads/{case.ref}/", json.dumps(listed).encode() + b"\nIM", content_type=tus.BUNDLE, headers=TUS
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "bundle_sizes")
    assert sealed == []
    assert len(rules.bundle(json.dumps(listed[:8]).encode())) == 8


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]\n",
        b"{}\n",
        b"[1]\n",
        b'[{"filename": "a"}]\n',
        b"[" * 100_000 + b"\n",
        b'[{"filename": "a", "size": 0}]\n',
    ],
)
def test_bundle_that_cannot_be_read_is_refused_and_keeps_nothing(patient: Client, case: Any, line: bytes) -> None:
    before = lying()
    answer = patient.post(f"/uploads/{case.ref}/", line + b"bytes", content_type=tus.BUNDLE, headers=TUS)
    assert answer.status_code == 400
    assert not Upload.objects.exists()
    assert lying() == before


def test_bundle_with_half_a_letter_in_a_name_arrives(patient: Client, case: Any) -> None:
    """JSON can hold halves of surrogate pairs, and no database takes them: the bytes lay sealed and unnamed for days."""
    line = json.dumps([{"filename": "IM\ud800.dcm", "relativePath": "a\udfff/b", "batch": BATCH, "size": 3}]).encode()
    answer = patient.post(f"/uploads/{case.ref}/", line + b"\nabc", content_type=tus.BUNDLE, headers=TUS)
    assert answer.status_code == 200
    assert list(Upload.objects.values_list("name", "folder")) == [("IM.dcm", "a")]


def test_bundle_into_a_closed_case_or_a_strangers_is_refused(patient: Client, case: Any) -> None:
    other, before = make.case(), lying()
    assert bundle(patient, other, SMALL).status_code == 404
    type(case).objects.filter(pk=case.pk).update(phase=Phase.DECLINED)
    assert bundle(patient, case, SMALL).status_code == 409
    assert lying() == before


def test_bundle_whose_rows_may_be_there_keeps_its_bytes(
    patient: Client, case: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows were committed, and the database's answer was lost on the way."""
    real = whole.take

    def unheard(**given: Any) -> Any:
        real(**given)
        raise OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as patched, pytest.raises(OperationalError):
        patched.setattr(whole, "take", unheard)
        bundle(patient, case, SMALL)
    told = bundle(patient, case, SMALL).json()["files"]
    assert [one["offset"] for one in told] == [len(content) for _, content in SMALL]
    for name, content in SMALL:
        file = File.objects.select_related("object__key").get(name=name)
        assert file.object is not None and b"".join(storage.read_range(file.object)) == content


def test_bundle_that_is_refused_at_its_end_leaves_no_bytes(
    patient: Client, case: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, real = lying(), storage.Batch.settle

    def meanwhile(self: storage.Batch) -> None:
        real(self)
        type(case).objects.filter(pk=case.pk).update(phase=Phase.WITHDRAWN)

    monkeypatch.setattr(storage.Batch, "settle", meanwhile)
    assert bundle(patient, case, SMALL, cut=-1).status_code == 409
    assert not Upload.objects.exists()
    assert lying() == before
