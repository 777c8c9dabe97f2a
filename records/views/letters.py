"""Writing, signing and giving out the letters that ask a hospital for records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from cases.views.base import CaseView
from portal.core import storage
from portal.core.access import Permission
from portal.core.states import Role
from portal.core.workflow import Refused
from records.actions import letters
from records.outside_forms import AGREED, LetterForm
from records.queries import letters as queries
from records.queries.checklist import checklist
from records.rules.uploads import takes_files
from records.views.files import closed, started


def told(reason: str) -> str:
    known = {
        "doctor_cannot_sign": _(
            "A doctor cannot sign this for the patient. Ask the patient to sign, or send the records yourself."
        ),
        "closed": _("This case takes no more records. Choose “To me”, or write us a message."),
        "too_many_links": _("There are many open links already. Stop one that you do not need, then try again."),
        "too_many_today": _("Many links were made today. Make the next one tomorrow, or write us a message."),
    }
    return known.get(reason, _("That did not work. Please look at the page again."))


class WriteLetter(CaseView):
    """One letter as a form, and its signature. Only the patient's side signs."""

    permission = Permission.OWN_CASE

    def load(self) -> None:
        super().load()
        found = next((one for one in queries.offered(self.case) if one.key == self.kwargs["key"]), None)
        if found is None:
            raise Http404
        self.letter = found

    def form(self, data: Any = None) -> LetterForm:
        return LetterForm(
            data,
            letter=self.letter,
            items=checklist(self.case),
            own=self.case.own,
            can_link=takes_files(self.case.phase),
        )

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        return self.page(self.form())

    def page(self, form: LetterForm) -> HttpResponse:
        context = {
            "case": self.case,
            "letter": self.letter,
            "form": form,
            "heading": self.letter.name,
            "caption": self.case.ref,
            "submit_text": _("Sign the letter"),
            "own": self.case.own,
            "back_url": reverse("records:ask", args=[self.case.ref]),
        }
        return render(self.request, "records/ask/write.html", context, status=422 if form.errors else 200)

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        form = self.form(request.POST)
        if not form.is_valid():
            return self.page(form)
        data = form.cleaned_data
        answers = letters.Answers(
            provider=data["provider"],
            items=data.get("items", []),
            more=data.get("more", ""),
            special_kind=data.get("special_kind", ""),
            purpose=data.get("purpose", ""),
            ends_on=data.get("ends_on"),
            signature=data["signature"],
            authority=data.get("authority", ""),
            by_link=data["deliver"] == "link",
            deliver_to=data.get("deliver_to", ""),
            agreed=str(AGREED),
        )
        try:
            signed = letters.sign(case=self.case, key=self.letter.key, answers=answers, by=self.actor)
        except letters.Invalid as invalid:
            form.refuse(invalid)
            return self.page(form)
        except Refused as refused:
            form.add_error(None, told(refused.reason))
            return self.page(form)
        messages.success(request, _("The letter is signed. Download it, and give it to the hospital."))
        return redirect("records:letter", ref=self.case.ref, letter=signed.pk)


class LetterView(CaseView):
    """Base of what is done with one signed letter."""

    abstract = True

    def load(self) -> None:
        super().load()
        found = queries.visible_letters(self.user, self.case).filter(pk=self.kwargs["letter"]).first()
        if found is None:
            raise Http404
        self.view = queries.view_of(self.case, found)

    def page(self, status: int = 200) -> HttpResponse:
        context = {
            "case": self.case,
            "view": self.view,
            "staff": self.user.role == Role.COORDINATOR,
            "back_url": reverse("records:ask", args=[self.case.ref]),
        }
        return render(self.request, "records/ask/letter.html", context, status=status)


class OneLetter(LetterView):
    """The signer's copy on the page: what was signed, and whether it still counts."""

    permission = Permission.UPLOAD_RECORDS

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        return self.page()


class LetterPdf(LetterView):
    """The letter for the hospital. One that has ended or was taken back is refused: it does not count (164.508(b)(2))."""

    permission = Permission.UPLOAD_RECORDS

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponseBase:
        if self.view.ended:
            return self.page(status=409)
        stored = self.view.letter.pdf
        body: Iterator[bytes] = started(storage.read_range(stored))
        response = StreamingHttpResponse(body, content_type="application/pdf")
        response["Content-Length"] = str(stored.size)
        response["Content-Disposition"] = (
            content_disposition_header(True, f"letter-{self.case.ref}.pdf") or "attachment"
        )
        return closed(response)


class WithdrawLetter(LetterView):
    """The signer takes it back."""

    permission = Permission.OWN_CASE

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        letters.withdraw(letter=self.view.letter, by=self.actor)
        messages.success(
            request, _("You have taken it back here. Tell the hospital in writing too, if it has the letter.")
        )
        return redirect("records:letter", ref=self.case.ref, letter=self.view.letter.pk)
