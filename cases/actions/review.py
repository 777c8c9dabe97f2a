"""Handing a case to a specialist and taking it back: the phase and the assignee change together."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from cases.actions.locking import lock
from cases.models import Case
from cases.moves import CASE
from portal.core.access import Actor
from portal.core.workflow import move


@transaction.atomic
def begin(*, case: Case | UUID, assignee: Any, assignment_id: UUID, by: Actor) -> Case:
    """A specialist has accepted: the case is with them. Raises Refused when another was first."""
    held = lock(case)
    move(
        held,
        CASE,
        "begin_review",
        actor=by,
        data={"assignment": str(assignment_id)},
        changes={"assignee_id": assignee.pk},
    )
    return held


@transaction.atomic
def rematch(*, case: Case | UUID, assignment_id: UUID, by: Actor) -> Case:
    """The last live assignment ended without a signature: the desk looks for another specialist."""
    held = lock(case)
    move(held, CASE, "rematch", actor=by, data={"assignment": str(assignment_id)}, changes={"assignee_id": None})
    return held
