"""Papers of a case: what people can open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from cases import queries as cases
from cases.models import Case
from portal.catalogue import queries as catalogue
from portal.catalogue.types import UnknownKey
from portal.core.states import Role
from records.models import Document, Page
from records.rules.documents import SURE
from records.states import RecordState


def visible_documents(user: Any) -> QuerySet[Document]:
    """Papers in cases that this user sees in full. What is set aside is for the desk only."""
    states = [RecordState.READY]
    if getattr(user, "role", "") == Role.COORDINATOR:
        states.append(RecordState.QUARANTINED)
    return Document.objects.filter(case__in=cases.visible_to(user), state__in=states)


@dataclass(frozen=True)
class DocumentView:
    """`kind` and `kind_patient`: the catalogue's names of its class; `sure`: whether to say so without a question mark."""

    document: Document
    kind: str
    kind_patient: str

    @property
    def sure(self) -> bool:
        return (self.document.klass_confidence or 0) >= SURE

    @property
    def ready(self) -> bool:
        return self.document.state == RecordState.READY


def documents(case: Case) -> list[DocumentView]:
    """Papers of the case, newest first by their own date; one query. The caller has found the case through `visible_to`."""
    rows = Document.objects.filter(case=case, state__in=[RecordState.READY, RecordState.QUARANTINED])
    rows = rows.select_related("file").order_by("-date", "created_at", "pk")
    return [view_of(case, row) for row in rows]


def view_of(case: Case, row: Document) -> DocumentView:
    edition = catalogue.edition(case.catalogue_id)
    try:
        found = edition.document(row.klass or "other")
    except UnknownKey:
        return DocumentView(row, row.klass, row.klass)
    return DocumentView(row, found.name, found.patient)


def pages(document: Document) -> list[Page]:
    return list(Page.objects.filter(document=document).order_by("number").defer("text"))
