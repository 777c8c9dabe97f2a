"""Offers and their answers."""

from __future__ import annotations

import pytest
from django.core import mail
from django.utils import timezone

from cases import queries as cases
from cases.actions import triage, withdrawal
from cases.models import Case, Grant
from cases.moves import CASE
from cases.states import GrantScope, Phase
from portal.core import jobs
from portal.core.access import Actor
from portal.core.models import Event, Job
from portal.core.workflow import Refused, move
from specialists import queries, tasks
from specialists.actions import assignments
from specialists.models import Assignment, OpinionDraft
from specialists.queries import worklist
from specialists.states import AssignmentState
from tests.factories.accounts import CoordinatorFactory, UserFactory
from tests.factories.cases import make_case
from tests.factories.files import pdf
from tests.factories.records import run_jobs, upload
from tests.factories.specialists import make_assignment, make_offer, make_specialist, run_out

pytestmark = pytest.mark.django_db
CLINICAL = ("valve", "heart", "stenosis", "surgery", "cardio", "example", "opinion on", "diagnosis")


def desk() -> Actor:
    return Actor.of(CoordinatorFactory())


def run_job(name: str) -> None:
    row = Job.objects.filter(name=name, state="queued").latest("created_at")
    claimed = jobs.claim(row.pk)
    assert claimed is not None
    jobs.execute(claimed)
    assert Job.objects.get(pk=row.pk).state == "done"
    assert jobs.claim(row.pk) is None


def test_offer_gives_the_preview_and_not_the_case() -> None:
    offered = make_offer()
    assert not cases.visible_to(offered.specialist).exists()
    assert list(cases.previewed_by(offered.specialist)) == [offered.case]
    assert list(queries.visible_to(offered.specialist)) == [offered]
    grant = Grant.objects.get(case=offered.case, user=offered.specialist)
    assert grant.until == offered.expires_at


def test_offer_is_told_without_a_clinical_word() -> None:
    offered = make_offer(note="A valve case, please")
    run_job("specialists.mail_offer")
    assert len(mail.outbox) == 1
    letter = mail.outbox[0]
    text = f"{letter.subject} {letter.body}".lower().replace(f"/reviews/{offered.pk}", "")
    text = text.replace("example second opinion service", "")
    assert letter.to == [offered.specialist.email]
    assert offered.case.ref.lower() in text
    assert not [word for word in CLINICAL if word in text]


def test_offer_that_was_answered_is_not_announced() -> None:
    offered = make_offer()
    assignments.decline(assignment=offered, reason="no_time", text="", by=Actor.of(offered.specialist))
    run_job("specialists.mail_offer")
    assert not mail.outbox


@pytest.mark.parametrize("phase", [Phase.TRIAGE, Phase.IN_REVIEW, Phase.DECLINED])
def test_offer_needs_a_case_that_looks_for_a_specialist(phase: str) -> None:
    case = make_case(phase=phase, condition="valve")
    with pytest.raises(Refused):
        assignments.offer(case=case, specialist=make_specialist(), by=desk())
    assert not Assignment.objects.exists()


def test_offer_is_refused_for_who_can_never_have_the_case() -> None:
    case = make_case(phase=Phase.MATCHING, condition="valve")
    for one in (
        make_specialist(licence=None),
        make_specialist(specialties=["oncology"]),
        make_specialist(active=False),
        UserFactory(),
    ):
        with pytest.raises(Refused):
            assignments.offer(case=case, specialist=one, by=desk())


def test_offer_is_the_desks_alone() -> None:
    case = make_case(phase=Phase.MATCHING, condition="valve")
    doctor = make_specialist()
    with pytest.raises(Refused):
        assignments.offer(case=case, specialist=doctor, by=Actor.of(doctor))


@pytest.mark.parametrize(("conflict", "text"), [("", ""), ("declared", "  "), ("perhaps", "x")])
def test_accept_without_a_whole_declaration_is_refused(conflict: str, text: str) -> None:
    offered = make_offer()
    with pytest.raises(Refused):
        assignments.accept(assignment=offered, conflict=conflict, conflict_text=text, by=Actor.of(offered.specialist))
    offered.refresh_from_db()
    assert offered.state == AssignmentState.OFFERED
    assert not cases.visible_to(offered.specialist).exists()


