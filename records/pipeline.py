"""From uploads to records, as a list of steps. Every step commits through `run.commit()` and finds its own place again:
after a death at any point the next run goes on with what is not done, and a second run changes nothing.

Bytes are read, sealed and parsed outside transactions; the rows follow in one commit for a group of files.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from portal.core import jobs
from portal.core.jobs import Run
from portal.core.models import Job
from portal.core.states import JobState
from records.actions import processing
from records.models import File
from records.states import RecordState
from records.steps.discs import sort_out
from records.steps.originals import assemble, recognise
from records.steps.reading import read
from records.steps.scanned import scan
from records.steps.series import derive, first_look, settle
from records.steps.whole import check, tell
from records.steps.work import Work

FILES_AT_ONCE = 80
HELP_FROM = 40
"""Waiting files for which a second worker joins in."""
BYTES_AT_ONCE = 1024**3
AT_ONCE = 10
"""Files that were read while they arrived, in the last moment, after which it is the same."""
MANY = 20
"""Files of one run after which it is worth while to wait for more before the case as a whole is looked at."""
ARRIVING_SECONDS = 1.0
SETTLE_SECONDS = 1.5

FILE_STEPS: tuple[Callable[[Work], None], ...] = (assemble, recognise, scan, read, first_look)
"""For each group of files that wait."""
CASE_STEPS: tuple[Callable[[Work], None], ...] = (sort_out, settle, derive, check, tell)
"""For the case, when no file waits any more."""


def in_good_hands(run: Run, case_id: UUID) -> bool:
    """Whether another run works on files of this case and will come to those that wait: then one child serves them all.

    With enough of them for two it is not waited for.
    """
    others = processing.held_by_others(case_id, run.job.pk)
    return others and processing.claimable(case_id).count() < HELP_FROM


def process(run: Run, case_id: UUID) -> None:
    """Process whatever waits in a case, members of archives included, then bring the case up to date.

    A folder of 5,000 slices queues 5,000 runs. The first takes all that is there; one that finds nothing leaves the rest to those
    behind it, or each would count the whole case again.
    """
    worked = 0
    while files := _claimed(run, case_id):
        work = Work(run, case_id, files, first=not worked)
        worked += len(files)
        for step in FILE_STEPS:
            step(work)
            run.renew()
    if not worked and _another_comes(run, case_id):
        return
    if (worked >= MANY and _more_arrives(case_id)) or _read_at_once(case_id) >= AT_ONCE:
        settle(Work(run, case_id))
        first_look(Work(run, case_id))
        with run.commit():
            soon = timezone.now() + timedelta(seconds=SETTLE_SECONDS)
            jobs.enqueue_shared(
                run.job.name,
                case_id=case_id,
                due_at=soon,
                subject_id=run.job.args["subject_id"],
                within_seconds=SETTLE_SECONDS,
            )
        return
    for step in CASE_STEPS:
        step(Work(run, case_id))
        run.renew()


def _read_at_once(case_id: UUID) -> int:
    """Files of this case that came in the last moment and were read while they arrived (records.at_once)."""
    since = timezone.now() - timedelta(seconds=ARRIVING_SECONDS)
    came = File.objects.filter(case_id=case_id, created_at__gt=since, claim_job__isnull=True, container__isnull=True)
    return came.exclude(state=RecordState.PROCESSING)[:AT_ONCE].count()


def _more_arrives(case_id: UUID) -> bool:
    """Whether files of this case came just now: what is told about the case as a whole waits for those behind them."""
    return File.objects.filter(
        case_id=case_id, created_at__gt=timezone.now() - timedelta(seconds=ARRIVING_SECONDS)
    ).exists()


def _another_comes(run: Run, case_id: UUID) -> bool:
    waiting = Job.objects.filter(name=run.job.name, case_id=case_id, state=JobState.QUEUED, due_at__lte=timezone.now())
    return waiting.exclude(pk=run.job.pk).exists()


def _claimed(run: Run, case_id: UUID) -> list[UUID]:
    with run.commit():
        return processing.claim(
            case_id=case_id, job_id=run.job.pk, fence=run.fence, limit=FILES_AT_ONCE, limit_bytes=BYTES_AT_ONCE
        )
