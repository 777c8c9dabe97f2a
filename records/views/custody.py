"""Things by post: what is on its way, who has it, and the log of every change of hands."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from cases.views.base import CaseView
from portal.core.access import Permission
from portal.core.states import Role
from portal.core.workflow import Refused
from records.actions import custody, uploads
from records.outside_forms import CustodyForm, ThingForm
from records.queries import custody as queries
from records.queries.checklist import checklist
from records.queries.uploads import room_left
from records.rules.tus import Described, clean, shortened
from records.rules.uploads import takes_files
from records.states import PhysicalKind
from records.views.page import records_page
from records.views.streaming import SealingHandler
from records.views.tus import sentence


class Things(CaseView):
    """`/cases/<ref>/records/post/`: everything that comes or came by post."""

    permission = Permission.UPLOAD_RECORDS

    def get(self, request: HttpRequest, ref: str) -> HttpResponse:
        context = {
            "case": self.case,
            "things": queries.things(self.user, self.case),
            "takes_files": takes_files(self.case.phase),
            "staff": self.user.role == Role.COORDINATOR,
            "back_url": records_page(request, self.case),
        }
        return render(request, "records/post/things.html", context)


class Announce(CaseView):
    """Say what will be sent."""

    permission = Permission.UPLOAD_RECORDS

    def form(self, data: Any = None) -> ThingForm:
        return ThingForm(data, items=checklist(self.case), staff=self.user.role == Role.COORDINATOR)

    def get(self, request: HttpRequest, ref: str) -> HttpResponse:
        return self.page(self.form())

    def page(self, form: ThingForm) -> HttpResponse:
        context = {
            "case": self.case,
            "form": form,
            "heading": _("Send something by post"),
            "caption": self.case.ref,
            "submit_text": _("Save"),
            "back_url": reverse("records:post", args=[self.case.ref]),
        }
        return render(self.request, "records/post/announce.html", context, status=422 if form.errors else 200)

    def post(self, request: HttpRequest, ref: str) -> HttpResponse:
        form = self.form(request.POST)
        if not form.is_valid():
            return self.page(form)
        data = form.cleaned_data
        try:
            thing = custody.announce(
                case=self.case,
                kind=PhysicalKind(data["kind"]),
                label=data["label"],
                pieces=data["pieces"],
                item=data.get("item", ""),
                owner=data["owner"],
                return_by=data["return_by"],
                by=self.actor,
            )
        except Refused as refused:
            closed = refused.reason == "closed"
            form.add_error(
                None,
                _("This case takes no more records. Write us a message and we will help.")
                if closed
                else _("That did not work. Please look at the page again."),
            )
            return self.page(form)
        return redirect("records:thing", ref=self.case.ref, thing=thing.pk)


class ThingPage(CaseView):
    """Base of what is done with one thing."""

    abstract = True

    def load(self) -> None:
        super().load()
        found = queries.visible_things(self.user, self.case).filter(pk=self.kwargs["thing"]).first()
        if found is None:
            raise Http404
        self.thing = found

    def steps(self) -> list[tuple[str, str]]:
        return queries.allowed(self.thing, Role(self.user.role))


class OneThing(ThingPage):
    """Where it is, and its log."""

    permission = Permission.UPLOAD_RECORDS

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        context = {
            "case": self.case,
            "view": queries.with_log(self.thing),
            "steps": self.steps(),
            "staff": self.user.role == Role.COORDINATOR,
            "back_url": reverse("records:post", args=[self.case.ref]),
        }
        return render(request, "records/post/thing.html", context)


@method_decorator(csrf_exempt, name="dispatch")
class Record(ThingPage):
    """Write one line of the log."""

    permission = Permission.UPLOAD_RECORDS

    def load(self) -> None:
        super().load()
        self.words = dict(self.steps()).get(self.kwargs["event"], "")
        if not self.words and self.request.method != "POST":
            raise Http404

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        return self.page(self.form())

    def form(self, data: Any = None) -> CustodyForm:
        """With room for a photo while the case takes files."""
        return CustodyForm(data, event=self.kwargs["event"], photos=takes_files(self.case.phase))

    def page(self, form: CustodyForm) -> HttpResponse:
        context = {
            "case": self.case,
            "view": queries.with_log(self.thing),
            "form": form,
            "heading": self.words,
            "caption": self.thing.label,
            "submit_text": _("Write it down"),
            "back_url": reverse("records:thing", args=[self.case.ref, self.thing.pk]),
        }
        return render(self.request, "records/post/record.html", context, status=422 if form.errors else 200)

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponseBase:
        """A photo goes straight into sealed parts while it arrives, as in records.views.page.PlainUpload, and the token is checked then."""
        self.handler = SealingHandler(request, case_id=self.case.pk, room=room_left(self.case))
        request.upload_handlers = [self.handler]
        try:
            answer: HttpResponseBase = csrf_protect(self.checked)(request)
            return answer
        finally:
            uploads.discard(self.handler.unused())

    def photo(self) -> custody.Photo | None:
        """The picture that came with the form; from now on it is the line's, or is erased with it."""
        sent = self.handler.received()
        if not sent or not sent[0].parts:
            return None
        described = Described(shortened(clean(sent[0].name)) or _("file"), "", self.handler.batch, "")
        return custody.Photo(described, self.handler.use(sent[0]))

    def checked(self, request: HttpRequest) -> HttpResponse:
        page = redirect("records:thing", ref=self.case.ref, thing=self.thing.pk)
        if not self.words:
            messages.info(request, _("That is not possible any more. This page shows where it is now."))
            return page
        event = self.kwargs["event"]
        form = self.form(request.POST)
        valid = form.is_valid()
        if self.handler.over:
            form.add_error(None, sentence(self.handler.over))
        if not valid or self.handler.over:
            return self.page(form)
        day = form.cleaned_data.pop("happened_on")
        form.cleaned_data.pop("photo", None)
        try:
            custody.record(
                thing=self.thing,
                event=event,
                happened_on=day,
                said=form.cleaned_data,
                by=self.actor,
                photo=self.photo() if "photo" in form.fields else None,
            )
        except Refused:
            messages.info(request, _("That is not possible any more. This page shows where it is now."))
        return page
