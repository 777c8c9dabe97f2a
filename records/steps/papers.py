"""A paper becomes a document with its pages; its kind and day are told from its words."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from cases.models import Case
from portal.catalogue import queries as catalogue
from records.actions import processing
from records.child.protocol import FileResult
from records.models import File
from records.rules import documents
from records.steps.work import Sealer, Work, Write


def prepare(work: Work, file: File, result: FileResult, seal: Sealer, columns: dict[str, Any]) -> Write:
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
    klass, confidence = documents.classify(texts, title, edition.documents, edition.not_result)
    day = documents.service_date(
        " ".join(texts),
        today=timezone.localdate(),
        birth=case.patient.birth_date,
        day_first=str(case.patient.country) not in ("US", ""),
    )
    return klass, confidence, day
