"""What processing writes. Each function runs inside `run.commit()` with the case locked, and does nothing the second time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import CharField, Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from cases.models import Case
from cases.states import Phase
from portal.core.access import Actor
from portal.core.jobs import enqueue
from portal.core.models import Job, StoredObject
from portal.core.states import JobState
from portal.core.workflow import move
from records.models import Document, File, HealthFact, Instance, Page, Series, Study, UploadPart
from records.moves import DOCUMENT, FILE, STUDY
from records.queries.describing import corrections
from records.queries.describing import person_of as person_of
from records.rules.codes import DUPLICATE, NOT_A_RECORD, WRONG_PATIENT
from records.rules.identity import Verdict
from records.states import CorrectedField, RecordState, WordsState
from records.structured.model import Fact


def _holder() -> QuerySet[Job]:
    """The living job that holds a file."""
    return Job.objects.filter(
        pk=OuterRef("claim_job"),
        fence=OuterRef("claim_fence"),
        state=JobState.RUNNING,
        lease_until__gt=timezone.now(),
    )


def claimable(case_id: UUID) -> QuerySet[File]:
    """Files that wait and that no living claim holds."""
    waiting = File.objects.filter(case_id=case_id, state=RecordState.PROCESSING)
    return waiting.filter(Q(claim_job__isnull=True) | ~Exists(_holder()))


def held_by_others(case_id: UUID, job_id: UUID) -> bool:
    """Whether another living job works on files of this case."""
    waiting = File.objects.filter(case_id=case_id, state=RecordState.PROCESSING).exclude(claim_job=job_id)
    return waiting.filter(Exists(_holder())).exists()


def claim(*, case_id: UUID, job_id: UUID, fence: int, limit: int, limit_bytes: int) -> list[UUID]:
    """Take the oldest waiting files for this run. One conditional UPDATE decides between two workers."""
    rows = claimable(case_id).order_by("created_at", "pk").values_list("pk", "size")[:limit]
    chosen: list[UUID] = []
    total = 0
    for pk, size in rows:
        total += size
        if chosen and total > limit_bytes:
            break
        chosen.append(pk)
    claimable(case_id).filter(pk__in=chosen).update(claim_job=job_id, claim_fence=fence)
    return list(
        File.objects.filter(pk__in=chosen, claim_job=job_id, claim_fence=fence)
        .order_by("created_at", "pk")
        .values_list("pk", flat=True)
    )


def waiting_of(file_ids: Sequence[UUID]) -> dict[UUID, File]:
    """Those of these files that still wait to be processed."""
    return {one.pk: one for one in File.objects.filter(pk__in=file_ids, state=RecordState.PROCESSING)}


def waiting(file_id: UUID) -> File | None:
    """The file if it still waits to be processed; a person may have removed it meanwhile."""
    return File.objects.filter(pk=file_id, state=RecordState.PROCESSING).first()


def keep_original(*, file_id: UUID, stored: StoredObject) -> list[StoredObject] | None:
    """Give the file its one sealed original. Returns the parts to erase, or None when it has one already or was removed."""
    waits = File.objects.filter(pk=file_id, object__isnull=True, state=RecordState.PROCESSING)
    written = waits.update(object=stored, sha256=stored.sha256, size=stored.size)
    if not written:
        return None
    StoredObject.objects.filter(pk=stored.pk).update(kind="original")
    file = File.objects.get(pk=file_id)
    parts = list(UploadPart.objects.filter(upload_id=file.upload_id).select_related("object"))
    UploadPart.objects.filter(upload_id=file.upload_id).delete()
    return [part.object for part in parts if part.object_id != stored.pk]


def finish(file: File, event: str, *, by: Actor, code: str = "", **columns: Any) -> None:
    """Move a file out of processing."""
    move(
        file,
        FILE,
        event,
        actor=by,
        data={"code": code} if code else None,
        changes={"code": code, "processed_at": timezone.now(), **columns},
    )


def mark_duplicate(*, file: File, of: File, by: Actor, **columns: Any) -> None:
    """The same content is here already. The original of both is kept."""
    finish(file, "ready", by=by, code=DUPLICATE, duplicate_of=of, **columns)


def earlier_copies(files: Sequence[File]) -> dict[UUID, File]:
    """For each of these files of one case: a file with the very same bytes that came before it, if there is one."""
    if not files:
        return {}
    same = File.objects.filter(
        case_id=files[0].case_id,
        sha256__in={file.sha256 for file in files},
        duplicate_of__isnull=True,
        object__isnull=False,
        state__in=[RecordState.PROCESSING, RecordState.READY, RecordState.QUARANTINED],
    ).exclude(code__in=NOT_A_RECORD)  # what was left out for its place is a record when it is sent by itself
    first: dict[str, File] = {}
    for one in same.order_by("created_at", "pk"):
        first.setdefault(one.sha256, one)
    found = ((file, first.get(file.sha256)) for file in files)
    return {
        file.pk: one
        for file, one in found
        if one is not None and (one.created_at, one.pk.hex) < (file.created_at, file.pk.hex)
    }


def sent_twice(case_id: UUID, file_ids: Sequence[UUID]) -> list[str]:
    """Digests of these files that the case holds more than once: hardly ever one."""
    same = File.objects.filter(case_id=case_id, sha256__in=File.objects.filter(pk__in=file_ids).values("sha256"))
    return list(same.values("sha256").annotate(n=Count("pk")).filter(n__gt=1).values_list("sha256", flat=True))


@dataclass(frozen=True)
class NewPage:
    image: StoredObject | None
    width: int
    height: int
    text: str
    blocks: Sequence[Any] = ()


@dataclass(frozen=True)
class NewDocument:
    """What was read of a paper. `description` comes from the rules (records.queries.describing)."""

    title: str
    description: Mapping[str, Any]
    pages: Sequence[NewPage]
    page_count: int
    words: str = WordsState.LAYER
    about: Mapping[str, Any] = field(default_factory=dict)
    facts: Sequence[Fact] = ()
    view_copy: StoredObject | None = None
    thumbnail: StoredObject | None = None


def keep_document(*, file: File, found: NewDocument, code: str, by: Actor, **columns: Any) -> Document:
    """Make the document of a file, with its pages."""
    columns_read = {
        "title": found.title[:200],
        **found.description,
        "words": found.words,
        "about": dict(found.about),
        "page_count": found.page_count,
        "view_copy": found.view_copy,
        "thumbnail": found.thumbnail,
    }
    document, made = Document.objects.get_or_create(file=file, defaults={"case_id": file.case_id, **columns_read})
    again = not made and document.state == RecordState.PROCESSING
    if again:  # it was left out for its place: what people said of it, and values that were taken over, stand
        _read_again(document, columns_read)
    if made or again:
        Page.objects.bulk_create(
            Page(
                document=document,
                number=n,
                image=p.image,
                width=p.width,
                height=p.height,
                text=p.text,
                blocks=list(p.blocks),
            )
            for n, p in enumerate(found.pages, 1)
        )
        known = set(HealthFact.objects.filter(document=document).values_list("number", flat=True))
        HealthFact.objects.bulk_create(
            _fact_row(document, number, fact) for number, fact in enumerate(found.facts, 1) if number not in known
        )
    if document.state == RecordState.PROCESSING:
        move(document, DOCUMENT, "ready", actor=by)
        if document.identity == Verdict.OTHER or held_by_outer(document):
            set_aside(document, by)
        if document.words == WordsState.WAITING:
            enqueue(
                READ_WORDS,
                key=f"{READ_WORDS}:{document.pk}:1",
                case_id=file.case_id,
                subject_id=str(document.pk),
                page=1,
            )
    finish(file, "ready", by=by, code=code, **columns)
    return document


def _read_again(document: Document, columns: Mapping[str, Any]) -> None:
    HealthFact.objects.filter(document=document, taken_at__isnull=True).delete()
    Page.objects.filter(document=document).delete()
    said = corrections(document)
    for name, value in columns.items():
        if name not in said and not (CorrectedField.KLASS in said and name in ("klass_confidence", "source")):
            setattr(document, name, value)
    document.save()


def _fact_row(document: Document, number: int, fact: Fact) -> HealthFact:
    columns = {name: value for name, value in fact.to_json().items() if name not in ("number", "text", "kind")}
    return HealthFact(
        case_id=document.case_id,
        document=document,
        number=number,
        kind=fact.kind,
        text=fact.text[:300],
        amount=fact.number,
        **{name: value[: SIZES[name]] if isinstance(value, str) else value for name, value in columns.items()},
    )


SIZES = {one.name: one.max_length or 0 for one in HealthFact._meta.fields if isinstance(one, CharField)}


READ_WORDS = "records.read_words"


def held_by_outer(document: Document) -> bool:
    """Whether what this paper came inside of is set aside: then it goes with it."""
    outer = document.file.container_id
    inside = Instance.objects.filter(file=outer, series__study__state=RecordState.QUARANTINED)
    return bool(outer) and (
        inside.exists() or Document.objects.filter(file=outer, state=RecordState.QUARANTINED).exists()
    )


def papers_inside(study: Study) -> QuerySet[Document]:
    """Papers that came inside the study's DICOM files: they are the same person's."""
    inside = Instance.objects.filter(series__study=study).values("file")
    return Document.objects.filter(file__container__in=inside).order_by("pk")


def set_aside(document: Document, by: Actor) -> None:
    move(document, DOCUMENT, "quarantine", actor=by, data={"code": WRONG_PATIENT}, changes={"code": WRONG_PATIENT})


def may_take_back(case: Case) -> bool:
    """While the patient still gathers records. Later somebody may look for another person's record under a new name."""
    return case.phase in (Phase.DRAFT, Phase.COLLECTING)


