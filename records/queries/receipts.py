"""What became of everything that was sent: every file is counted once."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet

from cases import queries as cases
from cases.models import Case
from records.models import Document, File, Instance, Receipt, Series, Study
from records.rules.codes import DUPLICATE, LOCKED, NOT_A_RECORD, NOT_OPENED, PROGRAMS, UNLOCKED
from records.rules.gaps import gaps
from records.rules.titles import modality_name, study_title
from records.states import RecordState

RUNS = 8
"""Runs of images that are named for a series with gaps; more say nothing to anybody."""


def visible_receipts(user: Any, case: Case) -> QuerySet[Receipt]:
    """Receipts of a case that this user sees in full, newest first."""
    return Receipt.objects.filter(case__in=cases.visible_to(user)).filter(case=case).order_by("-at", "pk")


def document_of(case: Case, batch: UUID) -> dict[str, Any]:
    """The receipt of one batch, as it is frozen: names and codes; the words for codes are chosen when it is shown.

    `files` = records + packed + duplicates + left_out + set_aside + locked + refused + removed: nothing is dropped in silence.
    `left_out` = programs + others.
    """
    files = File.objects.filter(case=case, upload__batch=batch)
    kinds: Counter[str] = Counter()
    refused: list[dict[str, str]] = []
    locked: list[dict[str, str]] = []
    programs = 0
    for file in files.order_by("created_at", "pk").only("name", "folder", "state", "code", "kind", "duplicate_of"):
        kind = kind_of(file)
        kinds[kind] += 1
        programs += file.code in PROGRAMS and kind == "left_out"
        if kind in ("refused", "locked"):
            told = locked if kind == "locked" else refused
            told.append({"name": file.name, "folder": file.folder, "code": file.code, "file": str(file.pk)})
    images = _images(batch, case)
    return {
        "schema": 2,
        "files": sum(kinds.values()),
        "studies": images,
        "documents": _papers(batch, case),
        "refused": refused,
        "locked": locked,
        "counts": {
            name: kinds[name]
            for name in ("records", "packed", "duplicates", "left_out", "set_aside", "locked", "refused", "removed")
        }
        | {"programs": programs, "others": kinds["left_out"] - programs},
    }


def kind_of(file: File) -> str:
    """What a file counts as in a receipt."""
    if file.state == RecordState.QUARANTINED and file.code in NOT_OPENED:
        return "refused"
    if file.state == RecordState.REJECTED and file.code in LOCKED:
        return "locked"
    if file.state in (RecordState.REJECTED, RecordState.QUARANTINED, RecordState.REMOVED):
        return {"rejected": "refused", "quarantined": "set_aside", "removed": "removed"}[file.state]
    if file.code == DUPLICATE:
        return "duplicates"
    if file.code in NOT_A_RECORD:
        return "left_out"
    return "packed" if file.kind == "archive" or file.code == UNLOCKED else "records"


def _images(batch: UUID, case: Case) -> list[dict[str, Any]]:
    rows = (
        Instance.objects.filter(file__upload__batch=batch, series__study__case=case)
        .values("series__study", "series")
        .annotate(images=Count("pk"))
    )
    by_study: dict[Any, list[Any]] = {}
    for row in rows:
        by_study.setdefault(row["series__study"], []).append(row)
    studies = Study.objects.filter(pk__in=by_study).order_by("date", "created_at", "pk")
    series = list(Series.objects.filter(study__in=by_study).order_by("number", "uid"))
    parts: dict[Any, list[str]] = {}
    for one in series:
        parts.setdefault(one.study_id, []).append(one.body_part)
    images = {row["series"]: row["images"] for row in rows}
    places: dict[Any, list[tuple[int | None, Any]]] = {pk: [] for pk in images}
    for pk, number, place in Instance.objects.filter(series__in=images).values_list("series", "number", "position"):
        places[pk].append((number, place))
    return [
        {
            "title": study_title(study.modalities, parts.get(study.pk, []), study.description)
            if study.state != RecordState.QUARANTINED
            else study_title(study.modalities, [], ""),
            "date": study.date.isoformat() if study.date else "",
            "series": len(by_study[study.pk]),
            "images": sum(row["images"] for row in by_study[study.pk]),
            "parts": [
                _part(one, images[one.pk], places[one.pk], told=study.state != RecordState.QUARANTINED)
                for one in series
                if one.pk in images and one.study_id == study.pk
            ],
            "state": study.state,
        }
        for study in studies
    ]


def _part(series: Series, images: int, places: list[tuple[int | None, Any]], *, told: bool) -> dict[str, Any]:
    """One series: what came in this go, and what seems to be missing of all that is here of it. `told`: in its own words, too."""
    found = gaps(places)
    return {
        "title": (series.description if told else "") or modality_name(series.modality),
        "number": series.number,
        "images": images,
        "runs": [list(run) for run in found.runs[:RUNS]] if found else [],
        "missing": found.missing if found else 0,
    }


def _papers(batch: UUID, case: Case) -> list[dict[str, Any]]:
    rows = Document.objects.filter(file__upload__batch=batch, case=case).exclude(state=RecordState.REMOVED)
    return [
        {"title": one.title, "pages": one.page_count, "date": one.date.isoformat() if one.date else ""}
        if one.state != RecordState.QUARANTINED
        else {"title": "", "pages": one.page_count, "date": ""}  # what is set aside may name somebody else
        for one in rows.order_by("created_at", "pk")
    ]
