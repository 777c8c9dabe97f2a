"""The parts of a request that is not sent yet. Each saves as the patient goes, with a script or without."""

from __future__ import annotations

from typing import Any

from django.contrib import messages as flash
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.actions import intake
from cases.forms.intake import SECTIONS, CorrectionForm, QuestionsForm, questions_draft
from cases.forms.section import SectionForm
from cases.models import IntakeSection
from cases.queries.edition import edition_of
from cases.queries.intake import questions as questions_of
from cases.queries.intake import sections
from cases.queries.summary import spoken
from cases.rules import QUESTIONS_OPEN
from cases.states import OPEN, Phase
from cases.views.base import CaseView
from portal.core.access import Permission

PARTS = ("_day", "_month", "_year")
BUTTONS = ("add", "up", "down", "drop", "more")
"""The buttons of the questions' page that change the list and stay there."""


class Section(CaseView):
    """About you, the problem, the health background. A POST with `autosave` is a partial save and is answered in JSON."""

    permission = Permission.OWN_CASE
    phases = frozenset({Phase.DRAFT})
    template = "cases/intake/section.html"

    def load(self) -> None:
        super().load()
        self.key = self.kwargs["section"]
        if self.key not in SECTIONS:
            raise Http404
        self.edition = edition_of(self.case)
        self.held: IntakeSection | None = sections(self.case).get(self.key)

    @property
    def revision(self) -> int:
        return self.held.revision if self.held else 0

    def form(self, draft: dict[str, list[str]], *, show_errors: bool = False) -> SectionForm:
        return SECTIONS[self.key](self.case, self.edition, draft, show_errors=show_errors)

    def saved_form(self) -> SectionForm:
        """The form as it was left; as it is filled in for the patient before the first save."""
        if self.held and self.held.draft:
            return self.form(self.held.draft)
        return SECTIONS[self.key](self.case, self.edition, answers=self.held.answers if self.held else None)

    def page(self, form: SectionForm, *, revision: int | None = None, **more: Any) -> HttpResponse:
        you = self.case.own
        words = {
            "about": _("About you") if you else _("About the patient"),
            "problem": _("The problem and what was recommended"),
            "health": _("Health background"),
            "questions": _("Your questions"),
        }
        context = {
            "form": form,
            "case": self.case,
            "you": you,
            "section": self.key,
            "heading": words[self.key],
            "revision": self.revision if revision is None else revision,
            "back_url": reverse("patient:case", args=[self.case.ref]),
            "back_text": _("Back to your request"),
            "suggested": self.suggested(),
            **more,
        }
        return render(self.request, self.template, context)

    def suggested(self) -> list[str]:
        return []

    def both(self, form: SectionForm, newer: int) -> HttpResponse:
        """What was typed here, beside what was saved elsewhere meanwhile: nobody has to choose blindly."""
        self.held = sections(self.case).get(self.key)
        return self.page(form, revision=newer, conflict=True, elsewhere=form.differing(self.saved_form()))

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """With `?check`, where an incomplete part that was sent leads, the page says what is missing."""
        if "check" in request.GET and self.held:
            return self.page(self.form(self.saved_form().as_draft(), show_errors=True))
        return self.page(self.saved_form())

    def after(self, complete: bool) -> HttpResponse:
        """What was typed is saved already, so errors are shown by a page of its own: reloading it sends nothing again."""
        if complete or "later" in self.request.POST:
            return redirect("patient:case", self.case.ref)
        return redirect(f"{self.request.path}?check")

    def typed(self) -> dict[str, list[str]]:
        """The form's own fields in the request, everything else left out."""
        names = self.form({}).fields
        known = {*names, *(name + part for name in names for part in PARTS)}
        return {name: self.request.POST.getlist(name) for name in self.request.POST if name in known}

    def save(self, form: SectionForm, draft: dict[str, list[str]], complete: bool) -> IntakeSection:
        try:
            revision = int(self.request.POST.get("revision", ""))
        except ValueError:
            revision = -1
        return intake.save_section(
            case=self.case,
            key=self.key,
            answers=form.understood(),
            complete=complete,
            revision=revision,
            by=self.actor,
            draft=draft,
        )

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if request.POST.get("autosave"):
            return self.autosave()
        draft = self.typed()
        form = self.form(draft, show_errors=True)
        complete = form.is_valid()
        try:
            self.save(form, draft, complete)
        except intake.Conflict as newer:
            return self.both(self.form(draft), newer.revision)
        return self.after(complete)

    def autosave(self) -> JsonResponse:
        """Keep what changed on top of what stands. Only the names in `fields` count, so that an emptied box is told from one not sent."""
        draft = self.saved_form().as_draft()
        changed = self.typed()
        names = set(self.request.POST.getlist("fields"))
        known = {*self.form({}).fields}
        for name in names:
            if name in known or name.endswith(PARTS):
                draft[name] = changed.get(name, [])
        form = self.form(draft)
        try:
            saved = self.save(form, draft, form.complete)
        except intake.Conflict as newer:
            return JsonResponse({"revision": newer.revision}, status=409)
        answer = {"revision": saved.revision, "saved_at": timezone.localtime(saved.saved_at).strftime("%H:%M")}
        return JsonResponse(answer | {"errors": form.wrong_now(names)})


