"""How much of what is needed has come. The columns on Case are kept by `records`; nothing else writes them."""

from __future__ import annotations

from django.db import transaction

from cases.actions.locking import lock
from cases.models import Case
from portal.core.access import Actor
from portal.core.workflow import note


@transaction.atomic
def set_completeness(*, case: Case, needed: int, satisfied: int, by: Actor) -> bool:
    """Write both counts. An event is added only when they changed, and another ("records_complete") when nothing is missing
    any more. Returns whether they changed."""
    held = lock(case)
    case.items_needed, case.items_satisfied = needed, satisfied
    if (held.items_needed, held.items_satisfied) == (needed, satisfied):
        return False
    was_whole = bool(held.items_needed) and held.items_needed == held.items_satisfied
    Case.objects.filter(pk=held.pk).update(items_needed=needed, items_satisfied=satisfied)
    note(held, "case", "completeness", actor=by, data={"needed": needed, "satisfied": satisfied})
    if needed and needed == satisfied and not was_whole:
        note(held, "case", "records_complete", actor=by)
    return True
