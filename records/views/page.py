"""The records page of a case: what is needed, what is on its way, what is here."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from cases.models import Case
from cases.views.base import CaseView
from portal.core.access import Permission
from portal.core.states import Role
from portal.core.workflow import Refused
from records.actions import uploads
from records.actions.files import may_remove
from records.models import Upload
from records.queries.checklist import checklist, counts
from records.queries.documents import documents
from records.queries.files import files, oddities, preparing, stuck
from records.queries.health import fact_count
from records.queries.studies import studies
from records.queries.uploads import own_uploads, room_left, unfinished
from records.rules.tus import BadHeader, Described, clean, shortened
from records.rules.uploads import takes_files
from records.views.streaming import SealingHandler
from records.views.tus import STATUS, sentence
from records.views.words import upload_words


def back_to(request: HttpRequest, case: Case) -> str:
    """The case's page of this person."""
    name = "desk:case" if request.user.role == Role.COORDINATOR else "patient:case"  # type: ignore[union-attr]
    try:
        return reverse(name, args=[case.ref])
    except NoReverseMatch:
        return "/"


def records_page(request: HttpRequest, case: Case) -> str:
    """Where this person sees the records of the case: the patient on the records page, the desk on the case's own."""
    if request.user.role == Role.COORDINATOR:  # type: ignore[union-attr]
        try:
            return reverse("desk:records", args=[case.ref])
        except NoReverseMatch:
            return back_to(request, case)
    return reverse("records:records", args=[case.ref])


def records_context(request: HttpRequest, case: Case) -> dict[str, Any]:
    """What the partials below templates/records/partials need, for any page that shows a case's records."""
    items = checklist(case)
    needed, satisfied = counts(items)
    sent = files(case)
    staff = request.user.role == Role.COORDINATOR  # type: ignore[union-attr]
    return {
        "case": case,
        "oddities": oddities(case) if staff else [],
        "items": items,
        "needed": needed,
        "satisfied": satisfied,
        "to_go": needed - satisfied,
        "files": sent,
        "stuck": sent.busy and stuck(case),
        "preparing": preparing(case),
        "studies": studies(case),
        "documents": documents(case),
        "facts": fact_count(case),
        "staff": staff,
        "may_remove": may_remove(case.phase),
        "takes_files": takes_files(case.phase),
    }


class RecordsPage(CaseView):
    """`/cases/<ref>/records/`, for the patient's side; the desk may send files here too."""

    permission = Permission.UPLOAD_RECORDS

    def get(self, request: HttpRequest, ref: str) -> HttpResponse:
        return self.page(request)

    def page(self, request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
        context = records_context(request, self.case) | {
            "unfinished": unfinished(request.user, self.case),
            "words": upload_words(),
            "back_url": back_to(request, self.case),
            "problem": problem,
            "uploads_url": reverse("records:uploads", args=[self.case.ref]),
            "send_url": reverse("records:send", args=[self.case.ref]),
        }
        return render(request, "records/records.html", context, status=status)


class Live(CaseView):
    """The part of the page that changes while files are read; the page asks for it again until all is read."""

    permission = Permission.UPLOAD_RECORDS

    def get(self, request: HttpRequest, ref: str) -> HttpResponse:
        return render(request, "records/partials/live.html", records_context(request, self.case))


@method_decorator(csrf_exempt, name="dispatch")
class PlainUpload(RecordsPage):
    """The way without scripts: a form with files. Their bytes go straight into sealed parts while they arrive.

    The check of the CSRF token comes after the handler is set (Django reads the whole form for it); the gate has let
    only the signed-in person through before the first byte is read.
    """

    permission = Permission.UPLOAD_RECORDS

    # Who sends, and where they go on: an account here, the holder of a link in records/views/sending.py.
    def promise(self, described: Described, size: int) -> Upload:
        return uploads.create(case=self.case, described=described, size=size, by=self.request.user)

    def records_url(self) -> str:
        return reverse("records:records", args=[self.case.ref])

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponseBase:
        if not takes_files(self.case.phase):
            return self.page(request, problem=sentence("closed"), status=409)
        self.handler = SealingHandler(request, case_id=self.case.pk, room=room_left(self.case))
        request.upload_handlers = [self.handler]
        try:
            answer: HttpResponseBase = csrf_protect(self.checked)(request)
            return answer
        finally:
            uploads.discard(self.handler.unused())

    def checked(self, request: HttpRequest) -> HttpResponseBase:
        len(request.FILES)  # reads the form, unless the check of its token has
        if self.handler.over:
            return self.page(request, problem=sentence(self.handler.over), status=STATUS.get(self.handler.over, 413))
        sent = 0
        try:
            for one in self.handler.received():
                try:
                    described = Described(shortened(clean(one.name)) or _("file"), "", self.handler.batch, "")
                    upload = self.promise(described, one.size)
                except (BadHeader, Refused) as refused:
                    reason = getattr(refused, "reason", "")
                    return self.page(request, problem=f"{one.name}: {sentence(reason)}", status=413)
                if one.parts:
                    uploads.append(upload=upload, parts=self.handler.use(one), by=self.actor)
                sent += 1
        except uploads.Elsewhere:
            return self.page(request, problem=sentence("offset"), status=409)
        if not sent:
            return self.page(request, problem=_("Choose one or more files first."), status=422)
        messages.success(
            request,
            ngettext("%(n)d file is here. We are checking it.", "%(n)d files are here. We are checking them.", sent)
            % {"n": sent},
        )
        return redirect(self.records_url())


class CancelUpload(CaseView):
    """Give up an upload that was not finished."""

    permission = Permission.UPLOAD_RECORDS

    def post(self, request: HttpRequest, ref: str, upload: Any) -> HttpResponse:
        found = own_uploads(request.user, self.case).filter(pk=upload).first()
        if found is None:
            raise Http404
        try:
            uploads.cancel(upload=found, by=self.actor)
        except Refused:
            messages.info(request, _("This file had already arrived. You can remove it below."))
        return redirect("records:records", ref=ref)
