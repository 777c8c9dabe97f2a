"""What people say about one line of the checklist: the patient's answers, the desk's decision."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from cases.actions import messages as conversation
from cases.rules import may_write
from cases.views.base import CaseView
from portal.core.access import Permission
from portal.core.states import Role
from portal.core.workflow import Refused
from records.actions import checklist as actions
from records.forms import ItemForm, OwnItemForm
from records.queries.checklist import checklist
from records.states import ItemState
from records.views.page import back_to

SAID = {"sent": ItemState.PROBABLE, "never": ItemState.NOT_DONE, "cannot": ItemState.CANNOT_GET}


class ItemView(CaseView):
    """A person's word on one line of the checklist. Both sides have a form of their own at the same address."""

    permission = Permission.UPLOAD_RECORDS

    def load(self) -> None:
        super().load()
        found = next((one for one in checklist(self.case) if one.key == self.kwargs["key"]), None)
        if found is None:
            raise Http404
        self.item = found

    @property
    def staff(self) -> bool:
        return bool(self.user.role == Role.COORDINATOR)

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        if not self.staff:
            return self.page(OwnItemForm())
        held = {"state": self.item.state, "reason": self.item.reason} if self.item.by_person else {}
        return self.page(ItemForm(initial=held))

    def page(self, form: Form) -> HttpResponse:
        context = {
            "case": self.case,
            "form": form,
            "item": self.item,
            "staff": self.staff,
            "heading": self.item.item.staff if self.staff else self.item.item.patient,
            "caption": self.case.ref,
            "submit_text": _("Save"),
            "back_url": back_to(self.request, self.case) if self.staff else self.list_url(),
        }
        return render(self.request, "records/item.html", context, status=422 if form.errors else 200)

    def list_url(self) -> str:
        return reverse("records:records", args=[self.case.ref]) + f"#item-{self.item.key}"

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        if request.POST.get("undo"):
            return self.attempt(lambda: actions.clear_item(case=self.case, key=self.item.key, by=self.actor))
        if self.staff:
            form = ItemForm(request.POST)
            if not form.is_valid():
                return self.page(form)
            state = ItemState(form.cleaned_data["state"])
            return self.attempt(lambda: self.say(state, form.cleaned_data["reason"]))
        own = OwnItemForm(request.POST)
        if not own.is_valid():
            return self.page(own)
        said = own.cleaned_data["said"]
        if said == "ask":
            return self.attempt(
                lambda: self.ask(own.cleaned_data["question"]), _("Your question is sent. We write back.")
            )
        return self.attempt(lambda: self.say(SAID[said], own.cleaned_data["reason"] if said == "cannot" else ""))

    def say(self, state: ItemState, reason: str) -> None:
        actions.set_item(case=self.case, key=self.item.key, state=state, reason=reason, by=self.actor)

    def ask(self, question: str) -> None:
        if not may_write(self.case.phase):
            raise Refused("message_closed")
        words = _("About “%(record)s”: %(question)s") % {"record": self.item.item.patient, "question": question}
        conversation.send(case=self.case, by=self.actor, body=words)

    def attempt(self, work: Any, words: str = "") -> HttpResponse:
        try:
            work()
        except Refused as refused:
            closed = _("You can ask once your request is sent. Until then, please call us.")
            late = _("That is not possible any more. Please look at the list again.")
            messages.error(self.request, closed if refused.reason == "message_closed" else late)
        else:
            if words:
                messages.success(self.request, words)
        return redirect(back_to(self.request, self.case) if self.staff else self.list_url())
