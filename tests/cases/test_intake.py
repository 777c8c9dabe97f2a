"""Opening, filling in and sending a case."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from cases.actions import intake
from cases.models import Case, Consent, Grant, IntakeSection, Question, Screening
from cases.queries import visible_to
from cases.rules import MAX_QUESTIONS
from cases.states import Level, Phase
from portal.catalogue.types import UnknownKey
from portal.core.access import Actor
from portal.core.models import Event, Job
from portal.core.states import Role
from portal.core.workflow import Refused
from tests.factories.accounts import CoordinatorFactory, UserFactory
from tests.factories.cases import CaseFactory, fill, make_case, screening

pytestmark = pytest.mark.django_db


def opened(user=None, **changed):
    user = user or UserFactory()
    return intake.open_case(by=user, screening=screening(**changed), acting_as="self", specialty="cardiology")


def test_open_case_grants_the_opener_and_nobody_else():
    user, other, desk = UserFactory(), UserFactory(), CoordinatorFactory()
    case = opened(user)
    assert list(visible_to(user)) == [case]
    assert not visible_to(other).exists()
    assert not visible_to(desk).exists()
    assert case.phase == Phase.DRAFT
    assert case.catalogue.state == "published"


def test_open_case_ref_is_readable_and_random():
    refs = {opened().ref for _ in range(5)}
    assert len(refs) == 5
    assert all(len(ref) == 7 and ref[3] == "-" and not set(ref) & set("ILOU") for ref in refs)


def test_open_case_keeps_answers_with_their_times():
    answers = screening()
    case = intake.open_case(by=UserFactory(), screening=answers, acting_as="self", specialty="cardiology")
    assert Screening.objects.get(case=case).answers == answers
    assert case.patient.country.code == "US" and case.patient.state == "MA"


def test_open_case_twice_with_one_screening_is_one_case():
    user, answers = UserFactory(), screening()
    first = intake.open_case(by=user, screening=answers, acting_as="self", specialty="cardiology")
    second = intake.open_case(by=user, screening=answers, acting_as="self", specialty="cardiology")
    assert first == second
    assert Case.objects.filter(opened_by=user).count() == 1


@pytest.mark.parametrize(
    "changed",
    [{"flag__chest_pain": "yes"}, {"legal": "yes"}, {"adult": "no"}, {"in_hospital": "yes"}, {"seen_in_person": "no"}],
)
def test_open_case_refuses_a_screening_that_was_not_passed(changed):
    with pytest.raises(Refused, match="screening_not_passed"):
        opened(**changed)
    assert not Case.objects.exists()


def test_open_case_refuses_a_missing_answer():
    answers = [one for one in screening() if one["question"] != "flag.stroke"]
    with pytest.raises(Refused, match="screening_not_passed"):
        intake.open_case(by=UserFactory(), screening=answers, acting_as="self", specialty="cardiology")


def test_open_case_with_a_checked_emergency_goes_to_the_front_with_a_note():
    case = opened(flag__chest_pain="yes", checked_by_doctor="yes")
    assert case.flagged_today
    assert Screening.objects.get(case=case).checked_by_doctor


def test_open_case_with_a_today_flag_goes_to_the_front():
    assert opened(flag__more_chest_pain="yes").flagged_today
    assert not opened().flagged_today


def test_open_case_by_the_treating_doctor_of_a_patient_in_hospital_is_urgent():
    assert opened(in_hospital="yes", treating_doctor="yes").level == Level.URGENT


def test_open_case_is_for_patients():
    with pytest.raises(Refused):
        opened(CoordinatorFactory())


def test_open_case_refuses_an_unknown_specialty_or_basis():
    with pytest.raises(UnknownKey):
        intake.open_case(by=UserFactory(), screening=screening(), acting_as="self", specialty="astrology")
    with pytest.raises(Refused, match="acting_unknown"):
        intake.open_case(by=UserFactory(), screening=screening(), acting_as="neighbour", specialty="cardiology")


def test_save_section_copies_what_others_work_with():
    case = make_case(filled=True)
    case.patient.refresh_from_db()
    assert case.patient.given_name == "Testina"
    assert str(case.patient.birth_date) == "1961-04-02"
    assert case.title == "Example request"
    assert [q.number for q in Question.objects.filter(case=case)] == [1, 2]


def test_save_section_with_an_old_revision_writes_nothing():
    case = make_case()
    actor = Actor.of(case.opened_by)
    intake.save_section(case=case, key="health", answers={"diet": "a"}, complete=False, revision=0, by=actor)
    with pytest.raises(intake.Conflict) as caught:
        intake.save_section(case=case, key="health", answers={"diet": "b"}, complete=False, revision=0, by=actor)
    assert caught.value.revision == 1
    assert IntakeSection.objects.get(case=case, key="health").answers == {"diet": "a"}


def test_save_section_of_another_persons_case_is_refused():
    case, stranger = make_case(), UserFactory()
    with pytest.raises(PermissionDenied):
        intake.save_section(case=case, key="health", answers={}, complete=True, revision=0, by=Actor.of(stranger))
    with pytest.raises(PermissionDenied):
        intake.set_questions(case=case, questions=["?"], by=Actor.of(stranger))
    with pytest.raises(PermissionDenied):
        intake.give_consents(case=case, answers={"place": True}, by=Actor.of(stranger))
    with pytest.raises(PermissionDenied):
        intake.submit(case=case, by=Actor.of(stranger))


def test_save_section_after_sending_is_refused():
    case = CaseFactory(phase=Phase.COLLECTING)
    with pytest.raises(Refused, match="already_sent"):
        intake.save_section(case=case, key="about", answers={}, complete=True, revision=1, by=Actor.of(case.opened_by))


def test_save_section_unknown_is_refused():
    case = make_case()
    with pytest.raises(Refused, match="section_unknown"):
        intake.save_section(case=case, key="x", answers={}, complete=True, revision=0, by=Actor.of(case.opened_by))


def test_set_questions_keeps_five_trimmed_and_distinct():
    case = make_case()
    texts = ["  One? ", "One?", "", "Two?", "Three?", "Four?", "Five?", "Six?"]
    written = intake.set_questions(case=case, questions=texts, by=Actor.of(case.opened_by))
    assert [q.text for q in written] == ["One?", "Two?", "Three?", "Four?", "Five?"]
    assert len(written) == MAX_QUESTIONS


@pytest.mark.parametrize(
    ("phase", "possible"), [(Phase.TRIAGE, True), (Phase.MATCHING, False), (Phase.DELIVERED, False)]
)
def test_set_questions_is_possible_until_a_specialist_is_looked_for(phase, possible):
    case = CaseFactory(phase=phase)
    actor = Actor.of(case.opened_by)
    if possible:
        assert intake.set_questions(case=case, questions=["New?"], by=actor)[0].text == "New?"
        with pytest.raises(Refused, match="questions_missing"):
            intake.set_questions(case=case, questions=[" "], by=actor)
    else:
        with pytest.raises(Refused, match="questions_closed"):
            intake.set_questions(case=case, questions=["New?"], by=actor)


def test_give_consents_same_answer_twice_is_one_row_and_another_answer_closes_it():
    case = make_case()
    actor = Actor.of(case.opened_by)
    intake.give_consents(case=case, answers={"research": True}, by=actor)
    assert intake.give_consents(case=case, answers={"research": True}, by=actor) == []
    intake.give_consents(case=case, answers={"research": False}, by=actor)
    rows = Consent.objects.filter(case=case, key="research").order_by("at")
    assert [row.given for row in rows] == [True, False]
    assert rows[0].withdrawn_at is not None and rows[1].withdrawn_at is None


def test_give_consents_refuses_an_unknown_screen():
    case = make_case()
    with pytest.raises(UnknownKey):
        intake.give_consents(case=case, answers={"everything": True}, by=Actor.of(case.opened_by))


def test_give_consents_required_cannot_be_taken_back_while_the_case_runs():
    case = CaseFactory(phase=Phase.COLLECTING)
    with pytest.raises(Refused, match="consent_required"):
        intake.give_consents(case=case, answers={"place": False}, by=Actor.of(case.opened_by))


def test_submit_opens_the_case_to_the_desk_once():
    case, desk = make_case(filled=True), CoordinatorFactory()
    actor = Actor.of(case.opened_by)
    intake.submit(case=case, by=actor)
    case.refresh_from_db()
    assert case.phase == Phase.COLLECTING and case.submitted_at is not None
    assert list(visible_to(desk)) == [case]
    with pytest.raises(Refused):
        intake.submit(case=case, by=actor)
    assert Grant.objects.filter(case=case, role=Role.COORDINATOR).count() == 1
    assert Event.objects.filter(case_id=case.pk, name="submit").count() == 1
    assert Job.objects.filter(case_id=case.pk, name="cases.mail_received").count() == 1


@pytest.mark.parametrize("key", ["about", "problem", "questions", "health"])
def test_submit_names_the_missing_section(key):
    case = make_case(filled=True)
    IntakeSection.objects.filter(case=case, key=key).update(complete=False)
    with pytest.raises(Refused, match=f"{key}_missing"):
        intake.submit(case=case, by=Actor.of(case.opened_by))


def test_submit_without_consent_is_refused():
    case = make_case(filled=True)
    intake.give_consents(case=case, answers={"cost": False}, by=Actor.of(case.opened_by))
    with pytest.raises(Refused, match="consent_missing"):
        intake.submit(case=case, by=Actor.of(case.opened_by))


def test_submit_without_questions_is_refused():
    case = make_case(filled=True)
    Question.objects.filter(case=case).delete()
    with pytest.raises(Refused, match="questions_missing"):
        intake.submit(case=case, by=Actor.of(case.opened_by))


@pytest.mark.parametrize("phase", list(Phase))
def test_case_factory_makes_every_phase(phase):
    case = CaseFactory(phase=phase)
    assert case.phase == phase


def test_fill_is_enough_to_send():
    case = make_case()
    fill(case, Actor.of(case.opened_by))
    intake.submit(case=case, by=Actor.of(case.opened_by))
    assert Case.objects.get(pk=case.pk).phase == Phase.COLLECTING
