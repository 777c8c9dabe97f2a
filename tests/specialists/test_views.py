"""The specialist's and the desk's pages: who sees what, and what each answer does."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases.actions import messages
from cases.models import Case, Hold, Report
from cases.states import Phase
from portal.accounts.models import User
from portal.core.access import Actor
from portal.core.models import AuditEntry
from records.models import Document, Instance
from specialists.actions import assignments, opinions
from specialists.models import Assignment, OpinionDraft
from specialists.states import AssignmentState
from tests.factories.accounts import PASSWORD, CoordinatorFactory, UserFactory
from tests.factories.cases import make_case
from tests.factories.files import dicom, pdf
from tests.factories.records import run_jobs, upload
from tests.factories.specialists import (
    make_assignment,
    make_draft,
    make_offer,
    make_report,
    make_specialist,
    run_out,
    whole_values,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def staff_in(settings) -> None:
    settings.STAFF_SECOND_FACTOR_WAIVED = True


def browser(user: User, *, proved: bool = False) -> Client:
    client = Client()
    client.force_login(user)
    if proved:
        assert client.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302
    return client


def page(held: Assignment, part: str = "") -> str:
    return f"/reviews/{held.pk}/{part}"


# -- worklist and offer ------------------------------------------------------------------------------------------------


def test_list_has_the_same_number_of_queries_for_one_row_and_three() -> None:
    doctor = make_specialist(capacity=9)
    counts = []
    for rows in (1, 3):
        while Assignment.objects.filter(state=AssignmentState.OFFERED).count() < rows:
            make_offer(specialist=doctor)
            make_assignment(specialist=doctor)
            make_report(assignment=make_assignment(specialist=doctor))
        client = browser(doctor)
        client.get("/reviews/")
        with CaptureQueriesContext(connection) as made:
            text = client.get("/reviews/").content.decode()
        counts.append(len(made))
        assert text.count("Look and answer") == rows
    assert counts[0] == counts[1]


def test_list_names_no_patient_and_hides_an_offer_that_is_over() -> None:
    offered = make_offer()
    text = browser(offered.specialist).get("/reviews/").content.decode()
    assert offered.case.ref in text and "60–69, female" in text
    assert offered.case.patient.family_name not in text
    run_out(offered)
    assert offered.case.ref not in browser(offered.specialist).get("/reviews/").content.decode()


def test_offer_shows_what_is_asked_and_no_record() -> None:
    offered = make_offer()
    client = browser(offered.specialist)
    text = client.get(page(offered, "offer/")).content.decode()
    assert "Is repair better than a new valve for me?" in text
    assert offered.case.patient.family_name not in text
    for part in ("", "sign/", "ask/", "give-back/"):
        assert client.get(page(offered, part)).status_code == 404
    assert client.get(f"/viewer/{offered.case.ref}/").status_code == 404


def test_offer_accepted_without_a_declaration_asks_for_it() -> None:
    offered = make_offer()
    client = browser(offered.specialist)
    answer = client.post(page(offered, "offer/"), {"answer": "accept"})
    assert "Say whether you have a conflict of interest" in answer.content.decode()
    answer = client.post(page(offered, "offer/"), {"answer": "accept", "accept-conflict": "declared"})
    assert "Write what you have to declare" in answer.content.decode()
    assert Case.objects.get(pk=offered.case_id).phase == Phase.MATCHING
    answer = client.post(page(offered, "offer/"), {"answer": "accept", "accept-conflict": "none"})
    assert answer.url == page(offered)
    assert client.get(answer.url).status_code == 200


def test_offer_declined_goes_back_to_the_desk() -> None:
    offered = make_offer()
    client = browser(offered.specialist)
    answer = client.post(page(offered, "offer/"), {"answer": "decline", "decline-reason": "no_time"})
    assert answer.url == "/reviews/"
    desk = browser(CoordinatorFactory()).get(f"/reviews/assign/{offered.case.ref}/").content.decode()
    assert "I do not have the time before it is due" in desk


def test_offer_that_another_took_is_gone_in_plain_words() -> None:
    case = make_case(phase=Phase.MATCHING, condition="valve")
    mine, other = make_offer(case=case), make_offer(case=case)
    client = browser(mine.specialist)
    assignments.accept(assignment=other, conflict="none", conflict_text="", by=Actor.of(other.specialist))
    assert client.get(page(mine, "offer/")).status_code == 404


@pytest.mark.parametrize("part", ["", "offer/", "sign/", "ask/", "give-back/"])
def test_another_persons_assignment_does_not_exist(part: str) -> None:
    held = make_offer() if part == "offer/" else make_assignment()
    assert browser(held.specialist).get(page(held, part)).status_code == 200
    assert browser(make_specialist()).get(page(held, part)).status_code == 404
    assert browser(UserFactory()).get(page(held, part)).status_code == 403
    assert Client().get(page(held, part)).status_code == 302


# -- workspace and draft -----------------------------------------------------------------------------------------------


def with_records() -> Assignment:
    case = make_case(phase=Phase.COLLECTING, condition="valve")
    upload(case, dicom(PatientBirthDate="19610402", PatientName="EXAMPLE^TESTINA"), "IM1.dcm")
    upload(case, pdf("Clinic letter", "12 March 2026", "Impression: an example. Plan: wait."), "Letter.pdf")
    run_jobs()
    Case.objects.filter(pk=case.pk).update(phase=Phase.MATCHING, complete_at=timezone.now())
    return make_assignment(case=Case.objects.get(pk=case.pk))


def test_workspace_shows_records_story_and_form_and_is_audited() -> None:
    held = with_records()
    client = browser(held.specialist)
    text = client.get(page(held)).content.decode()
    assert "An example operation" in text  # the patient's words
    assert "Is repair better than a new valve for me?" in text
    assert "CT CHEST" in text and "Impression: an example" in text
    assert 'name="diagnosis.scale"' in text and 'name="field.lvef.1.value"' in text
    row = AuditEntry.objects.filter(action="GET reviews:workspace").latest("id")
    assert (row.actor_id, row.cases) == (str(held.specialist_id), [str(held.case_id)])


def test_workspace_pages_and_citations_are_of_this_case_alone() -> None:
    mine, other = with_records(), with_records()
    client = browser(mine.specialist)
    document, study = None, None
    for held in (mine, other):
        document = Document.objects.get(case=held.case_id)
        study = Instance.objects.get(series__study__case=held.case_id)
        found = client.get(page(mine, f"pages/{document.pk}/1/"))
        cited = client.post(page(mine, "cite/"), {"kind": "page", "document": document.pk, "page": "1"})
        expected = (200, 200) if held is mine else (404, 422)
        assert (found.status_code, cited.status_code) == expected
        if held is mine:
            assert b"".join(found.streaming_content)
            assert cited.json()["label"].endswith("page 1")
    assert study is not None
    image = {
        "kind": "image",
        "study": study.series.study.uid,
        "series": study.series.uid,
        "instance": study.uid,
        "frame": "1",
    }
    first = client.post(page(mine, "cite/"), image).json()
    assert client.post(page(mine, "cite/"), image).json()["id"] == first["id"]
    assert client.post(page(mine, "cite/"), {**image, "frame": "2"}).status_code == 422


def autosave(client: Client, held: Assignment, revision: int, **values: list[str]) -> Any:
    body: dict[str, Any] = {"autosave": "1", "revision": revision, "fields": list(values)}
    return client.post(page(held, "draft/"), body | values)


def test_autosave_keeps_each_change_and_survives_a_reload() -> None:
    held = make_assignment()
    client = browser(held.specialist)
    assert autosave(client, held, 0, **{"question.1": ["Yes."], "certainty": ["sure"]}).json()["revision"] == 1
    assert autosave(client, held, 1, certainty=[]).json()["revision"] == 2
    text = client.get(page(held)).content.decode()
    assert ">Yes.</textarea>" in text
    assert 'name="revision" value="2"' in text
    assert not re.search(r'name="certainty"[^>]*checked', text)


def test_autosave_from_a_stale_window_is_409_and_overwrites_nothing() -> None:
    held = make_assignment()
    client = browser(held.specialist)
    autosave(client, held, 0, plain=["First window."])
    answer = autosave(client, held, 0, plain=["Second window."])
    assert answer.status_code == 409
    assert answer.json()["revision"] == 1 and "another window" in answer.json()["text"]
    assert OpinionDraft.objects.get(assignment=held).content["values"]["plain"] == ["First window."]


def test_autosave_asks_about_a_value_out_of_range_and_keeps_it() -> None:
    held = make_assignment()
    client = browser(held.specialist)
    asked = autosave(client, held, 0, **{"field.lvef.1.value": ["3"]}).json()["checks"]["field.lvef.1.value"]
    assert asked == {"text": "Is this right? 3 is outside 5 to 85 %.", "confirm": True}
    assert OpinionDraft.objects.get(assignment=held).content["values"]["field.lvef.1.value"] == ["3"]
    calm = autosave(client, held, 1, **{"ok.lvef.1.value": ["3"]}).json()["checks"]
    assert calm == {"field.lvef.1.value": {"text": ""}}


@pytest.mark.parametrize("body", [{"revision": "x"}, {"fields": ["nonsense"], "nonsense": "1"}])
def test_autosave_of_nonsense_is_refused_in_words(body: dict[str, Any]) -> None:
    held = make_assignment()
    answer = browser(held.specialist).post(page(held, "draft/"), {"autosave": "1", "revision": "0"} | body)
    assert answer.status_code == 422
    assert "Load the page again" in answer.json()["errors"][""][0]


def test_form_without_scripts_saves_and_goes_on() -> None:
    held = make_assignment()
    client = browser(held.specialist)
    values = {name: texts[0] for name, texts in whole_values(held.case).items()}
    assert client.post(page(held, "draft/"), {"revision": "0", "next": "sign"} | values).url == page(held, "sign/")
    assert "Before you can sign" not in client.get(page(held, "sign/")).content.decode()


def test_reading_grade_marks_long_sentences() -> None:
    held = make_assignment()
    client = browser(held.specialist)
    easy = client.post(page(held, "reading/"), {"text": "Your heart is fine. You can go home."}).json()
    assert easy["easy"] and easy["grade"] <= 6
    long = "This sentence " + "goes on and " * 12 + "does not stop."
    hard = client.post(page(held, "reading/"), {"text": long}).json()
    assert not hard["easy"] and len(hard["long_sentences"]) == 1


def test_ask_opens_a_hold_of_this_assignment_and_shows_it() -> None:
    held = make_assignment()
    client = browser(held.specialist)
    client.post(page(held, "ask/"), {"owner": "desk", "asks": "Please get the example echo."})
    assert "Please get the example echo." in client.get(page(held)).content.decode()
    assert "Waiting for the service" in client.get("/reviews/").content.decode()


def test_answered_question_is_told_to_the_specialist_alone() -> None:
    held = make_assignment()
    client = browser(held.specialist)
    client.post(page(held, "ask/"), {"owner": "patient", "asks": "How far can you walk?"})
    hold = Hold.objects.get(assignment_id=held.pk)
    messages.send(case=held.case, by=Actor.of(held.case.opened_by), body="Two streets, slowly.", hold=hold)
    text = client.get(page(held)).content.decode()
    assert "How far can you walk?" in text and "Two streets, slowly." in text
    assert run_jobs("specialists.mail_answered") == 1
    assert [one.to for one in mail.outbox if "is answered" in one.subject] == [[held.specialist.email]]
    assert not [one for one in mail.outbox if "walk" in one.body or "streets" in one.body]


@pytest.mark.parametrize("end", ["sign", "withdraw"])
def test_question_of_a_review_that_is_over_waits_for_nobody(end: str) -> None:
    draft = make_draft()
    held = draft.assignment
    browser(held.specialist).post(page(held, "ask/"), {"owner": "desk", "asks": "Please get the example echo."})
    if end == "sign":
        opinions.sign(assignment=held, by=Actor.of(held.specialist), revision=draft.revision)
    else:
        assignments.withdraw(assignment=held, by=Actor.of(CoordinatorFactory()), reason="ill")
    assert Hold.objects.get(assignment_id=held.pk).until is not None
    run_jobs("specialists.mail_answered")
    assert not [one for one in mail.outbox if "is answered" in one.subject]


def test_give_back_needs_a_reason() -> None:
    held = make_assignment()
    client = browser(held.specialist)
    assert "Choose a reason" in client.post(page(held, "give-back/"), {}).content.decode()
    assert client.post(page(held, "give-back/"), {"reason": "no_time"}).url == "/reviews/"
    assert client.get(page(held)).status_code == 404


# -- signature ---------------------------------------------------------------------------------------------------------


def signing(draft: Any) -> dict[str, Any]:
    """What the form sends that shows the draft as it stands."""
    seen = opinions.fingerprint(assignment=Assignment.objects.get(pk=draft.assignment_id), draft=draft)
    return {"agree": "on", "revision": draft.revision, "seen": seen}


def test_sign_after_a_record_arrived_shows_the_preview_again() -> None:
    held = with_records()
    draft = make_draft(assignment=held)
    client = browser(held.specialist, proved=True)
    sent = signing(draft)
    upload(held.case, pdf("A letter that nobody has read"), "late.pdf")
    run_jobs()
    assert client.post(page(held, "sign/"), sent).url == page(held, "sign/")
    assert not Report.objects.exists()
    field = re.search('name="seen" value="([0-9a-f]{64})"', client.get(page(held, "sign/")).content.decode())
    assert field and client.post(page(held, "sign/"), sent | {"seen": field[1]}).url == "/reviews/"
    assert "late" in [one["label"] for one in Report.objects.get().document["reviewed"]]


def test_sign_page_lists_what_is_missing_and_has_no_button() -> None:
    held = make_assignment()
    text = browser(held.specialist, proved=True).get(page(held, "sign/")).content.decode()
    assert "Answer question 1" in text and "Write the page for the patient" in text
    assert "Sign the opinion" not in text


def test_sign_requires_a_recent_proof_of_who_signs() -> None:
    draft = make_draft()
    held = draft.assignment
    client = browser(held.specialist)
    assert "Confirm that it is you" in client.get(page(held, "sign/")).content.decode()
    answer = client.post(page(held, "sign/"), signing(draft))
    assert answer.url.startswith("/accounts/reauthenticate/?next=")
    assert not Report.objects.exists()


def test_sign_with_an_old_proof_is_refused() -> None:
    draft = make_draft()
    client = browser(draft.assignment.specialist, proved=True)
    with time_machine.travel(timezone.now() + timedelta(minutes=5, seconds=1)):
        answer = client.post(page(draft.assignment, "sign/"), signing(draft))
    assert answer.url.startswith("/accounts/reauthenticate/")
    assert not Report.objects.exists()


def test_sign_needs_the_statement_and_then_delivers_to_the_desk() -> None:
    draft = make_draft()
    held = draft.assignment
    client = browser(held.specialist, proved=True)
    answer = client.post(page(held, "sign/"), {"revision": draft.revision})
    assert "make the statement" in answer.content.decode() and not Report.objects.exists()
    assert client.post(page(held, "sign/"), signing(draft)).url == "/reviews/"
    assert Case.objects.get(pk=held.case_id).phase == Phase.RELEASE
    assert client.get(page(held)).url == f"/cases/{held.case.ref}/report/"
    assert client.post(page(held, "draft/"), {"autosave": "1", "revision": "1"}).status_code == 404


def test_sign_of_an_older_preview_shows_the_new_one() -> None:
    draft = make_draft()
    held = draft.assignment
    opinions.save_draft(
        assignment=held, content={"plain": ["New."]}, revision=draft.revision, by=Actor.of(held.specialist)
    )
    client = browser(held.specialist, proved=True)
    assert client.post(page(held, "sign/"), signing(draft)).url == page(held, "sign/")
    assert not Report.objects.exists()


def test_signed_report_carries_the_cited_image() -> None:
    held = with_records()
    client = browser(held.specialist, proved=True)
    image = Instance.objects.get(series__study__case=held.case_id)
    asked = {
        "kind": "image",
        "study": image.series.study.uid,
        "series": image.series.uid,
        "instance": image.uid,
        "frame": 1,
    }
    cited = client.post(page(held, "cite/"), asked).json()
    draft = make_draft(assignment=held, **{"cite.diagnosis": [cited["id"]]})
    client.post(page(held, "sign/"), signing(draft))
    document = Report.objects.get().document
    assert [one["label"] for one in document["key_images"]] == [cited["label"]]
    assert document["citations"] == {cited["id"]: {"label": cited["label"]}}
    assert document["cited"] == {"diagnosis": [cited["id"]]}
    assert image.uid not in str(document)


# -- the desk's panel --------------------------------------------------------------------------------------------------


def test_assign_offers_takes_back_and_reassigns() -> None:
    case = make_case(phase=Phase.MATCHING, condition="valve")
    doctor, second = make_specialist(name="Dr Ada Sample"), make_specialist(name="Dr Bo Sample")
    client = browser(CoordinatorFactory())
    url = f"/reviews/assign/{case.ref}/"
    assert "Often reviews Valve disease" in client.get(url).content.decode()
    client.post(url, {"do": "offer", "specialist": doctor.pk, "note": "Soon, please"})
    offered = Assignment.objects.get()
    assert (offered.specialist, offered.note) == (doctor, "Soon, please")
    client.post(url, {"do": "withdraw", "assignment": offered.pk, "reason": "By mistake"})
    offered.refresh_from_db()
    assert offered.state == AssignmentState.WITHDRAWN
    held = make_assignment(case=Case.objects.get(pk=case.pk), specialist=second)
    client.post(url, {"do": "reassign", "assignment": held.pk, "specialist": doctor.pk, "reason": "Ill"})
    held.refresh_from_db()
    assert held.state == AssignmentState.WITHDRAWN
    assert Assignment.objects.get(state=AssignmentState.OFFERED).specialist == doctor


def test_assign_is_the_desks_and_only_for_cases_it_sees() -> None:
    draft = make_case(phase=Phase.DRAFT)
    case = make_case(phase=Phase.MATCHING, condition="valve")
    assert browser(CoordinatorFactory()).get(f"/reviews/assign/{draft.ref}/").status_code == 404
    assert browser(make_specialist()).get(f"/reviews/assign/{case.ref}/").status_code == 403
    other = make_offer()
    client = browser(CoordinatorFactory())
    answer = client.post(f"/reviews/assign/{case.ref}/", {"do": "withdraw", "assignment": other.pk, "reason": "x"})
    assert answer.status_code == 404
    assert client.post(f"/reviews/assign/{case.ref}/", {"do": "offer", "specialist": "nonsense"}).status_code == 404
