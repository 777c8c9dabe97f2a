"""DICOM instances as rows of their series. As in `processing`: inside `run.commit()`, with the case locked, nothing the second time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.utils import timezone

from cases.models import Case
from portal.core.access import Actor
from portal.core.bulk import increase, insert
from portal.core.compiled import adapted, among, compiled, first_of
from portal.core.models import StoredObject
from portal.core.workflow import move, move_many, note
from records.actions.processing import day_of, finish, mark_duplicate
from records.models import File, Instance, Series, Study
from records.moves import FILE, STUDY
from records.rules.codes import CONFIRMED, DUPLICATE, SAME_UID
from records.states import RecordState


def _name(element: Any) -> str:
    """A person name of DICOM JSON."""
    first = next(iter((element or {}).get("Value", [])), None)
    return str(first.get("Alphabetic", "")) if isinstance(first, dict) else ""


def _day(index: Mapping[str, Any]) -> date | None:
    return day_of(index["study_date"] or index["series_date"] or index["acquisition_date"] or index["content_date"])


def date_by_header(study: Study, day: date | None, by: Actor) -> None:
    """Images carry a day, and the study has none or one that a person typed: what the images say counts."""
    if day is None or (study.date is not None and study.dated_by_id is None):
        return
    typed = study.dated_by_id is not None
    study.date, study.dated_by = day, None
    study.save(update_fields=["date", "dated_by"])
    if typed:
        note(study, "study", "date", actor=by, data={"by_header": True})


def _said(index: Mapping[str, Any], metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of a study as the header of its first image fills them."""
    return {
        "date": _day(index),
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
    }


def _study(case: Case, index: Mapping[str, Any], metadata: Mapping[str, Any]) -> Study:
    uid = index["study_instance_uid"]
    known: Study | None = first_of(
        "study by uid",
        {"case": UUID(int=1), "uid": "stands for a study"},
        {"case": case.pk, "uid": uid},
        lambda: Study.objects.filter(case=UUID(int=1), uid="stands for a study").order_by(),
    )
    return known or Study.objects.create(case=case, uid=uid, **_said(index, metadata))


def _series(study: Study, index: Mapping[str, Any]) -> Series:
    modality, uid = str(index["modality"] or "")[:16], index["series_instance_uid"]
    known: Series | None = first_of(
        "series by uid",
        {"study": UUID(int=1), "uid": "stands for a series"},
        {"study": study.pk, "uid": uid},
        lambda: Series.objects.filter(study=UUID(int=1), uid="stands for a series").order_by(),
    )
    series = known or Series.objects.create(
        study=study,
        uid=uid,
        number=number_of(index["series_number"]),
        modality=modality,
        description=index["series_description"][:200],
        body_part=index["body_part_examined"][:64],
        laterality=(index["laterality"] or index["image_laterality"])[:16],
        date=day_of(index["series_date"]),
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
    *,
    case: Case,
    file: File,
    data: Mapping[str, Any],
    pack: StoredObject | None,
    by: Actor,
    lacks_frames: bool = False,
    **columns: Any,
) -> bool:
    """Index a DICOM instance. False when its SOP Instance UID is in the case already: then the file is a duplicate.

    Also False when it lacks its frames because an image that has just been removed had them, or when the other image of its UID was
    never read to its pixels: then the file waits to be read again.
    """
    index, frames = data["index"], data["frames"]
    known = known_instance(file.case_id, index["sop_instance_uid"])
    if known is not None:
        if not known.digest:  # indexed while it arrived, after this one was read: read again, with both to compare
            File.objects.filter(pk=file.pk).update(claim_job=None)
            return False
        if known.digest != data["digest"] and not _decided(file, known):
            finish(file, "quarantine", by=by, code=SAME_UID, duplicate_of=known.file, **columns)
            return False
        differs = [] if known.file.sha256 == file.sha256 else ["same_uid_other_content"]
        columns["warnings"] = [*columns.get("warnings", []), *differs]
        mark_duplicate(file=file, of=known.file, by=by, **columns)
        return False
    if lacks_frames:
        File.objects.filter(pk=file.pk).update(claim_job=None)
        return False
    study = _study(case, index, data["metadata"])
    if study.state == RecordState.REMOVED:
        said = _said(index, data["metadata"])  # what it said before was erased with its images
        move(study, STUDY, "come_back", actor=by, changes={"code": "", "modalities": [], "dated_by": None, **said})
    date_by_header(study, _day(index), by)
    series = _series(study, index)
    _instance(series, file, data, pack).save(force_insert=True)
    shown = frames["count"] if frames["source"] != "none" else 0
    Series.objects.filter(pk=series.pk).update(
        revision=F("revision") + 1, instance_count=F("instance_count") + 1, frame_count=F("frame_count") + shown
    )
    finish(file, "ready", by=by, **columns)
    return True


