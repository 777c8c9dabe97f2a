"""What is set aside as perhaps another person's cannot be had by any other door."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pydicom
import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from cases.actions.locking import lock
from portal.core import jobs
from portal.core.access import Actor
from portal.core.models import StoredObject
from portal.core.states import ObjectState, Role
from records.actions import papers, receipts
from records.models import Correction, Document, File, HealthFact, Instance, Receipt, Study
from records.states import CorrectedField, RecordState
from tests.factories import files
from tests.factories import records as make
from tests.factories.health import ccda
from tests.records.helpers import release

pytestmark = pytest.mark.django_db
OTHER = {"PatientName": "SOMEBODY^ELSE", "PatientBirthDate": "19300203"}
CORRECTED = {"given_name": "Somebody", "family_name": "Else", "birth_date": date(1930, 2, 3)}


def encapsulated(**elements: Any) -> bytes:
    """A DICOM file that holds a PDF."""
    data = pydicom.dcmread(io.BytesIO(files.dicom(instance=7, **elements)))
    for keyword in ("PixelData", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "SamplesPerPixel"):
        delattr(data, keyword)
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.104.1"
    data.MIMETypeOfEncapsulatedDocument = "application/pdf"
    body = files.pdf("Letter about somebody else")
    data.EncapsulatedDocument = body + bytes(len(body) % 2)
    out = io.BytesIO()
    data.save_as(out, enforce_file_format=True)
    return out.getvalue()


def statuses(patient: Client) -> dict[str, int]:
    return {file.name: patient.get(f"/files/{file.pk}/download/").status_code for file in File.objects.all()}


def test_images_set_aside_cannot_be_downloaded_nor_their_copies_nor_their_archive(
    patient: Client, desk: Client, case: Any
) -> None:
    make.upload(case, files.packed_names({"a/IM1": files.dicom(**OTHER)}), "disc.zip")
    make.run_jobs()
    make.upload(case, files.dicom(**OTHER), "the same again")
    make.upload(case, files.pdf("Dear colleague"), "letter.pdf")
    make.run_jobs()
    assert Study.objects.get().state == RecordState.QUARANTINED
    assert statuses(patient) == {"disc.zip": 404, "IM1": 404, "the same again": 404, "letter.pdf": 200}
    assert set(statuses(desk).values()) == {200}
    release(desk, Study.objects.get(), "maiden name")
    assert set(statuses(patient).values()) == {200}


def test_file_that_is_set_aside_is_not_handed_out_by_sending_it_twice(patient: Client, case: Any) -> None:
    glued = files.dicom() + b"MZ another file glued on"
    make.upload(case, glued, "first")
    make.run_jobs()
    make.upload(case, glued, "second")
    make.run_jobs()
    assert File.objects.get(name="first").state == RecordState.QUARANTINED
    assert statuses(patient) == {"first": 404, "second": 404}


@pytest.mark.parametrize(("decision", "states"), [("read", {"ready"}), ("remove", {"removed"})])
def test_desk_decides_about_a_file_with_something_at_its_end(
    patient: Client, desk: Client, case: Any, decision: str, states: set[str]
) -> None:
    glued = files.dicom() + b"PK another file glued on"
    for name in ("first", "second"):
        make.upload(case, glued, name)
        make.run_jobs()
    address = f"/cases/{case.ref}/records/files/{File.objects.get(name='first').pk}/decide/"
    assert address in desk.get(f"/desk/cases/{case.ref}/").content.decode()
    assert "another file that hides" in desk.get(address).content.decode()
    assert patient.post(address, {"decision": decision}).status_code in (403, 404)
    assert desk.post(address, {"decision": decision}).status_code == 302
    make.run_jobs()
    assert set(File.objects.values_list("state", flat=True)) == states
    desk.post(address, {"decision": "remove"})  # a second click changes nothing
    assert set(File.objects.values_list("state", flat=True)) == states
    assert [one.file.name for one in Instance.objects.all()] == (["first"] if decision == "read" else [])
    assert ("dicom_trailing_ignored" in File.objects.get(name="first").warnings) == (decision == "read")


def test_paper_inside_another_persons_images_is_set_aside_with_them(patient: Client, desk: Client, case: Any) -> None:
    make.upload(case, encapsulated(**OTHER), "IM7")
    make.run_jobs()
    document = Document.objects.get()
    assert document.state == RecordState.QUARANTINED
    assert patient.get(f"/documents/{document.pk}/").status_code == 404
    assert set(statuses(patient).values()) == {404}
    release(desk, Study.objects.get(), "maiden name")
    document.refresh_from_db()
    assert document.state == RecordState.READY
    assert patient.get(f"/documents/{document.pk}/").status_code == 200


def test_paper_follows_when_its_study_turns_out_to_be_anothers(case: Any) -> None:
    make.upload(case, encapsulated(), "IM7")
    make.run_jobs()
    assert Document.objects.get().state == RecordState.READY
    make.upload(case, files.dicom(instance=8, **OTHER), "IM8")
    make.run_jobs()
    assert Study.objects.get().state == RecordState.QUARANTINED
    assert Document.objects.get().state == RecordState.QUARANTINED


def test_removed_images_leave_nothing_behind(patient: Client, case: Any) -> None:
    make.upload(case, files.dicom(), "IM1")
    make.run_jobs()
    patient.post(f"/cases/{case.ref}/records/files/{File.objects.get().pk}/remove/")
    make.run_jobs()
    assert not StoredObject.objects.filter(state=ObjectState.STORED).exists()


def test_removed_records_leave_no_word_of_the_person_on_them(patient: Client, case: Any) -> None:
    make.upload(case, files.dicom(**OTHER), "IM1")
    make.upload(case, ccda(given="Otto", family="Other", birth="19400203"), "summary.xml")
    make.run_jobs()
    assert HealthFact.objects.exists() and Document.objects.get().named["name"]
    desk = Actor.of(make.user(Role.COORDINATOR))
    papers.correct(document=Document.objects.get(), field=CorrectedField.AUTHOR, value="Otto himself", by=desk)
    for file in File.objects.all():
        patient.post(f"/cases/{case.ref}/records/files/{file.pk}/remove/")
    make.run_jobs()
    every = (Study, Document, HealthFact, Correction)
    kept = str([row for model in every for row in model._base_manager.values()])
    assert not any(word in kept.lower() for word in ("somebody", "1930", "otto", "1940", "sample"))
    make.upload(case, files.dicom(), "the right one")
    make.run_jobs()
    study = Study.objects.get()
    assert (study.state, study.patient_name, study.modalities) == (RecordState.READY, "EXAMPLE^TESTINA", ["CT"])


def test_third_name_in_a_confirmed_study_is_set_aside_though_its_first_image_names_nobody(
    desk: Client, case: Any
) -> None:
    """The desk said yes to a maiden name, not to whoever comes later under the same number of a study."""
    nobody = {"PatientName": "", "PatientBirthDate": "", "PatientSex": "", "PatientID": ""}
    maiden = nobody | {"PatientName": "MAIDEN^TESTINA ANNA", "PatientBirthDate": "19610405"}
    make.upload(case, files.dicom(instance=1, **nobody), "IM1")
    make.run_jobs()
    make.upload(case, files.dicom(instance=2, **maiden | {"PatientName": "MAIDEN^ANNA"}), "IM2")
    make.run_jobs()
    assert Study.objects.get().state == RecordState.QUARANTINED
    release(desk, Study.objects.get(), "maiden name")
    make.upload(case, files.dicom(instance=3, **maiden), "IM3")
    make.run_jobs()
    assert Study.objects.get().state == RecordState.READY, "the same name, written out"
    make.upload(case, files.dicom(instance=4, **nobody | {"PatientName": "SOMEBODY^ELSE"}), "IM4")
    make.run_jobs()
    assert (Study.objects.get().state, Study.objects.get().code) == (RecordState.QUARANTINED, "two_patients")


def test_what_is_set_aside_tells_the_patient_none_of_its_own_words(patient: Client, desk: Client, case: Any) -> None:
    described = {"StudyDescription": "OTTOS CHEST", "SeriesDescription": "OTTOS LUNG", "BodyPartExamined": "OTTOS"}
    make.upload(case, files.dicom(**described, **OTHER), "IM1")
    make.upload(case, ccda(given="Otto", family="Other", birth="19400203"), "summary.xml")
    make.run_jobs()
    Document.objects.update(title="Letter about Otto", institution="Ottos clinic", author="Dr Otto")
    with transaction.atomic():
        receipts.write(case=lock(case), by=Actor.job("test"))
    told = [reverse("records:receipt", args=[case.ref, one.batch]) for one in Receipt.objects.all()]
    assert told
    pages = [reverse(f"records:{name}", args=[case.ref]) for name in ("records", "timeline")]
    for page in [*pages, *told, f"/cases/{case.ref}/"]:
        shown = patient.get(page)
        assert shown.status_code == 200
        assert "otto" not in shown.content.decode().lower(), page
    assert "Letter about Otto" in desk.get(pages[0]).content.decode()


def test_study_of_two_people_is_set_aside_and_split(patient: Client, desk: Client, case: Any) -> None:
    """One Study Instance UID, two patients: the desk takes the stranger's images out and releases the rest."""
    make.upload(case, files.dicom(instance=1), "mine")
    make.upload(case, files.dicom(instance=2, PatientID="X-99"), "other number")
    make.run_jobs()
    study = Study.objects.get()
    assert (study.state, study.code) == (RecordState.QUARANTINED, "two_patients")
    assert "two people" in patient.get(f"/cases/{case.ref}/records/").content.decode()
    base = f"/cases/{case.ref}/records/studies/{study.pk}/"
    page = desk.get(f"{base}release/")
    assert [one.header.id for one in page.context["people"]] == ["T-1", "X-99"]
    assert patient.post(f"{base}split/", {"person": page.context["people"][1].key}).status_code == 403
    desk.post(f"{base}split/", {"person": page.context["people"][1].key})
    assert set(File.objects.filter(state=RecordState.READY).values_list("name", flat=True)) == {"mine"}
    release(desk, study, "the other number was a neighbour's")
    study.refresh_from_db()
    assert study.state == RecordState.READY
    make.upload(case, files.dicom(instance=3), "more of mine")
    make.run_jobs()
    study.refresh_from_db()
    assert study.state == RecordState.READY
    make.upload(case, files.dicom(instance=4, PatientID="X-99"), "the neighbour again")
    make.run_jobs()
    study.refresh_from_db()
    assert study.state == RecordState.QUARANTINED


