"""From uploads to records, as a list of steps. Every step commits through `run.commit()` and finds its own place again:
after a death at any point the next run goes on with what is not done, and a second run changes nothing.

Bytes are read, sealed and parsed outside transactions; the rows follow in one commit for a group of files.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import structlog
from django.conf import settings
from django.db import DataError, IntegrityError
from django.db.models import F
from django.utils import timezone

from cases.actions.locking import lock
from cases.models import Case
from portal.catalogue import queries as catalogue
from portal.core import storage
from portal.core.jobs import Run
from portal.core.models import Job, StoredObject
from portal.core.states import JobState
from records import sandbox
from records.actions import checklist, processing, receipts
from records.child.protocol import ChildInput, FileResult, Limits
from records.dicom import render
from records.dicomweb.qido import instance_metadata
from records.models import File, Instance, Series, UploadPart
from records.rules import documents as papers
from records.rules.codes import FAILED
from records.states import RecordState
from records.workfolder import work_folder

log = structlog.get_logger(__name__)

FILES_AT_ONCE = 200
BYTES_AT_ONCE = 1024**3
ROWS_AT_ONCE = 50
"""Files whose rows are written in one transaction."""
RENEW_BYTES = 64 * 1024**2
T = TypeVar("T")


@dataclass
class Work:
    """One run on one case: the claimed files in the order they came."""

    run: Run
    case_id: UUID
    files: list[UUID] = field(default_factory=list)

    def rows(self) -> list[File]:
        """The claimed files that still wait."""
        return list(
            File.objects.filter(pk__in=self.files, state=RecordState.PROCESSING)
            .select_related("object__key", "upload")
            .order_by("created_at", "pk")
        )


def assemble(work: Work) -> None:
    """The parts of each upload become one sealed original with its SHA-256; then the parts are erased."""
    for file in work.rows():
        if file.object_id is not None:
            continue
        parts = list(
            UploadPart.objects.filter(upload_id=file.upload_id).order_by("start").select_related("object__key")
        )
        if len(parts) == 1:
            stored = parts[0].object  # one part is the whole file: it becomes the original as it is
        else:
            stored = storage.write_stream(_whole(work.run, parts), case_id=work.case_id, kind="original")
        with work.run.commit():
            lock(work.case_id)
            erasable = processing.keep_original(file_id=file.pk, stored=stored)
        for part in [stored] if erasable is None and len(parts) > 1 else erasable or []:
            storage.erase(part)


def _whole(run: Run, parts: Sequence[UploadPart]) -> Iterator[bytes]:
    read = 0
    for part in parts:
        for piece in storage.read_range(part.object):
            read += len(piece)
            if read >= RENEW_BYTES:
                run.renew()
                read = 0
            yield piece


def recognise(work: Work) -> None:
    """The same bytes sent twice are one record; both originals stay."""
    for group in _groups(work.rows()):
        with work.run.commit():
            lock(work.case_id)
            for file in group:
                earlier = processing.earlier_copy(file)
                if earlier is not None and (waiting := processing.waiting(file.pk)):
                    processing.mark_duplicate(
                        file=waiting, of=earlier, by=work.run.actor, kind=earlier.kind, media_type=earlier.media_type
                    )


def read(work: Work) -> None:
    """Hand the files to the confined child, and keep what it found."""
    files = work.rows()
    if not files:
        return
    with ExitStack() as stack, work_folder() as made:
        inputs, readable = [], []
        for file in files:
            try:
                plain = stack.enter_context(storage.open_plain(_original(file)))
            except (storage.Damaged, storage.Erased):
                _fail(work, file)
                continue
            descriptor = plain.fileno()
            inputs.append(ChildInput(str(file.pk), descriptor, depth=_depth(file), thumbnail=not is_dicom(descriptor)))
            readable.append(file)
            work.run.renew()
        results = sandbox.run_batch(
            inputs,
            work=made,
            limits=Limits(memory=settings.CHILD_MEMORY_MB * 1024**2),
            on_progress=work.run.renew,
            allow_unconfined=getattr(settings, "CHILD_ALLOW_UNCONFINED", False),
        )
        _keep(work, list(zip(readable, results, strict=True)), made)


def is_dicom(descriptor: int) -> bool:
    """Whether the mark of PS3.10 is there; a series gets one thumbnail later, so its images need none each.

    Read without moving the place in the file, which the child shares: a buffered read here would make closing fail.
    """
    return os.pread(descriptor, 4, 128) == b"DICM"


def _original(file: File) -> StoredObject:
    if file.object is None:
        raise storage.Erased(str(file.pk))
    return file.object


def _fail(work: Work, file: File) -> None:
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


Write = Callable[[Case, File], object]
"""Rows of one file, written inside the commit."""


def _keep(work: Work, results: list[tuple[File, FileResult]], folder: Path) -> None:
    done = 0
    for group in _groups(results):
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
        for pk, write in writes:
            if waiting := processing.waiting(pk):
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
    if result.status in ("rejected", "needs_password"):
        return lambda _case, row: processing.finish(row, "reject", by=by, code=result.code, **columns)
    if result.status == "quarantined":
        return lambda _case, row: processing.finish(row, "quarantine", by=by, code=result.code, **columns)
    if result.status == "left_out":
        return lambda _case, row: processing.finish(row, "ready", by=by, code=result.code, **columns)
    if result.status == "container":
        _unpack(work, file, result, seal)
        return lambda _case, row: processing.finish(row, "ready", by=by, **columns)
    if result.kind == "dicom":
        return _dicom(work, file, result, seal, columns)
    return _document(work, file, result, seal, columns)


class Sealer:
    """Puts the child's output files into the store."""

    def __init__(self, work: Work, folder: Path) -> None:
        self.work, self.folder = work, folder

    def __call__(self, name: str | None, kind: str = "derived") -> StoredObject | None:
        if not name:
            return None
        path = self.folder / name
        stored = storage.write_stream(self._chunks(path), case_id=self.work.case_id, kind=kind)
        path.unlink()
        return stored

    def _chunks(self, path: Path) -> Iterator[bytes]:
        read = 0
        with path.open("rb") as source:
            while chunk := source.read(1024**2):
                read += len(chunk)
                if read >= RENEW_BYTES:
                    self.work.run.renew()
                    read = 0
                yield chunk


