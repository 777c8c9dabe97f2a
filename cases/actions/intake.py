"""What a patient does before a case is sent: open it, answer section by section, agree, send."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from cases.actions import messages
from cases.actions.grants import grant_role, grant_user
from cases.actions.guard import must_be_patient
from cases.actions.locking import lock
from cases.models import Case, Consent, IntakeSection, Patient, Question, Screening
from cases.moves import CASE
from cases.queries.edition import edition_of
from cases.queries.intake import consents_missing
from cases.queries.prices import COST, price_words
from cases.rules import ACTING, INTAKE_SECTIONS, QUESTIONS_OPEN, tidy_questions
from cases.rules import screening as rules
from cases.states import OPEN, GrantScope, Level, Phase
from portal.accounts.models import User
from portal.catalogue import queries as catalogue
from portal.catalogue.types import Edition, UnknownKey
from portal.core.access import Actor
from portal.core.models import Event
from portal.core.states import Role
from portal.core.workflow import Refused, move, note

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without I, L, O and U: nobody mishears or misreads it on the telephone."""

Answers = Mapping[str, Any]


class Conflict(Exception):
    """Somebody, perhaps the same person in another tab, saved a newer version meanwhile. Nothing was written."""

    def __init__(self, revision: int) -> None:
        super().__init__("a newer version exists")
        self.revision = revision


def new_ref() -> str:
    """An unused reference such as "2K7-4QD": 30 random bits, no meaning."""
    while True:
        letters = "".join(secrets.choice(CROCKFORD) for _ in range(6))
        ref = f"{letters[:3]}-{letters[3:]}"
        if not Case.objects.filter(ref=ref).exists():
            return ref


@transaction.atomic
def open_case(
    *, by: User, screening: Sequence[rules.Answer], acting_as: str, specialty: str, condition: str = ""
) -> Case:
    """Begin a case from a passed screening. The same screening twice is one case, so a doubled click opens one.

    Raises:
        Refused: the screening was not passed, or `acting_as` is no known basis.
        UnknownKey: the current catalogue has no such specialty or condition.
    """
    actor = Actor.of(by)
    if actor.role != Role.PATIENT:
        raise Refused("open: patients only")
    User.objects.select_for_update().get(pk=by.pk)
    answers = [dict(one) for one in screening]
    for earlier in Screening.objects.filter(case__opened_by=by).select_related("case"):
        if earlier.answers == answers:
            return earlier.case
    version = catalogue.current()
    edition = catalogue.edition(version.pk)
    given = rules.latest(screening)
    if acting_as not in ACTING:
        raise Refused("acting_unknown")
    if not rules.passed(edition, given):
        raise Refused("screening_not_passed")
    edition.specialty(specialty)
    if condition:
        edition.condition(specialty, condition)
    country, _, state = given.get("where_now", "").partition("-")
    patient = Patient.objects.create(country=country if country != "ZZ" else "", state=state, language=by.language)
    case = Case.objects.create(
        ref=new_ref(),
        patient=patient,
        opened_by=by,
        acting_as=acting_as,
        catalogue=version,
        specialties=[specialty],
        condition=condition,
        level=Level.URGENT if rules.in_hospital(edition, given) else Level.STANDARD,
        flagged_today=rules.flagged_today(edition, given),
        planned_date=rules.planned_date(edition, given),
    )
    Screening.objects.create(case=case, answers=answers, checked_by_doctor=rules.checked_by_doctor(given))
    grant_user(case=case, user=by, scope=GrantScope.FULL, by=actor)
    note(case, "case", "open", actor=actor, data={"acting_as": acting_as})
    return case


@transaction.atomic
def save_section(
    *,
    case: Case,
    key: str,
    answers: Answers,
    complete: bool,
    revision: int,
    by: Actor,
    draft: Mapping[str, list[str]] | None = None,
) -> IntakeSection:
    """Keep the answers of one section, and copy to patient and case the columns that others work with.

    Args:
        answers: what was understood, by question key: text or list of texts, dates as ISO 8601.
        revision: the version that the writer had seen; 0 before the first save.
        draft: what was typed, valid or not, to fill the form again. None keeps what stands.

    Raises:
        Conflict: the section was saved since `revision`.
        Refused: no such section, or the case was sent already.
        PermissionDenied: not this person's case.
    """
    held = lock(case)
    must_be_patient(held, by)
    if key not in INTAKE_SECTIONS:
        raise Refused("section_unknown")
    if held.phase != Phase.DRAFT:
        raise Refused("already_sent")
    section, _ = IntakeSection.objects.get_or_create(case=held, key=key)
    if section.revision != revision:
        raise Conflict(section.revision)
    section.answers = dict(answers)
    if draft is not None:
        section.draft = {name: list(values) for name, values in draft.items()}
    section.complete = complete
    section.revision += 1
    section.saved_at = timezone.now()
    section.save()
    if key == "about":
        _copy_about(held.patient, answers)
    elif key == "problem":
        _copy_problem(held, answers)
    elif key == "questions":
        _write_questions(held, list(answers.get("questions", [])))
    Case.objects.filter(pk=held.pk).update(last_activity_at=section.saved_at)
    return section


CORRECTED = ("given_name", "family_name", "other_names", "birth_date", "phone")


