"""Specialists with profiles, assignments in every state, whole drafts and signed reports, made through the real actions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import factory
from django.utils import timezone

from cases.models import Case, Question, Report
from cases.states import Phase
from portal.accounts.models import User
from portal.core.access import Actor
from specialists.actions import assignments, opinions
from specialists.models import Assignment, Licence, OpinionDraft, Profile
from specialists.states import AssignmentState
from tests.factories.accounts import CoordinatorFactory, SpecialistFactory
from tests.factories.cases import make_case


class ProfileFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Profile

    user = factory.SubFactory(SpecialistFactory)
    title = "Professor of Examples"
    institution = "Invented University Hospital"
    specialties = ["cardiology"]
    sub_specialties = ["valve"]
    conditions = ["valve"]
    languages = ["en"]
    capacity = 3


def make_specialist(*, licence: str | None = "MA", name: str = "", **profile: Any) -> User:
    """A specialist who may review a cardiology case of a patient in Massachusetts; `licence=None` leaves the licence out."""
    user = SpecialistFactory(name=name) if name else SpecialistFactory()
    made = ProfileFactory(user=user, **profile)
    if licence is not None:
        Licence.objects.create(profile=made, country="US", state=licence, number="EX-12345")
    return user


def make_offer(*, case: Case | None = None, specialist: User | None = None, note: str = "") -> Assignment:
    """An open offer of a case that looks for a specialist."""
    case = case or make_case(phase=Phase.MATCHING, condition="valve")
    by = Actor.of(CoordinatorFactory())
    return assignments.offer(case=case, specialist=specialist or make_specialist(), by=by, note=note)


def make_assignment(*, case: Case | None = None, specialist: User | None = None) -> Assignment:
    """An accepted assignment with its empty draft."""
    offered = make_offer(case=case, specialist=specialist)
    return assignments.accept(assignment=offered, conflict="none", conflict_text="", by=Actor.of(offered.specialist))


def whole_values(case: Case) -> dict[str, list[str]]:
    """Everything that a signature needs."""
    answers = {
        f"question.{number}": [f"An example answer to question {number}."]
        for number in range(1, Question.objects.filter(case=case).count() + 1)
    }
    return {
        **answers,
        "diagnosis.scale": ["agree"],
        "diagnosis.opinion": ["Severe example stenosis."],
        "diagnosis.reasons": ["The example echo of 12 March shows it."],
        "treatment.scale": ["agree_with_changes"],
        "treatment.opinion": ["Repair instead of an example replacement."],
        "treatment.reasons": ["The valve is supple in the example images."],
        "test.1.test": ["Example CT"],
        "test.1.would_change": ["A small ring would speak for a catheter valve."],
        "alternative.1.option": ["Wait and watch"],
        "alternative.1.benefit": ["No operation now"],
        "certainty": ["fairly_sure"],
        "change_mind": ["A worse example echo."],
        "urgency.when": ["six_weeks"],
        "urgency.what": ["Plan the example operation."],
        "limits": ["I have not examined you."],
        "plain": ["Your heart valve is tight. It needs to be fixed soon."],
        "ask_doctor": ["Can you repair it?\nWho does this often?"],
        "field.lvef.1.value": ["58"],
        "field.lvef.1.method": ["echo"],
        "when.lvef.1": ["2026-03-12"],
    }


def make_draft(*, assignment: Assignment | None = None, **changed: list[str]) -> OpinionDraft:
    """A whole draft; `changed` replaces controls (plain=[])."""
    held = assignment or make_assignment()
    values = {**whole_values(held.case), **changed}
    revision = OpinionDraft.objects.get(assignment=held).revision
    return opinions.save_draft(assignment=held, content=values, revision=revision, by=Actor.of(held.specialist))


def make_report(*, assignment: Assignment | None = None) -> Report:
    """A signed report; its case is ready to release, its PDF is not made yet."""
    draft = make_draft(assignment=assignment)
    held = draft.assignment
    return opinions.sign(assignment=held, by=Actor.of(held.specialist), revision=draft.revision)


def run_out(assignment: Assignment) -> Assignment:
    """Move an offer's end into the past, as time would."""
    Assignment.objects.filter(pk=assignment.pk, state=AssignmentState.OFFERED).update(
        expires_at=timezone.now() - timedelta(minutes=1)
    )
    assignment.refresh_from_db()
    return assignment
