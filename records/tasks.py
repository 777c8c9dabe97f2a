"""Jobs of records: an id in, load, act.

Every process knows the jobs, and most of them only queue: what reads images (pydicom, numpy, a second of a processor)
is imported where a job needs it. A worker has it before its first job.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from uuid import UUID

from celery.signals import worker_init, worker_process_init
from django.utils import timezone

from cases.actions.locking import lock
from cases.models import Case
from portal.core import storage, workfolder
from portal.core.access import Actor
from portal.core.jobs import Away, GiveUp, Run, enqueue, enqueue_shared, job
from records import scanning
from records.actions import checklist, files, identity, papers, passwords, processing, uploads
from records.models import Document, File, Study, Upload
from records.nursery import nursery
from records.queries.derived import REBUILD
from records.sandbox import SandboxUnavailable
from records.states import RecordState, UploadState, WordsState

PROCESS = "records.process_upload"
LATER_SECONDS = 2


@worker_init.connect
def load_the_steps(**_: object) -> None:
    """Before the worker's processes are forked: they share the memory."""
    from records import pipeline  # noqa: F401
    from records.steps import rebuild, words  # noqa: F401


@worker_process_init.connect
def load_the_readers(**_: object) -> None:
    """So that the first file after a start does not wait for it."""
    with suppress(SandboxUnavailable):
        nursery()


def _case_of(subject_id: str) -> UUID:
    """The case of an upload or a file, whichever the event was about."""
    for model in (Upload, File):
        found = model.objects.filter(pk=subject_id).values_list("case_id", flat=True).first()
        if found is not None:
            return UUID(str(found))
    raise GiveUp("subject_gone")


@contextmanager
def _waiting() -> Iterator[None]:
    """The scanner, the confined child or a copy that is being made again is away: no file is at fault, so all of them wait."""
    try:
        yield
    except (scanning.Unavailable, SandboxUnavailable, storage.NotReady) as problem:
        raise Away from problem


def tell_failure(subject_id: str) -> None:
    """The last attempt failed: its files say so and offer another try. Those that it had not begun are left to a new job."""
    files.give_up(subject_id=UUID(subject_id), job_name=PROCESS, by=Actor.job(PROCESS))
    case_id = _case_of(subject_id)
    if left := processing.claimable(case_id).first():
        enqueue_shared(PROCESS, case_id=case_id, subject_id=str(left.pk))


@job(PROCESS, on_failure=tell_failure)
def process_upload(run: Run, subject_id: str) -> None:
    """Work on all files of the case that wait: a folder of 500 slices is 500 uploads, and one run takes them together."""
    from records import pipeline

    case_id = _case_of(subject_id)
    if pipeline.in_good_hands(run, case_id):
        # Should that run end before it sees these files, this later look finds them.
        later = timezone.now() + timedelta(seconds=LATER_SECONDS)
        key = f"{PROCESS}:{case_id}:{int(later.timestamp()) // LATER_SECONDS}"
        with run.commit():
            enqueue(PROCESS, key=key, case_id=case_id, due_at=later, subject_id=subject_id)
        return
    with _waiting():
        pipeline.process(run, case_id)


@job("records.check_case")
def check_case(run: Run, subject_id: str) -> None:
    """The case was sent: now its person is known, so studies and papers that came before are compared, and the checklist is final."""
    with run.commit():
        case = lock(UUID(subject_id))
        for study in Study.objects.filter(case=case, state__in=[RecordState.READY, RecordState.QUARANTINED]).order_by(
            "pk"
        ):
            identity.check(case=case, study=study, by=run.actor)
        papers.check_identity(case=case, by=run.actor)
    checklist.refresh(case=Case.objects.get(pk=subject_id), by=run.actor)


def give_up_words(subject_id: str, page: int) -> None:
    """The last attempt failed: the paper says so, and is still here to be looked at."""
    Document.objects.filter(pk=subject_id, words=WordsState.WAITING).update(words=WordsState.UNREAD)


@job(processing.READ_WORDS, on_failure=give_up_words)
def read_words(run: Run, subject_id: str, page: int) -> None:
    """Read the words on some pages of a scan, then queue the next: other people's files are not to wait for a thick one."""
    from records.steps import words

    with _waiting():
        words.read(run, UUID(subject_id), page)


@job("records.expire_uploads", every_seconds=3600)
def expire_uploads(run: Run) -> None:
    """Give up uploads that nobody continued in time and erase what had arrived; finish what killed processes left behind."""
    workfolder.sweep()
    late = Upload.objects.filter(state=UploadState.RECEIVING, expires_at__lte=timezone.now())
    for pk in list(late.values_list("pk", flat=True)[:500]):
        uploads.expire(upload_id=pk, by=run.actor)
        run.renew()
    for pk in uploads.leftovers():
        with run.commit():
            parts = uploads.forget_parts(pk)
        uploads.discard(parts)
    for stored in files.leftovers()[:500]:
        storage.erase(stored)
        run.renew()
    for file_id in passwords.leftovers():
        with run.commit():
            secret = passwords.forget(file_id=file_id)
        if secret is not None:
            storage.erase(secret)


@job(REBUILD)
def rebuild_case(run: Run, case: str) -> None:
    """Make again what a restore left out, or what a person asked to be made anew."""
    from records.steps.rebuild import rebuild
    from records.steps.work import Work

    with _waiting():
        rebuild(Work(run, UUID(case)))
