"""What became of everything that was sent: every file is counted once."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet

from cases import queries as cases
from cases.models import Case
from records.models import Document, File, Instance, Receipt, Series, Study
from records.rules.codes import DUPLICATE, NOT_A_RECORD, NOT_OPENED
from records.rules.titles import study_title
from records.states import RecordState


def visible_receipts(user: Any, case: Case) -> QuerySet[Receipt]:
    """Receipts of a case that this user sees in full, newest first."""
    return Receipt.objects.filter(case__in=cases.visible_to(user)).filter(case=case).order_by("-at", "pk")


def document_of(case: Case, batch: UUID) -> dict[str, Any]:
    """The receipt of one batch, as it is frozen: names and codes; the words for codes are chosen when it is shown.

    `files` = records + packed + duplicates + left_out + set_aside + len(refused) + removed: nothing is dropped in silence.
    """
    files = File.objects.filter(case=case, upload__batch=batch)
    kinds: Counter[str] = Counter()
    refused: list[dict[str, str]] = []
    for file in files.order_by("created_at", "pk").only("name", "folder", "state", "code", "kind", "duplicate_of"):
        kind = kind_of(file)
        kinds[kind] += 1
        if kind == "refused":
            refused.append({"name": file.name, "folder": file.folder, "code": file.code})
    images = _images(batch, case)
    return {
        "schema": 1,
        "files": sum(kinds.values()),
        "studies": images,
        "documents": _papers(batch, case),
        "refused": refused,
        "counts": {
            name: kinds[name]
            for name in ("records", "packed", "duplicates", "left_out", "set_aside", "refused", "removed")
        },
    }


def kind_of(file: File) -> str:
    """What a file counts as in a receipt."""
    if file.state == RecordState.QUARANTINED and file.code in NOT_OPENED:
        return "refused"
    if file.state in (RecordState.REJECTED, RecordState.QUARANTINED, RecordState.REMOVED):
        return {"rejected": "refused", "quarantined": "set_aside", "removed": "removed"}[file.state]
    if file.code == DUPLICATE:
        return "duplicates"
    if file.code in NOT_A_RECORD:
        return "left_out"
    return "packed" if file.kind == "archive" else "records"


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
    parts: dict[Any, list[str]] = {}
    for study, part in Series.objects.filter(study__in=by_study).values_list("study", "body_part").order_by("number"):
        parts.setdefault(study, []).append(part)
    return [
        {
            "title": study_title(one.modalities, parts.get(one.pk, []), one.description),
            "date": one.date.isoformat() if one.date else "",
            "series": len(by_study[one.pk]),
            "images": sum(row["images"] for row in by_study[one.pk]),
            "state": one.state,
        }
        for one in studies
    ]


def _papers(batch: UUID, case: Case) -> list[dict[str, Any]]:
    rows = Document.objects.filter(file__upload__batch=batch, case=case).exclude(state=RecordState.REMOVED)
    return [
        {"title": one.title, "pages": one.page_count, "date": one.date.isoformat() if one.date else ""}
        for one in rows.order_by("created_at", "pk")
    ]
