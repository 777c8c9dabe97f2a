"""Pure predicates about a case. They take plain values or loaded rows and write nothing."""

from __future__ import annotations

from typing import Any

from cases.states import ENDED, Phase

INTAKE_SECTIONS = ("about", "problem", "questions", "health")
"""Sections that must be complete before a case is sent. Records and consent have tables of their own."""
MAX_QUESTIONS = 5
QUESTIONS_OPEN = frozenset({Phase.DRAFT, Phase.COLLECTING, Phase.TRIAGE})
"""Until a specialist is looked for, the patient may still change what is asked."""
ACTING = ("self", "parent", "guardian", "attorney", "relative", "treating_doctor")


def sections_missing(case: Any) -> str | None:
    """Guard of `submit`: the columns that a sent case must carry. The action checks sections and consents before it."""
    if not case.specialties or not case.condition:
        return "problem_missing"
    if not case.patient.given_name or not case.patient.family_name or case.patient.birth_date is None:
        return "about_missing"
    return None


def may_write(phase: str) -> bool:
    """Whether messages can be written: there is somebody at the desk to read them."""
    return phase != Phase.DRAFT and phase != Phase.WITHDRAWN


def may_withdraw(phase: str) -> bool:
    return phase not in ENDED and phase != Phase.DELIVERED


def tidy_questions(texts: list[str]) -> list[str]:
    """Questions as stored: trimmed, without empty and repeated ones, in order, at most five."""
    kept: list[str] = []
    for text in texts:
        words = " ".join(text.split())
        if words and words not in kept:
            kept.append(words)
    return kept[:MAX_QUESTIONS]
