"""Work in the background. The Job row is the truth: it holds lease, attempt and fencing number; the broker is a doorbell.

A job is a function `f(run: Run, **ids)` registered with `@job`. It reads, works (no file or network work inside a
transaction), and writes its results inside `with run.commit():`, which is refused when another worker took the job
meanwhile; what must not happen twice is written in the last one, `with run.finish():`. Long work calls `run.renew()`.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import structlog
from celery import shared_task
from django.conf import settings
from django.db import close_old_connections, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from portal.core import maintenance
from portal.core.access import Actor
from portal.core.compiled import STAND_IN_MOMENT, first_of
from portal.core.models import Job
from portal.core.states import JobState

log = structlog.get_logger(__name__)


class Fenced(Exception):
    """Another worker holds this job now: whatever this one still wanted to write is refused."""


class GiveUp(Exception):
    """The job cannot succeed however often it is tried. The argument is a code, never a quotation of a record."""


class Away(Exception):
    """What the job needs is not there now (raise it `from` the error): it waits, and for a day that counts as no attempt."""


AWAY_SECONDS = 60
"""Between two looks whether it is back."""
AWAY_AT_MOST = timedelta(days=1)
"""After that attempts count again, so that people are told."""


@dataclass(frozen=True)
class Kind:
    """A registered job: how often it is tried again, how long between, and whether it recurs."""

    name: str
    function: Callable[..., None]
    attempts: int
    backoff_seconds: int
    every_seconds: int | None
    on_failure: Callable[..., None] | None


BELL_SECONDS = 60.0
"""A job that is due within this time has its bell rung then; for later ones the sweeper looks."""
SHARED_SECONDS = 2.0
"""A job that begins within this time need not be queued once more."""
REGISTRY: dict[str, Kind] = {}
RENEW_SECONDS = 2.0
"""Far below any lease; the fence is checked at each commit all the same."""
_running: ContextVar[UUID | None] = ContextVar("running_job", default=None)


def job(
    name: str,
    *,
    attempts: int = 6,
    backoff_seconds: int = 10,
    every_seconds: int | None = None,
    on_failure: Callable[..., None] | None = None,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a job under `name` ("app.verb"). `on_failure(**ids)` runs once when the last attempt failed, so that people are told."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        if name in REGISTRY and REGISTRY[name].function.__module__ != function.__module__:
            raise ValueError(f"two jobs are called {name}")
        REGISTRY[name] = Kind(name, function, attempts, backoff_seconds, every_seconds, on_failure)
        return function

    return register


def enqueue(
    name: str, *, key: str | None = None, case_id: UUID | None = None, due_at: datetime | None = None, **args: Any
) -> Job:
    """Queue a job in the caller's transaction; the bell rings after its commit. The same key twice is one job."""
    if name not in REGISTRY:
        raise LookupError(f"no job is called {name}")
    row, made = Job.objects.get_or_create(
        key=key or f"{name}:{uuid4()}",
        defaults={"name": name, "args": args, "case_id": case_id, "due_at": due_at or timezone.now()},
    )
    seconds = (due_at - timezone.now()).total_seconds() if due_at else 0.0
    if made and seconds < BELL_SECONDS:
        transaction.on_commit(lambda: ring(row.pk, seconds) if seconds > 0 else ring(row.pk))
    return row


def enqueue_shared(name: str, *, case_id: UUID, within_seconds: float = SHARED_SECONDS, **rest: Any) -> Job:
    """As `enqueue`, for jobs that take whatever waits in their case: one that is to begin soon stands for this one as well.

    Its row is held until the caller's commit, so it begins after that and finds what the caller wrote.
    """
    soon = timezone.now() + timedelta(seconds=within_seconds)
    stand_ins: dict[str, Any] = {"name": "stands for a job", "case": UUID(int=1), "soon": STAND_IN_MOMENT}

    def waiting() -> QuerySet[Job]:
        queued = Job.objects.select_for_update().filter(name=stand_ins["name"], case_id=stand_ins["case"])
        return queued.filter(state=JobState.QUEUED, due_at__lte=stand_ins["soon"]).order_by("pk")[:1]

    one: Job | None = first_of("waiting job", stand_ins, {"name": name, "case": case_id, "soon": soon}, waiting)
    return one or enqueue(name, case_id=case_id, **rest)


