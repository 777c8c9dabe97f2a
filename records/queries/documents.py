"""Papers of a case: what people can open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from cases import queries as cases
from cases.models import Case
from portal.catalogue import queries as catalogue
from portal.catalogue.types import UnknownKey
from portal.core.states import Role
from records.models import Correction, Document, Page
from records.queries.describing import corrections
from records.rules.codes import CONFIRMED, PARTLY_SHOWN, WRONG_PATIENT
from records.rules.documents import SURE, ranked
from records.rules.identity import Verdict
from records.states import CorrectedField, RecordState


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

    @property
    def set_aside(self) -> bool:
        """It names another person; a coordinator decides."""
        return self.document.state == RecordState.QUARANTINED and self.document.code == WRONG_PATIENT

    @property
    def title(self) -> str:
        """For the patient: what is set aside may name somebody else, in its title too."""
        return _("A paper that a person is checking") if self.set_aside else self.document.title

    @property
    def doubtful(self) -> bool:
        """It names somebody who may be the patient or not: a note for staff, nothing more."""
        return self.ready and self.document.identity == Verdict.UNKNOWN and self.document.code != CONFIRMED


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


@dataclass(frozen=True)
class Told:
    """One line of what we know about a paper: what stands there, who said so, what a person may pick or type instead."""

    field: str
    label: str
    value: str
    shown: str
    by_person: bool
    correction: Correction | None
    unsure: bool = False
    options: tuple[tuple[str, str], ...] = ()
    likely: tuple[tuple[str, str], ...] = ()


def partly_shown(document: Document) -> bool:
    """Whether the original has more in it than the pages here show: a reader must not take them for all."""
    return not PARTLY_SHOWN.isdisjoint(document.file.warnings)


def told_about(case: Case, document: Document, *, staff: bool) -> list[Told]:
    """The lines that people may correct, in the order of the page."""
    said = corrections(document)
    edition = catalogue.edition(case.catalogue_id)
    names = {one.key: one.name if staff else one.patient for one in edition.documents}
    texts = list(Page.objects.filter(document=document).order_by("number").values_list("text", flat=True)[:5])
    likely = [
        key
        for key in ranked(texts, f"{document.title} {document.file.name}", edition.documents)
        if key != document.klass
    ]
    view = view_of(case, document)
    columns = {
        CorrectedField.KLASS: (document.klass, names.get(document.klass, document.klass)),
        CorrectedField.DATE: (
            document.date.isoformat() if document.date else "",
            date_format(document.date, "j F Y") if document.date else "",
        ),
        CorrectedField.INSTITUTION: (document.institution, document.institution),
        CorrectedField.AUTHOR: (document.author, document.author),
    }
    return [
        Told(
            field=str(field),
            label=str(field.label),
            value=value,
            shown=shown,
            by_person=field in said,
            correction=said.get(field),
            unsure=field == CorrectedField.KLASS and field not in said and not view.sure,
            options=tuple(sorted(names.items(), key=lambda one: one[1])) if field == CorrectedField.KLASS else (),
            likely=tuple((key, names[key]) for key in likely[:3]) if field == CorrectedField.KLASS else (),
        )
        for field, (value, shown) in columns.items()
    ]
