"""The desk's screens: the queue and the case on one page."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cases.actions import holds, messages
from cases.models import Case, DeskNote, Hold, Report
from cases.states import Phase
from portal.accounts.models import User
from portal.core import jobs
from portal.core.access import Actor
from portal.core.models import Event, Job
from portal.core.states import JobState
from portal.pages.desk import queue
from tests.factories.accounts import CoordinatorFactory
from tests.factories.cases import make_case, signed_report

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def waived(settings) -> None:
    settings.STAFF_SECOND_FACTOR_WAIVED = True


@pytest.fixture
def coordinator() -> User:
    return CoordinatorFactory()


@pytest.fixture
def desk(coordinator: User, client: Client) -> Client:
    client.force_login(coordinator)
    return client


def refs(answer) -> set[str]:
    return {row.case.ref for row in answer.context["rows"]}


def test_queue_does_not_show_what_is_not_sent(desk: Client) -> None:
    make_case(phase=Phase.DRAFT, filled=True)
    assert refs(desk.get("/desk/views/open/")) == set()


def test_each_view_holds_what_its_count_says(desk: Client, coordinator: User) -> None:
    asked = make_case(phase=Phase.TRIAGE)
    holds.open(case=asked, reason="ask_question", owner="patient", asks="When?", by=Actor.of(coordinator))
    wrote = make_case(phase=Phase.IN_REVIEW)
    messages.send(case=wrote, by=Actor.of(wrote.opened_by), body="Hello")
    cases = {
        phase: make_case(phase=phase)
        for phase in (Phase.COLLECTING, Phase.TRIAGE, Phase.MATCHING, Phase.RELEASE, Phase.CLOSED)
    }
    found = {view.key: refs(desk.get(f"/desk/views/{view.key}/")) for view in queue.VIEWS}
    counts = {view.key: number for view, number in desk.get("/desk/").context["views"]}
    assert counts == {key: len(members) for key, members in found.items()}
    assert found["waiting"] == {asked.ref}
    new = (Phase.COLLECTING, Phase.TRIAGE, Phase.MATCHING, Phase.RELEASE)
    assert found["needs-action"] == {wrote.ref, *(cases[phase].ref for phase in new)}
    assert found["ready"] == {cases[Phase.RELEASE].ref}
    assert found["ended"] == {cases[Phase.CLOSED].ref}


def test_filters_stand_in_the_address(desk: Client) -> None:
    heart, lungs = make_case(phase=Phase.TRIAGE), make_case(phase=Phase.TRIAGE, specialty="pulmonology")
    assert refs(desk.get("/desk/", {"specialty": "pulmonology"})) == {lungs.ref}
    assert refs(desk.get("/desk/", {"q": heart.ref.replace("-", "").lower()})) == {heart.ref}
    assert refs(desk.post("/desk/", {"q": heart.patient.family_name})) >= {heart.ref}
    assert refs(desk.get("/desk/", {"coordinator": "none"})) == {heart.ref, lungs.ref}
    assert refs(desk.get("/desk/", {"level": "urgent"})) == set()


def test_queue_search_keeps_a_name_out_of_the_address(desk: Client) -> None:
    case = make_case(phase=Phase.TRIAGE)
    name = case.patient.family_name
    found = desk.post("/desk/", {"q": name, "specialty": "cardiology"})
    assert (found.status_code, refs(found)) == (200, {case.ref})
    assert refs(desk.get("/desk/", {"q": name})) == set(), (
        "an address with a name in it is of no use, so nobody makes one"
    )


def test_queue_search_puts_filters_and_reference_into_the_address(desk: Client) -> None:
    case = make_case(phase=Phase.TRIAGE)
    typed = case.ref.replace("-", "").lower()
    assert (
        desk.post("/desk/", {"q": typed, "level": "urgent"}).headers["Location"] == f"/desk/?q={case.ref}&level=urgent"
    )
    assert desk.post("/desk/", {"q": "", "level": ""}).headers["Location"] == "/desk/"


def test_queue_costs_the_same_queries_for_one_and_three_rows(desk: Client) -> None:
    make_case(phase=Phase.TRIAGE)
    desk.get("/desk/")
    with CaptureQueriesContext(connection) as one:
        desk.get("/desk/")
    for _ in range(2):
        make_case(phase=Phase.TRIAGE)
    with CaptureQueriesContext(connection) as three:
        desk.get("/desk/")
    assert len(one) == len(three)


def test_an_unknown_view_is_404(desk: Client) -> None:
    assert desk.get("/desk/views/nonsense/").status_code == 404


@pytest.mark.parametrize("phase", [p for p in Phase if p not in (Phase.DRAFT,)])
def test_case_page_shows_every_phase(desk: Client, phase: Phase) -> None:
    case = make_case(phase=phase)
    assert desk.get(reverse("desk:case", args=[case.ref])).status_code == 200


def post(desk: Client, case: Case, name: str, data: dict[str, str] | None = None, **more: str) -> Client:
    return desk.post(reverse(f"desk:{name}", args=[case.ref, *more.values()]), data or {}, follow=True)


def test_a_question_pauses_the_clock_and_can_be_settled(desk: Client) -> None:
    case = make_case(phase=Phase.TRIAGE)
    post(desk, case, "ask", {"ask-reason": "ask_question", "ask-owner": "patient", "ask-asks": "When was it?"})
    hold = Hold.objects.get(case=case)
    case.refresh_from_db()
    assert case.on_hold
    desk.post(reverse("desk:close_hold", args=[case.ref, hold.pk]))
    case.refresh_from_db()
    assert not case.on_hold


def test_an_empty_question_is_an_error_on_the_page(desk: Client) -> None:
    case = make_case(phase=Phase.TRIAGE)
    answer = post(desk, case, "ask", {"ask-reason": "ask_question", "ask-owner": "patient", "ask-asks": ""})
    assert answer.status_code == 422
    assert "Write what you need" in answer.content.decode()
    assert not Hold.objects.exists()


def test_a_canned_text_with_its_gaps_left_open_is_not_sent(desk: Client) -> None:
    case = make_case(phase=Phase.TRIAGE)
    asks = "The doctor has a question for you: {question}"
    answer = post(desk, case, "ask", {"ask-reason": "ask_question", "ask-owner": "patient", "ask-asks": asks})
    assert answer.status_code == 422
    assert "Fill in the gaps before you send it: {question}" in answer.content.decode()
    assert not Hold.objects.exists()


def test_a_delivered_case_is_not_overdue(desk: Client) -> None:
    case = make_case(phase=Phase.DELIVERED)
    Case.objects.filter(pk=case.pk).update(due_at=timezone.now() - timedelta(days=2))
    assert "Overdue by" not in desk.get(reverse("desk:case", args=[case.ref])).content.decode()


def test_a_canned_text_fills_the_box(desk: Client) -> None:
    case = make_case(phase=Phase.TRIAGE)
    page = desk.get(reverse("desk:case", args=[case.ref]), {"open": "ask", "text": "ask_unreadable"})
    assert "We could not open one of your files" in page.context["forms"]["ask"]["asks"].value()


def test_steps_lead_from_collecting_to_matching(desk: Client, coordinator: User) -> None:
    case = make_case(phase=Phase.COLLECTING)
    for step in ("complete", "accept"):
        desk.post(reverse("desk:step", args=[case.ref, step]))
    case.refresh_from_db()
    assert (case.phase, case.coordinator) == (Phase.MATCHING, coordinator)


def test_a_step_that_is_not_possible_any_more_is_said(desk: Client) -> None:
    case = make_case(phase=Phase.DELIVERED)
    answer = desk.post(reverse("desk:step", args=[case.ref, "accept"]), follow=True)
    assert "the case has moved on" in answer.content.decode()


def test_notes_levels_coordinators_and_replies_are_kept(desk: Client, coordinator: User) -> None:
    case = make_case(phase=Phase.TRIAGE)
    post(desk, case, "note", {"note-body": "Call on Monday"})
    post(desk, case, "level", {"level-level": "urgent"})
    post(desk, case, "coordinator", {"coordinator-coordinator": str(coordinator.pk)})
    post(desk, case, "reply", {"reply-body": "We have all we need."})
    case.refresh_from_db()
    assert (case.level, case.coordinator) == ("urgent", coordinator)
    assert DeskNote.objects.get(case=case).body == "Call on Monday"
    assert case.last_message_at is not None


def test_staff_notes_never_reach_the_patient(desk: Client) -> None:
    case = make_case(phase=Phase.TRIAGE)
    post(desk, case, "note", {"note-body": "CANARY note"})
    theirs = Client()
    theirs.force_login(case.opened_by)
    assert "CANARY" not in theirs.get(reverse("patient:case", args=[case.ref])).content.decode()


def test_decline_shows_the_reason_to_the_patient(desk: Client) -> None:
    case = make_case(phase=Phase.TRIAGE)
    post(desk, case, "decline", {"decline-reason": "decline_place", "decline-text": "We are sorry about that."})
    case.refresh_from_db()
    assert case.phase == Phase.DECLINED


def test_a_draft_is_404_at_the_desk(desk: Client) -> None:
    case = make_case(phase=Phase.DRAFT, filled=True)
    assert desk.get(reverse("desk:case", args=[case.ref])).status_code == 404


def test_a_report_that_could_not_be_drawn_is_told_and_can_be_made_again(desk: Client) -> None:
    case = make_case(phase=Phase.RELEASE)
    report = Report.objects.create(
        case=case,
        version=9,
        document={},
        sha256="0" * 64,
        assignment_id=uuid4(),
        signed_by=case.opened_by,
        signed_at=timezone.now(),
    )
    row = jobs.enqueue("cases.render_report", case_id=case.pk, subject_id=str(report.pk))
    run = jobs.claim(row.pk)
    assert run
    jobs.execute(run)  # the document does not have the hash that was signed
    assert Job.objects.filter(name="cases.mail_report_failed").exists()
    assert "could not be made" in desk.get(reverse("desk:case", args=[case.ref])).content.decode()
    desk.post(reverse("desk:step", args=[case.ref, "render"]))
    row.refresh_from_db()
    assert row.state == JobState.QUEUED


def test_an_urgent_sign_stays_in_the_queue_until_the_patient_was_spoken_to(desk: Client) -> None:
    case = make_case(phase=Phase.TRIAGE)
    Case.objects.filter(pk=case.pk).update(flagged_today=True, on_hold=True)
    assert refs(desk.get("/desk/")) == {case.ref}
    desk.post(reverse("desk:step", args=[case.ref, "called"]))
    case.refresh_from_db()
    assert not case.flagged_today
    assert Event.objects.filter(case_id=case.pk, name="flag_settled").count() == 1
    assert refs(desk.get("/desk/")) == set()


def test_a_new_request_needs_action_until_somebody_looks_after_it(desk: Client, coordinator: User) -> None:
    case = make_case(phase=Phase.COLLECTING)
    assert refs(desk.get("/desk/")) == {case.ref}
    post(desk, case, "reply", {"reply-body": "Thank you, we look at it."})
    case.refresh_from_db()
    assert case.coordinator == coordinator
    assert refs(desk.get("/desk/")) == set()


def test_a_report_is_released_from_a_page_of_its_own_and_only_when_somebody_looked(desk: Client) -> None:
    case = make_case(phase=Phase.RELEASE)
    signed_report(case)
    address = reverse("desk:release", args=[case.ref])
    page = desk.get(reverse("desk:case", args=[case.ref])).content.decode()
    assert f'href="{address}"' in page and f'action="{address}"' not in page, "one click must not release"
    assert case.patient.full_name in desk.get(address).content.decode()
    assert desk.post(address).status_code == 422
    case.refresh_from_db()
    assert case.phase == Phase.RELEASE
    desk.post(address, {"looked": "on"})
    case.refresh_from_db()
    assert case.phase == Phase.DELIVERED
    assert desk.get(address).status_code == 302


def test_a_paused_case_is_not_due_today(desk: Client) -> None:
    case = make_case(phase=Phase.TRIAGE)
    Case.objects.filter(pk=case.pk).update(due_at=timezone.now() + timedelta(hours=3))
    assert refs(desk.get("/desk/views/due-today/")) == {case.ref}
    Case.objects.filter(pk=case.pk).update(on_hold=True)
    assert refs(desk.get("/desk/views/due-today/")) == set()
    assert "Paused. It was promised by" in desk.get(reverse("desk:case", args=[case.ref])).content.decode()
