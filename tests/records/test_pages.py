"""The records page and what hangs on it, as people meet them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases.states import Phase
from portal.core import storage
from portal.core.models import AuditEntry, StoredObject
from portal.core.states import ObjectState
from records.actions import checklist
from records.models import ChecklistItem, Document, File, Receipt, Study, Upload
from records.queries.files import files as sent_files
from records.states import ItemState, RecordState, UploadState
from records.views import streaming
from tests.factories import files
from tests.factories import records as make
from tests.records.helpers import release

pytestmark = pytest.mark.django_db


def page(patient: Client, case: Any) -> str:
    return patient.get(f"/cases/{case.ref}/records/").content.decode()


def test_page_shows_scans_papers_refusals_and_what_is_missing(patient: Client, case: Any) -> None:
    for n in (1, 2):
        make.upload(case, files.dicom(instance=n), f"IM{n}")
    make.upload(case, files.pdf("Spirometry", "FEV1"), "lungs.pdf")
    make.upload(case, files.pdf("x", password="x"), "locked.pdf")
    make.run_jobs()
    shown = page(patient, case)
    for words in (
        "CT chest",
        "12 Mar 2026",
        "2 images",
        "lungs",
        "Breathing test report",
        "locked with a password",
        "to go",
    ):
        assert words.lower() in shown.lower(), words
    asked = f"/cases/{case.ref}/records/files/{File.objects.get(name='locked.pdf').pk}/password/"
    assert asked in patient.get(f"/cases/{case.ref}/").content.decode(), "the case page asks for the password"


def test_page_tells_how_to_send_only_while_files_are_taken(patient: Client, case: Any) -> None:
    ways = ("You have a disc?", "Send us what you have", "What it is and how to get it")
    assert all(words in page(patient, case) for words in ways)
    type(case).objects.filter(pk=case.pk).update(phase=Phase.RELEASE)
    shown = page(patient, case)
    assert not any(words in shown for words in ways)
    assert "Things you send by post" in shown, "what was lent has to come back"


def test_checking_is_shown_and_asked_for_again_until_it_is_done(patient: Client, case: Any) -> None:
    make.upload(case, files.pdf("Dear"), "letter.pdf")
    live = patient.get(f"/cases/{case.ref}/records/live/").content.decode()
    assert "every 3s" in live and "0 of 1 files checked" in live
    make.run_jobs()
    live = patient.get(f"/cases/{case.ref}/records/live/").content.decode()
    assert "every 3s" not in live


def test_plain_form_sends_files_without_scripts(patient: Client, case: Any) -> None:
    body = files.pdf("Dear colleague")
    large = b"x" * 1_500_000
    sent = {"files": [SimpleUploadedFile("letter.pdf", body), SimpleUploadedFile("../evil\u202e.txt", large)]}
    answer = patient.post(f"/cases/{case.ref}/records/send/", sent)
    assert (answer.status_code, answer["Location"]) == (302, f"/cases/{case.ref}/records/")
    assert sorted(Upload.objects.values_list("name", "state")) == [
        ("evil.txt", UploadState.RECEIVED),
        ("letter.pdf", UploadState.RECEIVED),
    ]
    make.run_jobs()
    assert File.objects.get(name="letter.pdf").state == RecordState.READY
    assert File.objects.get(name="evil.txt").size == len(large)


@pytest.mark.parametrize("setting", ["MAX_CASE_BYTES", "MAX_FILES", "DISK_RESERVE_BYTES"])
def test_plain_form_that_does_not_fit_is_cut_off_and_keeps_nothing(
    patient: Client, case: Any, settings: Any, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    status = 413
    if setting == "MAX_FILES":
        monkeypatch.setattr(streaming, "MAX_FILES", 1)
    elif setting == "MAX_CASE_BYTES":
        settings.MAX_CASE_BYTES = 1_500_000
    else:
        monkeypatch.setattr(storage, "spare", lambda: 3_000_000)
        status = 507
    sent = {"files": [SimpleUploadedFile(name, b"x" * 1_200_000) for name in ("one.txt", "two.txt")]}
    assert patient.post(f"/cases/{case.ref}/records/send/", sent).status_code == status
    assert not Upload.objects.exists()
    assert set(StoredObject.objects.values_list("state", flat=True)) == {ObjectState.ERASED}


def test_plain_form_without_its_token_keeps_nothing(case: Any) -> None:
    patient = Client(enforce_csrf_checks=True)
    patient.force_login(case.opened_by)
    answer = patient.post(f"/cases/{case.ref}/records/send/", {"files": SimpleUploadedFile("a.pdf", b"abc")})
    assert answer.status_code == 403
    assert not Upload.objects.exists()
    assert set(StoredObject.objects.values_list("state", flat=True)) <= {ObjectState.ERASED}


def test_plain_form_with_nothing_chosen_says_so(patient: Client, case: Any) -> None:
    answer = patient.post(f"/cases/{case.ref}/records/send/", {})
    assert answer.status_code == 422
    assert "Choose one or more files first." in answer.content.decode()


def test_receipt_counts_every_file(patient: Client, case: Any) -> None:
    members = {"a/IM1": files.dicom(), "b/IM2": files.dicom(instance=2), "setup.exe": b"MZ" + bytes(99)}
    batch = make.upload(case, files.packed_names(members), "disc.zip").batch
    make.run_jobs()
    shown = patient.get(f"/cases/{case.ref}/records/sent/{batch}/").content.decode()
    for words in (
        "We read 4 files",
        "CT chest",
        "12 Mar 2026</h3> <p>1 series, 2 images",
        "1 packed or locked file",
        "1 viewer program file left out",
        "setup.exe",
    ):
        assert words in " ".join(shown.split()), words
    assert "/records/sent/" in page(patient, case)


def test_download_is_the_original_and_cannot_run(patient: Client, case: Any) -> None:
    body = files.pdf("Dear")
    make.upload(case, body, 'a "letter".pdf')
    make.run_jobs()
    answer = patient.get(f"/files/{File.objects.get().pk}/download/")
    assert b"".join(answer.streaming_content) == body  # type: ignore[attr-defined]
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert AuditEntry.objects.latest("id").subjects == [str(File.objects.get().pk)]


def test_download_zeroes_a_preamble_that_is_a_program(patient: Client, case: Any) -> None:
    body = files.dicom()
    wicked = b"MZ" + b"\x90" * 126 + body[128:]
    make.upload(case, wicked, "IM1")
    make.run_jobs()
    file = File.objects.get()
    assert "executable_preamble" in file.warnings
    answer = patient.get(f"/files/{file.pk}/download/")
    assert b"".join(answer.streaming_content) == bytes(128) + body[128:]  # type: ignore[attr-defined]


def test_document_pages_are_shown_to_those_who_see_the_case_only(patient: Client, case: Any) -> None:
    make.upload(case, files.pdf("Dear colleague"), "letter.pdf")
    make.run_jobs()
    document = Document.objects.get()
    addresses = [
        f"/documents/{document.pk}/",
        f"/documents/{document.pk}/pages/1/",
        f"/documents/{document.pk}/thumbnail/",
        f"/files/{document.file_id}/download/",
    ]
    stranger = Client()
    stranger.force_login(make.user())
    for address in addresses:
        assert patient.get(address).status_code == 200, address
        assert stranger.get(address).status_code == 404, address
    assert patient.get(f"/documents/{document.pk}/pages/2/").status_code == 404
    assert "Dear colleague" in patient.get(addresses[0]).content.decode()


def test_removing_asks_first_and_then_erases(patient: Client, case: Any) -> None:
    make.upload(case, files.pdf("Dear"), "letter.pdf")
    make.run_jobs()
    file = File.objects.get()
    address = f"/cases/{case.ref}/records/files/{file.pk}/remove/"
    assert "letter.pdf" in patient.get(address).content.decode()
    assert file.state == RecordState.READY
    patient.post(address)
    file.refresh_from_db()
    assert file.state == RecordState.REMOVED
    assert not StoredObject.objects.filter(state=ObjectState.STORED).exists()
    assert "letter.pdf" not in page(patient, case)


def test_page_says_that_a_packed_file_keeps_a_copy_of_what_is_removed(patient: Client, case: Any) -> None:
    """What came in a ZIP is taken out; the ZIP stays as it was sent, which must not come as a surprise."""
    inner = files.packed(letter_dot_pdf=files.pdf("Dear"), IM1=files.dicom())
    make.upload(case, files.packed(inner_dot_zip=inner), "disc.zip")
    make.run_jobs()
    outer, letter = File.objects.get(name="disc.zip"), File.objects.get(name="letter.pdf")
    base = f"/cases/{case.ref}/records"
    whole = f"{base}/files/{outer.pk}/remove/"
    for address in (f"{base}/files/{letter.pk}/remove/", f"{base}/studies/{Study.objects.get().pk}/remove/"):
        shown = patient.get(address).content.decode()
        assert whole in shown and "a copy stays inside it" in shown and "erased" not in shown
    shown = patient.get(whole).content.decode()
    assert "everything that was in it are erased" in shown and "a copy stays" not in shown
    patient.post(f"{base}/files/{letter.pk}/remove/")
    assert patient.get(f"/files/{outer.pk}/download/").status_code == 404


def test_nothing_is_removed_while_a_specialist_reads(patient: Client, case: Any) -> None:
    make.upload(case, files.pdf("Dear"), "letter.pdf")
    make.run_jobs()
    type(case).objects.filter(pk=case.pk).update(phase=Phase.IN_REVIEW)
    patient.post(f"/cases/{case.ref}/records/files/{File.objects.get().pk}/remove/")
    assert File.objects.get().state == RecordState.READY


def test_another_patients_study_is_hidden_until_the_desk_decides(patient: Client, desk: Client, case: Any) -> None:
    make.upload(case, files.dicom(PatientName="SOMEBODY^ELSE", PatientBirthDate="19300203"), "IM1")
    make.run_jobs()
    shown = page(patient, case)
    assert "A person is checking this" in shown
    assert "SOMEBODY" not in shown
    study = Study.objects.get()
    address = f"/cases/{case.ref}/records/studies/{study.pk}/release/"
    assert patient.post(address, {"reason": "mine"}).status_code == 403
    assert "SOMEBODY" in desk.get(address).content.decode()
    assert desk.post(address, {"reason": ""}).status_code == 422
    release(desk, study, "maiden name")
    study.refresh_from_db()
    assert study.state == RecordState.READY
    make.upload(case, files.dicom(instance=2, PatientName="SOMEBODY^ELSE", PatientBirthDate="19300203"), "IM2")
    make.run_jobs()
    study.refresh_from_db()
    assert study.state == RecordState.READY


def test_patient_says_never_done_and_no_rule_unsays_it(patient: Client, case: Any) -> None:
    checklist.refresh(case=case, by=_system())
    key = ChecklistItem.objects.filter(state=ItemState.MISSING).first().key  # type: ignore[union-attr]
    patient.post(f"/cases/{case.ref}/records/items/{key}/", {"said": "never"})
    checklist.refresh(case=case, by=_system())
    row = ChecklistItem.objects.get(key=key)
    assert (row.state, row.by_person) == (ItemState.NOT_DONE, True)
    patient.post(f"/cases/{case.ref}/records/items/{key}/", {"undo": "1"})
    row.refresh_from_db()
    assert (row.state, row.by_person) == (ItemState.MISSING, False)
    assert patient.post(f"/cases/{case.ref}/records/items/nothing_like_it/").status_code == 404


def test_desk_waives_an_item_with_a_reason_only(desk: Client, case: Any) -> None:
    checklist.refresh(case=case, by=_system())
    case.refresh_from_db()
    key = ChecklistItem.objects.filter(state=ItemState.MISSING).first().key  # type: ignore[union-attr]
    address = f"/cases/{case.ref}/records/items/{key}/"
    assert desk.get(address).status_code == 200
    assert desk.post(address, {"state": "waived", "reason": " "}).status_code == 422
    assert desk.post(address, {"state": "waived", "reason": "seen on paper"}).status_code == 302
    assert ChecklistItem.objects.get(key=key).reason == "seen on paper"


def _system() -> Any:
    from portal.core.access import Actor

    return Actor.job("test")


def test_patient_cannot_unsay_what_the_desk_decided(patient: Client, desk: Client, case: Any) -> None:
    checklist.refresh(case=case, by=_system())
    key = ChecklistItem.objects.filter(state=ItemState.MISSING).first().key  # type: ignore[union-attr]
    address = f"/cases/{case.ref}/records/items/{key}/"
    desk.post(address, {"state": "missing", "reason": "We do need it"})
    for said in ({"said": "never"}, {"said": "sent"}, {"said": "cannot", "reason": "It is lost"}, {"undo": "1"}):
        patient.post(address, said)
    assert ChecklistItem.objects.get(key=key).state == ItemState.MISSING


def test_page_asks_the_database_as_often_for_three_as_for_one(
    patient: Client, case: Any, django_assert_num_queries: Any
) -> None:
    def ask() -> int:
        from django.db import connection

        with CaptureQueriesContext(
            connection,
        ) as asked:
            page(patient, case)
        return len(asked)

    def send(n: int) -> None:
        make.upload(case, files.dicom(study=n), f"IM{n}")
        make.upload(case, files.pdf(f"Letter {n}"), f"letter{n}.pdf")
        make.upload(case, files.pdf(f"x{n}", password="x"), f"locked{n}.pdf")

    send(1)
    make.run_jobs()
    page(patient, case)
    once = ask()
    for n in (2, 3):
        send(n)
    make.run_jobs()
    assert ask() == once


@pytest.mark.django_db
def test_the_page_asks_on_until_the_receipt_is_written() -> None:
    """A worker ends the last file a moment before it writes the receipt; a page that stopped asking there never showed it."""
    case = make.case()
    make.upload(case, files.pdf("Clinic letter"), "letter.pdf")
    make.run_jobs()
    assert not sent_files(case).changing
    Receipt.objects.filter(case=case).delete()
    assert sent_files(case).changing
    File.objects.filter(case=case).update(processed_at=timezone.now() - timedelta(hours=1))
    assert not sent_files(case).changing
