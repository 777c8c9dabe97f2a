"""The desk: the queue, and one case with everything on one screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import messages as flash
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from cases.actions import holds, level, release, triage
from cases.actions import messages as conversation
from cases.models import Hold
from cases.queries import desk as desk_queries
from cases.queries import visible_to
from cases.queries.edition import edition_of
from cases.states import Level
from cases.views.base import CaseView
from portal.catalogue.parts import CannedKind
from portal.core.access import BaseView, Permission
from portal.core.workflow import Refused
from portal.pages.desk import queue
from portal.pages.desk.casepage import page_context
from portal.pages.desk.forms import (
    AskForm,
    CoordinatorForm,
    DeclineForm,
    LevelForm,
    NoteForm,
    ReleaseForm,
    ReplyForm,
)
from records.queries.checklist import checklist
from records.states import ItemState
from records.views.page import records_context


class Queue(BaseView):
    permission = Permission.DESK

    def get(self, request: HttpRequest, view: str = queue.DEFAULT.key) -> HttpResponse:
        return self.page(request, view, request.GET)

    def post(self, request: HttpRequest, view: str = queue.DEFAULT.key) -> HttpResponse:
        """The search: filters and a reference go to the address, a name is looked for without standing there."""
        asked = {name: request.POST.get(name, "") for name in queue.QueueFilter.base_filters}
        ref = queue.as_ref(asked["q"])
        if asked["q"] and not visible_to(self.user).filter(ref=ref).exists():
            return self.page(request, view, request.POST)
        kept = {name: value for name, value in {**asked, "q": ref}.items() if value}
        return redirect(f"{request.path}?{urlencode(kept)}" if kept else request.path)

    def page(self, request: HttpRequest, view: str, asked: QueryDict) -> HttpResponse:
        chosen = queue.view_by_key(view)
        if chosen is None:
            raise Http404
        now = timezone.now()
        cases = queue.annotated(visible_to(self.user)).filter(chosen.where(now))
        found = queue.QueueFilter(asked, queryset=cases, request=request)
        lines = queue.rows(found.qs, now)
        self.shown(*(line.case.pk for line in lines))
        counts = queue.counts(self.user, now)
        context = {
            "view": chosen,
            "views": [(one, counts[one.key]) for one in queue.VIEWS],
            "filter": found,
            "filtered": any(asked.get(name) for name in found.filters),
            "rows": lines,
            "now": now,
        }
        return render(request, "desk/queue.html", context)


class DeskCase(CaseView):
    """Everything on one screen. Each form of the page posts to its own address below; an error shows the page again."""

    permission = Permission.DESK
    form_name: ClassVar[str] = ""

    def get(self, request: HttpRequest, ref: str) -> HttpResponse:
        conversation.mark_read(case=self.case, by=self.actor)
        return self.page()

    def forms(self) -> dict[str, Form]:
        """The page's forms, empty or begun from a canned text that the address names (`?ask=key`)."""
        edition = edition_of(self.case)
        asked = {one.key: one for one in (*AskForm(edition=edition).canned, *DeclineForm(edition=edition).canned)}
        canned = asked.get(self.request.GET.get("text", ""))
        begun = {"reason": canned.key, "asks": canned.text, "text": canned.text} if canned else self.asked_item()
        return {
            "ask": AskForm(edition=edition, prefix="ask", initial=begun),
            "decline": DeclineForm(edition=edition, prefix="decline", initial=begun),
            "level": LevelForm(edition=edition, prefix="level", initial={"level": self.case.level}),
            "coordinator": CoordinatorForm(
                prefix="coordinator",
                people=desk_queries.coordinators(),
                initial={"coordinator": self.case.coordinator_id},
            ),
            "note": NoteForm(prefix="note"),
            "reply": ReplyForm(prefix="reply"),
        }

    def asked_item(self) -> dict[str, str]:
        """A question about one line of the checklist (`?item=key`), begun from the text that fits how it stands."""
        item = next((one for one in checklist(self.case) if one.key == self.request.GET.get("item", "")), None)
        if item is None:
            return {}
        texts = {ItemState.REPORT_ONLY: "ask_missing_images", ItemState.WRONG_PERSON: "ask_other_person"}
        key = texts.get(item.state, "ask_missing_record")
        found = next((one for one in edition_of(self.case).canned(CannedKind.ASK) if one.key == key), None)
        return {"reason": key, "asks": found.text.replace("{record}", item.item.patient)} if found else {}

    def page(self, wrong: Form | None = None) -> HttpResponse:
        shown: dict[str, Any] = self.forms()
        if wrong is not None:
            shown[self.form_name] = wrong
        context = page_context(self.case, self.user) | records_context(self.request, self.case)
        context |= {
            "forms": shown,
            "form": wrong,
            "open_form": self.form_name if wrong else self.request.GET.get("open", ""),
        }
        return render(self.request, "desk/case.html", context, status=422 if wrong else 200)

    def done(self, words: str) -> HttpResponse:
        flash.success(self.request, words)
        return redirect("desk:case", self.ref)

    def attempt(self, work: Any, words: str | Callable[[], str]) -> HttpResponse:
        """Run one action; what the rules refuse is said in words, with the page as it stands now."""
        try:
            work()
            if self.case.coordinator_id is None:  # whoever acts first looks after the case
                triage.assign_coordinator(case=self.case, coordinator=self.user, by=self.actor)
        except Refused as problem:
            flash.error(self.request, refusal(problem.reason))
            return redirect("desk:case", self.ref)
        return self.done(words if isinstance(words, str) else words())


