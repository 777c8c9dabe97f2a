"""Consent, checking the answers, sending, and what happens next."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.contrib import messages as flash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from cases.actions import intake, level
from cases.forms.conversation import ConsentForm, LevelForm, ProposalForm
from cases.queries.edition import edition_of
from cases.queries.intake import consents_open, live_consents, ready_to_send
from cases.queries.prices import COST, prices, prices_of
from cases.queries.summary import summary
from cases.states import OPEN, Phase
from cases.views.base import CaseView
from portal.core.access import Permission
from portal.core.workflow import Refused


class Consents(CaseView):
    """To the first screen that is not answered yet; afterwards, a list of what was agreed to."""

    permission = Permission.OWN_CASE

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        edition = edition_of(self.case)
        waiting = consents_open(self.case, edition)
        if waiting and self.case.phase == Phase.DRAFT:
            return redirect("cases:consent", self.case.ref, waiting[0].key)
        given = {one.key: one for one in live_consents(self.case)}
        rows = [(screen, given.get(screen.key)) for screen in edition.consents()]
        context = {"case": self.case, "rows": rows, "back_url": reverse("patient:case", args=[self.case.ref])}
        return render(request, "cases/intake/consents.html", context)


class HowFast(CaseView):
    """The level, with what it costs."""

    permission = Permission.OWN_CASE
    phases = frozenset({Phase.DRAFT})

    def page(self, form: LevelForm) -> HttpResponse:
        context = {
            "form": form,
            "case": self.case,
            "prices": prices(edition_of(self.case)),
            "back_url": reverse("patient:case", args=[self.case.ref]),
        }
        return render(self.request, "cases/intake/level.html", context)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.page(LevelForm(prices(edition_of(self.case)), initial={"level": self.case.level}))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        form = LevelForm(prices(edition_of(self.case)), request.POST)
        if not form.is_valid():
            return self.page(form)
        level.choose_level(case=self.case, level=form.cleaned_data["level"], by=self.actor)
        return redirect("patient:case", self.case.ref)


class Proposal(CaseView):
    """Another level that the desk proposes, with what it costs: yes or no."""

    permission = Permission.OWN_CASE
    phases = frozenset(OPEN)

    def load(self) -> None:
        super().load()
        edition = edition_of(self.case)
        proposed = self.case.proposed_level
        self.offered = prices(edition, [edition.level(key) for key in (proposed, self.case.level) if key])

    def form(self, *data: Any, **initial: Any) -> ProposalForm:
        named = [" · ".join(part for part in (one.level.name, one.price) if part) for one in self.offered.levels]
        return ProposalForm(named[0], named[-1], *data, **initial)

    def page(self, form: ProposalForm) -> HttpResponse:
        back = reverse("patient:case", args=[self.case.ref])
        context = {"form": form, "case": self.case, "prices": self.offered, "back_url": back}
        return render(self.request, "cases/intake/proposal.html", context)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if not self.case.proposed_level:  # answered already, or taken back: the case page says how it stands
            return redirect("patient:case", self.case.ref)
        return self.page(self.form(initial={"level": self.case.proposed_level}))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        form = self.form(request.POST)
        if not form.is_valid() and self.case.proposed_level:
            return self.page(form)
        with suppress(Refused):  # another one is proposed by now, or none: the page shows it
            answer = form.cleaned_data
            level.answer_proposal(
                case=self.case, level=answer.get("level", ""), agrees=answer.get("agree") == "yes", by=self.actor
            )
            yes = answer.get("agree") == "yes"
            flash.success(
                request, _("Thank you. The new time holds.") if yes else _("Thank you. All stays as you chose.")
            )
            return redirect("patient:case", self.case.ref)
        return redirect("cases:proposal", self.case.ref)


class ConsentScreen(CaseView):
    """One screen, read and answered by itself."""

    permission = Permission.OWN_CASE
    phases = frozenset({Phase.DRAFT})

    def load(self) -> None:
        super().load()
        self.screens = list(edition_of(self.case).consents())
        keys = [screen.key for screen in self.screens]
        if self.kwargs["key"] not in keys:
            raise Http404
        self.at = keys.index(self.kwargs["key"])
        self.screen = self.screens[self.at]

    def page(self, form: ConsentForm) -> HttpResponse:
        if self.at:
            back = reverse("cases:consent", args=[self.case.ref, self.screens[self.at - 1].key])
        else:
            back = reverse("patient:case", args=[self.case.ref])
        context = {
            "form": form,
            "case": self.case,
            "screen": self.screen,
            "prices": prices_of(self.case, edition_of(self.case)) if self.screen.key == COST else None,
            "back_url": back,
            "caption": _("Consent %(n)s of %(all)s") % {"n": self.at + 1, "all": len(self.screens)},
        }
        return render(self.request, "cases/intake/consent.html", context)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        given = {(one.key, one.version): one.given for one in live_consents(self.case)}
        answer = given.get((self.screen.key, str(self.screen.version)))
        initial: Any = answer if self.screen.required else {True: "yes", False: "no"}.get(answer)  # type: ignore[arg-type]
        return self.page(ConsentForm(self.screen, initial={"agree": initial}))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        form = ConsentForm(self.screen, request.POST)
        if not form.is_valid():
            return self.page(form)
        intake.give_consents(case=self.case, answers={self.screen.key: form.given}, by=self.actor)
        if self.at + 1 < len(self.screens):
            return redirect("cases:consent", self.case.ref, self.screens[self.at + 1].key)
        return redirect("patient:case", self.case.ref)


REFUSALS = {
    "about_missing": "about",
    "problem_missing": "problem",
    "questions_missing": "questions",
    "health_missing": "health",
    "consent_missing": "consent",
}


class Check(CaseView):
    """Everything that was answered, on one page, before it is sent."""

    permission = Permission.OWN_CASE

    def page(self, refused: str = "") -> HttpResponse:
        edition = edition_of(self.case)
        context = {
            "case": self.case,
            "groups": summary(self.case, edition),
            "ready": ready_to_send(self.case, edition),
            "refused": REFUSALS.get(refused, ""),
            "back_url": reverse("patient:case", args=[self.case.ref]),
        }
        return render(self.request, "cases/intake/check.html", context)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if self.case.phase != Phase.DRAFT:
            return redirect("patient:case", self.case.ref)
        return self.page()

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if self.case.phase in OPEN:  # sent by the first of two clicks
            return redirect("cases:sent", self.case.ref)
        try:
            intake.submit(case=self.case, by=self.actor)
        except Refused as why:
            return self.page(why.reason)
        return redirect("cases:sent", self.case.ref)


class Sent(CaseView):
    """What happens next."""

    permission = Permission.OWN_CASE
    phases = frozenset(OPEN)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        edition = edition_of(self.case)
        context = {"case": self.case, "level": edition.level(self.case.level), "prices": prices_of(self.case, edition)}
        return render(request, "cases/intake/sent.html", context)
