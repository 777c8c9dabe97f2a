"""The confined child reads the files; what it found becomes rows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import DataError, IntegrityError
from django.db.models import Sum

from cases.actions.locking import lock
from cases.models import Case
from portal.core import storage, workfolder
from portal.core.models import StoredObject
from portal.core.workfolder import work_folder
from records import office, sandbox
from records.actions import passwords, processing
from records.child.protocol import ChildInput, FileResult, Limits
from records.models import File
from records.queries.uploads import room_left
from records.rules.codes import FAILED, TOO_LARGE, TRAILING_IGNORED
from records.states import RecordState
from records.steps import images, members, papers
from records.steps.work import Sealer, Work, Write, groups

log = structlog.get_logger(__name__)


def read(work: Work) -> None:
    """Hand the files to the confined child, and keep what it found."""
    files = work.rows()
    if not files:
        return
    with work_folder() as made:
        _keep(work, results_of(work, files, made), made)
    _forget(work, files)


def results_of(work: Work, files: Sequence[File], folder: Path) -> list[tuple[File, FileResult]]:
    """What the child says of each file whose bytes can be had; its outputs lie in `folder`."""
    with ExitStack() as stack:
        inputs, readable = [], []
        for file in files:
            try:
                plain = stack.enter_context(storage.open_plain(_original(file)))
            except (storage.Damaged, storage.Erased):
                fail(work, file)
                continue
            descriptor = plain.fileno()
            secret = passwords.of(file)
            inputs.append(
                ChildInput(
                    str(file.pk),
                    descriptor,
                    secret,
                    _depth(file),
                    thumbnail=not is_dicom(descriptor),
                    trailing=TRAILING_IGNORED in file.warnings,
                )
            )
            readable.append(file)
            work.run.renew()
        in_case, on_disk = _extractable(work, files), workfolder.room()
        limits = Limits(memory=settings.CHILD_MEMORY_MB * 1024**2)
        limits = replace(limits, extracted=min(limits.extracted, in_case, on_disk))
        results = _run(work, inputs, folder, limits)
        if limits.extracted == on_disk and any(one.code == TOO_LARGE for one in results):
            raise sandbox.SandboxUnavailable("no room on this machine")  # the archive is not at fault
        letters = [n for n, one in enumerate(results) if one.data.get("convertible")]
        if letters and office.program():  # a second child, with what LibreOffice needs and no reader of other files has
            shown = _run(work, inputs, folder, office.limits(), only=letters)
            for n, one in zip(letters, shown, strict=True):
                if one.status == "ready":  # else the letter is kept as it is: it is not at fault
                    results[n] = one
        return list(zip(readable, results, strict=True))


def _extractable(work: Work, files: Sequence[File]) -> int:
    """Bytes that archives of these files may hold: what the case still takes, and what of them it holds from a run that died."""
    here = File.objects.filter(container__in=[file.pk for file in files]).exclude(state=RecordState.REMOVED)
    held = here.aggregate(size=Sum("size"))["size"] or 0
    return max(0, room_left(Case.objects.get(pk=work.case_id)) + held)


def _run(
    work: Work, inputs: Sequence[ChildInput], folder: Path, limits: Limits, only: list[int] | None = None
) -> list[FileResult]:
    return sandbox.run_batch(
        inputs,
        work=folder,
        limits=limits,
        on_progress=work.run.renew,
        allow_unconfined=getattr(settings, "CHILD_ALLOW_UNCONFINED", False),
        only=only,
    )


def _forget(work: Work, files: Sequence[File]) -> None:
    """A password has done its work, whether it was right or wrong."""
    for file in files:
        if file.secret_id is None:
            continue
        with work.run.commit():
            secret = passwords.forget(file_id=file.pk)
        if secret is not None:
            storage.erase(secret)


def is_dicom(descriptor: int) -> bool:
    """Whether the mark of PS3.10 is there; a series gets one thumbnail later, so its images need none each.

    Read without moving the place in the file, which the child shares: a buffered read here would make closing fail.
    """
    return os.pread(descriptor, 4, 128) == b"DICM"


def _original(file: File) -> StoredObject:
    if file.object is None:
        raise storage.Erased(str(file.pk))
    return file.object


def fail(work: Work, file: File) -> None:
    """Our own store let us down: the file is not at fault, and can be tried again."""
    log.error("original_unreadable", file=str(file.pk))
    with work.run.commit():
        lock(work.case_id)
        if waiting := processing.waiting(file.pk):
            processing.finish(waiting, "reject", by=work.run.actor, code=FAILED)


def _depth(file: File) -> int:
    depth = 0
    while file.container_id is not None:
        depth += 1
        file = File.objects.get(pk=file.container_id)
    return depth


def _keep(work: Work, results: list[tuple[File, FileResult]], folder: Path) -> None:
    done = 0
    for group in groups(results):
        writes: list[tuple[UUID, Write]] = []
        for file, result in group:
            try:
                writes.append((file.pk, _prepare(work, file, result, folder)))
            except UNFIT as problem:
                _refuse(work, file.pk, problem)
            work.run.renew()
        try:
            _write(work, writes)
        except UNFIT:
            for one in writes:  # one of them does not fit into its row: the others are not to suffer for it
                try:
                    _write(work, [one])
                except UNFIT as problem:
                    _refuse(work, one[0], problem)
        done += len(group)
        work.run.renew(done=done, total=len(results))


UNFIT = (DataError, IntegrityError, KeyError, TypeError, ValueError)
"""What a file can cause that nobody foresaw. A database that is busy or away is none of these: then the job is tried again."""


def _write(work: Work, writes: Sequence[tuple[UUID, Write]]) -> None:
    with work.run.commit():
        case = lock(work.case_id)
        rows = processing.waiting_of([pk for pk, _ in writes])
        together = [(rows[pk], write) for pk, write in writes if pk in rows and isinstance(write, images.Indexing)]
        images.write_together(case, together)
        for pk, write in writes:
            if pk in rows and not isinstance(write, images.Indexing) and (waiting := processing.waiting(pk)):
                write(case, waiting)


def _refuse(work: Work, file_id: UUID, problem: Exception) -> None:
    log.error("file_unfit", file=str(file_id), problem=type(problem).__name__)
    with work.run.commit():
        lock(work.case_id)
        if waiting := processing.waiting(file_id):
            processing.finish(waiting, "reject", by=work.run.actor, code=FAILED)


def _prepare(work: Work, file: File, result: FileResult, folder: Path) -> Write:
    """Seal what the child derived, and say which rows to write."""
    by = work.run.actor
    columns: dict[str, Any] = {
        "kind": result.kind,
        "media_type": result.media_type,
        "warnings": list(result.flags),
    }
    seal = Sealer(work, folder)
    if result.kind in ("other", "text") and papers.is_signal(file):
        return lambda _case, row: processing.finish(row, "ready", by=by, code="kept_not_shown", **columns)
    if result.status in ("rejected", "needs_password"):
        return lambda _case, row: processing.finish(row, "reject", by=by, code=result.code, **columns)
    if result.status == "quarantined":
        return lambda _case, row: processing.finish(row, "quarantine", by=by, code=result.code, **columns)
    if result.status == "left_out":
        return lambda _case, row: processing.finish(row, "ready", by=by, code=result.code, **columns)
    if result.status == "container":
        if not members.unpack(work, file, result, seal):
            return lambda _case, row: processing.finish(row, "reject", by=by, code=TOO_LARGE, **columns)
        return lambda _case, row: processing.finish(row, "ready", by=by, code=result.code, **columns)
    if result.kind == "dicom":
        return images.prepare(work, file, result, seal, columns)
    return papers.prepare(work, file, result, seal, columns)