def _unpack(work: Work, container: File, result: FileResult, seal: Sealer) -> None:
    """Members become files of their own, in groups; the container is done only when all of them are here."""
    here = {
        f"{folder}/{name}" for folder, name in File.objects.filter(container=container).values_list("folder", "name")
    }
    top = "/".join(part for part in (container.folder, container.name) if part)
    wanted = [(*_place(top, member["name"]), member["file"]) for member in result.data["members"]]
    for group in _groups([one for one in wanted if f"{one[0]}/{one[1]}" not in here]):
        sealed = [(folder, name, stored) for folder, name, file in group if (stored := seal(file, "original"))]
        with work.run.commit():
            lock(work.case_id)
            if processing.waiting(container.pk):
                processing.add_members(container=container, members=sealed, by=work.run.actor)
    left_out = [_place(top, label) for label in result.data.get("left_out", [])]
    missing = [one for one in left_out if f"{one[0]}/{one[1]}" not in here]
    if missing:
        with work.run.commit():
            lock(work.case_id)
            processing.add_left_out(container=container, labels=missing, code="system_file", by=work.run.actor)


def _place(top: str, label: str) -> tuple[str, str]:
    folder, _, name = f"{top}/{label}".rpartition("/")
    return folder[:500], name[:255]


def _dicom(work: Work, file: File, result: FileResult, seal: Sealer, columns: dict[str, Any]) -> Write:
    data = result.data
    known = processing.known_instance(work.case_id, data["index"]["sop_instance_uid"])
    pack = seal(data["frames"].get("pack")) if known is None else None
    inner = data.get("encapsulated")
    if inner and not File.objects.filter(container=file).exists():
        stored = seal(inner["file"], "original")
        ending = "pdf" if inner["media_type"] == "application/pdf" else "xml"
        if stored:
            with work.run.commit():
                lock(work.case_id)
                name = f"{file.name.rsplit('.', 1)[0][:240]}.{ending}"
                if processing.waiting(file.pk):  # else a person has removed it meanwhile
                    processing.add_members(container=file, members=[(file.folder, name, stored)], by=work.run.actor)

    by = work.run.actor
    return lambda case, row: processing.keep_instance(case=case, file=row, data=data, pack=pack, by=by, **columns)


def _document(work: Work, file: File, result: FileResult, seal: Sealer, columns: dict[str, Any]) -> Write:
    """A paper: its pages sealed, its kind and day told from its words."""
    data = result.data
    pages = [
        processing.NewPage(seal(page.get("image")), page["width"], page["height"], page.get("text", ""))
        for page in data.get("pages", [])
    ]
    if not pages and data.get("text"):
        pages = [processing.NewPage(None, 0, 0, data["text"])]
    texts = [page.text for page in pages]
    title = str(data.get("title") or "") or file.name.rsplit(".", 1)[0]
    case = Case.objects.select_related("patient").get(pk=work.case_id)
    klass, confidence, day = _recognised(case, texts, f"{title} {file.name}")
    found = processing.NewDocument(
        title=title,
        klass=klass,
        confidence=confidence,
        day=day or processing.day_of(str(data.get("taken") or "")),
        pages=pages,
        page_count=int(data.get("page_count", len(pages))),
        view_copy=seal(data.get("view_copy")),
        thumbnail=seal(data.get("thumbnail")),
    )
    return lambda _case, row: processing.keep_document(
        file=row, found=found, code=result.code, by=work.run.actor, **columns
    )


def _recognised(case: Case, texts: list[str], title: str) -> tuple[str, float, Any]:
    edition = catalogue.edition(case.catalogue_id)
    klass, confidence = papers.classify(texts, title, edition.documents, edition.not_result)
    day = papers.service_date(
        " ".join(texts),
        today=timezone.localdate(),
        birth=case.patient.birth_date,
        day_first=str(case.patient.country) not in ("US", ""),
    )
    return klass, confidence, day