def refusal(reason: str) -> str:
    """Words for what a rule refused; codes are for logs."""
    known = {
        "release: the PDF is not ready yet": _("The PDF of the report is still being made. Try again in a moment."),
        "release: no signed report": _("There is no signed report to release."),
        "message_closed": _("Messages are closed for this case."),
    }
    return known.get(
        reason, _("That is not possible any more: the case has moved on. This page shows it as it is now.")
    )


class FormAction(DeskCase):
    """Base of the page's posts."""

    abstract = True
    http_method_names = ["post"]

    def post(self, request: HttpRequest, ref: str) -> HttpResponse:
        bound = self.bound()
        if not bound.is_valid():
            return self.page(bound)
        return self.act(bound.cleaned_data)

    def bound(self) -> Form:
        raise NotImplementedError

    def act(self, data: dict[str, Any]) -> HttpResponse:
        raise NotImplementedError


class Ask(FormAction):
    permission = Permission.DESK
    form_name = "ask"

    def bound(self) -> Form:
        return AskForm(self.request.POST, edition=edition_of(self.case), prefix="ask")

    def act(self, data: dict[str, Any]) -> HttpResponse:
        return self.attempt(
            lambda: holds.open(
                case=self.case, reason=data["reason"], owner=data["owner"], asks=data["asks"], by=self.actor
            ),
            _("The question is asked, and the clock is paused."),
        )


class Decline(FormAction):
    permission = Permission.DESK
    form_name = "decline"

    def bound(self) -> Form:
        return DeclineForm(self.request.POST, edition=edition_of(self.case), prefix="decline")

    def act(self, data: dict[str, Any]) -> HttpResponse:
        return self.attempt(
            lambda: triage.decline(case=self.case, reason=data["reason"], text=data["text"], by=self.actor),
            _("The case is declined, and the patient is told why."),
        )


class SetLevel(FormAction):
    permission = Permission.DESK
    form_name = "level"

    def bound(self) -> Form:
        return LevelForm(self.request.POST, edition=edition_of(self.case), prefix="level")

    def act(self, data: dict[str, Any]) -> HttpResponse:
        wanted = Level(data["level"])
        return self.attempt(
            lambda: level.set_level(case=self.case, level=wanted, by=self.actor),
            lambda: (
                _("The level is changed.")
                if self.case.level == wanted
                else _("The patient is asked to agree to the price. The level changes when the answer is yes.")
            ),
        )


