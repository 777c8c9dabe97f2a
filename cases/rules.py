"""Pure predicates about a case. They take plain values or loaded rows and write nothing."""

from __future__ import annotations

from typing import Any


def sections_missing(case: Any) -> str | None:
    """Guard of `submit`: the columns that a sent case must carry. The action checks sections and consents before it."""
    if not case.specialties or not case.condition:
        return "problem_missing"
    if not case.patient.given_name or not case.patient.family_name or case.patient.birth_date is None:
        return "about_missing"
    return None
