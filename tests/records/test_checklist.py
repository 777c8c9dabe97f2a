"""Each state of a checklist item as the patient, the desk and the specialist meet it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from cases.models import Case, Message
from cases.states import Phase
from portal.core.access import Actor
from records.actions import checklist
from records.models import ChecklistItem, Document, Study
from records.states import ItemState, RecordState
from tests.factories import files
from tests.factories import records as make
from tests.factories.cases import make_case
from tests.factories.specialists import make_assignment, make_specialist

pytestmark = pytest.mark.django_db
SYSTEM = Actor.job("test")
ITEM = "lung_function"


@pytest.fixture
def case() -> Any:
    found = make_case(phase=Phase.COLLECTING, specialty="pulmonology", condition="rare_lung")
    checklist.refresh(case=found, by=SYSTEM)
    return found


def row(key: str = ITEM) -> ChecklistItem:
    return ChecklistItem.objects.get(key=key)


def say(client: Client, case: Any, **said: str) -> Any:
    return client.post(f"/cases/{case.ref}/records/items/{ITEM}/", said)


def line(client: Client, case: Any, key: str = ITEM) -> str:
    """The item's line on the records page, as text."""
    page = client.get(f"/cases/{case.ref}/records/").content.decode()
    found = page.partition(f'id="item-{key}"')[2].partition('id="item-')[0]
    return " ".join(re.sub(r"<[^>]+>", " ", found).split())


def done(case: Any) -> tuple[int, int]:
    fresh = Case.objects.get(pk=case.pk)
    return fresh.items_needed, fresh.items_satisfied


def test_completeness_is_said_in_counts_and_never_as_a_percentage(case: Any, patient: Client, desk: Client) -> None:
    needed, satisfied = done(case)
    assert needed > satisfied
    for client, address in ((patient, f"/cases/{case.ref}/records/"), (desk, f"/desk/cases/{case.ref}/")):
        page = client.get(address).content.decode()
        tally = " ".join(re.sub(r"<[^>]+>", "", page.partition('class="co-tally"')[2].partition("</div>")[0]).split())
        assert f"{satisfied} of {needed}, {needed - satisfied} to go" in tally and "%" not in tally.replace("/%", "")


def test_patients_tick_waits_for_the_desk_and_the_file_settles_it(case: Any, patient: Client) -> None:
    before = done(case)
    assert say(patient, case, said="sent").status_code == 302
    assert (row().state, row().by_person) == (ItemState.PROBABLE, True)
    assert done(case) == before, "a tick alone does not start the promised time"
    assert "We check this" in line(patient, case) and "You told us that you sent it" in line(patient, case)
    make.upload(case, files.pdf("Spirometry report. Date of service: 2026-11-02. FEV1 2.1 L", "FVC 3.0 L"), "lungs.pdf")
    make.run_jobs()
    checklist.refresh(case=case, by=SYSTEM)
    assert (row().state, row().by_person, row().by) == (ItemState.SATISFIED, False, None)
    assert done(case)[1] == before[1] + 1


def test_patient_cannot_get_it_says_why_and_the_desk_waives(case: Any, patient: Client, desk: Client) -> None:
    before = done(case)
    refused = say(patient, case, said="cannot", reason=" ")
    assert refused.status_code == 422 and "Write why you cannot get it" in refused.content.decode()
    say(patient, case, said="cannot", reason="The clinic has closed")
    assert (row().state, row().reason) == (ItemState.CANNOT_GET, "The clinic has closed")
    assert done(case) == before
    queue = desk.get("/desk/").content.decode()
    assert case.ref in queue and "Cannot get a record" in queue
    assert "The clinic has closed" in desk.get(f"/desk/cases/{case.ref}/").content.decode()
    say(desk, case, state="waived", reason="The CT is enough")
    assert "We can go on without it: The CT is enough" in line(patient, case)
    assert done(case)[1] == before[1] + 1
    say(patient, case, undo="1")
    assert row().state == ItemState.WAIVED, "what the desk decided stays"


