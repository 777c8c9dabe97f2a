"""Sending records by a one-time link: no account, one case, one browser, and nothing of the case to read.

The token stands behind the `#` of the address: no browser sends that part to a server, so it is in no log and no
referrer, and a mail scanner's GET sees a page that is the same for everybody. A person's POST shows the code, a second
one claims the link and sets the cookie that every further request needs.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from cases.models import Case, Grant
from portal.core.access import Actor, BaseView, Permission
from records.actions import links, uploads
from records.models import Upload, UploadLink
from records.outside_forms import CodeForm, SenderForm
from records.queries import links as queries
from records.queries.uploads import waiting
from records.rules import tus as rules
from records.rules.links import OPEN_STATES, LinkState
from records.rules.uploads import takes_files
from records.views import page, tus
from records.views.words import upload_words

COOKIE = "co-send-{}"


def cookie_of(link: UploadLink) -> str:
    return COOKIE.format(link.pk.hex)


def ended_page(request: HttpRequest, state: LinkState) -> HttpResponse:
    """Kind words for a link that does not work any more, and what to do. 410: it was here and will not come back."""
    context = {"state": "used" if state in {LinkState.USED, LinkState.FINISHED} else str(state)}
    return render(request, "send/ended.html", context, status=410)


class Enter(BaseView):
    """`/send/`: where the code is given. Looking at this page does nothing to any link."""

    permission = Permission.PUBLIC

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(request, CodeForm())

    def page(self, request: HttpRequest, form: CodeForm) -> HttpResponse:
        return render(request, "send/enter.html", {"form": form}, status=422 if form.errors else 200)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = CodeForm(request.POST)
        link = queries.by_token(form.cleaned_data["code"]) if form.is_valid() else None
        if link is None:
            if not form.errors:
                form.add_error("code", _("We do not know this code. Check each letter, or paste the whole link"))
            return self.page(request, form)
        if queries.held_by(link.pk, request.COOKIES.get(cookie_of(link), "")) is not None:
            return redirect("records:send-page", link=link.pk)
        try:
            links.show(link=link)
        except links.Ended as problem:
            return ended_page(request, problem.state)
        return confirm_page(request, link, SenderForm(initial={"code": form.cleaned_data["code"]}))


def confirm_page(request: HttpRequest, link: UploadLink, form: SenderForm) -> HttpResponse:
    """Enough to see that it is the patient of the letter, and no word about health."""
    context = {"form": form, "person": queries.person(link.case), "link": link}
    return render(request, "send/confirm.html", context, status=422 if form.errors else 200)


class Confirm(BaseView):
    """The claim: the first to press the button has the link."""

    permission = Permission.PUBLIC

    def get(self, request: HttpRequest) -> HttpResponse:
        return redirect("records:send-enter")

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SenderForm(request.POST)
        link = queries.by_token(request.POST.get("code", ""))
        if link is None:
            return redirect("records:send-enter")
        if not form.is_valid():
            state = queries.state(link)
            return confirm_page(request, link, form) if state in OPEN_STATES else ended_page(request, state)
        try:
            secret = links.redeem(link=link, name=form.cleaned_data["name"], place=form.cleaned_data["place"])
        except links.Ended as problem:
            return ended_page(request, problem.state)
        response = redirect("records:send-page", link=link.pk)
        response.set_cookie(
            cookie_of(link),
            secret,
            expires=link.grant.until,
            path=reverse("records:send-enter"),
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
        return response


class LinkGate(BaseView):
    """The gate of everything below `/send/<link>/`: the cookie of the browser that redeemed it, and a live grant.

    Without the cookie the address does not exist. With it, a link that has ended says so.
    """

    abstract = True
    permission = Permission.UPLOAD_LINK
    case: Case
    link: UploadLink

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        BaseView.setup(self, request, *args, **kwargs)  # not CaseView's, whose address names a case

    @property
    def actor(self) -> Actor:
        return Actor.token(self.link.grant_id)

    def load(self) -> None:
        found = UploadLink(pk=self.kwargs["link"])
        held = queries.held_by(found.pk, self.request.COOKIES.get(cookie_of(found), ""))
        if held is None:
            raise Http404
        self.link, self.case = held, held.case
        state = queries.state(held)
        if state is not LinkState.USED:
            raise links.Ended(state)
        self.shown(held.case_id, subjects=[held.pk])

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = super().dispatch(request, *args, **kwargs)
        except links.Ended as problem:
            response = self.ended(problem.state)
        response.headers["Cache-Control"] = "no-store"
        return response

    def ended(self, state: LinkState) -> HttpResponseBase:
        return ended_page(self.request, LinkState.EXPIRED if state is LinkState.FINISHED else state)

    # what records/views/tus.py and page.py ask of whoever sends
    def mine(self) -> QuerySet[Upload]:
        return queries.sent_by(self.link)

    def sender(self) -> tuple[Any, Grant | None]:
        return None, self.link.grant

    def promise(self, described: rules.Described, size: int) -> Upload:
        return uploads.create(case=self.case, described=described, size=size, by=None, grant=self.link.grant)

    def address(self, upload: Upload) -> str:
        return reverse("records:send-upload", args=[self.link.pk, upload.pk])

    def records_url(self) -> str:
        return reverse("records:send-page", args=[self.link.pk])


def send_context(view: LinkGate) -> dict[str, Any]:
    link = view.link
    return {
        "link": link,
        "person": queries.person(view.case),
        "items": queries.asked_items(link),
        "sent": queries.receipt(link),
        "takes_files": takes_files(view.case.phase),
    }


class SendPage(LinkGate):
    """`/send/<link>/`: what is asked, the uploader, and the sender's own receipt."""

    permission = Permission.UPLOAD_LINK

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        return self.page(request)

    def page(self, request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
        context = send_context(self) | {
            "unfinished": waiting(self.mine()),
            "words": upload_words(),
            "problem": problem,
            "uploads_url": reverse("records:send-uploads", args=[self.link.pk]),
            "send_url": reverse("records:send-files", args=[self.link.pk]),
        }
        return render(request, "send/page.html", context, status=status)


class Sent(LinkGate):
    """The receipt alone, asked for again after each file."""

    permission = Permission.UPLOAD_LINK

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        return render(request, "send/receipt.html", send_context(self))


@method_decorator(csrf_exempt, name="dispatch")
class SendFiles(LinkGate, page.PlainUpload):
    """The way without scripts. The token of the form is checked in `PlainUpload`, once its files can be sealed."""

    permission = Permission.UPLOAD_LINK
    http_method_names = ["post", "options"]
    page = SendPage.page


class LinkUploads(LinkGate, tus.Uploads):
    """tus: make an upload, list the holder's unfinished ones."""

    permission = Permission.UPLOAD_LINK

    def ended(self, state: LinkState) -> HttpResponseBase:
        return self.problem(410, "link_ended")


class LinkUpload(LinkGate, tus.OneUpload):
    """tus: one upload of the holder's own. Every part asks the grant again."""

    permission = Permission.UPLOAD_LINK

    def load(self) -> None:
        LinkGate.load(self)
        self.find()

    def ended(self, state: LinkState) -> HttpResponseBase:
        return self.problem(410, "link_ended")


class Finish(LinkGate):
    """ "That was everything": the link ends, and a lost computer opens nothing."""

    permission = Permission.UPLOAD_LINK

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        context = send_context(self)
        if waiting(self.mine()):
            messages.error(request, _("Some files are still on their way. Wait until they have arrived, then finish."))
            return redirect("records:send-page", link=self.link.pk)
        if not context["sent"].total:
            messages.error(request, _("Nothing has arrived yet. Send the records first."))
            return redirect("records:send-page", link=self.link.pk)
        links.finish(link=self.link)
        response = render(request, "send/done.html", context)
        response.delete_cookie(cookie_of(self.link), path=reverse("records:send-enter"), samesite="Lax")
        return response