class Questions(Section):
    """Up to five questions. Adding, moving and taking one away are buttons of the form, so that no script is needed."""

    permission = Permission.OWN_CASE
    phases = frozenset(QUESTIONS_OPEN)
    template = "cases/intake/questions.html"

    def load(self) -> None:
        self.kwargs["section"] = "questions"
        super().load()
        self.at = (self.request.GET.get("at"), self.request.GET.get("did", ""))
        """Which question the person just moved, added or removed, and how: the page opens there."""

    def saved_form(self) -> SectionForm:
        texts = [question.text for question in questions_of(self.case)]
        draft = self.held.draft if self.held and self.held.draft else questions_draft(texts)
        return self.form(draft)

    def suggested(self) -> list[str]:
        key = self.case.condition
        known = {condition.key for condition in self.edition.specialty(self.case.specialties[0]).conditions}
        return list(self.edition.questions(self.case.specialties[0], key if key in known else None))

    def page(self, form: SectionForm, **more: Any) -> HttpResponse:
        assert isinstance(form, QuestionsForm)
        taken = {text.strip() for text in form.texts()}
        open_ones = [(number, text) for number, text in enumerate(self.suggested()) if text not in taken]
        full = len([text for text in form.texts() if text.strip()]) >= len(form.texts())
        number, button = _number(self.at[0]), self.at[1]
        at = form.moved(number, button) if number and button in BUTTONS else None
        offered = [] if full else open_ones
        return super().page(form, offered=offered, draft=self.case.phase == Phase.DRAFT, at=at, **more)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if request.POST.get("autosave"):
            if self.case.phase != Phase.DRAFT:
                return JsonResponse({"errors": {}}, status=404)
            return self.autosave()
        texts = self._after_button([request.POST.get(f"q{n}", "") for n in range(1, 6)])
        draft = questions_draft(texts)
        form = self.form(draft, show_errors=True)
        complete = form.is_valid()
        button = next((name for name in BUTTONS if name in request.POST), "")
        if self.case.phase != Phase.DRAFT:
            if not complete or button:
                if button:
                    self.at = (str(self.number), button)
                return self.page(self.form(draft) if button else form)
            intake.set_questions(case=self.case, questions=form.understood()["questions"], by=self.actor)
            return redirect("patient:case", self.case.ref)
        try:
            self.save(form, draft, complete)
        except intake.Conflict as newer:
            return self.both(self.form(draft), newer.revision)
        return redirect(f"{request.path}?at={self.number}&did={button}") if button else self.after(complete)

    def _after_button(self, texts: list[str]) -> list[str]:
        """The texts as the button leaves them; `self.number` is where the question that it was about stands now."""
        kept = [text for text in texts if text.strip()]
        post = self.request.POST
        offered = self.suggested()
        self.number = len(kept) + 1
        if (number := _number(post.get("add"))) is not None and number < len(offered):
            kept.append(offered[number])
        elif (number := _number(post.get("up"))) is not None and 1 < number <= len(kept):
            kept.insert(number - 2, kept.pop(number - 1))
            self.number = number - 1
        elif (number := _number(post.get("down"))) is not None and 1 <= number < len(kept):
            kept.insert(number, kept.pop(number - 1))
            self.number = number + 1
        elif (number := _number(post.get("drop"))) is not None and 1 <= number <= len(kept):
            kept.pop(number - 1)
            self.number = number
        return kept


class Correct(CaseView):
    """Name, date of birth and phone can be put right after the request is sent; the records are compared again."""

    permission = Permission.OWN_CASE
    phases = frozenset(OPEN)

    def page(self, form: CorrectionForm) -> HttpResponse:
        context = {"form": form, "case": self.case, "back_url": reverse("patient:case", args=[self.case.ref])}
        return render(self.request, "cases/intake/correct.html", context)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        held = sections(self.case).get("about")
        return self.page(CorrectionForm(self.case, edition_of(self.case), answers=held.answers if held else {}))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        draft = {name: request.POST.getlist(name) for name in request.POST}
        form = CorrectionForm(self.case, edition_of(self.case), draft, show_errors=True)
        if not form.is_valid():
            return self.page(form)
        answers = form.understood()
        if intake.correct_person(case=self.case, answers=answers, words=corrected(form, answers), by=self.actor):
            flash.success(request, _("Thank you. We use this from now on, and we told the desk."))
        return redirect("patient:case", self.case.ref)


def corrected(form: CorrectionForm, answers: dict[str, Any]) -> str:
    """The correction as the desk reads it among the messages."""
    lines = [f"{field.label}: {spoken_answer(name, answers[name])}" for name, field in form.fields.items()]
    return "\n".join([_("I put my details right. They are now:"), *lines])


def spoken_answer(name: str, value: str) -> str:
    return (spoken(value) if name == "birth_date" else value) or _("none")


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 4 else None