def test_study_names_who_is_left_when_the_stranger_came_first(patient: Client, desk: Client, case: Any) -> None:
    make.upload(case, files.packed_names({"a/IM1": files.dicom(instance=1, **OTHER)}), "disc.zip")
    make.run_jobs()
    make.upload(case, files.packed_names({"a/IM1": files.dicom(instance=1, **OTHER)}), "the disc again.zip")
    make.upload(case, files.dicom(instance=1, **OTHER), "a copy")
    make.upload(case, files.dicom(instance=2), "mine")
    make.run_jobs()
    study = Study.objects.get()
    assert (study.state, study.code) == (RecordState.QUARANTINED, "two_patients")
    base = f"/cases/{case.ref}/records/studies/{study.pk}/"
    stranger = next(
        one for one in desk.get(f"{base}release/").context["people"] if one.header.name != "EXAMPLE^TESTINA"
    )
    desk.post(f"{base}split/", {"person": stranger.key})
    make.run_jobs()

    study.refresh_from_db()
    assert study.patient_name == "EXAMPLE^TESTINA"
    assert set(File.objects.filter(state=RecordState.READY, container=None).values_list("name", flat=True)) == {
        "disc.zip", "the disc again.zip", "mine",
    }  # fmt: skip
    assert not File.objects.filter(state=RecordState.PROCESSING).exists(), "a copy brings the stranger back"
    release(desk, study, "the rest is the patient's")
    assert statuses(patient) == {
        "disc.zip": 404, "the disc again.zip": 404, "IM1": 404, "a copy": 404, "mine": 200,
    }  # fmt: skip


