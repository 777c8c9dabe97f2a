"""The watch over turnaround: warns at half and at four fifths of the promised time, escalates when it is over."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from cases.actions import turnaround
from cases.actions.locking import lock
from cases.models import Case
from cases.queries.edition import edition_of
from cases.rules.clocks import signal
from cases.states import OPEN, ClockSignal
from portal.core import clock
from portal.core.access import Actor
from portal.core.workflow import note


@transaction.atomic
def look(*, case: Case, by: Actor) -> ClockSignal | None:
    """Say what is due to be said about one case: an event, to which mails react. Twice says it once."""
    held = lock(case)
    if held.phase not in OPEN or held.complete_at is None or held.on_hold:
        return None
    now = timezone.now()
    calendar = clock.WorkingCalendar.from_settings()
    target = turnaround.target_of(edition_of(held), held.level)
    used = clock.spent(target, held.complete_at, now, turnaround.pauses(held, now), calendar)
    said = signal(used / clock.allowance(target, calendar), held.clock_signal)
    if said is None:
        return None
    Case.objects.filter(pk=held.pk).update(clock_signal=said)
    note(held, "case", said, actor=by)
    return said