def test_accept_opens_the_case_and_begins_the_review() -> None:
    held = make_assignment()
    case = Case.objects.get(pk=held.case_id)
    assert (case.phase, case.assignee) == (Phase.IN_REVIEW, held.specialist)
    assert list(cases.visible_to(held.specialist)) == [case]
    live = Grant.objects.filter(case=case, user=held.specialist, revoked_at__isnull=True)
    assert [one.scope for one in live] == [GrantScope.FULL]
    assert OpinionDraft.objects.get(assignment=held).content["values"]["limits"]


def test_accept_after_the_time_is_over_is_refused() -> None:
    offered = run_out(make_offer())
    with pytest.raises(Refused, match="offer_expired"):
        assignments.accept(assignment=offered, conflict="none", conflict_text="", by=Actor.of(offered.specialist))


def test_two_accept_and_the_first_has_it() -> None:
    case = make_case(phase=Phase.MATCHING, condition="valve")
    first, second = (make_offer(case=case, specialist=make_specialist()) for _ in range(2))
    assignments.accept(assignment=first, conflict="none", conflict_text="", by=Actor.of(first.specialist))
    with pytest.raises(Refused):
        assignments.accept(assignment=second, conflict="none", conflict_text="", by=Actor.of(second.specialist))
    second.refresh_from_db()
    assert (second.state, second.end_reason) == (AssignmentState.WITHDRAWN, "taken")
    assert not cases.previewed_by(second.specialist).exists()
    assert Case.objects.get(pk=case.pk).assignee == first.specialist


def test_withdrawn_offer_cannot_be_accepted() -> None:
    offered = make_offer()
    assignments.withdraw(assignment=offered, by=desk(), reason="Offered by mistake")
    with pytest.raises(Refused):
        assignments.accept(assignment=offered, conflict="none", conflict_text="", by=Actor.of(offered.specialist))
    assert not queries.visible_to(offered.specialist).exists()


def test_another_specialist_cannot_answer() -> None:
    offered = make_offer()
    other = Actor.of(make_specialist())
    with pytest.raises(Refused):
        assignments.accept(assignment=offered, conflict="none", conflict_text="", by=other)
    with pytest.raises(Refused):
        assignments.decline(assignment=offered, reason="no_time", text="", by=other)


def test_decline_needs_a_reason_and_leaves_the_case_with_the_desk() -> None:
    offered = make_offer()
    by = Actor.of(offered.specialist)
    for reason, text in (("", ""), ("other", " ")):
        with pytest.raises(Refused):
            assignments.decline(assignment=offered, reason=reason, text=text, by=by)
    assignments.decline(assignment=offered, reason="conflict", text="A relative", by=by)
    assert Case.objects.get(pk=offered.case_id).phase == Phase.MATCHING
    assert not cases.previewed_by(offered.specialist).exists()
    assert Event.objects.filter(case_id=offered.case_id, subject_kind="assignment", name="decline").count() == 1


def test_expire_ends_what_is_over_and_nothing_else() -> None:
    over, open_still = run_out(make_offer()), make_offer()
    jobs.install_recurring()
    row = Job.objects.get(name="specialists.expire_offers")
    for _ in range(2):
        Job.objects.filter(pk=row.pk).update(due_at=timezone.now())
        run = jobs.claim(row.pk)
        assert run is not None
        tasks.expire_offers(run)
        Job.objects.filter(pk=row.pk).update(state="queued", lease_until=None)
    over.refresh_from_db()
    open_still.refresh_from_db()
    assert (over.state, over.end_reason, open_still.state) == ("expired", "no_answer", "offered")
    assert Event.objects.filter(subject_kind="assignment", name="expire").count() == 1


