"""What was made of originals can be lost and is made again, equal to the byte; meanwhile pages say so."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from cases.models import Case
from portal.core import storage
from portal.core.jobs import Fenced, claim, execute
from portal.core.models import Job, StoredObject
from portal.core.states import JobState, ObjectState
from portal.pages.demo.synthetic import Person
from records.actions import rebuilding
from records.child.protocol import FileResult
from records.models import Document, File, Instance, Page, Series
from records.queries.derived import files_to_read_again, lost
from records.steps import rebuild as step
from tests.factories import dicom, documents, files, records
from tests.records.test_objects import MP4, filmed

pytestmark = pytest.mark.django_db
TESTINA = Person("EXAMPLE^TESTINA", "T-1", date(1961, 5, 4), "F")


@pytest.fixture
def case() -> Case:
    found = records.case()
    for number, slice_ in enumerate(dicom.make_ct_series(2, patient=TESTINA, syntax="rle")):
        records.upload(found, slice_, f"IM{number}")
    records.upload(found, files.dicom(), "native")
    records.upload(found, documents.make_pdf(pages=2), "letter.pdf")
    records.upload(found, files.photo(), "photo.jpg")
    records.run_jobs()
    cache.clear()
    return found


def made(case: Case) -> dict[str, str]:
    """SHA-256 of everything that was derived, by what it is of."""
    found: dict[str, StoredObject | None] = {}
    for one in Instance.objects.select_related("pack__key"):
        found[f"frames {one.uid}"] = one.pack
    for series in Series.objects.select_related("metadata__key", "thumbnail__key"):
        found |= {f"metadata {series.uid}": series.metadata, f"thumbnail {series.uid}": series.thumbnail}
    for page in Page.objects.select_related("image__key"):
        found[f"page {page.document_id} {page.number}"] = page.image
    for paper in Document.objects.select_related("thumbnail__key", "view_copy__key"):
        found |= {f"thumbnail {paper.pk}": paper.thumbnail, f"copy {paper.pk}": paper.view_copy}
    return {name: hashlib.sha256(b"".join(storage.read_range(one))).hexdigest() for name, one in found.items() if one}


def lose_bytes(case: Case) -> None:
    """As after a restore: rows without bytes."""
    for stored in StoredObject.objects.filter(case_id=case.pk, kind="derived"):
        storage.backend().delete(stored.name)


def manage(*arguments: str) -> str:
    said = StringIO()
    call_command("rebuild", *arguments, stdout=said)
    return said.getvalue()


def addresses(case: Case) -> list[str]:
    one = Instance.objects.filter(pack__isnull=False).select_related("series__study").first()
    assert one is not None
    series = f"/dicomweb/cases/{case.ref}/studies/{one.series.study.uid}/series/{one.series.uid}"
    paper = Page.objects.filter(image__isnull=False).values_list("document_id", "number").first()
    assert paper is not None
    return [
        f"{series}/instances/{one.uid}/frames/1",
        f"{series}/thumbnail",
        f"/documents/{paper[0]}/pages/{paper[1]}/",
    ]


def test_everything_derived_is_made_again_equal_to_the_byte(case: Case, client: Client) -> None:
    before = made(case)
    assert len(before) >= 9
    originals = set(StoredObject.objects.filter(kind="original").values_list("pk", "sha256"))
    client.force_login(case.opened_by)
    pictures = [address for address in addresses(case) if client.get(address).status_code == 200]
    assert len(pictures) >= 3
    lose_bytes(case)
    cache.clear()  # what was drawn a moment ago would still be shown, and may be
    assert f"{len(before)} derived objects are missing" in manage("--missing")
    for address in pictures:
        answer = client.get(address, headers={"Accept": "*/*", "Sec-Fetch-Mode": "no-cors"})
        assert (answer.status_code, answer["Retry-After"], answer.json()["error"]) == (503, "60", "preparing")
    assert "being prepared again" in client.get(f"/cases/{case.ref}/records/").text
    assert "This is being prepared" in client.get(pictures[0], headers={"Sec-Fetch-Mode": "navigate"}).text
    records.run_jobs("records.rebuild")
    assert made(case) == before
    assert not lost().exists()
    assert all(client.get(address).status_code == 200 for address in pictures)
    assert "being prepared again" not in client.get(f"/cases/{case.ref}/records/").text
    assert set(StoredObject.objects.filter(kind="original").values_list("pk", "sha256")) == originals
    assert "0 derived objects are missing" in manage("--missing")
    assert Job.objects.filter(name="records.rebuild").count() == 1
    named = StoredObject.objects.filter(kind="derived", state=ObjectState.STORED).count()
    assert named == len(before)


def test_a_run_that_died_is_gone_on_with_and_not_begun_anew(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    before = made(case)
    monkeypatch.setattr(step, "FILES_AT_ONCE", 1)
    read: list[Any] = []
    real = step.results_of

    def results_of(work: Any, files: Any, folder: Any) -> Any:
        if len(read) == 2:
            read.append(None)
            raise Fenced("killed")  # what a worker that was dead for a while meets
        read.extend(files)
        return real(work, files, folder)

    monkeypatch.setattr(step, "results_of", results_of)
    assert "anew" in manage("--case", case.ref.lower())
    job = Job.objects.get(name="records.rebuild")
    run = claim(job.pk)
    assert run is not None
    execute(run)
    left = lost(case.pk).count()
    assert 0 < left < len(before)
    Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED, lease_until=None)
    records.run_jobs("records.rebuild")
    assert made(case) == before
    again = [one for one in read if one is not None]
    assert len(again) == len({one.pk for one in again})
    job.refresh_from_db()
    assert (job.state, job.progress_done) == (JobState.DONE, job.progress_total)


def test_an_original_that_cannot_be_read_leaves_the_job_to_be_seen(case: Case) -> None:
    rebuilding.lose_all(case_id=case.pk)
    rebuilding.queue()
    instance = Instance.objects.filter(pack__isnull=False).select_related("file__object").first()
    assert instance is not None and instance.file.object is not None
    storage.backend().delete(instance.file.object.name)
    job = Job.objects.get(name="records.rebuild")
    run = claim(job.pk)
    assert run is not None
    execute(run)
    job.refresh_from_db()
    assert (job.state, job.error.split(" ")[0]) == (JobState.QUEUED, "Unfinished")
    instance.file.refresh_from_db()
    assert instance.file.state == "ready"
    told = manage()
    assert str(case.pk) in told
    assert rebuilding.queue() == 1
    assert Job.objects.filter(name="records.rebuild").count() == 1


def once() -> Job:
    """One attempt at the case's rebuild, whatever comes of it."""
    job = Job.objects.get(name="records.rebuild")
    run = claim(job.pk)
    assert run is not None
    execute(run)
    job.refresh_from_db()
    return job


