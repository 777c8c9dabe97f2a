"""What the case as a whole learns when no file waits any more."""

from __future__ import annotations

from cases.actions.locking import lock
from cases.models import Case
from records.actions import checklist, receipts
from records.steps.work import Work


def check(work: Work) -> None:
    """What the checklist says now."""
    checklist.refresh(case=Case.objects.get(pk=work.case_id), by=work.run.actor)


def tell(work: Work) -> None:
    """Receipts of the batches that have been read to their last file."""
    with work.run.commit():
        receipts.write(case=lock(work.case_id), by=work.run.actor)
