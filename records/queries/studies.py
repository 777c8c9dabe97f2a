"""Studies of a case as people see them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from cases import queries as cases
from cases.models import Case
from records.models import Series, Study
from records.queries.imaging import visible_studies
from records.rules.codes import WRONG_PATIENT
from records.rules.titles import modality_name, study_title
from records.states import RecordState

__all__ = ["SeriesView", "StudyView", "decidable_studies", "studies", "visible_studies"]


@dataclass(frozen=True)
class SeriesView:
    series: Series

    @property
    def title(self) -> str:
        return self.series.description or modality_name(self.series.modality)


@dataclass
class StudyView:
    """One study. `series` are those with images left; `cover` the one whose thumbnail stands for the study."""

    study: Study
    series: list[SeriesView] = field(default_factory=list)

    @property
    def title(self) -> str:
        return study_title(self.study.modalities, [one.series.body_part for one in self.series], self.study.description)

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


def studies(case: Case) -> list[StudyView]:
    """Every study of the case that was not removed, newest first; two queries. The caller has found the case through `visible_to`."""
    rows = list(
        Study.objects.filter(case=case).exclude(state=RecordState.REMOVED).order_by("-date", "created_at", "pk")
    )
    series: dict[UUID, list[SeriesView]] = defaultdict(list)
    for one in Series.objects.filter(study__in=rows, instance_count__gt=0).order_by("number", "uid"):
        series[one.study_id].append(SeriesView(one))
    return [StudyView(row, series[row.pk]) for row in rows]


def decidable_studies(user: Any) -> QuerySet[Study]:
    """Studies in cases that this user sees in full, whatever their state: to remove or to release one."""
    return Study.objects.filter(case__in=cases.visible_to(user)).exclude(state=RecordState.REMOVED)
