"""What a case says so far, for its task list, its summary and the checklist of records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cases.models import Case, Consent, IntakeSection, Question, Screening
from cases.rules import INTAKE_SECTIONS
from portal.catalogue.parts import ConsentScreen
from portal.catalogue.types import Edition


@dataclass(frozen=True)
class Progress:
    """One line of the task list: not_started, started or done."""

    key: str
    state: str


def sections(case: Case) -> dict[str, IntakeSection]:
    return {section.key: section for section in IntakeSection.objects.filter(case=case)}


def answers(case: Case) -> dict[str, str | Sequence[str]]:
    """Every answer of the intake by question key, with `reasons`: what the catalogue's checklist rules ask for."""
    found: dict[str, Any] = {}
    for section in IntakeSection.objects.filter(case=case):
        found |= section.answers
    found["reasons"] = [case.reason] if case.reason else []
    return found


def condition_keys(case: Case) -> list[str]:
    """The condition as the catalogue's rules take it: none while the patient has not chosen."""
    return [case.condition] if case.condition else []


def questions(case: Case) -> list[Question]:
    return list(Question.objects.filter(case=case))


def live_consents(case: Case) -> list[Consent]:
    return list(Consent.objects.filter(case=case, withdrawn_at__isnull=True))


def consents_missing(case: Case, edition: Edition) -> list[ConsentScreen]:
    """Required screens that were not agreed to in the version that is shown now."""
    agreed = {(one.key, one.version) for one in live_consents(case) if one.given}
    return [one for one in edition.consents(required=True) if (one.key, str(one.version)) not in agreed]


def consents_open(case: Case, edition: Edition) -> list[ConsentScreen]:
    """Screens without any answer in the version that is shown now, optional ones included."""
    answered = {(one.key, one.version) for one in live_consents(case)}
    return [one for one in edition.consents() if (one.key, str(one.version)) not in answered]


def progress(case: Case, edition: Edition) -> list[Progress]:
    """The task list: what is done, what is begun. Records are another app's to count."""
    held = sections(case)

    def of(key: str) -> str:
        section = held.get(key)
        if section is None or not section.revision:
            return "not_started"
        return "done" if section.complete else "started"

    found = [Progress(key, of(key)) for key in INTAKE_SECTIONS]
    given = live_consents(case)
    consent = "done" if not consents_open(case, edition) and not consents_missing(case, edition) else "started"
    return [*found, Progress("consent", consent if given else "not_started")]


def ready_to_send(case: Case, edition: Edition) -> bool:
    """Whether every section that must be there is complete. Records may come later."""
    return all(one.state == "done" for one in progress(case, edition) if one.key in {*INTAKE_SECTIONS, "consent"})


def screening_answers(case: Case) -> dict[str, str]:
    """What was said before the account, so that nobody is asked twice."""
    row = Screening.objects.filter(case=case).order_by("at").last()
    return {one["question"]: one["answer"] for one in row.answers} if row else {}
