"""All records of a case in the order of their days, reports beside the pictures that they are about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from cases.models import Case
from portal.core.states import Role
from records.models import Instance
from records.queries import checklist
from records.queries.documents import DocumentView, documents
from records.queries.studies import StudyView, studies
from records.rules.timeline import SAME, Paper, Scan, pair
from records.rules.titles import MINOR, modality_name


@dataclass
class Entry:
    """One line: a study with its reports, or a paper that stands alone. `kind` is what the filter names."""

    day: date | None
    kind: str
    kind_words: str
    study: StudyView | None = None
    document: DocumentView | None = None
    reports: list[DocumentView] = field(default_factory=list)


@dataclass(frozen=True)
class Month:
    """`first` is the first of the month, for its name."""

    first: date
    entries: list[Entry]


@dataclass(frozen=True)
class Year:
    year: int
    months: list[Month]


@dataclass(frozen=True)
class Kind:
    """One choice of the filter with its count."""

    key: str
    words: str
    count: int


@dataclass(frozen=True)
class Timeline:
    years: list[Year]
    undated: list[Entry]
    kinds: list[Kind]
    chosen: str
    total: int


def _scan_kind(one: StudyView) -> tuple[str, str]:
    every = [SAME.get(found, found) for found in one.study.modalities]
    main = [found for found in every if found not in MINOR] or every or [""]
    first = "PT" if "PT" in main else main[0]
    return f"scan-{first.lower()}", modality_name(first) if first else _("Images")


def timeline(case: Case, user: Any, *, kind: str = "") -> Timeline:
    """Newest first, by year and month; what has no day stands apart. Six queries, however many records there are.

    A specialist sees what is ready; the case's other people also see what is set aside, marked as such. The caller has
    found the case through `visible_to`.
    """
    role = user.role
    scans = [one for one in studies(case) if one.ready or role != Role.SPECIALIST]
    papers = [one for one in documents(case) if one.ready or role != Role.SPECIALIST]
    pairs = _pairs(case, scans, papers)
    entries: list[Entry] = []
    beside: dict[str, Entry] = {}
    for scan in scans:
        key, words = _scan_kind(scan)
        entry = Entry(scan.study.date, key, words, study=scan)
        beside[str(scan.study.pk)] = entry
        entries.append(entry)
    for paper in papers:
        if (owner := beside.get(pairs.get(str(paper.document.pk), ""))) is not None:
            owner.reports.append(paper)
            continue
        klass = paper.document.klass or "other"
        words = paper.kind_patient if role == Role.PATIENT else paper.kind
        entries.append(Entry(paper.document.date, klass, words or _("Paper"), document=paper))
    counted = Counter((one.kind, one.kind_words) for one in entries)
    kinds = [Kind(key, words, n) for (key, words), n in sorted(counted.items(), key=lambda row: row[0][1].lower())]
    chosen = kind if kind in {one.key for one in kinds} else ""
    shown = [one for one in entries if not chosen or one.kind == chosen]
    return Timeline(_years(shown), [one for one in shown if one.day is None], kinds, chosen, len(entries))


def _years(entries: Iterable[Entry]) -> list[Year]:
    dated = sorted((one for one in entries if one.day), key=lambda one: one.day or date.min, reverse=True)
    years: list[Year] = []
    for one in dated:
        assert one.day is not None
        if not years or years[-1].year != one.day.year:
            years.append(Year(one.day.year, []))
        months = years[-1].months
        if not months or months[-1].first.month != one.day.month:
            months.append(Month(one.day.replace(day=1), []))
        months[-1].entries.append(one)
    return years


def _pairs(case: Case, scans: list[StudyView], papers: list[DocumentView]) -> dict[str, str]:
    """Paper to study: those that came inside a study's files, then those that fit by class, words and day."""
    inside = {
        str(file): str(study)
        for file, study in Instance.objects.filter(file__in=[one.document.file_id for one in papers]).values_list(
            "file", "series__study"
        )
    }
    by_file = {str(one.document.pk): inside.get(str(one.document.file_id), "") for one in papers}
    texts = {one.id: one.text for one in checklist.documents(case)}
    fits = pair(
        [Scan(str(one.study.pk), one.study.date, frozenset(one.study.modalities)) for one in scans if one.ready],
        [
            Paper(key, one.document.klass, one.document.date, texts.get(key, ""))
            for one in papers
            if one.ready and not by_file[key := str(one.document.pk)]
        ],
    )
    return fits | {key: study for key, study in by_file.items() if study}
