"""Recurring work of the kernel itself."""

from __future__ import annotations

import structlog

from portal.core import sweep
from portal.core.jobs import Run, job

log = structlog.get_logger(__name__)


@job("core.sweep", every_seconds=24 * 3600)
def sweep_leftovers(run: Run) -> None:
    """Once a day, remove what crashes left behind. Where that could be the wrong thing to do, say so as loudly as logs can, each day."""
    try:
        found = sweep.sweep(remove=True, older_than=sweep.before(), attended=False, renew=run.renew)
    except sweep.Suspicious as much:
        log.error("sweep_stopped", count=str(much), todo="look with manage.py sweep, then manage.py sweep --remove")
        raise
    count = len(found.objects) + len(found.bytes) + len(found.halves) + found.files
    if count:
        log.info("swept", count=count)
