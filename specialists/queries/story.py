"""What the patient told and what the review waits for: the panels beside the images."""

from __future__ import annotations

from dataclasses import dataclass

from cases.models import Case, Hold, Message
from cases.queries.edition import edition_of
from cases.queries.summary import Group, summary
from specialists.models import Assignment

SHOWN = ("problem", "health")
"""Sections of the request that a reviewer needs. The person's name stands at the top of the page; the telephone is the desk's."""


def questions(groups: list[Group]) -> list[str]:
    return [row.value for group in groups if group.key == "questions" for row in group.rows]


def story(case: Case) -> tuple[list[str], list[Group]]:
    """The patient's questions, and their answers in the words that they picked."""
    groups = summary(case, edition_of(case))
    return questions(groups), [group for group in groups if group.key in SHOWN and group.rows]


def open_holds(assignment: Assignment) -> list[Hold]:
    """What this case or this review waits for, the oldest first."""
    return list(Hold.objects.filter(case=assignment.case, until__isnull=True).order_by("since"))


@dataclass(frozen=True)
class Asked:
    """Something that this specialist asked for, and what was written about it."""

    hold: Hold
    answers: list[Message]


def asked_by(assignment: Assignment) -> list[Asked]:
    """The specialist's own questions, the oldest first, with the patient's messages on each."""
    holds = list(Hold.objects.filter(assignment_id=assignment.pk).order_by("since"))
    messages = list(Message.objects.filter(hold__in=[one.pk for one in holds], from_staff=False))
    return [Asked(hold, [one for one in messages if one.hold_id == hold.pk]) for hold in holds]
