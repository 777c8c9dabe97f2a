"""The workspace: records beside the opinion, and the two ways out of it (a question, giving the case back)."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.actions import holds
from cases.queries.people import asks_for_patient
from portal.core import storage
from portal.core.workflow import Refused
from records.queries.checklist import checklist, counts
from records.queries.custody import things
from records.queries.files import preparing
from records.queries.health import health
from records.queries.studies import besides
from records.queries.timeline import timeline
from specialists.actions import assignments
from specialists.forms import AskForm, DeclineForm
from specialists.queries import drafts, material, story, terms, worklist, workspace
from specialists.queries.access import HELD, WORKING
from specialists.rules.timeleft import time_left
from specialists.states import AssignmentState
from specialists.views.base import AssignmentView, sentence


class Workspace(AssignmentView):
    """Everything for one review on one screen."""

    states = HELD

    def get(self, request: HttpRequest, **_kwargs: object) -> HttpResponse:
        if self.assignment.state == AssignmentState.SIGNED:
            return redirect("cases:report", ref=self.assignment.case.ref)
        case, draft = self.assignment.case, drafts.draft_of(self.assignment)
        asked, told = story.story(case)
        items = checklist(case)
        needed, satisfied = counts(items)
        context = {
            "assignment": self.assignment,
            "case": case,
            "who": worklist.person_words(case),
            "specialty": terms.specialty_name(case, self.assignment.specialty),
            "condition": terms.condition_of(case),
            "left": time_left(case.due_at, timezone.now(), paused=case.on_hold),
            "draft": draft,
            "sections": workspace.sections(self.assignment, draft),
            "studies": material.studies(case),
            "besides": besides(case),
            "documents": material.documents(case),
            "questions": asked,
            "told": told,
            "asks_for_patient": asks_for_patient(case, named=False),
            "checklist": items,
            "needed": needed,
            "satisfied": satisfied,
            "to_go": needed - satisfied,
            "health": health(case),
            "timeline": timeline(case, request.user),
            "staff": True,
            "by_post": things(request.user, case),
            "holds": story.open_holds(self.assignment),
            "asked": story.asked_by(self.assignment),
            "preparing": preparing(case),
        }
        return render(request, "specialists/workspace.html", context)


class PageImage(AssignmentView):
    """The picture of one page of a document of this case."""

    states = HELD

    def get(self, request: HttpRequest, document: UUID, number: int, **_kwargs: object) -> HttpResponseBase:
        image = material.page_image(self.assignment.case, document, number)
        if image is None:
            raise Http404
        answer = StreamingHttpResponse(storage.read_range(image), content_type=material.image_type(image))
        answer["Content-Length"] = str(image.size)
        answer["X-Content-Type-Options"] = "nosniff"
        return answer


class Ask(AssignmentView):
    """Asks the coordinator or the patient, and says so on the case: the specialist's clock stands still with a reason."""

    states = WORKING

    def get(self, request: HttpRequest, **_kwargs: object) -> HttpResponse:
        return self._page(AskForm())

    def post(self, request: HttpRequest, **_kwargs: object) -> HttpResponse:
        form = AskForm(request.POST)
        if not form.is_valid():
            return self._page(form)
        try:
            holds.open(
                case=self.assignment.case,
                reason="specialist_asks",
                owner=form.cleaned_data["owner"],
                asks=form.cleaned_data["asks"],
                by=self.actor,
                assignment_id=self.assignment.pk,
            )
        except Refused as refused:
            messages.error(request, sentence(refused.reason))
        else:
            messages.success(request, _("Your question is with the coordinator. We tell you when it is answered."))
        return redirect("reviews:workspace", pk=self.assignment.pk)

    def _page(self, form: AskForm) -> HttpResponse:
        context = {"form": form, "assignment": self.assignment, "case": self.assignment.case}
        return render(self.request, "specialists/ask.html", context)


class GiveBack(AssignmentView):
    """Returns the case to the desk."""

    states = WORKING

    def get(self, request: HttpRequest, **_kwargs: object) -> HttpResponse:
        return self._page(DeclineForm())

    def post(self, request: HttpRequest, **_kwargs: object) -> HttpResponse:
        form = DeclineForm(request.POST)
        if not form.is_valid():
            return self._page(form)
        try:
            assignments.give_back(assignment=self.assignment, by=self.actor, **form.cleaned_data)
        except Refused as refused:
            messages.error(request, sentence(refused.reason))
            return redirect("reviews:workspace", pk=self.assignment.pk)
        messages.success(request, _("You have given the case back. The coordinator looks for somebody else."))
        return redirect("reviews:list")

    def _page(self, form: DeclineForm) -> HttpResponse:
        context = {"form": form, "assignment": self.assignment, "case": self.assignment.case}
        return render(self.request, "specialists/give_back.html", context)