def retry(row: Job) -> bool:
    """A person asks for another try of a failed job; it begins with a fresh count of attempts."""
    asked = Job.objects.filter(pk=row.pk, state=JobState.FAILED).update(
        state=JobState.QUEUED, attempt=0, due_at=timezone.now(), error=""
    )
    if asked:
        transaction.on_commit(lambda: ring(row.pk))
    return bool(asked)


def ring(pk: UUID, seconds: float = 0.0) -> None:
    """Say that a job is due. A bell that nobody hears is rung again by the sweeper, so a broker that is away is no error."""
    try:
        run_job.apply_async(args=[str(pk)], ignore_result=True, retry=False, countdown=seconds or None)
    except Exception as problem:
        log.warning("doorbell_unheard", job=str(pk), problem=type(problem).__name__)


@dataclass
class Run:
    """One claim of one job: the fencing number says whether it still holds."""

    job: Job
    fence: int
    renewed_at: float = 0.0
    """When the lease was last renewed, by this process's clock."""

    @property
    def actor(self) -> Actor:
        return Actor.job(self.job.name)

    def renew(self, done: int | None = None, total: int | None = None) -> None:
        """Keep the lease, and tell progress. Raises Fenced when another worker took the job.

        Called for every file; without progress to tell, the row is written every `RENEW_SECONDS` at most.
        """
        if done is None and total is None and time.monotonic() - self.renewed_at < RENEW_SECONDS:
            return
        self.renewed_at = time.monotonic()
        changes: dict[str, Any] = {"lease_until": timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)}
        if done is not None:
            changes["progress_done"] = done
        if total is not None:
            changes["progress_total"] = total
        self._hold(**changes)

    @contextmanager
    def commit(self) -> Iterator[None]:
        """A transaction whose commit needs this claim: the row is taken first, so a later claim waits or this one is refused."""
        with transaction.atomic():
            self._hold(lease_until=timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS))
            yield

    @contextmanager
    def finish(self) -> Iterator[None]:
        """The last commit: the job counts as done in the same transaction as its writes, so a death after it repeats nothing."""
        with self.commit():
            yield
            _succeed(self)

    def _mine(self) -> Any:
        return Job.objects.filter(pk=self.job.pk, state=JobState.RUNNING, fence=self.fence)

    def _hold(self, **columns: Any) -> None:
        if not self._mine().update(**columns):
            raise Fenced(str(self.job.pk))


def claimable(now: datetime) -> Q:
    """Due and waiting, or left by a worker whose lease ran out."""
    return Q(state=JobState.QUEUED, due_at__lte=now) | Q(state=JobState.RUNNING, lease_until__lt=now)


def claim(pk: UUID | str) -> Run | None:
    """Take the job if it is due; None when it is done, not due, or another worker's. One conditional UPDATE on both databases."""
    now = timezone.now()
    taken = Job.objects.filter(claimable(now), pk=pk).update(
        state=JobState.RUNNING,
        fence=F("fence") + 1,
        attempt=F("attempt") + 1,
        lease_until=now + timedelta(seconds=settings.JOB_LEASE_SECONDS),
    )
    if not taken:
        return None
    row = Job.objects.get(pk=pk)
    return Run(row, row.fence)