def day_of(text: str) -> date | None:
    """YYYYMMDD as a date."""
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8])) if len(text) == 8 else None
    except ValueError:
        return None


def settle_studies(*, case: Case, by: Actor) -> int:
    """Studies whose files have all been read become visible. Returns how many."""
    settled = 0
    for study in Study.objects.filter(case=case, state=RecordState.PROCESSING).order_by("pk"):
        if Series.objects.filter(study=study, instance_count__gt=0).exists():
            move(study, STUDY, "ready", actor=by)
            settled += 1
    return settled


def add_members(*, container: File, members: Iterable[tuple[str, str, StoredObject]], by: Actor) -> None:
    """Files that came inside another one: (folder, name, sealed original). They are processed like any upload."""
    for folder, name, stored in members:
        File.objects.create(
            case_id=container.case_id,
            upload_id=container.upload_id,
            container=container,
            name=name,
            folder=folder,
            object=stored,
            sha256=stored.sha256,
            size=stored.size,
        )


def add_left_out(*, container: File, labels: Iterable[tuple[str, str]], code: str, by: Actor) -> None:
    """What an archive held that is no record (files of the computer): named, so that every file is accounted for."""
    for folder, name in labels:
        file = File.objects.create(
            case_id=container.case_id,
            upload_id=container.upload_id,
            container=container,
            name=name,
            folder=folder,
            size=0,
        )
        finish(file, "ready", by=by, code=code, kind="other")


def derived(*, series_id: UUID, revision: int, metadata: StoredObject | None, thumbnail: StoredObject | None) -> bool:
    """Name what was prepared for a series, if it still stands at `revision`."""
    return bool(
        Series.objects.filter(pk=series_id, revision=revision).update(
            metadata=metadata, thumbnail=thumbnail, derived_revision=revision
        )
    )


def first_thumbnail(*, series_id: UUID, thumbnail: StoredObject) -> bool:
    """Name the thumbnail of a series that has none yet. Its metadata still wait, so it counts as not derived."""
    return bool(Series.objects.filter(pk=series_id, thumbnail__isnull=True).update(thumbnail=thumbnail))