@transaction.atomic
def correct_person(*, case: Case, answers: Answers, words: str, by: Actor) -> bool:
    """The patient puts right who they are after the request was sent. The desk reads `words` as a message, and the event
    compares all records with the person again. Returns whether anything changed.

    Raises:
        Refused: nobody works on the case any more, or it is not sent yet.
        PermissionDenied: not this person's case.
    """
    held = lock(case)
    must_be_patient(held, by)
    if held.phase not in OPEN:
        raise Refused("correct: not under way")
    section = IntakeSection.objects.select_for_update().get(case=held, key="about")
    changed = {name: answers[name] for name in CORRECTED if answers.get(name, "") != section.answers.get(name, "")}
    if not changed:
        return False
    section.answers = section.answers | changed
    section.draft = {}
    section.revision += 1
    section.saved_at = timezone.now()
    section.save()
    _copy_about(held.patient, section.answers)
    note(held, "case", "correct_person", actor=by, data={"fields": sorted(changed)})
    messages.send(case=held, by=by, body=words)
    return True


def _copy_about(patient: Patient, answers: Answers) -> None:
    for name in ("given_name", "family_name", "other_names", "sex", "state", "phone"):
        setattr(patient, name, answers.get(name, ""))
    patient.country = answers.get("country", "")
    patient.language = answers.get("language") or "en"
    patient.birth_date = _date(answers.get("birth_date"))
    patient.save()


def _copy_problem(case: Case, answers: Answers) -> None:
    edition = edition_of(case)
    condition = answers.get("condition", "")
    if condition:
        try:
            edition.condition(case.specialties[0], condition)
        except UnknownKey:
            condition = ""
    case.condition = condition
    case.reason = answers.get("reason", "")
    case.title = answers.get("title", "")
    case.planned_date = _date(answers.get("planned_date"))
    case.save(update_fields=["condition", "reason", "title", "planned_date"])


def _date(text: Any) -> date | None:
    return date.fromisoformat(text) if text else None


def _write_questions(case: Case, texts: list[str]) -> list[Question]:
    Question.objects.filter(case=case).delete()
    return Question.objects.bulk_create(
        Question(case=case, number=number, text=text) for number, text in enumerate(tidy_questions(texts), start=1)
    )


@transaction.atomic
def set_questions(*, case: Case, questions: list[str], by: Actor) -> list[Question]:
    """Replace the questions for the specialist; possible until a specialist is looked for.

    Raises:
        Refused: too late, or no question is left in a case that was sent.
    """
    held = lock(case)
    must_be_patient(held, by)
    if held.phase not in QUESTIONS_OPEN:
        raise Refused("questions_closed")
    kept = tidy_questions(questions)
    if held.phase != Phase.DRAFT and not kept:
        raise Refused("questions_missing")
    section, _ = IntakeSection.objects.get_or_create(case=held, key="questions")
    section.answers = {"questions": kept}
    section.draft = {}
    section.complete = bool(kept)
    section.revision += 1
    section.saved_at = timezone.now()
    section.save()
    written = _write_questions(held, kept)
    note(held, "case", "set_questions", actor=by, data={"count": len(written)})
    return written


@transaction.atomic
def give_consents(*, case: Case, answers: Mapping[str, bool], by: Actor) -> list[Consent]:
    """Record the answers to consent screens, each in the version that the case's edition shows.

    The same answer to the same version again changes nothing; another answer closes the row and makes a new one.

    Raises:
        UnknownKey: the edition has no such screen.
        Refused: the case has ended.
    """
    held = lock(case)
    must_be_patient(held, by)
    if held.phase in {Phase.DECLINED, Phase.WITHDRAWN, Phase.CLOSED}:
        raise Refused("case_ended")
    edition = edition_of(held)
    screens = {screen.key: screen for screen in edition.consents()}
    cost = {"level": str(held.level), "price": price_words(edition.level(held.level))}
    now = timezone.now()
    made = []
    for key, given in answers.items():
        if key not in screens:
            raise UnknownKey(f"this edition has no consent screen {key!r}")
        if not given and screens[key].required and held.phase != Phase.DRAFT:
            raise Refused("consent_required")
        version = str(screens[key].version)
        live = Consent.objects.filter(case=held, key=key, withdrawn_at__isnull=True)
        if live.filter(version=version, given=given).exists():
            continue
        live.update(withdrawn_at=now)
        shown = cost if key == COST else {}
        made.append(
            Consent.objects.create(case=held, key=key, version=version, given=given, shown=shown, by=by.user, at=now)
        )
        note(held, "case", "consent", actor=by, data={"key": key, "version": version, "given": given})
    return made


@transaction.atomic
def submit(*, case: Case, by: Actor) -> Event:
    """Send the case to the desk.

    Raises:
        Refused: a section, question or consent is missing ("about_missing", "consent_missing", …), or it was sent already.
        PermissionDenied: not this person's case.
    """
    held = lock(case)
    must_be_patient(held, by)
    edition: Edition = edition_of(held)
    if held.phase == Phase.DRAFT:
        done = set(IntakeSection.objects.filter(case=held, complete=True).values_list("key", flat=True))
        for key in INTAKE_SECTIONS:
            if key not in done:
                raise Refused(f"{key}_missing")
        if not Question.objects.filter(case=held).exists():
            raise Refused("questions_missing")
        if consents_missing(held, edition):
            raise Refused("consent_missing")
    now = timezone.now()
    event = move(held, CASE, "submit", actor=by, changes={"submitted_at": now, "last_activity_at": now})
    grant_role(case=held, role=Role.COORDINATOR, scope=GrantScope.FULL, by=by)
    case.phase, case.submitted_at = held.phase, held.submitted_at
    return event
