"""Opening and closing what the clock waits for. Rows are never edited: a second question is a second hold."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from cases.actions import turnaround
from cases.actions.guard import must_see
from cases.actions.locking import lock
from cases.models import Case, Hold
from cases.states import OPEN, HoldOwner
from portal.core.access import Actor
from portal.core.states import Role
from portal.core.workflow import Refused, note


@transaction.atomic
def open(
    *, case: Case, reason: str, owner: HoldOwner | str, asks: str, by: Actor, assignment_id: UUID | None = None
) -> Hold:
    """Pause the clock for a visible reason. `asks` is what the owner reads.

    Raises:
        Refused: the case is not under way, or a patient tries (patients answer holds, they do not open them).
    """
    held = lock(case)
    if by.role in {Role.PATIENT, Role.ADMINISTRATOR}:
        raise Refused("hold: staff only")
    if by.user is not None:
        must_see(held, by)
    if held.phase not in OPEN:
        raise Refused("hold: case is not under way")
    owner = HoldOwner(owner)
    if not asks.strip():
        raise Refused("hold: say what is needed")
    hold = Hold.objects.create(
        case=held,
        scope="assignment" if assignment_id else "case",
        assignment_id=assignment_id,
        reason=reason,
        owner=owner,
        asks=asks.strip(),
        opened_by=by.user,
    )
    note(hold, "hold", "open", actor=by, data={"reason": reason, "owner": str(owner), "scope": hold.scope})
    turnaround.refresh(case)
    return hold


@transaction.atomic
def close(*, hold: Hold, by: Actor) -> Hold:
    """End a hold; the clock runs again and the due time moves by what the pause took. Closing twice changes nothing.

    Raises:
        PermissionDenied: a patient closes what is not theirs to answer.
    """
    case = lock(hold.case_id)
    row = Hold.objects.select_for_update().get(pk=hold.pk)
    if by.user is not None:
        must_see(case, by)
    if by.role == Role.PATIENT and row.owner != HoldOwner.PATIENT:
        raise PermissionDenied("not the patient's to close")
    if row.until is None:
        row.until = timezone.now()
        row.closed_by = f"{by.kind}:{by.id}"
        row.save(update_fields=["until", "closed_by"])
        note(row, "hold", "close", actor=by, data={"reason": row.reason, "owner": row.owner, "scope": row.scope})
        turnaround.refresh(case)
    hold.until, hold.closed_by = row.until, row.closed_by
    return row


@transaction.atomic
def end_all(*, case: Case, by: Actor, assignment_id: UUID | None = None) -> int:
    """Nobody has to answer any more: the case has ended or is delivered, or, with `assignment_id`, that review is
    over. Returns how many ended."""
    lock(case)
    waiting = Hold.objects.filter(case=case, until__isnull=True)
    if assignment_id is not None:
        waiting = waiting.filter(assignment_id=assignment_id)
    rows = list(waiting.order_by("pk"))
    for hold in rows:
        close(hold=hold, by=by)
    return len(rows)
