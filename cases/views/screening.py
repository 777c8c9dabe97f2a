"""The questions before the account. They live in the session of the browser until a case is opened.

A person who is stopped leaves nothing behind: the session forgets, and what they typed goes with the page alone, signed,
so that "a doctor has already checked this" or "I made a mistake" can carry on from there.
"""

from __future__ import annotations

from typing import Any

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.forms.screening import FORMS, StepForm
from cases.queries.edition import current_edition
from cases.queries.prices import prices
from cases.rules import screening as rules
from portal.catalogue.parts import FlagLevel
from portal.catalogue.types import Edition
from portal.core.access import BaseView, Permission
from portal.core.states import Role

SESSION, SALT, STOP_SECONDS = "screening", "cases.screening", 3600
AGAIN = "again"
"""In the address of the first step for somebody who comes back to a later one, of which nothing was kept: the page says why."""


def held(request: HttpRequest) -> list[rules.Answer]:
    """The answers in this browser's session, oldest first."""
    return list(request.session.get(SESSION, []))


def ready(request: HttpRequest) -> bool:
    """Whether this browser holds a passed screening, waiting for an account."""
    answers = held(request)
    return bool(answers) and rules.passed(current_edition(), rules.latest(answers))


def keep(request: HttpRequest, answers: list[rules.Answer]) -> None:
    request.session[SESSION] = answers


def forget(request: HttpRequest) -> None:
    request.session.pop(SESSION, None)


def answered(answers: list[rules.Answer], new: dict[str, str], dropped: tuple[str, ...] = ()) -> list[rules.Answer]:
    """`answers` with the new ones in place of older ones to the same questions."""
    now = timezone.now().isoformat()
    gone = {*new, *dropped}
    kept = [one for one in answers if one["question"] not in gone]
    added: list[rules.Answer] = [{"question": key, "answer": answer, "at": now} for key, answer in new.items()]
    return kept + added


def edition_for(answers: list[rules.Answer]) -> Edition:
    """The published edition, in the form for whoever these answers come from."""
    edition = current_edition()
    return current_edition(other=True) if rules.about_other(edition, rules.latest(answers)) else edition


def step_url(step: str) -> str:
    return reverse("cases:start") if step == rules.STEPS[0] else reverse("cases:step", args=[step])


def next_url(edition: Edition, given: rules.Given) -> str:
    step = rules.next_step(edition, given)
    return step_url(step) if step else reverse("cases:result")


class Step(BaseView):
    """One step: a short question or a small group."""

    permission = Permission.PUBLIC
    quiet = True

    def page(self, edition: Edition, step: str, form: StepForm, given: rules.Given) -> HttpResponse:
        number = rules.STEPS.index(step) + 1
        back = step_url(rules.STEPS[number - 2]) if number > 1 else reverse("pages:home")
        context = {
            "form": form,
            "step": step,
            "caption": _("Step %(n)s of %(all)s") % {"n": number, "all": len(rules.STEPS)},
            "heading": self.heading(edition, step, given),
            "back_url": back,
            "place": rules.place_of(edition, given),
            "submit_text": _("Continue"),
            "again": AGAIN in self.request.GET and not given,
            "other": rules.about_other(edition, given),
        }
        return render(self.request, "cases/start/step.html", context)

    def heading(self, edition: Edition, step: str, given: rules.Given) -> str:
        other = rules.about_other(edition, given)
        return {
            "place": _("Where is the patient?") if other else _("Where are you?"),
            "emergency": _("First, is it safe to wait?"),
            "field": _("What is your question about?"),
            "signs": _("A few more safety questions"),
            "who": _("Who needs the second opinion?"),
            "care": _("Is this the right service?"),
            "date": _("What has happened so far?"),
        }[step]

    def prepare(self, step: str) -> tuple[Edition, list[rules.Answer], dict[str, str], HttpResponse | None]:
        if step not in FORMS:
            raise Http404
        answers = held(self.request)
        edition = edition_for(answers)
        given = rules.latest(answers)
        missing = rules.next_step(edition, given)
        if missing is not None and rules.STEPS.index(step) > rules.STEPS.index(missing):
            away = step_url(missing)
            return edition, answers, given, redirect(away if given else f"{away}?{AGAIN}")
        return edition, answers, given, None

    def get(self, request: HttpRequest, step: str = rules.STEPS[0]) -> HttpResponse:
        edition, _answers, given, away = self.prepare(step)
        return away or self.page(edition, step, FORMS[step](edition, given), given)

    def post(self, request: HttpRequest, step: str = rules.STEPS[0]) -> HttpResponse:
        edition, answers, given, away = self.prepare(step)
        if away:
            return away
        form = FORMS[step](edition, given, request.POST)
        if not form.is_valid():
            return self.page(edition, step, form, given)
        new = form.answers()
        dropped = tuple(rules.forget_after(edition, given, new[rules.SPECIALTY])) if step == "field" else ()
        answers = answered(answers, new, dropped)
        edition = edition_for(answers)
        stop = rules.verdict(edition, rules.latest(answers))
        if stop is not None:
            forget(request)
            return stop_page(request, edition, answers, stop)
        keep(request, answers)
        if rules.SPECIALTY in given and given[rules.SPECIALTY].startswith(rules.NOT_COVERED):
            return redirect(step_url("field"))
        later = rules.STEPS[rules.STEPS.index(step) + 1 :]
        missing = rules.next_step(edition, rules.latest(answers))
        return redirect(
            step_url(later[0]) if missing and later and step != missing else next_url(edition, rules.latest(answers))
        )