@pytest.mark.parametrize(("phase", "after"), [("collecting", RecordState.READY), ("triage", RecordState.QUARANTINED)])
def test_corrected_name_brings_a_study_back_while_records_are_collected(case: Any, phase: str, after: str) -> None:
    make.upload(case, files.dicom(**OTHER), "IM1")
    make.run_jobs()
    assert Study.objects.get().code == "wrong_patient"
    type(case).objects.filter(pk=case.pk).update(phase=phase)
    type(case.patient).objects.filter(pk=case.patient_id).update(**CORRECTED)
    with transaction.atomic():
        jobs.enqueue("records.check_case", key=f"again-{phase}", case_id=case.pk, subject_id=str(case.pk))
    make.run_jobs("records.check_case")
    assert Study.objects.get().state == after


def test_person_who_becomes_known_is_compared_with_everybody_whom_a_study_names(case: Any) -> None:
    """Records that came before the request was filled in: the first image names nobody, the second a stranger."""
    person = type(case.patient).objects.filter(pk=case.patient_id)
    known = person.values("given_name", "family_name", "birth_date", "sex").get()
    person.update(given_name="", family_name="", birth_date=None, sex="")
    nameless = dict.fromkeys(("PatientName", "PatientID", "PatientBirthDate", "PatientSex"), "")
    for instance, elements in enumerate((nameless, OTHER | {"PatientID": ""}), 1):
        make.upload(case, files.dicom(instance=instance, **elements), f"IM{instance}")
        make.run_jobs()
    assert Study.objects.get().state == RecordState.READY, "nobody to compare with yet"
    person.update(**known)
    with transaction.atomic():
        jobs.enqueue("records.check_case", key="known now", case_id=case.pk, subject_id=str(case.pk))
    make.run_jobs("records.check_case")
    assert Study.objects.get().code == "wrong_patient"


