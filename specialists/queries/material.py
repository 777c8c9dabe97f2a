"""The records of one case as the specialist works with them and as the report lists them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from cases.models import Case
from portal.core import storage
from portal.core.models import StoredObject
from records.models import Document, Instance, Page, Series, Study
from records.queries.documents import partly_shown
from records.states import RecordState
from specialists.rules.names import spoken


@dataclass(frozen=True)
class StudyRow:
    """A study that is ready to be looked at."""

    uid: str
    label: str
    date: date | None
    by_hand: bool
    """A person said the day; no image carries one."""
    institution: str
    referring: str
    series: int
    images: int


@dataclass(frozen=True)
class DocumentRow:
    """A document with its pages: (number, width, height, has a picture, text)."""

    id: UUID
    title: str
    date: date | None
    institution: str
    author: str
    file_id: UUID
    partly_shown: bool
    """There is more in the original than the pages."""
    pages: list[Page] = field(default_factory=list)


def study_label(modalities: list[str], description: str) -> str:
    """ "CT, Chest with contrast": the modality first, since descriptions often leave it out."""
    names = "/".join(modalities)
    if description and names and names.lower() not in description.lower():
        return f"{names}, {description}"
    return description or names or _("Study without a description")


def studies(case: Case) -> list[StudyRow]:
    """Studies of the case that are ready, the newest first."""
    found = list(Study.objects.filter(case=case, state=RecordState.READY).order_by("-date", "created_at"))
    counts: dict[UUID, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for study, frames in Series.objects.filter(study__in=[one.pk for one in found]).values_list(
        "study_id", "frame_count"
    ):
        series, images = counts[study]
        counts[study] = (series + 1, images + frames)
    return [
        StudyRow(
            uid=one.uid,
            label=study_label(one.modalities, one.description),
            date=one.date,
            by_hand=one.dated_by_id is not None,
            institution=one.institution,
            referring=spoken(one.referring),
            series=counts[one.pk][0],
            images=counts[one.pk][1],
        )
        for one in found
    ]


def documents(case: Case, *, pages: bool = True) -> list[DocumentRow]:
    """Documents of the case that are ready, the newest first, each with its pages."""
    ready = Document.objects.filter(case=case, state=RecordState.READY).select_related("file")
    found = list(ready.order_by("-date", "created_at"))
    by_document: dict[UUID, list[Page]] = defaultdict(list)
    if pages:
        for page in Page.objects.filter(document__in=[one.pk for one in found]).order_by("number"):
            by_document[page.document_id].append(page)
    return [
        DocumentRow(
            one.pk,
            one.title,
            one.date,
            one.institution,
            one.author,
            one.file_id,
            partly_shown(one),
            by_document[one.pk],
        )
        for one in found
    ]


def reviewed(case: Case) -> list[dict[str, str]]:
    """The list "what was reviewed" of a report: label and ISO date (empty where the record has none). `dated`: "by_hand" or left out."""
    rows: list[StudyRow | DocumentRow] = [*studies(case), *documents(case, pages=False)]
    return [
        {
            "label": one.label if isinstance(one, StudyRow) else one.title,
            "date": one.date.isoformat() if one.date else "",
            **({"dated": "by_hand"} if isinstance(one, StudyRow) and one.by_hand else {}),
        }
        for one in rows
    ]


def standing(case: Case) -> list[str]:
    """Everything that is ready, in its present state: a series' revision changes with each image that comes or goes."""
    series = Series.objects.filter(study__case=case, study__state=RecordState.READY, instance_count__gt=0)
    papers = Document.objects.filter(case=case, state=RecordState.READY)
    found = [f"{pk} {revision}" for pk, revision in series.values_list("pk", "revision")]
    return sorted([*found, *(f"{pk} {pages}" for pk, pages in papers.values_list("pk", "page_count"))])


class NoSuchRecord(LookupError):
    """The citation names something that is not a ready record of this case."""


def citation(case: Case, asked: Mapping[str, Any]) -> dict[str, Any]:
    """A citation of this case's records with the label that readers see; `asked` comes from the browser and is not believed.

    An image is named by its study, series and instance UIDs and frame (from 1); a page by document id and number (from 1).

    Raises:
        NoSuchRecord: no such ready record in this case.
    """
    if asked.get("kind") == "page":
        return _page(case, asked)
    return _image(case, asked)


def _page(case: Case, asked: Mapping[str, Any]) -> dict[str, Any]:
    try:
        number, wanted = int(str(asked.get("page"))), UUID(str(asked.get("document")))
    except ValueError:
        raise NoSuchRecord from None
    page = (
        Page.objects.select_related("document")
        .filter(document=wanted, document__case=case, document__state=RecordState.READY, number=number)
        .first()
    )
    if page is None:
        raise NoSuchRecord
    label = page.document.title
    if page.document.date:
        label = _("%(title)s, %(date)s") % {"title": label, "date": date_format(page.document.date, "j M Y")}
    label = _("%(title)s, page %(number)d") % {"title": label, "number": number}
    return {"kind": "page", "document": str(wanted), "page": number, "label": label}


def _image(case: Case, asked: Mapping[str, Any]) -> dict[str, Any]:
    try:
        frame = int(str(asked.get("frame") or 1))
    except ValueError:
        raise NoSuchRecord from None
    found = (
        Instance.objects.select_related("series", "series__study")
        .filter(
            uid=str(asked.get("instance", "")),
            series__uid=str(asked.get("series", "")),
            series__study__uid=str(asked.get("study", "")),
            series__study__case=case,
            series__study__state=RecordState.READY,
        )
        .first()
    )
    if found is None or not 1 <= frame <= max(1, found.frames):
        raise NoSuchRecord
    study, series = found.series.study, found.series
    words = [study_label(study.modalities, study.description)]
    if study.date:
        words.append(date_format(study.date, "j M Y"))
        if study.dated_by_id is not None:
            words.append(_("date set by hand"))
    if series.number is not None:
        words.append(_("series %(number)d") % {"number": series.number})
    if found.number is not None:
        words.append(_("image %(number)d") % {"number": found.number})
    if found.frames > 1:
        words.append(_("frame %(number)d") % {"number": frame})
    return {
        "kind": "image",
        "study": study.uid,
        "series": series.uid,
        "instance": found.uid,
        "frame": frame,
        "label": ", ".join(words),
    }


def page_image(case: Case, document: UUID, number: int) -> StoredObject | None:
    """The sealed picture of a page of a ready document of this case; None where there is none."""
    page = (
        Page.objects.select_related("image")
        .filter(document=document, document__case=case, document__state=RecordState.READY, number=number)
        .first()
    )
    return page.image if page else None


SIGNATURES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}


def image_type(image: StoredObject) -> str:
    """The media type of a page picture by its first bytes."""
    head = b"".join(storage.read_range(image, 0, min(image.size, 12)))
    return next((kind for mark, kind in SIGNATURES.items() if head.startswith(mark)), "application/octet-stream")
