"""What a person says about one file: the password that opens it, or which of two images counts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.core.access import Permission
from portal.core.workflow import Refused
from records.actions import files, passwords, sorting
from records.forms import PasswordForm, SameImageForm, TrailingForm
from records.heldimage import SIDE, picture
from records.models import File, Instance
from records.queries.aside import image_in
from records.queries.files import FileView
from records.rules.codes import SAME_UID, TRAILING
from records.states import RecordState
from records.views.files import FilePage
from records.views.page import back_to, records_page


class UnlockFile(FilePage):
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


class DecideFile(FilePage):
    """What only the desk can say of a file that was set aside: which of two images with one number is shown, or whether a file with
    something glued to its end is read."""

    permission = Permission.DESK

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        if not self.waits:
            return redirect(back_to(request, self.case))
        return self.which(request, SameImageForm()) if self.file.code == SAME_UID else self.end(request, TrailingForm())

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        if not self.waits:
            return redirect(back_to(request, self.case))
        return self.choose(request) if self.file.code == SAME_UID else self.pass_over(request)

    @property
    def waits(self) -> bool:
        return self.file.state == RecordState.QUARANTINED and self.file.code in (SAME_UID, TRAILING)

    def end(self, request: HttpRequest, form: TrailingForm, status: int = 200) -> HttpResponse:
        context = {
            "case": self.case,
            "file": self.file,
            "form": form,
            "heading": _("Shall this file be read?"),
            "caption": self.case.ref,
            "submit_text": _("Save"),
            "back_url": back_to(request, self.case),
        }
        return render(request, "records/decide_end.html", context, status=status)

    def pass_over(self, request: HttpRequest) -> HttpResponse:
        form = TrailingForm(request.POST)
        if not form.is_valid():
            return self.end(request, form, status=422)
        try:
            if form.cleaned_data["decision"] == "read":
                sorting.read_without_end(file=self.file, by=self.actor)
            else:
                files.remove(file=self.file, by=self.actor, copies=True)
        except Refused as refused:
            self.told(request, refused)
        return redirect(back_to(request, self.case))

    @staticmethod
    def told(request: HttpRequest, refused: Refused) -> None:
        if refused.reason == "in_review":
            messages.error(request, _("A specialist works with these images. Give the case back first."))
        elif refused.reason == "in_log":
            messages.error(
                request, _("The log of something sent by post shows this picture or a copy of it, so it stays.")
            )
        else:
            messages.info(request, _("Somebody has decided about this file already."))

    def which(self, request: HttpRequest, form: SameImageForm, status: int = 200) -> HttpResponse:
        first: File | None = self.file.duplicate_of
        shown = image_in(first)
        context = {
            "case": self.case,
            "sides": [
                (_("Came first"), first, self.drawn(shown)),
                (_("Came later"), self.file, reverse("records:held-picture", args=[self.case.ref, self.file.pk])),
            ],
            "instance": shown,
            "form": form,
            "heading": _("Which of these two images is right?"),
            "caption": self.case.ref,
            "submit_text": _("Show this one"),
            "back_url": back_to(request, self.case),
        }
        return render(request, "records/decide_file.html", context, status=status)

    def drawn(self, shown: Instance | None) -> str:
        """Where the middle frame of an image that is shown is drawn; "" when it has none."""
        if shown is None or not shown.frame_bytes:
            return ""
        place = {"study": shown.series.study.uid, "series": shown.series.uid, "instance": shown.uid}
        middle = {"ref": self.case.ref, "frame": shown.frames // 2 + 1}
        return f"{reverse('dicomweb:case:frame-rendered', kwargs=place | middle)}?viewport={SIDE},{SIDE}"

    def choose(self, request: HttpRequest) -> HttpResponse:
        form = SameImageForm(request.POST)
        if not form.is_valid():
            return self.which(request, form, status=422)
        try:
            sorting.decide_same_uid(file=self.file, use_new=form.cleaned_data["keep"] == "second", by=self.actor)
        except Refused as refused:
            self.told(request, refused)
        return redirect(back_to(request, self.case))


class HeldPicture(FilePage):
    """The image that waits for the desk's word, drawn; nobody else sees it."""

    permission = Permission.DESK

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        if self.file.state != RecordState.QUARANTINED or self.file.code != SAME_UID:
            raise Http404
        drawn = picture(self.file)
        if drawn is None:
            raise Http404
        self.shown(self.case.pk, subjects=[self.file.pk])
        return HttpResponse(drawn, content_type="image/jpeg", headers={"Cache-Control": "private, no-store"})
