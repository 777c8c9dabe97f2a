"""What the patient told and what the review waits for: the panels beside the images."""

from __future__ import annotations

from cases.models import Case, Hold
from cases.queries.summary import Group, summary
from specialists.models import Assignment
from specialists.queries import terms

SHOWN = ("problem", "health")
"""Sections of the request that a reviewer needs. The person's name stands at the top of the page; the telephone is the desk's."""


def questions(groups: list[Group]) -> list[str]:
    return [row.value for group in groups if group.key == "questions" for row in group.rows]


def story(case: Case) -> tuple[list[str], list[Group]]:
    """The patient's questions, and their answers in the words that they picked."""
    groups = summary(case, terms.edition_of(case))
    return questions(groups), [group for group in groups if group.key in SHOWN and group.rows]


def open_holds(assignment: Assignment) -> list[Hold]:
    """What this case or this review waits for, the oldest first."""
    return list(Hold.objects.filter(case=assignment.case, until__isnull=True).order_by("since"))
