"""One file, one study: download, try again, remove, decide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases.views.base import CaseView
from portal.core.access import BaseView, Permission
from portal.core.workflow import Refused
from records.actions import files, studies
from records.actions.processing import person_of
from records.forms import StudyDateForm, StudyForm
from records.queries.downloads import body_of
from records.queries.files import came_in, containers_of, readable_files, visible_files
from records.queries.studies import decidable_studies, people, seen
from records.queries.studies import studies as studies_of
from records.views.page import back_to, records_page

SAFE_TYPES = re.compile(r"(application/(pdf|dicom|json|zip|gzip|xml)|image/[a-z]+|text/plain)\Z")


class Download(BaseView):
    """The original, byte for byte, to be saved and never opened in our own page.

    A DICOM file whose preamble makes it something else as well (an executable) is given with the preamble zeroed,
    which changes nothing of the record (PS3.10 section 7.1).
    """

    permission = Permission.VIEW_RECORDS

    def get(self, request: HttpRequest, file: Any) -> HttpResponseBase:
        found = readable_files(self.user).filter(pk=file).select_related("object__key").first()
        if found is None or found.object is None or found.object.state != "stored":
            raise Http404
        self.shown(found.case_id, subjects=[found.pk])
        stored = found.object
        known = SAFE_TYPES.match(found.media_type)
        response = StreamingHttpResponse(
            started(body_of(found, stored)), content_type=found.media_type if known else "application/octet-stream"
        )
        response["Content-Length"] = str(stored.size)
        response["Content-Disposition"] = content_disposition_header(True, found.name) or "attachment"
        return closed(response)


def closed(response: HttpResponseBase) -> HttpResponseBase:
    """A stranger's bytes: no sniffing, no script, no frame, even when a browser shows them."""
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def started(body: Iterator[bytes]) -> Iterator[bytes]:
    """Read the first piece now: a damaged object is an error page, not a cut download."""
    first = next(body, b"")
    return chain([first], body)


class FilePage(CaseView):
    """Base of what is done with one file of the case."""

    abstract = True

    def load(self) -> None:
        super().load()
        found = visible_files(self.user).filter(case=self.case, pk=self.kwargs["file"]).first()
        if found is None:
            raise Http404
        self.file = found


class RemoveFile(FilePage):
    """Asks first, then takes the file out of the case."""

    permission = Permission.UPLOAD_RECORDS

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        context = {
            "case": self.case,
            "name": self.file.name,
            "archive": self.file.kind == "archive",
            "came_in": came_in([self.file.container]),
            "back_url": records_page(request, self.case),
            "allowed": files.may_remove(self.case.phase),
            "in_log": files.in_custody_log(self.file),
        }
        return render(request, "records/remove.html", context)

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        try:
            files.remove(file=self.file, by=self.actor)
        except Refused as refused:
            sentence = _("This file cannot be removed now. Please write us a message.")
            if refused.reason == "in_log":
                sentence = _(
                    "This photo belongs to the log of something sent by post, so it stays. "
                    "If something is wrong with it, please write us a message."
                )
            messages.error(request, sentence)
        else:
            messages.success(request, _("The file is removed."))
        return redirect(records_page(request, self.case))


class Again(FilePage):
    """Try a failed file once more."""

    permission = Permission.UPLOAD_RECORDS

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        return redirect(records_page(request, self.case))

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        try:
            files.process_again(file=self.file, by=self.actor)
        except Refused:
            messages.info(request, _("Another try cannot help with this file. Please choose it again, or write to us."))
        return redirect(records_page(request, self.case))


class StudyPage(CaseView):
    """Base of what is decided about one study."""

    abstract = True

    def load(self) -> None:
        super().load()
        found = decidable_studies(self.user).filter(case=self.case, pk=self.kwargs["study"]).first()
        if found is None:
            raise Http404
        self.study = found

    @property
    def title(self) -> str:
        return next((one.title for one in studies_of(self.case) if one.study.pk == self.study.pk), "")


class RemoveStudy(StudyPage):
    """All images of a study go at once."""

    permission = Permission.UPLOAD_RECORDS

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        context = {
            "case": self.case,
            "name": self.title,
            "study": True,
            "came_in": came_in(containers_of(self.study)),
            "back_url": records_page(request, self.case),
            "allowed": files.may_remove(self.case.phase),
        }
        return render(request, "records/remove.html", context)

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        try:
            studies.remove(study=self.study, by=self.actor)
        except Refused:
            messages.error(request, _("These images cannot be removed now. Please write us a message."))
        else:
            messages.success(request, _("The images are removed."))
        return redirect(records_page(request, self.case))


class ReleaseStudy(StudyPage):
    """The desk says that a study that was set aside is this patient's."""

    permission = Permission.DESK

    def page(self, request: HttpRequest, form: StudyForm, status: int = 200) -> HttpResponse:
        named = people(self.study, person_of(self.case))
        context = {
            "case": self.case,
            "study": self.study,
            "people": named,
            "seen": seen(named),
            "form": form,
            "heading": _("Are these images this patient’s?"),
            "caption": self.case.ref,
            "submit_text": _("Yes, show them"),
            "back_url": back_to(request, self.case),
        }
        return render(request, "records/release_study.html", context, status=status)

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        return self.page(request, StudyForm())

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        form = StudyForm(request.POST)
        if not form.is_valid():
            return self.page(request, form, status=422)
        try:
            studies.release(
                study=self.study, reason=form.cleaned_data["reason"], shown=request.POST.get("seen", ""), by=self.actor
            )
        except Refused as refused:
            if refused.reason == "changed":
                form.add_error(None, _("These images name other people now than this page showed. Look at them again"))
                return self.page(request, form, status=409)
            messages.info(request, _("Somebody has decided about these images already."))
        return redirect(back_to(request, self.case))


class DateStudy(StudyPage):
    """When images were taken that carry no date."""

    permission = Permission.UPLOAD_RECORDS

    def page(self, request: HttpRequest, form: StudyDateForm, status: int = 200) -> HttpResponse:
        context = {
            "case": self.case,
            "form": form,
            "heading": _("When were these images taken?"),
            "caption": self.title,
            "submit_text": _("Save the date"),
            "back_url": self.back,
        }
        return render(request, "records/date_study.html", context, status=status)

    @property
    def back(self) -> str:
        return reverse("records:timeline", args=[self.case.ref])

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        return self.page(request, StudyDateForm(initial={"day": self.study.date}))

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        form = StudyDateForm(request.POST)
        if not form.is_valid():
            return self.page(request, form, status=422)
        try:
            studies.set_date(study=self.study, day=form.cleaned_data["day"], by=self.actor)
        except Refused as refused:
            sentence = _("That is not possible any more. Please write us a message.")
            if refused.reason == "dated":
                sentence = _("These images carry a date of their own. If it is wrong, please write us a message.")
            messages.info(request, sentence)
        return redirect(self.back)


class SplitStudy(StudyPage):
    """Two people in one study: the desk takes out the images of one of them."""

    permission = Permission.DESK

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        try:
            removed = studies.remove_person(study=self.study, key=request.POST.get("person", ""), by=self.actor)
        except Refused:
            messages.error(request, _("These images cannot be removed now."))
        else:
            messages.success(
                request, ngettext("%(n)d file is removed.", "%(n)d files are removed.", removed) % {"n": removed}
            )
        self.study.refresh_from_db()
        if self.study.state == "removed":
            return redirect(records_page(request, self.case))
        return redirect("records:release-study", ref=self.case.ref, study=self.study.pk)
