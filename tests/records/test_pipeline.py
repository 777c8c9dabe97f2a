"""From uploads to records: everything is accounted for, twice is once, and a death in between loses nothing."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import DataError
from django.utils import timezone

from portal.core import jobs, storage
from portal.core.access import Actor
from portal.core.models import Job, StoredObject
from portal.core.states import JobState, ObjectState
from records import pipeline, sandbox
from records.actions import files as actions
from records.actions import processing, receipts
from records.models import Document, File, Instance, Page, Receipt, Series, Study, UploadPart
from records.rules import documents as papers
from records.states import RecordState
from records.steps import reading
from tests.factories import files
from tests.factories import records as make

pytestmark = pytest.mark.django_db


def rows() -> dict[str, Any]:
    """Everything that processing writes, without the times."""
    return {
        "files": sorted(File.objects.values_list("name", "state", "code", "sha256", "kind")),
        "studies": sorted(Study.objects.values_list("uid", "state", "code")),
        "series": sorted(
            Series.objects.values_list("uid", "instance_count", "frame_count", "revision", "derived_revision")
        ),
        "instances": sorted(Instance.objects.values_list("uid", "native_offset", "frames")),
        "documents": sorted(Document.objects.values_list("title", "klass", "page_count", "state")),
        "pages": Page.objects.count(),
        "receipts": sorted((r.version, str(r.document)) for r in Receipt.objects.all()),
        "objects": StoredObject.objects.filter(state=ObjectState.STORED).count(),
        "parts": UploadPart.objects.count(),
    }


def send_a_mixture(case: Any) -> Any:
    batch = uuid4()
    for n in range(1, 4):
        make.upload(case, files.dicom(instance=n), f"IM{n}", folder="CT", batch=batch)
    make.upload(case, files.dicom(instance=1), "copy of IM1", batch=batch)
    make.upload(case, files.pdf("Spirometry", "FEV1 2.1 L", "Date of service: 2026-03-01"), "lungs.pdf", batch=batch)
    make.upload(case, files.pdf("secret", password="x"), "locked.pdf", batch=batch)
    make.upload(case, files.photo(), "page.jpg", batch=batch)
    make.upload(case, b"", "nothing.txt", batch=batch)
    members = {"a/IM9": files.dicom(series=2, instance=9), "Thumbs.db": b"x", "viewer.exe": b"MZ" + b"\0" * 100}
    make.upload(case, files.packed_names(members), "disc.zip", batch=batch)
    return batch


def test_mixture_becomes_records_and_every_file_is_accounted_for(case: Any) -> None:
    batch = send_a_mixture(case)
    make.run_jobs()
    study = Study.objects.get()
    assert (study.state, str(study.date), study.modalities) == (RecordState.READY, "2026-03-12", ["CT"])
    assert sorted(Series.objects.values_list("instance_count", flat=True)) == [1, 3]
    assert Document.objects.get(title="lungs").klass == "lung_function"
    assert str(Document.objects.get(title="lungs").date) == "2026-03-01"
    receipt = Receipt.objects.get(batch=batch).document
    (found,) = receipt["studies"]
    assert [(one["images"], one["missing"]) for one in found.pop("parts")] == [(3, 0), (1, 0)]
    assert found == {"title": "CT chest", "date": "2026-03-12", "series": 2, "images": 4, "state": "ready"}
    assert {one["name"]: one["code"] for one in receipt["refused"]} == {"nothing.txt": "empty"}
    assert [one["name"] for one in receipt["locked"]] == ["locked.pdf"]
    assert receipt["counts"] == {
        "records": 6, "packed": 1, "duplicates": 1, "left_out": 2, "set_aside": 0, "refused": 1, "removed": 0,
        "locked": 1, "programs": 1, "others": 1,
    }  # fmt: skip
    told = sum(number for name, number in receipt["counts"].items() if name not in ("programs", "others"))
    assert receipt["files"] == told == File.objects.count()


def test_original_is_whole_and_its_parts_are_gone(case: Any) -> None:
    content = files.pdf("Dear colleague")
    make.upload(case, content, "letter.pdf")
    make.run_jobs()
    file = File.objects.get()
    assert file.object is not None
    assert b"".join(storage.read_range(file.object)) == content
    assert not UploadPart.objects.exists()
    assert not StoredObject.objects.filter(kind="part", state=ObjectState.STORED).exists()


def test_series_has_metadata_and_thumbnail_of_what_is_there(case: Any) -> None:
    import json

    for n in (2, 1):
        make.upload(case, files.dicom(instance=n), f"IM{n}")
    make.run_jobs()
    series = Series.objects.get()
    assert series.metadata is not None and series.thumbnail is not None
    found = json.loads(storage.read_bytes(series.metadata, limit=10**6))
    assert [one["00200013"]["Value"] for one in found] == [[1], [2]]
    assert storage.read_bytes(series.thumbnail, limit=10**6).startswith(b"\xff\xd8")
    instance = Instance.objects.get(number=1)
    assert instance.native_offset is not None and instance.frame_bytes == 32 * 32 * 2


def test_pipeline_twice_changes_nothing(case: Any) -> None:
    send_a_mixture(case)
    make.run_jobs()
    before = rows()
    row = Job.objects.filter(name="records.process_upload").first()
    assert row is not None
    Job.objects.filter(pk=row.pk).update(state=JobState.QUEUED, done_at=None)
    make.run_jobs()
    assert rows() == before


STEPS = [step.__name__ for step in (*pipeline.FILE_STEPS, *pipeline.CASE_STEPS)]


@pytest.mark.parametrize(("name", "when"), [("assemble", "before"), *((name, "after") for name in STEPS)])
def test_death_around_any_step_is_made_good_by_the_next_run(
    case: Any, name: str, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_a_mixture(case)
    _die_once(monkeypatch, name, when)
    found = Job.objects.filter(name="records.process_upload", state=JobState.QUEUED).first()
    assert found is not None
    with pytest.raises(Killed):
        run = jobs.claim(found.pk)
        assert run is not None
        jobs.execute(run)
    Job.objects.filter(pk=found.pk).update(lease_until="2020-01-01T00:00Z")
    again = jobs.claim(found.pk)
    assert again is not None
    jobs.execute(again)
    make.run_jobs()
    after = rows()
    assert not File.objects.filter(state=RecordState.PROCESSING).exists()
    assert Instance.objects.count() == 4
    assert Document.objects.count() == 2
    assert after["receipts"][0][0] == 1
    assert all(row[3] == row[4] for row in after["series"])


class Killed(BaseException):
    """As kill -9 would: nothing below catches it."""


def _die_once(monkeypatch: pytest.MonkeyPatch, name: str, when: str) -> None:
    died: list[bool] = []

    def wrap(step: Any) -> Any:
        def stepped(work: Any) -> None:
            if when == "before" and not died:
                died.append(True)
                raise Killed
            step(work)
            if not died:
                died.append(True)
                raise Killed

        return stepped if step.__name__ == name else step

    monkeypatch.setattr(pipeline, "FILE_STEPS", tuple(wrap(step) for step in pipeline.FILE_STEPS))
    monkeypatch.setattr(pipeline, "CASE_STEPS", tuple(wrap(step) for step in pipeline.CASE_STEPS))


def test_two_workers_share_the_files_of_a_case(case: Any) -> None:
    for n in range(1, 4):
        make.upload(case, files.dicom(instance=n), f"IM{n}")
    first = Job.objects.get(name="records.process_upload")  # one for all three
    second = jobs.enqueue(first.name, case_id=case.pk, **first.args)
    one, two = jobs.claim(first.pk), jobs.claim(second.pk)
    assert one is not None and two is not None
    taken = pipeline._claimed(one, case.pk)
    assert len(taken) == 3
    assert pipeline._claimed(two, case.pk) == []
    Job.objects.filter(pk=first.pk).update(lease_until="2020-01-01T00:00Z")
    assert pipeline._claimed(two, case.pk) == taken


def test_second_worker_leaves_a_few_files_to_the_first_and_looks_again_later(case: Any) -> None:
    make.upload(case, files.dicom(instance=1), "IM1")
    first = jobs.claim(Job.objects.get(name="records.process_upload").pk)
    assert first is not None
    assert len(pipeline._claimed(first, case.pk)) == 1
    for n in (2, 3):
        make.upload(case, files.dicom(instance=n), f"IM{n}")
    make.run_jobs()
    later = Job.objects.filter(name="records.process_upload", state=JobState.QUEUED)
    assert later.earliest("due_at").due_at > timezone.now()  # two, where the minute turned between them
    assert File.objects.filter(state=RecordState.PROCESSING).count() == 3
    Job.objects.filter(pk=first.job.pk).update(lease_until="2020-01-01T00:00Z")
    later.update(due_at=timezone.now())
    make.run_jobs()
    assert Instance.objects.count() == 3


def test_failed_for_good_says_so_and_can_be_tried_again(case: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    make.upload(case, files.dicom(), "IM1")
    monkeypatch.setattr(sandbox, "begin", _unavailable)
    row = Job.objects.get(name="records.process_upload")
    for _ in range(6):
        Job.objects.filter(pk=row.pk).update(due_at="2020-01-01T00:00Z", created_at="2020-01-01T00:00Z")
        run = jobs.claim(row.pk)
        assert run is not None
        jobs.execute(run)
    file = File.objects.get()
    assert (file.state, file.code) == (RecordState.REJECTED, "processing_failed")
    monkeypatch.undo()
    actions.process_again(file=file, by=Actor.of(case.opened_by))
    make.run_jobs()
    file.refresh_from_db()
    assert file.state == RecordState.READY


def _unavailable(*_: Any, **__: Any) -> Any:
    raise sandbox.SandboxUnavailable("no child today")


def test_another_patients_study_is_set_aside(case: Any) -> None:
    make.upload(case, files.dicom(study=7, PatientName="OTHER^PERSON", PatientBirthDate="19400101"), "IM1")
    make.upload(case, files.dicom(study=8, PatientName="Example^Testina", PatientBirthDate="19610504"), "IM2")
    make.run_jobs()
    states = dict(Study.objects.values_list("uid", "state"))
    assert states == {files.uid(7): RecordState.QUARANTINED, files.uid(8): RecordState.READY}
    assert Study.objects.get(uid=files.uid(7)).code == "wrong_patient"


def test_same_image_sent_again_in_another_wrapping_is_a_duplicate(case: Any) -> None:
    make.upload(case, files.dicom(), "IM1")
    make.upload(case, files.dicom(SeriesDescription="renamed"), "IM1 again")
    make.run_jobs()
    again = File.objects.get(name="IM1 again")
    assert (again.state, again.code, again.warnings[-1]) == (RecordState.READY, "duplicate", "same_uid_other_content")
    assert again.object is not None and again.object.state == ObjectState.STORED
    assert Instance.objects.count() == 1


def test_removing_a_file_erases_it_and_its_copy_takes_its_place(case: Any) -> None:
    make.upload(case, files.dicom(), "IM1")
    make.upload(case, files.dicom(), "IM1 copy")
    make.run_jobs()
    first = File.objects.get(name="IM1")
    actions.remove(file=first, by=Actor.of(case.opened_by))
    make.run_jobs()
    first.refresh_from_db()
    assert first.state == RecordState.REMOVED
    assert first.object is not None and first.object.state == ObjectState.ERASED
    assert Instance.objects.get().file.name == "IM1 copy"
    assert Study.objects.get().state == RecordState.READY


def test_looking_at_a_file_leaves_its_place_to_the_child() -> None:
    with tempfile.TemporaryFile() as plain:
        plain.write(b"\0" * 128 + b"DICM" + bytes(20_000))
        plain.flush()
        plain.seek(0)
        assert reading.is_dicom(plain.fileno())
        os.lseek(plain.fileno(), 10, os.SEEK_SET)  # as the child does; closing must not mind


@pytest.mark.parametrize("step", ["keep_document", "classify"])
def test_file_that_does_not_fit_harms_no_other(case: Any, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Whatever a strange file makes our own code raise, the rest of the batch becomes records."""
    place: Any = processing if step == "keep_document" else papers
    real = getattr(place, step)

    def strange(*args: Any, **kwargs: Any) -> Any:
        if "wicked" in repr((args, kwargs)):
            raise DataError("a quotation of the record")
        return real(*args, **kwargs)

    monkeypatch.setattr(place, step, strange)
    batch = uuid4()
    for name in ("wicked.pdf", "good.pdf"):
        make.upload(case, files.pdf(name), name, batch=batch)
    make.run_jobs()
    assert dict(File.objects.values_list("name", "state")) == {"wicked.pdf": "rejected", "good.pdf": "ready"}
    assert File.objects.get(name="wicked.pdf").code == "processing_failed"
    assert Receipt.objects.get(batch=batch).document["counts"]["records"] == 1


