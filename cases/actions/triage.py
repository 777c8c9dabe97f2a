"""What a coordinator decides about a case: complete, accepted, declined, how fast, who looks after it."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from cases.actions import grants, holds, messages, turnaround
from cases.actions.locking import lock
from cases.models import Case, DeskNote
from cases.moves import CASE
from cases.states import Phase
from portal.core.access import Actor
from portal.core.states import Role
from portal.core.workflow import Refused, move, note


@transaction.atomic
def set_completeness(*, case: Case, needed: int, satisfied: int, by: Actor) -> None:
    """Write how many required records are here. When all are, and the case is collecting, it goes on to the check by itself."""
    held = lock(case)
    satisfied = min(satisfied, needed)
    Case.objects.filter(pk=held.pk).update(items_needed=needed, items_satisfied=satisfied)
    case.items_needed, case.items_satisfied = needed, satisfied
    if held.phase == Phase.COLLECTING and satisfied == needed:
        complete_records(
            case=held, by=by if by.role == Role.COORDINATOR else Actor("job", "records complete", Role.SYSTEM)
        )
        case.phase, case.complete_at, case.due_at = held.phase, held.complete_at, held.due_at


@transaction.atomic
def complete_records(*, case: Case, by: Actor) -> None:
    """The promised turnaround counts from now. A coordinator may say so although something is missing."""
    held = lock(case)
    missing = held.items_needed - held.items_satisfied
    move(held, CASE, "complete", actor=by, data={"missing": missing}, changes={"complete_at": timezone.now()})
    _refreshed(case, held)


@transaction.atomic
def reopen_records(*, case: Case, by: Actor) -> None:
    """Something is missing after all: the clock of the promise is taken back to its start.

    Nobody may answer an offer of a case that is not looking for a specialist: previews close at once, and the offers end
    through the event, which tells those who hold one.
    """
    held = lock(case)
    move(held, CASE, "reopen_records", actor=by, changes={"complete_at": None, "clock_signal": ""})
    grants.close_to_specialists(case=held, by=Actor.job("cases.reopen_records"))
    _refreshed(case, held)


@transaction.atomic
def accept(*, case: Case, by: Actor) -> None:
    """The case is right for this service: a specialist is looked for."""
    held = lock(case)
    move(held, CASE, "accept", actor=by, changes={"coordinator_id": held.coordinator_id or by.user.pk})
    _refreshed(case, held)


@transaction.atomic
def decline(*, case: Case, reason: str, text: str, by: Actor) -> None:
    """End a case that the service cannot help with. `text` is what the patient reads. Open offers end through the event.

    Raises:
        Refused: no words for the patient, or not possible in this phase.
    """
    held = lock(case)
    if not text.strip():
        raise Refused("decline: say why to the patient")
    messages.send(case=held, by=by, body=text)
    move(held, CASE, "decline", actor=by, data={"reason": reason})
    grants.close_to_specialists(case=held, by=by)
    holds.end_all(case=held, by=Actor.job("cases.decline"))
    _refreshed(case, held)


@transaction.atomic
def assign_coordinator(*, case: Case, coordinator: Any, by: Actor) -> None:
    """Who looks after the case. Raises Refused for an account that is not an open coordinator's."""
    held = lock(case)
    if coordinator.role != Role.COORDINATOR or not coordinator.is_active:
        raise Refused("coordinator: not a coordinator")
    Case.objects.filter(pk=held.pk).update(coordinator=coordinator)
    case.coordinator = coordinator
    note(held, "case", "assign_coordinator", actor=by, data={"coordinator": str(coordinator.pk)})


@transaction.atomic
def flag_settled(*, case: Case, by: Actor) -> None:
    """A coordinator has spoken to the patient about the sign that a doctor should see today. The answer itself stays kept.

    Raises:
        Refused: there is no such sign, or somebody settled it before.
    """
    held = lock(case)
    if by.role != Role.COORDINATOR or not Case.objects.filter(pk=held.pk, flagged_today=True).update(
        flagged_today=False
    ):
        raise Refused("flag: nothing to settle")
    note(held, "case", "flag_settled", actor=by)
    case.refresh_from_db()


@transaction.atomic
def add_note(*, case: Case, body: str, by: Actor) -> DeskNote:
    """A note among coordinators."""
    held = lock(case)
    if not body.strip():
        raise Refused("note: empty")
    made = DeskNote.objects.create(case=held, author=by.user, body=body.strip())
    note(made, "note", "add", actor=by)
    return made


def _refreshed(case: Case, held: Case) -> None:
    turnaround.refresh(held)
    Case.objects.filter(pk=held.pk).update(last_activity_at=timezone.now())
    case.refresh_from_db()