def stop_page(request: HttpRequest, edition: Edition, answers: list[rules.Answer], stop: rules.Verdict) -> HttpResponse:
    """What to do instead, with the numbers of the place. Nothing about the person stays with us."""
    given = rules.latest(answers)
    place = rules.place_of(edition, given)
    words, numbers = (
        edition.red_flag_messages,
        {"{emergency}": place.emergency, "{crisis}": place.crisis or place.emergency},
    )

    def fill(text: str) -> str:
        for gap, number in numbers.items():
            text = text.replace(gap, number)
        return text

    context = {
        "stop": stop,
        "other": rules.about_other(edition, given),
        "place": place,
        "crisis": place.crisis or place.emergency,
        "title": words.now_title,
        "now": fill(words.now),
        "self_harm": fill(words.self_harm) if any(f.key == rules.SELF_HARM for f in stop.flags) else "",
        "advice": [*dict.fromkeys(flag.advice for flag in stop.flags if flag.advice)],
        "message": fill(stop.message),
        "checked": words.checked,
        "token": signing.dumps({"answers": answers, "stop": stop.stop, "step": stop.step}, salt=SALT, compress=True),
    }
    return render(request, "cases/start/stop.html", context)


class Resume(BaseView):
    """From a stop page: a doctor has checked it, the treating doctor goes on, or a wrong box was ticked."""

    permission = Permission.PUBLIC
    quiet = True

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            page: dict[str, Any] = signing.loads(request.POST.get("token", ""), salt=SALT, max_age=STOP_SECONDS)
        except signing.BadSignature:
            return redirect("cases:start")
        answers: list[rules.Answer] = page["answers"]
        go = request.POST.get("go", "")
        if go == "checked" and page["stop"] == rules.Stop.NOW:
            answers = answered(answers, {rules.CHECKED: "yes"})
        elif go == "doctor" and page["stop"] == rules.Stop.DOCTOR:
            answers = answered(answers, {rules.TREATING: "yes"})
        else:
            edition = edition_for(answers)
            undone = rules.must_answer(edition, page["step"], rules.latest(answers))
            answers = [one for one in answers if one["question"] not in undone]
            keep(request, answers)
            return redirect(step_url(page["step"]))
        edition = edition_for(answers)
        stop = rules.verdict(edition, rules.latest(answers))
        if stop is not None:
            return stop_page(request, edition, answers, stop)
        keep(request, answers)
        return redirect(next_url(edition, rules.latest(answers)))


class Result(BaseView):
    """The end of the questions: this is the right service, and what to do first."""

    permission = Permission.PUBLIC
    quiet = True

    def get(self, request: HttpRequest) -> HttpResponse:
        edition = edition_for(held(request))
        given = rules.latest(held(request))
        if not rules.passed(edition, given):
            return redirect(next_url(edition, given))
        specialty = edition.specialty(given[rules.SPECIALTY])
        planned = rules.planned_date(edition, given)
        context = {
            "specialty": specialty,
            "other": rules.about_other(edition, given),
            "today": rules.raised(edition, given, FlagLevel.TODAY),
            "messages_of": edition.red_flag_messages,
            "checked": rules.checked_by_doctor(given),
            "first_get": specialty.evidence.if_no if given[rules.EVIDENCE] != "yes" else "",
            "planned": planned,
            "too_soon": rules.too_soon(planned, timezone.localdate()),
            "place": rules.place_of(edition, given),
            "prices": prices(edition),
            "doctor": given.get(rules.TREATING) == "yes",
            "back_url": step_url(rules.STEPS[-1]),
            "new_url": reverse("cases:new"),
            "is_patient": request.user.is_authenticated and request.user.role == Role.PATIENT,
            "is_staff": request.user.is_authenticated and request.user.role != Role.PATIENT,
        }
        return render(request, "cases/start/result.html", context)
