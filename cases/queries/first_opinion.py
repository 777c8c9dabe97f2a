"""What the patient was told elsewhere: the left half of the comparison."""

from __future__ import annotations

from cases.models import Case, IntakeSection

TOLD = {"diagnosis": "first_diagnosis", "treatment": "first_treatment"}
"""Part of the comparison to the intake answer that holds it."""


def told(case: Case) -> dict[str, str]:
    """First diagnosis and treatment in the patient's words; empty where nothing was said."""
    answers: dict[str, object] = {}
    for section in IntakeSection.objects.filter(case=case):
        answers |= section.answers
    return {part: str(answers.get(key) or "").strip() for part, key in TOLD.items()}