def execute(run: Run) -> None:
    """Run a claimed job to its end: done, queued again with a longer wait, or failed after the last attempt."""
    row = run.job
    kind = REGISTRY.get(row.name)
    if kind is None:
        _end(run, JobState.FAILED, error="unknown job")
        return
    if row.attempt > kind.attempts and not kind.every_seconds:
        _fail(run, kind, row.error or "no attempt left")
        return
    held = _running.set(None if kind.every_seconds else row.pk)
    try:
        kind.function(run, **row.args)
    except Fenced:
        log.warning("job_fenced", job=str(row.pk), name=row.name)
    except GiveUp as reason:
        _fail(run, kind, f"gave up: {reason}")
    except Exception as problem:
        away = isinstance(problem, Away)
        cause = problem.__cause__ or problem if away else problem
        where = traceback.extract_tb(cause.__traceback__)[-1]
        error = f"{type(cause).__name__} at {Path(where.filename).name}:{where.lineno}"
        log.warning("job_error", job=str(row.pk), name=row.name, attempt=row.attempt, error=error)
        if kind.every_seconds:
            _end(run, JobState.QUEUED, error=error, due_at=timezone.now() + timedelta(seconds=kind.every_seconds))
        elif away and row.created_at > timezone.now() - AWAY_AT_MOST:
            later = timezone.now() + timedelta(seconds=AWAY_SECONDS)
            _end(run, JobState.QUEUED, error=error, due_at=later, attempt=max(0, row.attempt - 1))
        elif row.attempt >= kind.attempts:
            _fail(run, kind, error)
        else:
            wait = kind.backoff_seconds * 2 ** (row.attempt - 1)
            _end(run, JobState.QUEUED, error=error, due_at=timezone.now() + timedelta(seconds=wait))
    else:
        _succeed(run)
    finally:
        _running.reset(held)


def current() -> UUID | None:
    """The job that this thread works on: the same at each of its attempts, so that what leaves the house can be told as one thing.

    None outside jobs, and in recurring ones, which do a new thing each time.
    """
    return _running.get()


def _succeed(run: Run) -> None:
    """Done, or due again. Nothing happens when the job said `finish()` already."""
    every = REGISTRY[run.job.name].every_seconds
    if every:
        _end(run, JobState.QUEUED, attempt=0, due_at=timezone.now() + timedelta(seconds=every))
    else:
        _end(run, JobState.DONE, done_at=timezone.now())


def _fail(run: Run, kind: Kind, error: str) -> None:
    try:
        with run.commit():
            if kind.on_failure:
                kind.on_failure(**run.job.args)
            _end(run, JobState.FAILED, error=error)
    except Fenced:
        log.warning("job_fenced", job=str(run.job.pk), name=run.job.name)
    except Exception as problem:  # telling people failed too: that must not bring the job back for ever
        log.error("job_failure_untold", job=str(run.job.pk), name=run.job.name, problem=type(problem).__name__)
        _end(run, JobState.FAILED, error=error)


def _end(run: Run, state: str, error: str = "", **columns: Any) -> None:
    run._mine().update(state=state, lease_until=None, error=error[:120], **columns)


def due(limit: int = 200) -> list[UUID]:
    """Jobs that someone should look at now, oldest first."""
    return list(Job.objects.filter(claimable(timezone.now())).order_by("due_at").values_list("pk", flat=True)[:limit])


def install_recurring() -> None:
    """Recurring jobs are rows too, made once, so that the database knows all work there is."""
    for kind in REGISTRY.values():
        if kind.every_seconds:
            Job.objects.get_or_create(key=kind.name, defaults={"name": kind.name, "every_seconds": kind.every_seconds})


@shared_task(name="portal.core.jobs.run")  # type: ignore[untyped-decorator]
def run_job(pk: str) -> None:
    """The doorbell's other end: claim and execute, or find that there is nothing to do.

    While the portal is closed for work no job begins; those in hand come to their end. The sweeper rings again afterwards.
    """
    if maintenance.is_on():
        return
    close_old_connections()
    try:
        if run := claim(pk):
            execute(run)
    finally:
        close_old_connections()


@shared_task(name="portal.core.jobs.sweep")  # type: ignore[untyped-decorator]
def sweep() -> None:
    """Every 10 s: ring again for all that is due. Whatever a broker lost is found here."""
    if maintenance.is_on():
        return
    close_old_connections()
    try:
        install_recurring()
        for pk in due():
            ring(pk)
    finally:
        close_old_connections()