def test_runs_that_find_nothing_leave_the_case_to_the_last_one(case: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    batch, told = uuid4(), []
    real = receipts.write
    monkeypatch.setattr(receipts, "write", lambda **given: told.append(1) or real(**given))
    for n in range(1, 6):
        make.upload(case, files.pdf(f"Letter {n}"), f"letter{n}.pdf", batch=batch)
    assert make.run_jobs() == 1
    assert len(told) == 1
    assert Receipt.objects.get(batch=batch).document["counts"]["records"] == 5


def test_case_as_a_whole_waits_while_many_files_still_arrive(case: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read is shown at once; checklist and receipt come with the last of it."""
    monkeypatch.setattr(pipeline, "MANY", 2)
    monkeypatch.setattr(pipeline, "ARRIVING_SECONDS", 600)
    batch = uuid4()
    for n in (1, 2):
        make.upload(case, files.dicom(instance=n), f"IM{n}", batch=batch)
    assert make.run_jobs() == 1
    assert (Study.objects.get().state, Receipt.objects.count()) == (RecordState.READY, 0)
    make.upload(case, files.dicom(instance=3), "IM3", batch=batch)
    (later,) = Job.objects.filter(name="records.process_upload", state=JobState.QUEUED)
    Job.objects.filter(pk=later.pk).update(due_at=timezone.now())
    assert make.run_jobs() == 1
    assert Receipt.objects.get().document["counts"]["records"] == 3


def test_files_that_a_failing_job_had_not_begun_get_a_job_of_their_own(
    case: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "FILES_AT_ONCE", 1)
    for n in (1, 2):
        make.upload(case, files.dicom(instance=n), f"IM{n}")
    row = Job.objects.get(name="records.process_upload")
    run = jobs.claim(row.pk)
    assert run is not None and len(pipeline._claimed(run, case.pk)) == 1
    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "process", _given_up)
        jobs.execute(run)
    assert list(File.objects.order_by("created_at").values_list("state", flat=True)) == ["rejected", "processing"]
    assert make.run_jobs() == 1
    assert Instance.objects.count() == 1


def _given_up(*_: Any) -> None:
    raise jobs.GiveUp("no_use")


def test_small_portions_are_read_and_written_in_turn(case: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Papers and an archive between images: each portion's rows are there, whatever is read beside it."""
    monkeypatch.setattr(reading, "PORTION_FILES", 2)
    monkeypatch.setattr(reading, "FIRST_FILES", 1)
    for n in range(1, 5):
        make.upload(case, files.dicom(instance=n), f"IM{n}")
    make.upload(case, files.packed_names({"a/IM9": files.dicom(series=2, instance=9)}), "disc.zip")
    make.upload(case, files.pdf("Spirometry"), "lungs.pdf")
    for n in range(5, 8):
        make.upload(case, files.dicom(instance=n), f"IM{n}")
    make.run_jobs()
    assert Instance.objects.count() == 8
    assert set(File.objects.values_list("state", flat=True)) == {RecordState.READY}
    assert not list((Path(settings.DATA_DIR) / "work").iterdir())


@pytest.mark.parametrize("died", [False, True])
def test_file_that_is_removed_before_it_was_put_together_leaves_no_part(case: Any, died: bool) -> None:
    make.upload(case, files.pdf("not mine"), "letter.pdf")
    parts = list(UploadPart.objects.values())
    actions.remove(file=File.objects.get(), by=Actor.of(case.opened_by))
    if died:  # before this was so, they stayed
        UploadPart.objects.bulk_create(UploadPart(**one) for one in parts)
        StoredObject.objects.update(state=ObjectState.STORED)
        Job.objects.create(name="records.expire_uploads", key="records.expire_uploads", every_seconds=3600)
        make.run_jobs("records.expire_uploads")
    make.run_jobs()
    assert len(parts) == 2 and not UploadPart.objects.exists()
    assert not StoredObject.objects.filter(state=ObjectState.STORED).exists()


def test_bytes_of_a_removed_file_are_erased_even_when_the_process_died_between(
    case: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.upload(case, files.pdf("not mine"), "letter.pdf")
    make.upload(case, files.pdf("mine"), "kept.pdf")
    make.run_jobs()
    file, kept = File.objects.get(name="letter.pdf"), File.objects.get(name="kept.pdf")

    def die(_stored: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(actions.storage, "erase", die)
        actions.remove(file=file, by=Actor.of(case.opened_by))
    file.refresh_from_db()
    assert file.object is not None and kept.object is not None
    assert (file.state, file.object.state, storage.is_here(file.object)) == ("removed", ObjectState.STORED, True)
    Job.objects.create(name="records.expire_uploads", key="records.expire_uploads", every_seconds=3600)
    make.run_jobs("records.expire_uploads")
    file.object.refresh_from_db()
    assert (file.object.state, storage.is_here(file.object)) == (ObjectState.ERASED, False)
    assert storage.is_here(kept.object)
    assert not actions.leftovers().exists()
