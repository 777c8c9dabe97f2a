"""Messages between the patient's side and the desk. Both sides use the same actions."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from cases.actions import holds
from cases.actions.guard import must_see
from cases.actions.locking import lock
from cases.models import Case, Hold, Message
from cases.rules import may_write
from cases.states import HoldOwner
from portal.core.access import Actor
from portal.core.states import STAFF, Role
from portal.core.workflow import Refused, note

DOUBLE_CLICK = timedelta(minutes=1)
MAX_LENGTH = 5000


@transaction.atomic
def send(*, case: Case, by: Actor, body: str, hold: Hold | None = None) -> Message:
    """Write a message. A patient's answer to a hold that waits for the patient closes it.

    The same words from the same person within a minute are one message: a doubled click sends once.

    Raises:
        Refused: nothing written, too long, a case that is not sent yet or was withdrawn, another case's hold.
        PermissionDenied: the case is not open to this person.
    """
    held = lock(case)
    must_see(held, by)
    words = body.strip()
    if by.role not in {Role.PATIENT, Role.COORDINATOR}:
        raise Refused("message: between patient and desk only")
    if not words:
        raise Refused("message_empty")
    if len(words) > MAX_LENGTH:
        raise Refused("message_long")
    if not may_write(held.phase):
        raise Refused("message_closed")
    if hold is not None and hold.case_id != held.pk:
        raise Refused("message: another case's hold")
    now = timezone.now()
    doubled = Message.objects.filter(case=held, author=by.user, body=words, hold=hold, at__gt=now - DOUBLE_CLICK).last()
    if doubled is not None:
        return doubled
    message = Message.objects.create(
        case=held, author=by.user, from_staff=by.role in STAFF, body=words, hold=hold, at=now
    )
    Case.objects.filter(pk=held.pk).update(last_message_at=now, last_activity_at=now)
    note(message, "message", "send", actor=by, data={"from_staff": message.from_staff})
    if hold is not None and by.role == Role.PATIENT and hold.owner == HoldOwner.PATIENT:
        holds.close(hold=hold, by=by)
    return message


@transaction.atomic
def mark_read(*, case: Case, by: Actor) -> int:
    """Everything that the other side wrote is read now. Returns how many were new."""
    held = lock(case)
    must_see(held, by)
    return Message.objects.filter(case=held, from_staff=by.role not in STAFF, read_at__isnull=True).update(
        read_at=timezone.now()
    )
