"""The promise of a case: the only writer of `due_at` and `on_hold`."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from cases.actions.locking import lock
from cases.models import Case, Hold
from cases.queries.edition import edition_of
from portal.catalogue.parts import LevelUnit
from portal.catalogue.types import Edition
from portal.core import clock


def target_of(edition: Edition, level: str) -> clock.Target:
    """The level's promise in its own unit."""
    found = edition.level(level)
    if found.unit is LevelUnit.WORKING_DAYS:
        return clock.Target(working_days=found.amount)
    return clock.Target(elapsed_hours=found.amount)


def pauses(case: Case, now: datetime) -> list[clock.Interval]:
    """Times in which the whole case waited. A hold of one assignment pauses that specialist, not the promise."""
    rows = Hold.objects.filter(case=case, scope="case").values_list("since", "until")
    return [clock.Interval(since, until or max(now, since)) for since, until in rows]


@transaction.atomic
def refresh(case: Case) -> Case:
    """Derive `on_hold` and `due_at` from the phase events, the level and the holds. Without complete records nothing is due."""
    held = lock(case)
    now = timezone.now()
    on_hold = Hold.objects.filter(case=held, scope="case", until__isnull=True).exists()
    due_at = None
    if held.complete_at is not None:
        target = target_of(edition_of(held), held.level)
        due_at = clock.due(target, held.complete_at, now, pauses(held, now), clock.WorkingCalendar.from_settings())
    Case.objects.filter(pk=held.pk).update(on_hold=on_hold, due_at=due_at)
    held.on_hold, held.due_at = on_hold, due_at
    case.on_hold, case.due_at = on_hold, due_at
    return held
