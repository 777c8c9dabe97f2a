"""What a study holds besides plain images, for the viewer: papers made of its objects, videos, key images, presentation states."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.urls import reverse

from records.models import Document, Instance, Page
from records.queries.documents import visible_documents
from records.queries.imaging import marked_instances, visible_instances, visible_videos

_SHUTTER = ("00181600", "00181602", "00181604", "00181606", "00181608", "00181610", "00181612", "00181620")
"""Display Shutter (PS3.3 C.7.6.11)."""
_AREAS = "0070005A"
_TRANSFORM = {"rotation": "00700042", "flip": "00700041", "shape": "20500020"}


def beside(user: Any, study: str, *, ref: str) -> dict[str, list[dict[str, Any]]]:
    """{papers, videos, marks}: each names its series and instance; addresses are the portal's own. A fixed number of queries."""
    return {"papers": _papers(user, study, ref), "videos": _videos(user, study, ref), "marks": _marks(user, study, ref)}


def _papers(user: Any, study: str, ref: str) -> list[dict[str, Any]]:
    """Reports, tracings and documents that were taken out of objects: the paper's file lies in the object's."""
    rows = visible_instances(user, study, ref=ref).filter(frames=0)
    places: dict[Any, dict[str, Any]] = {
        one["file"]: dict(one) for one in rows.values("file", "uid", series_uid=F("series__uid"))
    }
    inside = Q(file__in=places) | Q(file__container__in=places)
    papers = list(visible_documents(user).filter(inside, case__ref=ref).select_related("file").order_by("created_at"))
    pages: dict[UUID, list[dict[str, Any]]] = {}
    for page in Page.objects.filter(document__in=papers).order_by("document", "number"):
        pages.setdefault(page.document_id, []).append(_page(page))
    return [_paper(one, places, pages.get(one.pk, [])) for one in papers]


def _page(page: Page) -> dict[str, Any]:
    shown = reverse("records:page", args=[page.document_id, page.number]) if page.image_id else ""
    return {"number": page.number, "image": shown, "width": page.width, "height": page.height, "text": page.text}


def _paper(document: Document, places: dict[Any, dict[str, Any]], pages: list[dict[str, Any]]) -> dict[str, Any]:
    place = places.get(document.file_id) or places[document.file.container_id]
    return {
        "series": place["series_uid"],
        "instance": place["uid"],
        "title": document.title,
        "url": reverse("records:document", args=[document.pk]),
        "pages": pages,
    }


def _videos(user: Any, study: str, ref: str) -> list[dict[str, Any]]:
    rows = visible_videos(user).filter(series__study__uid=study, series__study__case__ref=ref)
    return [
        {"series": series, "instance": uid, "url": reverse("records:video", args=[file])}
        for series, uid, file in rows.values_list("series__uid", "uid", "file")
    ]


def _marks(user: Any, study: str, ref: str) -> list[dict[str, Any]]:
    found = []
    for row in marked_instances(user, study, ref=ref).select_related("series"):
        mark = {"series": row.series.uid, "instance": row.uid, **(row.content or {})}
        if mark.get("kind") == "presentation":
            said = {name: row.metadata.get(tag, {}).get("Value", [None])[0] for name, tag in _TRANSFORM.items()}
            mark |= {
                "rotation": said["rotation"] or 0,
                "flip": said["flip"] == "Y",
                "inverse": said["shape"] == "INVERSE",
                "shutter": {tag: row.metadata[tag] for tag in _SHUTTER if tag in row.metadata},
                "areas": row.metadata.get(_AREAS, {}).get("Value", []),
            }
        found.append(mark)
    return found


def tile_source(user: Any, study: str, series: str, instance: str, *, ref: str) -> Instance | None:
    """A slide's instance with the object that holds its compressed tiles."""
    found: QuerySet[Instance] = visible_instances(user, study, series, ref=ref).filter(uid=instance)
    return found.select_related("file__object__key", "series__study").first()
