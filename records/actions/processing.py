"""What processing writes. Each function runs inside `run.commit()` with the case locked, and does nothing the second time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from cases.models import Case
from portal.core.access import Actor
from portal.core.jobs import enqueue
from portal.core.models import Job, StoredObject
from portal.core.states import JobState
from portal.core.workflow import move
from records.models import Document, File, HealthFact, Instance, Page, Series, Study, UploadPart
from records.moves import DOCUMENT, FILE, STUDY
from records.queries.describing import person_of as person_of
from records.rules.codes import DUPLICATE, NOT_A_RECORD, SAME_UID, WRONG_PATIENT
from records.rules.identity import Verdict
from records.states import RecordState, WordsState
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


def waiting(file_id: UUID) -> File | None:
    """The file if it still waits to be processed; a person may have removed it meanwhile."""
    return File.objects.filter(pk=file_id, state=RecordState.PROCESSING).first()


def keep_original(*, file_id: UUID, stored: StoredObject) -> list[StoredObject] | None:
    """Give the file its one sealed original. Returns the parts to erase, or None when it has one already."""
    written = File.objects.filter(pk=file_id, object__isnull=True).update(
        object=stored, sha256=stored.sha256, size=stored.size
    )
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


def earlier_copy(file: File) -> File | None:
    """A file of the case with the very same bytes that came before this one."""
    same = (
        File.objects.filter(case_id=file.case_id, sha256=file.sha256, duplicate_of__isnull=True, object__isnull=False)
        .filter(state__in=[RecordState.PROCESSING, RecordState.READY, RecordState.QUARANTINED])
        .exclude(code__in=NOT_A_RECORD)  # what was left out for its place is a record when it is sent by itself
    )
    before = Q(created_at__lt=file.created_at) | Q(created_at=file.created_at, pk__lt=file.pk)
    return same.filter(before).exclude(pk=file.pk).order_by("created_at", "pk").first()


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
    document, made = Document.objects.get_or_create(
        file=file,
        defaults={
            "case_id": file.case_id,
            "title": found.title[:200],
            **found.description,
            "words": found.words,
            "about": dict(found.about),
            "page_count": found.page_count,
            "view_copy": found.view_copy,
            "thumbnail": found.thumbnail,
        },
    )
    if made:
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
        HealthFact.objects.bulk_create(_fact_row(document, number, fact) for number, fact in enumerate(found.facts, 1))
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


def day_of(text: str) -> date | None:
    """YYYYMMDD as a date."""
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8])) if len(text) == 8 else None
    except ValueError:
        return None


def _name(element: Any) -> str:
    """A person name of DICOM JSON."""
    first = next(iter((element or {}).get("Value", [])), None)
    return str(first.get("Alphabetic", "")) if isinstance(first, dict) else ""


def _study(case: Case, index: Mapping[str, Any], metadata: Mapping[str, Any]) -> Study:
    study, _ = Study.objects.get_or_create(
        case=case,
        uid=index["study_instance_uid"],
        defaults={
            "date": day_of(
                index["study_date"] or index["series_date"] or index["acquisition_date"] or index["content_date"]
            ),
            "time": index["study_time"][:16],
            "description": index["study_description"][:200],
            "accession": index["accession_number"][:64],
            "study_id": index["study_id"][:64],
            "institution": index["institution_name"][:200],
            "referring": _name(metadata.get("00080090"))[:200],
            "patient_name": index["patient_name"][:200],
            "patient_id": str(index.get("patient_id") or "")[:64],
            "patient_birth_date": index["patient_birth_date"][:10],
            "patient_sex": index["patient_sex"][:4],
        },
    )
    return study


def _series(study: Study, index: Mapping[str, Any]) -> Series:
    modality = str(index["modality"] or "")[:16]
    series, _ = Series.objects.get_or_create(
        study=study,
        uid=index["series_instance_uid"],
        defaults={
            "number": number_of(index["series_number"]),
            "modality": modality,
            "description": index["series_description"][:200],
            "body_part": index["body_part_examined"][:64],
            "laterality": (index["laterality"] or index["image_laterality"])[:16],
            "date": day_of(index["series_date"]),
        },
    )
    if modality and modality not in study.modalities:
        study.modalities = sorted({*study.modalities, modality})
        study.save(update_fields=["modalities"])
    return series


def number_of(value: Any) -> int | None:
    """A number that the database's integer holds."""
    return int(value) if isinstance(value, int | float) and abs(value) < 2**31 else None


def known_instance(case_id: UUID, sop_instance_uid: str) -> Instance | None:
    known = Instance.objects.filter(series__study__case_id=case_id, uid=sop_instance_uid)
    return known.exclude(series__study__state=RecordState.REMOVED).select_related("file").first()


def _decided(file: File, known: Instance) -> bool:
    """Whether a coordinator has decided against the very same bytes: then it is not asked again."""
    same = File.objects.filter(case_id=file.case_id, sha256=file.sha256, code=DUPLICATE, duplicate_of=known.file)
    return same.exclude(pk=file.pk).exists()


def keep_instance(
    *, case: Case, file: File, data: Mapping[str, Any], pack: StoredObject | None, by: Actor, **columns: Any
) -> bool:
    """Index a DICOM instance. False when its SOP Instance UID is in the case already: then the file is a duplicate."""
    index, frames = data["index"], data["frames"]
    known = known_instance(file.case_id, index["sop_instance_uid"])
    if known is not None:
        if known.digest and known.digest != data["digest"] and not _decided(file, known):
            finish(file, "quarantine", by=by, code=SAME_UID, duplicate_of=known.file, **columns)
            return False
        differs = [] if known.file.sha256 == file.sha256 else ["same_uid_other_content"]
        columns["warnings"] = [*columns.get("warnings", []), *differs]
        mark_duplicate(file=file, of=known.file, by=by, **columns)
        return False
    study = _study(case, index, data["metadata"])
    if study.state == RecordState.REMOVED:
        move(study, STUDY, "come_back", actor=by, changes={"code": ""})
    series = _series(study, index)
    native = frames["source"] == "original"
    Instance.objects.create(
        series=series,
        file=file,
        uid=index["sop_instance_uid"],
        sop_class=index["sop_class_uid"][:64],
        transfer_syntax=index["transfer_syntax_uid"][:64],
        number=number_of(index["instance_number"]),
        position=index["image_position_patient"] or None,
        rows=frames["rows"],
        columns=frames["columns"],
        bits_allocated=min(index["bits_allocated"] or 0, 64),
        frames=frames["count"] if frames["source"] != "none" else 0,
        metadata=data["metadata"],
        native_offset=frames["offset"] if native else None,
        frame_bytes=frames["frame_bytes"] or None,
        digest=data["digest"],
        pack=pack,
        look=data["look"],
        content=data.get("content"),
    )
    shown = frames["count"] if frames["source"] != "none" else 0
    Series.objects.filter(pk=series.pk).update(
        revision=F("revision") + 1, instance_count=F("instance_count") + 1, frame_count=F("frame_count") + shown
    )
    finish(file, "ready", by=by, **columns)
    return True


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