def test_a_video_plays_again_after_a_restore(client: Client) -> None:
    case = records.case()
    records.upload(case, filmed("1.2.840.10008.1.2.4.102", MP4), "film")
    records.run_jobs()
    video = Instance.objects.get(content__kind="video")
    client.force_login(case.opened_by)
    before = b"".join(client.get(f"/files/{video.file_id}/video/"))
    assert before.startswith(MP4)
    lose_bytes(case)
    manage("--missing")
    records.run_jobs("records.rebuild")
    assert b"".join(client.get(f"/files/{video.file_id}/video/")) == before
    assert not lost().exists()


def test_what_cannot_be_made_now_stays_lost_and_is_tried_again(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """LibreOffice or ffmpeg is missing after a move: files read well, but nothing comes of them."""
    before = made(case)
    rebuilding.lose_all(case_id=case.pk)
    rebuilding.queue()
    waiting = set(files_to_read_again(case.pk))
    real = step.results_of

    def nothing(work: Any, given: Any, folder: Any) -> list[tuple[File, FileResult]]:
        bare = {"dicom": {"frames": {"pack": None}, "video": None}}
        return [(file, replace(one, data=bare.get(one.kind, {}))) for file, one in real(work, given, folder)]

    monkeypatch.setattr(step, "results_of", nothing)
    job = once()
    assert (job.state, job.error.split(" ")[0]) == (JobState.QUEUED, "Unfinished")
    assert set(files_to_read_again(case.pk)) == waiting
    monkeypatch.setattr(step, "results_of", real)
    Job.objects.filter(pk=job.pk).update(due_at=timezone.now())
    assert once().state == JobState.DONE
    assert made(case) == before
    assert not lost().exists()


def test_rebuild_of_an_unknown_case_is_refused() -> None:
    with pytest.raises(CommandError, match="No case"):
        manage("--case", "ZZZ-ZZZ")