def settle(work: Work) -> None:
    """Studies become visible when what arrived of them is indexed."""
    with work.run.commit():
        processing.settle_studies(case=lock(work.case_id), by=work.run.actor)


def derive(work: Work) -> None:
    """One metadata file and one thumbnail for each series that changed."""
    changed = Series.objects.filter(study__case_id=work.case_id).exclude(derived_revision=F("revision"))
    for pk, revision in list(changed.values_list("pk", "revision")):
        instances = list(
            Instance.objects.filter(series_id=pk)
            .order_by("number", "uid")
            .select_related("file__object__key", "pack__key")
        )
        if not instances:
            _forget_derived(work, pk, revision)
            continue
        body = json.dumps([instance_metadata(one) for one in instances], separators=(",", ":")).encode()
        metadata = storage.write_stream([body], case_id=work.case_id, kind="derived")
        picture = _thumbnail(instances)
        thumbnail = storage.write_stream([picture], case_id=work.case_id, kind="derived") if picture else None
        before = Series.objects.select_related("metadata", "thumbnail").get(pk=pk)
        old = [one for one in (before.metadata, before.thumbnail) if one is not None]
        with work.run.commit():
            named = processing.derived(series_id=pk, revision=revision, metadata=metadata, thumbnail=thumbnail)
        for stored in old if named else [one for one in (metadata, thumbnail) if one]:
            storage.erase(stored)
        work.run.renew()


def _forget_derived(work: Work, series_id: UUID, revision: int) -> None:
    """The last image was removed: what was prepared of it goes too."""
    series = Series.objects.select_related("metadata", "thumbnail").get(pk=series_id)
    with work.run.commit():
        named = processing.derived(series_id=series_id, revision=revision, metadata=None, thumbnail=None)
    for stored in (series.metadata, series.thumbnail) if named else ():
        if stored is not None:
            storage.erase(stored)


def _thumbnail(instances: Sequence[Instance]) -> bytes | None:
    """The middle image of a series; None when nothing of it can be shown."""
    pictures = [one for one in instances if one.frames and one.frame_bytes and one.look]
    if not pictures:
        return None
    one = pictures[len(pictures) // 2]
    middle = one.frames // 2
    length = one.frame_bytes or 0
    stored = one.pack or one.file.object
    if stored is None or length > BYTES_AT_ONCE // 4:
        return None
    start = (0 if one.pack else one.native_offset or 0) + middle * length
    look = render.Look.from_json(one.look)
    try:
        pixels = render.pixels_of(
            b"".join(storage.read_range(stored, start, start + length)), look, one.rows, one.columns
        )
        return render.thumbnail(pixels, look, frame=middle)
    except (storage.Damaged, ValueError):
        log.warning("thumbnail_failed", instance=str(one.pk))
        return None


def check(work: Work) -> None:
    """What the checklist says now."""
    checklist.refresh(case=Case.objects.get(pk=work.case_id), by=work.run.actor)


def tell(work: Work) -> None:
    """Receipts of the batches that have been read to their last file."""
    with work.run.commit():
        receipts.write(case=lock(work.case_id), by=work.run.actor)


FILE_STEPS: tuple[Callable[[Work], None], ...] = (assemble, recognise, read)
"""For each group of files that wait."""
CASE_STEPS: tuple[Callable[[Work], None], ...] = (settle, derive, check, tell)
"""For the case, when no file waits any more."""


def in_good_hands(run: Run, case_id: UUID) -> bool:
    """Whether another run works on files of this case and will come to those that wait: then one child serves them all.

    With enough of them for a child of their own it is not waited for.
    """
    others = processing.held_by_others(case_id, run.job.pk)
    return others and processing.claimable(case_id).count() < FILES_AT_ONCE


def process(run: Run, case_id: UUID) -> None:
    """Process whatever waits in a case, members of archives included, then bring the case up to date.

    A folder of 5,000 slices queues 5,000 runs. The first takes all that is there; one that finds nothing leaves the rest to those
    behind it, or each would count the whole case again.
    """
    worked = False
    while files := _claimed(run, case_id):
        worked = True
        work = Work(run, case_id, files)
        for step in FILE_STEPS:
            step(work)
            run.renew()
    if not worked and _another_comes(run, case_id):
        return
    for step in CASE_STEPS:
        step(Work(run, case_id))
        run.renew()


def _another_comes(run: Run, case_id: UUID) -> bool:
    waiting = Job.objects.filter(name=run.job.name, case_id=case_id, state=JobState.QUEUED, due_at__lte=timezone.now())
    return waiting.exclude(pk=run.job.pk).exists()


def _claimed(run: Run, case_id: UUID) -> list[UUID]:
    with run.commit():
        return processing.claim(
            case_id=case_id, job_id=run.job.pk, fence=run.fence, limit=FILES_AT_ONCE, limit_bytes=BYTES_AT_ONCE
        )


def _groups(rows: Sequence[T], size: int = ROWS_AT_ONCE) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
