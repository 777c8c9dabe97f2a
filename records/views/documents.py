"""Papers: the page that shows one, its page images, its thumbnail."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from portal.core import storage
from portal.core.access import BaseView, Permission
from portal.core.models import StoredObject
from portal.core.states import Role
from records.models import Document, Page
from records.queries.documents import view_of, visible_documents
from records.views.files import closed
from records.views.page import back_to

MAX_PICTURE = 64 * 1024**2


class DocumentBase(BaseView):
    """Loads the document through what the person may see; another's is 404."""

    abstract = True
    permission = Permission.VIEW_RECORDS

    def load(self) -> None:
        found = visible_documents(self.user).filter(pk=self.kwargs["document"])
        loaded = found.select_related("case__patient", "file", "thumbnail__key").first()
        if loaded is None:
            raise Http404
        self.document: Document = loaded
        self.shown(loaded.case_id, subjects=[loaded.pk])


class DocumentPage(DocumentBase):
    """All pages of a paper, one below the other, with their text for those who do not see the picture."""

    def get(self, request: HttpRequest, document: Any) -> HttpResponse:
        case = self.document.case
        back = (
            back_to(request, case)
            if self.user.role == Role.COORDINATOR
            else reverse("records:records", args=[case.ref])
        )
        if self.user.role == Role.SPECIALIST:
            back = ""
        context = {
            "case": case,
            "view": view_of(case, self.document),
            "document": self.document,
            "pages": Page.objects.filter(document=self.document).order_by("number"),
            "back_url": back,
        }
        return render(request, "records/document.html", context)


def picture(stored: StoredObject | None) -> HttpResponseBase:
    """A JPEG of our own making."""
    if stored is None:
        raise Http404
    response = HttpResponse(storage.read_bytes(stored, limit=MAX_PICTURE), content_type="image/jpeg")
    response["Cache-Control"] = "private, max-age=3600"
    return closed(response)


class PageImage(DocumentBase):
    def get(self, request: HttpRequest, document: Any, number: int) -> HttpResponseBase:
        page = Page.objects.filter(document=self.document, number=number).select_related("image__key").first()
        return picture(page.image if page else None)


class Thumbnail(DocumentBase):
    def get(self, request: HttpRequest, document: Any) -> HttpResponseBase:
        return picture(self.document.thumbnail)
