"""What the records say about the patient's health, and the patient's press of a button that takes it into the answers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases.states import Phase
from cases.views.base import CaseView
from portal.core.access import Permission
from portal.core.states import Role
from portal.core.workflow import Refused
from records.actions import health as actions
from records.queries.health import TARGETS, health
from records.views.page import back_to, records_page


class HealthPage(CaseView):
    """`/cases/<ref>/records/health/`: problems, medicines, allergies, results and procedures with their sources."""

    permission = Permission.UPLOAD_RECORDS

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        staff = self.user.role == Role.COORDINATOR
        context = {
            "case": self.case,
            "health": health(self.case),
            "staff": staff,
            "may_take": not staff and self.case.phase == Phase.DRAFT,
            "back_url": back_to(request, self.case) if staff else records_page(request, self.case),
        }
        return render(request, "records/health.html", context)


class Take(CaseView):
    """The patient adds lines to the answers: the ticked ones, or all of a kind."""

    permission = Permission.OWN_CASE

    def post(self, request: HttpRequest, ref: str) -> HttpResponse:
        kinds = [kind for kind in request.POST.getlist("all") if kind in TARGETS]
        ids = [] if kinds else [found for text in request.POST.getlist("fact")[:1000] if (found := _uuid(text))]
        page = reverse("records:health", args=[ref])
        if not kinds and not ids:
            messages.error(request, _("Tick the lines that you want to add first."))
            return redirect(page)
        try:
            added, full = actions.take(case=self.case, ids=ids, kinds=kinds, by=self.actor)
        except Refused:
            messages.error(
                request, _("Your request is sent, so its answers cannot be changed here. Write us a message instead.")
            )
            return redirect(page)
        if added:
            words = ngettext(
                "%(n)d line is in your answers now. Please look it over.",
                "%(n)d lines are in your answers now. Please look them over.",
                added,
            )
            messages.success(request, words % {"n": added})
        elif not full:
            messages.info(request, _("Your answers hold this already."))
        if full:
            messages.error(request, _("Not all lines fit into your answer. Shorten it first, then add the rest."))
        return redirect(page)


class Offer(CaseView):
    """A hint for the health background: what the records say that could go there. Empty when there is nothing."""

    permission = Permission.OWN_CASE

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        return render(request, "records/partials/offer.html", {"case": self.case, "health": health(self.case)})


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
