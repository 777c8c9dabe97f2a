"""Papers: the page that shows one, its page images, its thumbnail."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from portal.core import storage
from portal.core.access import BaseView, Permission
from portal.core.models import StoredObject
from portal.core.states import ObjectState, Role
from portal.core.workflow import Refused
from records.actions import papers
from records.forms import PaperForm
from records.models import Document, Page
from records.queries.documents import partly_shown, told_about, view_of, visible_documents
from records.queries.files import preparing
from records.states import CorrectedField
from records.views.files import closed, started
from records.views.page import back_to

MAX_PICTURE = 64 * 1024**2


class DocumentBase(BaseView):
    """Loads the document through what the person may see; another's is 404."""

    abstract = True
    permission = Permission.VIEW_RECORDS

    def load(self) -> None:
        found = visible_documents(self.user).filter(pk=self.kwargs["document"])
        loaded = found.select_related("case__patient", "file", "thumbnail__key", "view_copy__key").first()
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
            **about_context(self),
            "preparing": preparing(case),
        }
        return render(request, "records/document.html", context)


def about_context(view: DocumentBase, *, editing: str = "", problem: str = "", typed: str = "") -> dict[str, Any]:
    """What templates/records/partials/about.html needs."""
    document = view.document
    staff = view.user.role != Role.PATIENT
    return {
        "document": document,
        "case": document.case,
        "staff": staff,
        "told": told_about(document.case, document, staff=staff),
        "may_correct": papers.may_correct(document.case.phase, view.user.role),
        "language": language_name(document.language),
        "partly_shown": partly_shown(document),
        "editing": editing,
        "problem": problem,
        "typed": typed,
    }


def language_name(code: str) -> str:
    """The language in words; the code itself for one that Django does not know."""
    try:
        return str(_(get_language_info(code)["name"])) if code else ""
    except KeyError:
        return code


class Correct(DocumentBase):
    """A person's word on what a paper is. With a script only the lines above the pages change; without one the page comes anew."""

    permission = Permission.UPLOAD_RECORDS

    def get(self, request: HttpRequest, document: Any) -> HttpResponse:
        field = request.GET.get("field", "")
        return self.answer(editing=field if field in CorrectedField.values else "")

    def answer(self, *, editing: str = "", problem: str = "", typed: str = "", status: int = 200) -> HttpResponse:
        context = about_context(self, editing=editing, problem=problem, typed=typed)
        if "HX-Request" in self.request.headers:
            return render(self.request, "records/partials/about.html", context, status=status)
        context["back_url"] = reverse("records:document", args=[self.document.pk])
        return render(self.request, "records/correct.html", context, status=status)

    def post(self, request: HttpRequest, document: Any) -> HttpResponse:
        field, value = request.POST.get("field", ""), self.value()
        if field not in CorrectedField.values:
            return self.answer(status=422)
        try:
            papers.correct(document=self.document, field=CorrectedField(field), value=value, by=self.actor)
        except Refused as refused:
            sentence = (
                _("Enter a real date that is not in the future, for example 27 3 2026.")
                if refused.reason == "value_unknown" and field == CorrectedField.DATE
                else _("That is not possible any more. Please write us a message.")
            )
            return self.answer(editing=field, problem=sentence, typed=value, status=422)
        if "HX-Request" in request.headers:
            self.load()
            return self.answer()
        return redirect("records:document", document=self.document.pk)

    def value(self) -> str:
        """The value sent; a date comes as three boxes."""
        post = self.request.POST
        if "value_year" not in post:
            return post.get("value", "")
        day, month, year = (post.get(f"value_{part}", "").strip() for part in ("day", "month", "year"))
        return f"{year.zfill(4)}-{month.zfill(2)}-{day.zfill(2)}" if day or month or year else ""


class Release(DocumentBase):
    """The desk says that a paper that was set aside is this patient's, both sides in view."""

    permission = Permission.DESK

    def page(self, form: PaperForm, status: int = 200) -> HttpResponse:
        case = self.document.case
        context = {
            "case": case,
            "document": self.document,
            "form": form,
            "heading": _("Is this paper this patient’s?"),
            "caption": case.ref,
            "submit_text": _("Yes, show it"),
            "back_url": back_to(self.request, case),
        }
        return render(self.request, "records/release_paper.html", context, status=status)

    def get(self, request: HttpRequest, document: Any) -> HttpResponse:
        return self.page(PaperForm())

    def post(self, request: HttpRequest, document: Any) -> HttpResponse:
        form = PaperForm(request.POST)
        if not form.is_valid():
            return self.page(form, status=422)
        try:
            papers.release(document=self.document, reason=form.cleaned_data["reason"], by=self.actor)
        except Refused:
            messages.info(request, _("Somebody has decided about this paper already."))
        return redirect(back_to(request, self.document.case))


def picture(stored: StoredObject | None) -> HttpResponseBase:
    """A JPEG of our own making."""
    if stored is None:
        raise Http404
    response = HttpResponse(storage.read_bytes(stored, limit=MAX_PICTURE), content_type="image/jpeg")
    response["Cache-Control"] = "private, max-age=3600"
    return closed(response)


class SafeCopy(DocumentBase):
    """A PDF of our own making, without scripts and automatic actions, to be saved: what the original would do by itself is gone."""

    def get(self, request: HttpRequest, document: Any) -> HttpResponseBase:
        stored = self.document.view_copy
        if stored is None or stored.state != ObjectState.STORED:  # the original needed none
            return redirect("records:document", document=self.document.pk)
        response = StreamingHttpResponse(started(storage.read_range(stored)), content_type="application/pdf")
        response["Content-Length"] = str(stored.size)
        response["Content-Disposition"] = (
            content_disposition_header(True, f"{self.document.title[:120]}.pdf") or "attachment"
        )
        return closed(response)


class PageImage(DocumentBase):
    def get(self, request: HttpRequest, document: Any, number: int) -> HttpResponseBase:
        page = Page.objects.filter(document=self.document, number=number).select_related("image__key").first()
        return picture(page.image if page else None)


class Thumbnail(DocumentBase):
    def get(self, request: HttpRequest, document: Any) -> HttpResponseBase:
        return picture(self.document.thumbnail)