def test_give_back_returns_the_case_to_the_desk_and_closes_it() -> None:
    held = make_assignment()
    assignments.give_back(assignment=held, reason="not_my_field", text="", by=Actor.of(held.specialist))
    case = Case.objects.get(pk=held.case_id)
    assert (case.phase, case.assignee) == (Phase.MATCHING, None)
    assert not cases.visible_to(held.specialist).exists()


def test_reassign_does_both_or_neither() -> None:
    held = make_assignment()
    unfit = make_specialist(licence=None)
    with pytest.raises(Refused):
        assignments.reassign(assignment=held, to=unfit, by=desk(), reason="Ill")
    held.refresh_from_db()
    assert held.state == AssignmentState.ACCEPTED
    fit = make_specialist()
    made = assignments.reassign(assignment=held, to=fit, by=desk(), reason="Ill")
    held.refresh_from_db()
    assert (held.state, made.state, made.specialist) == (AssignmentState.WITHDRAWN, AssignmentState.OFFERED, fit)
    assert Case.objects.get(pk=held.case_id).phase == Phase.MATCHING
    assert not cases.visible_to(held.specialist).exists()


def test_withdraw_needs_a_reason() -> None:
    with pytest.raises(Refused):
        assignments.withdraw(assignment=make_offer(), by=desk(), reason=" ")


def test_withdrawn_case_is_closed_to_its_specialist_at_once_and_the_assignment_ends() -> None:
    held = make_assignment()
    case = Case.objects.get(pk=held.case_id)
    withdrawal.withdraw(case=case, by=Actor.of(case.opened_by))
    assert not cases.visible_to(held.specialist).exists()
    assert not queries.visible_to(held.specialist).exists()
    run_job("specialists.end_assignments")
    held.refresh_from_db()
    case.refresh_from_db()
    assert (held.state, held.end_reason, case.phase) == (AssignmentState.WITHDRAWN, "case_ended", Phase.WITHDRAWN)


def test_declined_case_takes_its_offers_back() -> None:
    offered = make_offer()
    triage.decline(case=offered.case, reason="other", text="We cannot help with this.", by=desk())
    assert not cases.previewed_by(offered.specialist).exists()
    run_job("specialists.end_assignments")
    offered.refresh_from_db()
    assert offered.state == AssignmentState.WITHDRAWN


def test_preview_names_the_kind_of_a_paper_and_never_its_title() -> None:
    case = make_case(phase=Phase.COLLECTING, condition="valve")
    upload(case, pdf("Discharge summary"), "Testina-Example-letter.pdf")
    run_jobs()
    for event in ("complete", "accept"):
        case.refresh_from_db()
        move(case, CASE, event, actor=desk(), changes={"complete_at": timezone.now()} if event == "complete" else None)
    shown = worklist.preview(make_offer(case=Case.objects.get(pk=case.pk)))
    assert len(shown.documents) == 1
    assert "Testina" not in str(shown.documents)


def test_reopening_the_records_ends_open_offers_at_once_and_tells_who_held_one() -> None:
    offered = make_offer()
    triage.reopen_records(case=offered.case, by=desk())
    assert not cases.previewed_by(offered.specialist).exists(), "before any job runs"
    run_job("specialists.end_offers")
    offered.refresh_from_db()
    assert (offered.state, offered.end_reason) == (AssignmentState.WITHDRAWN, "records_reopened")
    run_job("specialists.mail_withdrawn")
    assert mail.outbox[-1].to == [offered.specialist.email]
    with pytest.raises(Refused):
        assignments.accept(assignment=offered, conflict="none", conflict_text="", by=Actor.of(offered.specialist))


def test_an_offer_made_after_the_records_were_complete_again_stands() -> None:
    offered = make_offer()
    by = desk()
    triage.reopen_records(case=offered.case, by=by)
    triage.complete_records(case=offered.case, by=by)
    triage.accept(case=offered.case, by=by)
    second = make_specialist()
    later = assignments.offer(case=offered.case, specialist=second, by=by)
    run_job("specialists.end_offers")
    later.refresh_from_db()
    offered.refresh_from_db()
    assert (later.state, offered.state) == (AssignmentState.OFFERED, AssignmentState.WITHDRAWN)
    assert cases.previewed_by(second).exists()
