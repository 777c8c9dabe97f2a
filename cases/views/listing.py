"""A patient's cases, and opening a new one from a passed screening."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from cases.actions import intake
from cases.forms.screening import OpenForm
from cases.queries.edition import current_edition
from cases.queries.listing import my_cases
from cases.queries.messages import unread_by_case
from cases.rules import screening as rules
from cases.views import screening
from portal.core.access import BaseView, Permission


class MyCases(BaseView):
    """All cases of this person; straight to the only one."""

    permission = Permission.OWN_CASE

    def get(self, request: HttpRequest) -> HttpResponse:
        cases = list(my_cases(request.user))
        if len(cases) == 1 and "all" not in request.GET:
            return redirect("patient:case", cases[0].ref)
        self.shown(*(case.pk for case in cases))
        unread = unread_by_case(request.user)
        rows = [{"case": case, "unread": unread.get(case.pk, 0)} for case in cases]
        return render(request, "cases/list.html", {"rows": rows})


class NewCase(BaseView):
    """Who the request is for; then the case is opened."""

    permission = Permission.OWN_CASE

    def page(self, form: OpenForm) -> HttpResponse:
        known = form.fields["acting_as"].initial
        context = {
            "form": form,
            "known": known,
            "who_url": screening.step_url("who"),
            "back_url": reverse("cases:result"),
        }
        return render(self.request, "cases/new.html", context)

    def given(self) -> tuple[list[rules.Answer], dict[str, str]]:
        answers = screening.held(self.request)
        return answers, rules.latest(answers)

    def get(self, request: HttpRequest) -> HttpResponse:
        edition, (_answers, given) = current_edition(), self.given()
        if not rules.passed(edition, given):
            return redirect(screening.next_url(edition, given))
        return self.page(OpenForm(rules.bases(edition, given)))

    def post(self, request: HttpRequest) -> HttpResponse:
        edition, (answers, given) = current_edition(), self.given()
        if not rules.passed(edition, given):
            return redirect(screening.next_url(edition, given))
        form = OpenForm(rules.bases(edition, given), request.POST)
        if not form.is_valid():
            return self.page(form)
        case = intake.open_case(
            by=request.user,  # type: ignore[arg-type]
            screening=answers,
            acting_as=form.cleaned_data["acting_as"],
            specialty=given[rules.SPECIALTY],
        )
        screening.forget(request)
        self.shown(case.pk)
        return redirect("patient:case", case.ref)
