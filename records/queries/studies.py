"""Studies of a case as people see them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from cases import queries as cases
from cases.models import Case
from records.models import Instance, Series, Study
from records.queries.imaging import visible_studies
from records.rules.codes import TWO_PATIENTS, WRONG_PATIENT
from records.rules.header import Header, header_of
from records.rules.identity import Finding, Person, compare
from records.rules.objects import said
from records.rules.titles import modality_name, study_title
from records.states import RecordState

__all__ = [
    "NamedPerson",
    "SeriesView",
    "StudyView",
    "besides",
    "decidable_studies",
    "people",
    "seen",
    "studies",
    "visible_studies",
]


@dataclass(frozen=True)
class SeriesView:
    series: Series

    @property
    def title(self) -> str:
        return self.series.description or modality_name(self.series.modality)


@dataclass(frozen=True)
class Besides:
    """What lies in a study besides images: its words, and for a video that can be played its file."""

    words: str
    video: UUID | None = None


@dataclass
class StudyView:
    """One study. `series` are those with images left; `cover` the one whose thumbnail stands for the study."""

    study: Study
    series: list[SeriesView] = field(default_factory=list)
    besides: list[Besides] = field(default_factory=list)

    @property
    def title(self) -> str:
        return study_title(self.study.modalities, [one.series.body_part for one in self.series], self.study.description)

    @property
    def told(self) -> str:
        """Its title for the patient: what is set aside may name somebody else in its description."""
        return study_title(self.study.modalities, [], "") if self.set_aside else self.title

    @property
    def images(self) -> int:
        return sum(one.series.instance_count for one in self.series)

    @property
    def cover(self) -> Series | None:
        shown = [one.series for one in self.series if one.series.thumbnail_id]
        return max(shown, key=lambda one: one.instance_count, default=None)

    @property
    def ready(self) -> bool:
        return self.study.state == RecordState.READY

    @property
    def set_aside(self) -> bool:
        return self.study.state == RecordState.QUARANTINED

    @property
    def wrong_patient(self) -> bool:
        return self.study.code == WRONG_PATIENT

    @property
    def two_patients(self) -> bool:
        return self.study.code == TWO_PATIENTS


def studies(case: Case) -> list[StudyView]:
    """Every study of the case that was not removed, newest first; two queries. The caller has found the case through `visible_to`."""
    rows = list(
        Study.objects.filter(case=case).exclude(state=RecordState.REMOVED).order_by("-date", "created_at", "pk")
    )
    series: dict[UUID, list[SeriesView]] = defaultdict(list)
    for one in Series.objects.filter(study__in=rows, instance_count__gt=0).order_by("number", "uid"):
        series[one.study_id].append(SeriesView(one))
    besides = _besides(rows)
    return [StudyView(row, series[row.pk], besides[row.pk]) for row in rows]


def besides(case: Case) -> list[Besides]:
    """What lies on the discs of a case besides images, of studies that are ready."""
    rows = list(Study.objects.filter(case=case, state=RecordState.READY))
    return [one for some in _besides(rows).values() for one in some]


CONTENT = ("kind", "label", "count", "names", "fractions", "dose_gy", "media_type")


def _besides(rows: list[Study]) -> dict[UUID, list[Besides]]:
    """Contents of the studies' objects, the same line once."""
    found: dict[UUID, list[Besides]] = defaultdict(list)
    wanted = Instance.objects.filter(series__study__in=rows, content__isnull=False).order_by(
        "series__number", "number", "uid"
    )
    columns = [f"content__{name}" for name in CONTENT]
    for study, file, *values in wanted.values_list("series__study_id", "file_id", *columns)[:MOST_BESIDES]:
        content = dict(zip(CONTENT, values, strict=True))
        playable = content["kind"] == "video" and content["media_type"]
        one = Besides(said(content), file if playable else None)
        if one.words and one not in found[study]:
            found[study].append(one)
    return found


MOST_BESIDES = 300


@dataclass
class NamedPerson:
    """Somebody whom images of a study name, how many they are, and what of it differs from the case's patient."""

    header: Header
    finding: Finding
    images: int = 0

    @property
    def key(self) -> str:
        """Tells the people of one study apart in a form; says nothing about them."""
        return hashlib.sha256("\0".join(self.header.who).encode()).hexdigest()[:16]

    @property
    def name_differs(self) -> bool:
        return "name" in self.finding.differs

    @property
    def birth_differs(self) -> bool:
        return "birth" in self.finding.differs

    @property
    def sex_differs(self) -> bool:
        return "sex" in self.finding.differs


def people(study: Study, person: Person) -> list[NamedPerson]:
    """Everybody whom the study's images name, most images first, each compared with the case's patient."""
    found: dict[tuple[str, str, str, str], NamedPerson] = {}
    for metadata in headers(study).values():
        header = header_of(metadata)
        if header.who not in found:
            finding = compare(record_name=header.names, record_birth=header.birth, record_sex=header.sex, person=person)
            found[header.who] = NamedPerson(header, finding)
        found[header.who].images += 1
    return sorted(found.values(), key=lambda one: (-one.images, one.header.who))


def seen(named: list[NamedPerson]) -> str:
    """Stands for the people that a page showed: what is decided there is about these and nobody who came since."""
    return hashlib.sha256("\0".join(sorted(one.key for one in named)).encode()).hexdigest()


def headers(study: Study) -> dict[UUID, dict[str, Any]]:
    """DICOM JSON of each image's file."""
    rows = Instance.objects.filter(series__study=study).order_by("pk").values_list("file_id", "metadata")
    return {file: {tag: metadata.get(tag) for tag in WHO} for file, metadata in rows.iterator(chunk_size=100)}


WHO = ("00100010", "00100020", "00100030", "00100040", "00101001", "00101005")


def decidable_studies(user: Any) -> QuerySet[Study]:
    """Studies in cases that this user sees in full, whatever their state: to remove or to release one."""
    return Study.objects.filter(case__in=cases.visible_to(user)).exclude(state=RecordState.REMOVED)