def test_record_that_goes_while_the_checklist_waits_for_the_case_does_not_count(
    case: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.upload(case, files.pdf("Spirometry report. Date of service: 2026-11-02. FEV1 2.1 L", "FVC 3.0 L"), "lungs.pdf")
    make.run_jobs()
    checklist.refresh(case=case, by=SYSTEM)
    assert row().state == ItemState.SATISFIED
    lock = checklist.lock

    def last_in_the_queue(case: Any) -> Any:
        Document.objects.update(state=RecordState.REMOVED)
        return lock(case)

    monkeypatch.setattr(checklist, "lock", last_in_the_queue)
    checklist.refresh(case=case, by=SYSTEM)
    assert row().state == ItemState.MISSING


def test_never_done_is_an_answer_and_can_be_taken_back(case: Any, patient: Client) -> None:
    before = done(case)
    say(patient, case, said="never")
    assert done(case)[1] == before[1] + 1 and "You told us that you never had this" in line(patient, case)
    say(patient, case, undo="1")
    assert row().state == ItemState.MISSING and done(case) == before


def test_patient_asks_about_an_item_and_the_desk_reads_it(case: Any, patient: Client, desk: Client) -> None:
    assert say(patient, case, said="ask", question="").status_code == 422
    say(patient, case, said="ask", question="Is a printout fine?")
    body = Message.objects.get(case=case).body
    assert "Is a printout fine?" in body and body in desk.get(f"/desk/cases/{case.ref}/").content.decode()
    assert row().state == ItemState.MISSING


def test_desk_asks_the_patient_from_the_item_with_its_own_words(case: Any, desk: Client) -> None:
    page = desk.get(f"/desk/cases/{case.ref}/?open=ask&item={ITEM}").content.decode()
    text = page.partition('name="ask-asks"')[2].partition("</textarea>")[0]
    assert "One thing is still missing" in text and "{record}" not in text


def test_record_that_was_set_aside_asks_whether_it_is_another_patients(
    case: Any, patient: Client, desk: Client
) -> None:
    make.upload(case, files.dicom(PatientName="STRANGER^JOE", PatientBirthDate="19400606"), "IM1")
    make.run_jobs()
    assert Study.objects.get().state == RecordState.QUARANTINED
    checklist.refresh(case=case, by=SYSTEM)
    held = ChecklistItem.objects.filter(state=ItemState.WRONG_PERSON)
    assert held.exists()
    key = held.first().key  # type: ignore[union-attr]
    assert "A person is checking this" in line(patient, case, key)
    assert "Wrong patient?" in desk.get(f"/desk/cases/{case.ref}/").content.decode()


def test_report_without_images_and_old_records_are_states_of_their_own(case: Any, patient: Client) -> None:
    states = {ItemState.REPORT_ONLY: "Please send the images too", ItemState.IMAGES_ONLY: "Please send the report too"}
    states |= {ItemState.TOO_OLD: "too old", ItemState.INCOMPLETE: "not all we need: too thick"}
    for state, words in states.items():
        ChecklistItem.objects.filter(key=ITEM).update(state=state, reason="too thick")
        assert words in line(patient, case)


def test_specialist_reads_the_same_counts_and_states(settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR_WAIVED = True
    case = make_case(phase=Phase.MATCHING, condition="valve")
    checklist.refresh(case=case, by=SYSTEM)
    doctor = make_specialist()
    assignment = make_assignment(case=case, specialist=doctor)
    first = ChecklistItem.objects.filter(
        case=case, state=ItemState.MISSING
    ).first()  # one that is here would change the count
    assert first is not None
    ChecklistItem.objects.filter(pk=first.pk).update(state=ItemState.INCOMPLETE, reason="stills only")
    client = Client()
    client.force_login(doctor)
    page = client.get(f"/reviews/{assignment.pk}/").content.decode()
    panel = page.partition('id="panel-checklist"')[2]
    needed, satisfied = done(case)
    assert f"{satisfied} of {needed}" in panel and f"{needed - satisfied} to go" in panel
    assert "Here, but not complete" in panel and "stills only" in panel
