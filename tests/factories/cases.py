"""Cases in every phase, built through the real actions as far as a patient takes them, with invented people.

`CaseFactory(phase=Phase.TRIAGE)` is a case that was opened, filled in and sent, and whose later moves were written by
`move()` with the roles that the table names. Rows of upper apps (records, assignments, reports) are those apps' factories' work.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import factory
from django.db import transaction
from django.utils import timezone

from cases.actions import intake, turnaround
from cases.actions.grants import grant_user
from cases.models import Case, Report
from cases.moves import CASE
from cases.queries.edition import edition_of
from cases.states import GrantScope, Level, Phase
from portal.catalogue import queries as catalogue
from portal.catalogue.parts import AskType
from portal.core.access import Actor
from portal.core.states import Role
from portal.core.workflow import move
from tests.factories.accounts import CoordinatorFactory, SpecialistFactory, UserFactory
from tests.factories.catalogue import published_catalogue

QUESTIONS = ["Do I need this surgery now, or can I wait?", "Is repair better than a new valve for me?"]
PATH: dict[str, list[str]] = {
    Phase.DRAFT: [],
    Phase.COLLECTING: ["submit"],
    Phase.TRIAGE: ["submit", "complete"],
    Phase.MATCHING: ["submit", "complete", "accept"],
    Phase.IN_REVIEW: ["submit", "complete", "accept", "begin_review"],
    Phase.RELEASE: ["submit", "complete", "accept", "begin_review", "receive_report"],
    Phase.DELIVERED: ["submit", "complete", "accept", "begin_review", "receive_report", "release"],
    Phase.CLOSED: ["submit", "complete", "accept", "begin_review", "receive_report", "release", "close"],
    Phase.DECLINED: ["submit", "decline"],
    Phase.WITHDRAWN: ["submit", "withdraw"],
}


def screening(specialty: str = "cardiology", **changed: str) -> list[Any]:
    """Answers of somebody who may use the service; `changed` replaces answers (flag__chest_pain="yes")."""
    edition = catalogue.edition(published_catalogue().pk)
    given = {"where_now": "US-MA", "home": "US-MA", "specialty": specialty, "adult": "yes", "in_hospital": "no"}
    given |= {"seen_in_person": "yes", "legal": "no", "treatment_date": "none", "evidence": "yes"}
    given |= {f"flag.{one.key}": "no" for one in (*edition.red_flags(), *edition.red_flags(specialty))}
    given |= {key.replace("__", "."): value for key, value in changed.items()}
    now = timezone.now().isoformat()
    return [{"question": question, "answer": answer, "at": now} for question, answer in given.items()]


def health_answers(case: Case) -> dict[str, Any]:
    """A plain answer to every required question about health."""
    edition = edition_of(case)
    found: dict[str, Any] = {}
    for ask in edition.asks(case.specialties, [case.condition] if case.condition else []):
        if ask.required:
            found[ask.key] = {AskType.YES_NO: "no", AskType.ONE: ask.options[0].key if ask.options else ""}.get(
                ask.type, "none"
            )
    return found


def fill(case: Case, by: Actor, condition: str | None = None) -> None:
    """Fill in every section, the questions and all consents, as a patient would."""
    edition = edition_of(case)
    number = Case.objects.count()
    about = {
        "given_name": "Testina",
        "family_name": f"Example{number}",
        "birth_date": "1961-04-02",
        "sex": "female",
        "country": "US",
        "state": "MA",
        "language": "en",
        "phone": "+1 555 010 0000",
    }
    condition = condition or edition.specialty(case.specialties[0]).conditions[0].key
    problem = {
        "reason": "peace_of_mind",
        "condition": condition,
        "title": "Example request",
        "first_diagnosis": "An example",
        "first_treatment": "An example operation",
        "matters_most": ["independent"],
    }
    intake.save_section(case=case, key="about", answers=about, complete=True, revision=0, by=by)
    intake.save_section(case=case, key="problem", answers=problem, complete=True, revision=0, by=by)
    case.refresh_from_db()
    intake.save_section(case=case, key="questions", answers={"questions": QUESTIONS}, complete=True, revision=0, by=by)
    intake.save_section(case=case, key="health", answers=health_answers(case), complete=True, revision=0, by=by)
    intake.give_consents(case=case, answers={s.key: s.required for s in edition.consents()}, by=by)


@transaction.atomic
def make_case(
    *,
    phase: str = Phase.DRAFT,
    owner: Any = None,
    specialty: str = "cardiology",
    condition: str | None = None,
    coordinator: Any = None,
    specialist: Any = None,
    level: str = Level.STANDARD,
    filled: bool | None = None,
) -> Case:
    """A case in `phase`. `owner` is the patient's account, `specialist` is given full access when the review begins.

    A draft is empty unless `filled`; a sent one is always filled in.
    """
    owner = owner or UserFactory()
    case = intake.open_case(by=owner, screening=screening(specialty), acting_as="self", specialty=specialty)
    Case.objects.filter(pk=case.pk).update(level=level)
    patient, steps = Actor.of(owner), PATH[phase]
    if filled or steps:
        fill(case, patient, condition)
    for event in steps:
        case.refresh_from_db()
        _advance(case, event, patient, coordinator, specialist)
    case.refresh_from_db()
    turnaround.refresh(case)
    return Case.objects.get(pk=case.pk)


def signed_report(case: Case, *, pdf: bool = True) -> Report:
    """The row of a signed report without anything in it: what the desk's rules ask for, and no app above."""
    return Report.objects.create(
        case=case,
        version=1,
        document={},
        sha256="0" * 64,
        assignment_id=uuid4(),
        signed_by=case.assignee or case.opened_by,
        signed_at=timezone.now(),
        pdf_object_id=uuid4() if pdf else None,
    )


def _advance(case: Case, event: str, patient: Actor, coordinator: Any, specialist: Any) -> None:
    if event == "submit":
        intake.submit(case=case, by=patient)
        if coordinator is not None:
            Case.objects.filter(pk=case.pk).update(coordinator=coordinator)
        return
    now = timezone.now()
    changes: dict[str, Any] = {}
    actor = patient if event == "withdraw" else Actor.of(coordinator or CoordinatorFactory())
    if event == "complete":
        changes["complete_at"] = now
    elif event in {"begin_review", "receive_report"}:
        doctor = specialist or case.assignee or SpecialistFactory()
        actor = Actor.of(doctor)
        if event == "begin_review":
            grant_user(case=case, user=doctor, scope=GrantScope.FULL, by=Actor.job("specialists.accept"))
            changes["assignee"] = doctor
    elif event == "release":
        changes["delivered_at"] = now
    assert actor.role in {Role.PATIENT, Role.COORDINATOR, Role.SPECIALIST}
    move(case, CASE, event, actor=actor, changes=changes)


class CaseFactory(factory.Factory):
    """`CaseFactory(phase=…, owner=…, specialty=…, coordinator=…, specialist=…, level=…, filled=…)`: see `make_case`."""

    class Meta:
        model = Case

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Case:
        return make_case(**kwargs)

    @classmethod
    def _build(cls, model_class: Any, *args: Any, **kwargs: Any) -> Case:
        raise NotImplementedError("a case exists only in the database")
