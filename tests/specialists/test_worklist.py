"""The worklist, an offer and the desk's panel: who sees what, and what each answer does."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.models import Case
from cases.states import Phase
from portal.core.access import Actor
from specialists.actions import assignments
from specialists.models import Assignment
from specialists.states import AssignmentState
from tests.factories.accounts import CoordinatorFactory, UserFactory
from tests.factories.cases import make_case
from tests.factories.specialists import (
    make_assignment,
    make_offer,
    make_report,
    make_specialist,
    run_out,
)
from tests.specialists.helpers import browser, page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("staff_in")]


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