def test_release_is_about_the_people_whom_the_page_showed(desk: Client, case: Any) -> None:
    make.upload(case, files.dicom(PatientName="MAIDEN^TESTINA", PatientBirthDate=""), "IM1")
    make.run_jobs()
    study = Study.objects.get()
    address = f"/cases/{case.ref}/records/studies/{study.pk}/release/"
    sent = {"reason": "maiden name", "seen": desk.get(address).context["seen"]}
    make.upload(case, files.dicom(instance=2, **OTHER), "IM2")
    make.run_jobs()
    answer = desk.post(address, sent)
    assert (answer.status_code, len(answer.context["people"])) == (409, 2)
    study.refresh_from_db()
    assert study.state == RecordState.QUARANTINED
    release(desk, study, "both are hers")
    study.refresh_from_db()
    assert study.state == RecordState.READY


def test_only_the_wrong_persons_study_of_a_disc_is_set_aside(patient: Client, case: Any) -> None:
    make.upload(case, files.packed(IM1=files.dicom(), IM2=files.dicom(study=2, **OTHER)), "disc.zip")
    make.upload(case, files.dicom(study=3, PatientSex="M"), "IM3")
    make.run_jobs()
    states = dict(Study.objects.values_list("uid", "state"))
    assert states == {files.uid(1): "ready", files.uid(2): "quarantined", files.uid(3): "quarantined"}
