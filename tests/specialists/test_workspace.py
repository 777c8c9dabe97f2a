"""The workspace of a review: records, story and form; the draft that saves itself; questions and giving back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from cases.actions import messages
from cases.models import Hold
from portal.core.access import Actor
from portal.core.models import AuditEntry
from records.models import Document, Instance
from specialists.actions import assignments, opinions
from specialists.models import Assignment, OpinionDraft
from tests.factories.accounts import CoordinatorFactory
from tests.factories.records import run_jobs
from tests.factories.specialists import (
    make_assignment,
    make_draft,
    whole_values,
)
from tests.specialists.helpers import browser, page, with_records

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("staff_in")]


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
