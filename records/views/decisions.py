"""What a person says about one file: the password that opens it, or which of two images counts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from portal.core.access import Permission
from portal.core.workflow import Refused
from records.actions import passwords, sorting
from records.forms import PasswordForm, SameImageForm
from records.models import File
from records.queries.aside import image_in
from records.queries.files import FileView
from records.rules.codes import SAME_UID
from records.states import RecordState
from records.views.files import RemoveFile
from records.views.page import back_to, records_page


class UnlockFile(RemoveFile):
    """Asks for the password of a locked file."""

    permission = Permission.UPLOAD_RECORDS

    def page(self, request: HttpRequest, form: PasswordForm, status: int = 200) -> HttpResponse:
        context = {
            "case": self.case,
            "file": self.file,
            "form": form,
            "wrong": self.file.code.endswith("_wrong"),
            "heading": _("Enter the password"),
            "caption": self.file.name,
            "submit_text": _("Open the file"),
            "back_url": records_page(request, self.case),
        }
        return render(request, "records/unlock.html", context, status=status)

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        if not FileView(self.file).locked:
            return redirect(records_page(request, self.case))
        return self.page(request, PasswordForm())

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        form = PasswordForm(request.POST)
        if not form.is_valid():
            return self.page(request, form, status=422)
        try:
            passwords.unlock(file=self.file, password=form.cleaned_data["password"], by=self.actor)
        except Refused as refused:
            if refused.reason == "slow_down":
                form.add_error("password", _("You have tried several times just now. Wait 5 minutes, then try again."))
                return self.page(request, form, status=429)
            messages.info(request, _("This file does not need a password any more."))
        else:
            messages.success(request, _("Thank you. We are trying the password now."))
        return redirect(records_page(request, self.case))


class DecideFile(RemoveFile):
    """Two images say that they are one, and look different: the desk says which of them is shown."""

    permission = Permission.DESK

    def page(self, request: HttpRequest, form: SameImageForm, status: int = 200) -> HttpResponse:
        first: File | None = self.file.duplicate_of
        context = {
            "case": self.case,
            "sides": [(_("Came first"), first), (_("Came later"), self.file)],
            "instance": image_in(first),
            "form": form,
            "heading": _("Which of these two images is right?"),
            "caption": self.case.ref,
            "submit_text": _("Show this one"),
            "back_url": back_to(request, self.case),
        }
        return render(request, "records/decide_file.html", context, status=status)

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        if self.file.state != RecordState.QUARANTINED or self.file.code != SAME_UID:
            return redirect(back_to(request, self.case))
        return self.page(request, SameImageForm())

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        if self.file.state != RecordState.QUARANTINED or self.file.code != SAME_UID:
            return redirect(back_to(request, self.case))
        form = SameImageForm(request.POST)
        if not form.is_valid():
            return self.page(request, form, status=422)
        try:
            sorting.decide_same_uid(file=self.file, use_new=form.cleaned_data["keep"] == "second", by=self.actor)
        except Refused as refused:
            if refused.reason == "in_review":
                messages.error(request, _("A specialist works with these images. Give the case back first."))
            else:
                messages.info(request, _("Somebody has decided about this image already."))
        return redirect(back_to(request, self.case))