def _instance(series: Series, file: File, data: Mapping[str, Any], pack: StoredObject | None) -> Instance:
    """The row of an instance, not saved yet."""
    index, frames = data["index"], data["frames"]
    native = frames["source"] == "original"
    return Instance(
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


UNREADABLE = "unreadable"
"""Stands for the digest of an image whose original cannot be read: equal to no other."""


def without_digest(case_id: UUID, uids: Sequence[str]) -> list[Instance]:
    """Images of these SOP Instance UIDs whose pixels nobody has read yet."""
    bare = Instance.objects.filter(series__study__case_id=case_id, uid__in=uids, digest="")
    return list(bare.select_related("file__object__key", "file__secret__key").order_by("pk"))


def note_digest(*, instance: Instance, digest: str) -> None:
    """What the pixels of an image are that was indexed by its header."""
    Instance.objects.filter(pk=instance.pk, digest="").update(digest=digest)


def _taken(case: Case, uids: Sequence[str]) -> set[str]:
    """Which of these SOP Instance UIDs the case has already."""
    if not uids:
        return set()
    stand_ins, values = among("uid", uids)

    def query() -> QuerySet[Any, Any]:
        known = Instance.objects.filter(series__study__case=UUID(int=1), uid__in=list(stand_ins.values()))
        return known.exclude(series__study__state=RecordState.REMOVED).order_by().values_list("uid")

    asked = compiled(("known instances", len(stand_ins)), {"case": UUID(int=1), **stand_ins}, query)
    return {uid for (uid,) in asked.rows(adapted({"case": case.pk, **values}))}


@dataclass(frozen=True)
class NewInstance:
    """What the child found in a file that waits; `columns` are the file's."""

    file: File
    data: Mapping[str, Any]
    pack: StoredObject | None
    columns: Mapping[str, Any]
    lacks_frames: bool = False


def keep_instances(
    *, case: Case, found: Sequence[NewInstance], by: Actor, unsaved: bool = False
) -> tuple[list[Study], list[NewInstance]]:
    """Index instances of a few series with a handful of statements. Returns their studies, and what has to be kept one by one:
    copies of what is here, and images of studies that were removed or that a coordinator has decided about.

    `unsaved`: the files are new, and the caller saves their rows in the same transaction.
    """
    uids = [one.data["index"]["sop_instance_uid"] for one in found]
    taken = _taken(case, uids)
    studies: dict[str, Study] = {}
    series: dict[tuple[UUID, str], Series] = {}
    instances: list[Instance] = []
    kept: list[NewInstance] = []
    apart: list[NewInstance] = []
    for one, uid in zip(found, uids, strict=True):
        index = one.data["index"]
        study = studies.get(index["study_instance_uid"])
        if study is None:
            study = studies[index["study_instance_uid"]] = _study(case, index, one.data["metadata"])
        if uid in taken or one.lacks_frames or study.code == CONFIRMED or study.state == RecordState.REMOVED:
            apart.append(one)
            continue
        taken.add(uid)
        date_by_header(study, _day(index), by)
        key = (study.pk, index["series_instance_uid"])
        if key not in series:
            series[key] = _series(study, index)
        instances.append(_instance(series[key], one.file, one.data, one.pack))
        kept.append(one)
    insert(instances)
    for row in series.values():
        own = [one for one in instances if one.series_id == row.pk]
        increase(
            Series,
            row.pk,
            revision=len(own),
            instance_count=len(own),
            frame_count=sum(one.frames for one in own),
        )
    _finish_alike(kept, by, unsaved)
    held = {row.study_id for row in series.values()}
    return [one for one in studies.values() if one.pk in held], apart


def _finish_alike(kept: Sequence[NewInstance], by: Actor, unsaved: bool) -> None:
    """Files with the same columns leave processing together."""
    alike: dict[str, list[NewInstance]] = {}
    for one in kept:
        alike.setdefault(repr(sorted(one.columns.items())), []).append(one)
    now = timezone.now()
    for group in alike.values():
        changes = {"code": "", "processed_at": now, **group[0].columns}
        files = [one.file for one in group]
        move_many(files, FILE, "ready", actor=by, source=RecordState.PROCESSING, changes=changes, unsaved=unsaved)
