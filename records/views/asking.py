"""Asking hospitals for records, from the case's side: links and what came of them."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from cases.views.base import CaseView
from portal.core import mail
from portal.core.access import Permission
from portal.core.states import Role
from portal.core.workflow import Refused
from records.actions import links
from records.models import UploadLink
from records.outside_forms import LinkForm
from records.qr import qr
from records.queries import letters as letter_queries
from records.queries import links as queries
from records.queries.checklist import checklist
from records.queries.files import FileView
from records.rules.links import grouped
from records.rules.uploads import takes_files
from records.views.page import records_page

log = logging.getLogger(__name__)


def address_of(token: str) -> str:
    """The address with the token behind the `#`, where no server and no log sees it."""
    return f"{settings.BASE_URL}{reverse('records:send-enter')}#{token}"


def told(reason: str) -> str:
    known = {
        "closed": _("This case takes no more records. Write us a message and we will help."),
        "too_many_links": _("There are many open links already. Stop one that you do not need, then make a new one."),
        "too_many_today": _("Many links were made today. Make the next one tomorrow, or write us a message."),
    }
    return known.get(reason, _("That did not work. Please look at the page again."))


class Asking(CaseView):
    """`/cases/<ref>/records/ask/`: every link with how it stands."""

    permission = Permission.UPLOAD_RECORDS

    def get(self, request: HttpRequest, ref: str) -> HttpResponse:
        context = {
            "case": self.case,
            "links": queries.links(self.user, self.case),
            "letters": letter_queries.letters(self.user, self.case),
            "offered": letter_queries.offered(self.case),
            "takes_files": takes_files(self.case.phase),
            "staff": self.user.role == Role.COORDINATOR,
            "back_url": records_page(request, self.case),
        }
        return render(request, "records/ask/asking.html", context)


class MakeLink(CaseView):
    """Make a link. It is shown in the answer to the form, once."""

    permission = Permission.UPLOAD_RECORDS

    def form(self, request: HttpRequest, data: Any = None) -> LinkForm:
        staff = self.user.role == Role.COORDINATOR
        initial = {"items": request.GET.getlist("item")} if request.GET.get("item") else None
        return LinkForm(data, items=checklist(self.case), staff=staff, initial=initial)

    def get(self, request: HttpRequest, ref: str) -> HttpResponse:
        return self.page(request, self.form(request))

    def page(self, request: HttpRequest, form: LinkForm) -> HttpResponse:
        context = {
            "case": self.case,
            "form": form,
            "heading": _("Make a link for a hospital"),
            "caption": self.case.ref,
            "submit_text": _("Make the link"),
            "takes_files": takes_files(self.case.phase),
            "back_url": reverse("records:ask", args=[self.case.ref]),
        }
        return render(request, "records/ask/make.html", context, status=422 if form.errors else 200)

    def post(self, request: HttpRequest, ref: str) -> HttpResponse:
        form = self.form(request, request.POST)
        if not form.is_valid():
            return self.page(request, form)
        data = form.cleaned_data
        try:
            link, token = links.make(
                case=self.case, label=data["label"], items=data["items"], days=data["days"], by=self.actor
            )
        except Refused as refused:
            form.add_error(None, told(refused.reason))
            return self.page(request, form)
        sent = self.mail(link, token, data["email"]) if data["email"] else None
        address = address_of(token)
        context = {
            "case": self.case,
            "link": link,
            "address": address,
            "short": address.partition("#")[0],
            "groups": grouped(token),
            "qr": qr(address),
            "email": data["email"],
            "sent": sent,
            "back_url": reverse("records:ask", args=[self.case.ref]),
        }
        return render(request, "records/ask/made.html", context)

    def mail(self, link: UploadLink, token: str, to: str) -> bool:
        """Hand the link to the mail server now: a queued job would have to keep the token."""
        until = link.grant.until or link.made_at
        try:
            mail.send_link(to=to, template="upload_link", url=address_of(token), until=until)
        except (SMTPException, OSError):
            log.warning("a link could not be mailed")
            return False
        links.mailed(link=link, by=self.actor)
        return True


class LinkPage(CaseView):
    """Base of what is done with one link of the case."""

    abstract = True

    def load(self) -> None:
        super().load()
        found = queries.visible_links(self.user, self.case).filter(pk=self.kwargs["link"]).first()
        if found is None:
            raise Http404
        self.link = found


class OneLink(LinkPage):
    """What came by it, and the way to stop it."""

    permission = Permission.UPLOAD_RECORDS

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        (view,) = queries.viewed(self.case, [self.link])
        context = {
            "case": self.case,
            "view": view,
            "files": [FileView(one) for one in queries.arrived(self.link)],
            "staff": self.user.role == Role.COORDINATOR,
            "back_url": reverse("records:ask", args=[self.case.ref]),
        }
        return render(request, "records/ask/link.html", context)


class StopLink(LinkPage):
    """Revoke: the holder's next request finds it ended."""

    permission = Permission.UPLOAD_RECORDS

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        if links.revoke(link=self.link, by=self.actor):
            messages.success(request, _("The link no longer works. What had arrived by it stays."))
        else:
            messages.info(request, _("This link had ended already."))
        return redirect("records:ask", ref=self.case.ref)