class SetCoordinator(FormAction):
    permission = Permission.DESK
    form_name = "coordinator"

    def bound(self) -> Form:
        return CoordinatorForm(self.request.POST, prefix="coordinator", people=desk_queries.coordinators())

    def act(self, data: dict[str, Any]) -> HttpResponse:
        return self.attempt(
            lambda: triage.assign_coordinator(case=self.case, coordinator=data["coordinator"], by=self.actor),
            _("The case has its coordinator."),
        )


class AddNote(FormAction):
    permission = Permission.DESK
    form_name = "note"

    def bound(self) -> Form:
        return NoteForm(self.request.POST, prefix="note")

    def act(self, data: dict[str, Any]) -> HttpResponse:
        return self.attempt(
            lambda: triage.add_note(case=self.case, body=data["body"], by=self.actor), _("The note is kept.")
        )


class Reply(FormAction):
    permission = Permission.DESK
    form_name = "reply"

    def bound(self) -> Form:
        return ReplyForm(self.request.POST, prefix="reply")

    def act(self, data: dict[str, Any]) -> HttpResponse:
        return self.attempt(
            lambda: conversation.send(case=self.case, body=data["body"], by=self.actor), _("The message is sent.")
        )


class Step(DeskCase):
    """A decision of one click. The address names it."""

    permission = Permission.DESK
    http_method_names = ["post"]

    def post(self, request: HttpRequest, ref: str, step: str) -> HttpResponse:
        steps: dict[str, tuple[Any, str]] = {
            "complete": (triage.complete_records, _("The records count as complete. The promised time runs from now.")),
            "called": (triage.flag_settled, _("It is kept that the patient was spoken to.")),
            "reopen": (triage.reopen_records, _("The case is back at collecting records.")),
            "accept": (triage.accept, _("The case is accepted. Now find its specialist.")),
            "render": (release.render_again, _("The PDF is being made again.")),
            "close": (release.close, _("The case is closed.")),
        }
        action, words = steps[step]
        return self.attempt(lambda: action(case=self.case, by=self.actor), words)


class Release(CaseView):
    """A page of its own before a report goes to the patient: whose it is, who signed it, and that somebody looked."""

    permission = Permission.DESK

    def get(self, request: HttpRequest, ref: str) -> HttpResponse:
        return self.page(ReleaseForm())

    def page(self, form: ReleaseForm) -> HttpResponse:
        report = desk_queries.waiting_report(self.case)
        if report is None:  # somebody released it a moment ago, or it is not signed yet: the case's page says which
            return redirect("desk:case", self.ref)
        context = {
            "form": form,
            "case": self.case,
            "report": report,
            "back_url": reverse("desk:case", args=[self.ref]),
            "back_text": self.ref,
        }
        return render(self.request, "desk/release.html", context, status=422 if form.errors else 200)

    def post(self, request: HttpRequest, ref: str) -> HttpResponse:
        form = ReleaseForm(request.POST)
        if desk_queries.waiting_report(self.case) and not form.is_valid():
            return self.page(form)
        try:
            release.release(case=self.case, by=self.actor)
        except Refused as problem:
            flash.error(request, refusal(problem.reason))
        else:
            flash.success(request, _("The report is with the patient now. They were told by e-mail."))
        return redirect("desk:case", self.ref)


class CloseHold(DeskCase):
    permission = Permission.DESK
    http_method_names = ["post"]

    def post(self, request: HttpRequest, ref: str, pk: Any) -> HttpResponse:
        hold = Hold.objects.filter(case=self.case, pk=pk).first()
        if hold is None:
            raise Http404
        return self.attempt(
            lambda: holds.close(hold=hold, by=self.actor), _("The hold has ended, and the clock runs again.")
        )
