"""The patient's way out, free at any time before the report is delivered."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from cases.actions import grants, holds
from cases.actions.guard import must_see
from cases.actions.locking import lock
from cases.models import Case
from cases.moves import CASE
from portal.core.access import Actor
from portal.core.models import Event
from portal.core.workflow import move


@transaction.atomic
def withdraw(*, case: Case, by: Actor) -> Event:
    """Take the request back. Open holds end with it, and no specialist sees the case any more;
    their assignments end through the event ("case", "withdraw").

    Raises:
        Refused: the case has ended or the report was delivered.
    """
    held = lock(case)
    must_see(held, by)
    event = move(held, CASE, "withdraw", actor=by, changes={"last_activity_at": timezone.now()})
    holds.end_all(case=held, by=Actor.job("cases.withdraw"))
    grants.close_to_specialists(case=held, by=Actor.job("cases.withdraw"))
    case.phase = held.phase
    return event
