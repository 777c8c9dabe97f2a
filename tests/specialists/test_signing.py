"""Signing on the page: what is shown is what is signed, by somebody who has just proved who signs."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.template.loader import render_to_string
from django.utils import timezone

from cases.models import Case, Report
from cases.queries import reports
from cases.states import Phase
from portal.core.access import Actor
from records.models import Instance, Study
from specialists.actions import opinions
from specialists.models import Assignment
from specialists.queries import worklist
from tests.factories.files import dicom, pdf
from tests.factories.records import run_jobs, upload
from tests.factories.specialists import make_assignment, make_draft
from tests.specialists.helpers import browser, page, with_records

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("staff_in")]


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


def test_sign_after_an_image_joined_a_study_shows_the_preview_again() -> None:
    """The list of what was reviewed names the study with the same words as before."""
    held = with_records()
    draft = make_draft(assignment=held)
    client = browser(held.specialist, proved=True)
    sent = signing(draft)
    upload(held.case, dicom(instance=2, PatientBirthDate="19610402", PatientName="EXAMPLE^TESTINA"), "IM2.dcm")
    run_jobs()
    assert client.post(page(held, "sign/"), sent).url == page(held, "sign/")
    assert not Report.objects.exists()


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
    Study.objects.filter(case=held.case_id).update(dated_by=held.specialist)
    asked = {
        "kind": "image",
        "study": image.series.study.uid,
        "series": image.series.uid,
        "instance": image.uid,
        "frame": 1,
    }
    assert "12 Mar 2026 (date set by hand)" in client.get(page(held)).content.decode()
    assert [by_hand for _label, _day, by_hand in worklist.preview(held).studies] == [True]
    cited = client.post(page(held, "cite/"), asked).json()
    assert "12 Mar 2026, date set by hand" in cited["label"]
    draft = make_draft(assignment=held, **{"cite.diagnosis": [cited["id"]]})
    client.post(page(held, "sign/"), signing(draft))
    document = Report.objects.get().document
    assert [one["label"] for one in document["key_images"]] == [cited["label"]]
    assert document["citations"] == {cited["id"]: {"label": cited["label"]}}
    assert document["cited"] == {"diagnosis": [cited["id"]]}
    assert image.uid not in str(document)
    assert [by_hand for _label, _day, by_hand in reports.shown(document).reviewed] == [True, False]
    assert "12 Mar 2026 (date set by hand)" in render_to_string("report/body.html", {"report": reports.shown(document)})
