"""Messages with the desk, and taking a request back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages as flash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from cases.actions import messages, withdrawal
from cases.forms.conversation import ConfirmForm, MessageForm
from cases.models import Hold
from cases.queries.messages import open_holds, thread
from cases.rules import may_withdraw, may_write
from cases.states import HoldOwner, Phase
from cases.views.base import CaseView
from portal.core.access import Permission

SENT = frozenset(set(Phase) - {Phase.DRAFT})


class Messages(CaseView):
    """The conversation. Opening it marks what came from the desk as read."""

    permission = Permission.OWN_CASE
    phases = SENT

    def asked(self, pk: str) -> Hold | None:
        """The open question to the patient that an answer is for."""
        if not pk:
            return None
        return next((hold for hold in open_holds(self.case, HoldOwner.PATIENT) if str(hold.pk) == pk), None)

    def page(self, form: MessageForm, hold: Hold | None) -> HttpResponse:
        context = {
            "form": form,
            "case": self.case,
            "hold": hold,
            "questions": [] if hold else open_holds(self.case, HoldOwner.PATIENT),
            "thread": thread(self.case),
            "may_write": may_write(self.case.phase),
            "back_url": reverse("patient:case", args=[self.case.ref]),
        }
        response = render(self.request, "cases/messages.html", context)
        messages.mark_read(case=self.case, by=self.actor)
        return response

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        hold = self.asked(request.GET.get("hold", ""))
        form = MessageForm(initial={"hold": hold.pk if hold else None})
        if hold:
            form.fields["body"].label = _("Your answer")
        return self.page(form, hold)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if not may_write(self.case.phase):
            raise Http404
        form = MessageForm(request.POST)
        hold = self.asked(request.POST.get("hold", ""))
        if hold:
            form.fields["body"].label = _("Your answer")
        if not form.is_valid():
            return self.page(form, hold)
        messages.send(case=self.case, by=self.actor, body=form.cleaned_data["body"], hold=hold)
        flash.success(request, _("Thank you. Your answer is sent.") if hold else _("Your message is sent."))
        return redirect("cases:messages", self.case.ref)


class Withdraw(CaseView):
    """Taking the request back, with one more tick."""

    permission = Permission.OWN_CASE

    def load(self) -> None:
        super().load()
        if not may_withdraw(self.case.phase):
            raise Http404

    def page(self, form: ConfirmForm) -> HttpResponse:
        context = {"form": form, "case": self.case, "back_url": reverse("patient:case", args=[self.case.ref])}
        return render(self.request, "cases/withdraw.html", context)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.page(ConfirmForm())

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        form = ConfirmForm(request.POST)
        if not form.is_valid():
            return self.page(form)
        withdrawal.withdraw(case=self.case, by=self.actor)
        return redirect("patient:case", self.case.ref)
