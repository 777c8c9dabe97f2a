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
from records.actions import instances, passwords, processing
from records.child.protocol import ChildInput, FileResult, Limits
from records.models import File
from records.queries.uploads import room_left
from records.rules.codes import FAILED, TOO_LARGE, TRAILING_IGNORED
from records.states import RecordState
from records.steps import images, members, papers
from records.steps.series import first_look
from records.steps.work import Sealer, Work, Write, groups

log = structlog.get_logger(__name__)


PORTION_FILES = 40
PORTION_BYTES = 128 * 1024**2
FIRST_FILES = 4
"""The first portion of a run is small: a series shows its first picture before the rest is read."""


def read(work: Work) -> None:
    """Hand the files to the confined child, and keep what it found.

    In portions: while the child reads one, the rows of the one before it are written.
    """
    files = work.rows()
    waiting = _portions(files, FIRST_FILES if work.first and len(files) > 2 * FIRST_FILES else PORTION_FILES)
    total, done = len(files), 0
    with ExitStack() as open_ones:
        before: _Portion | None = None
        for number, some in enumerate(waiting):
            portion = open_ones.enter_context(_Portion(work, some))
            # What an archive may unpack is known when those before it are here.
            if before is not None and not portion.images:
                done = before.keep(done, total)
                before = None
            portion.begin()
            if before is not None:
                done = before.keep(done, total)
            if number == 1:
                first_look(work)
            before = portion
            if not portion.images:
                done = portion.keep(done, total)
                before = None
        if before is not None:
            before.keep(done, total)
    _forget(work, files)


def _portions(files: Sequence[File], first: int) -> list[list[File]]:
    portions: list[list[File]] = []
    size = 0
    for file in files:
        most = first if len(portions) == 1 else PORTION_FILES
        if not portions or len(portions[-1]) >= most or size + file.size > PORTION_BYTES:
            portions.append([])
            size = 0
        portions[-1].append(file)
        size += file.size
    return portions


class _Portion:
    """Files whose plain bytes a child reads; when it is left, they and what was made of them are gone."""

    def __init__(self, work: Work, files: Sequence[File]) -> None:
        self.work, self.stack = work, ExitStack()
        self.begun: sandbox.Begun | None = None
        try:
            self.folder = self.stack.enter_context(work_folder())
            self.inputs, self.files = _opened(work, files, self.stack)
        except BaseException:
            self.stack.close()
            raise
        self.images = not any(one.thumbnail or one.password for one in self.inputs)
        """DICOM files alone, which unpack nothing."""

    def __enter__(self) -> _Portion:
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def begin(self) -> None:
        if self.images:
            limits = Limits(memory=settings.CHILD_MEMORY_MB * 1024**2, extracted=0)
            self.begun = self.stack.enter_context(
                sandbox.begin(self.inputs, work=self.folder, limits=limits, **_how(self.work))
            )

    def keep(self, done: int, total: int) -> int:
        """Write what was found, and say how far the run is: `done` files before these."""
        found = self.begun.results() if self.begun else _read_all(self.work, self.inputs, self.files, self.folder)
        _keep(self.work, list(zip(self.files, found, strict=True)), self.folder, done, total)
        self.stack.close()
        return done + len(self.files)


def results_of(work: Work, files: Sequence[File], folder: Path) -> list[tuple[File, FileResult]]:
    """What the child says of each file whose bytes can be had; its outputs lie in `folder`."""
    with ExitStack() as stack:
        inputs, readable = _opened(work, files, stack)
        return list(zip(readable, _read_all(work, inputs, readable, folder), strict=True))


def _opened(work: Work, files: Sequence[File], stack: ExitStack) -> tuple[list[ChildInput], list[File]]:
    inputs, readable = [], []
    for file in files:
        try:
            plain = stack.enter_context(storage.open_plain(_original(file), work.run.renew))
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
    return inputs, readable


def _read_all(work: Work, inputs: Sequence[ChildInput], files: Sequence[File], folder: Path) -> list[FileResult]:
    in_case, on_disk = _extractable(work, files), workfolder.room()
    limits = Limits(memory=settings.CHILD_MEMORY_MB * 1024**2)
    limits = replace(limits, extracted=min(limits.extracted, in_case, on_disk))
    results = sandbox.run_batch(inputs, work=folder, limits=limits, **_how(work))
    if limits.extracted == on_disk and any(one.code == TOO_LARGE for one in results):
        raise sandbox.SandboxUnavailable("no room on this machine")  # the archive is not at fault
    letters = [n for n, one in enumerate(results) if one.data.get("convertible")]
    if letters and office.program():  # a second child, with what LibreOffice needs and no reader of other files has
        shown = sandbox.run_batch(inputs, work=folder, limits=office.limits(), only=letters, **_how(work))
        for n, one in zip(letters, shown, strict=True):
            if one.status == "ready":  # else the letter is kept as it is: it is not at fault
                results[n] = one
    return results


def _how(work: Work) -> dict[str, Any]:
    return {
        "on_progress": work.run.renew,
        "allow_unconfined": getattr(settings, "CHILD_ALLOW_UNCONFINED", False),
    }


def _extractable(work: Work, files: Sequence[File]) -> int:
    """Bytes that archives of these files may hold: what the case still takes, and what of them it holds from a run that died."""
    here = File.objects.filter(container__in=[file.pk for file in files]).exclude(state=RecordState.REMOVED)
    held = here.aggregate(size=Sum("size"))["size"] or 0
    return max(0, room_left(Case.objects.get(pk=work.case_id)) + held)


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


def _keep(work: Work, results: list[tuple[File, FileResult]], folder: Path, done: int, total: int) -> None:
    for group in groups(results):
        _complete(work, [result for _, result in group])
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
        work.run.renew(done=done, total=total)


def _complete(work: Work, results: Sequence[FileResult]) -> None:
    """Images of the same UIDs that were indexed while they arrived (records.at_once): their pixels are read now, to be compared."""
    uids = [one.data["index"]["sop_instance_uid"] for one in results if one.kind == "dicom" and one.data]
    for bare in instances.without_digest(work.case_id, uids) if uids else ():
        with work_folder() as folder:
            found = results_of(work, [bare.file], folder)
        digest = str(found[0][1].data.get("digest") or "") if found else ""
        with work.run.commit():
            instances.note_digest(instance=bare, digest=digest or instances.UNREADABLE)


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
    if result.status == "rejected" and result.kind == "dicom" and file.name.upper() == "DICOMDIR":
        return lambda _case, row: processing.finish(row, "ready", by=by, code="dicomdir", **columns)  # nobody needs it
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
