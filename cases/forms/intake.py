"""The sections of the intake: the patient, the problem, the questions, the health background."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django_countries import countries

from cases.forms.planned import DATE_FAR, DATE_PASSED_OPTIONAL, planned_at_latest
from cases.forms.section import SectionForm, ask_field, line, text
from cases.queries.intake import condition_keys, screening_answers
from cases.rules import MAX_QUESTIONS
from portal.catalogue.parts import Route
from portal.forms import DateField, DateInput, Radios

MATTERS = ("matters_most", "matters_text")
"""Asks of the catalogue that belong to the problem, not to the health background."""


class AboutForm(SectionForm):
    """The patient, and what lets the account act for them. `you` is false when the account acts for another."""

    key = "about"

    def build(self) -> None:
        you = self.case.own
        patient = self.case.patient
        self.fields["given_name"] = line(
            _("First name"),
            _("Enter your first name") if you else _("Enter the first name"),
            length=80,
            attrs={"autocomplete": "given-name" if you else "off"},
            help_text=_("As it is written on the medical records"),
        )
        self.fields["family_name"] = line(
            _("Last name"),
            _("Enter your last name") if you else _("Enter the last name"),
            length=80,
            attrs={"autocomplete": "family-name" if you else "off"},
        )
        self.fields["other_names"] = line(
            _("Other names that may be on the records"),
            "",
            length=160,
            required=False,
            help_text=_("For example, a name before marriage or another spelling"),
        )
        self.fields["birth_date"] = DateField(
            label=_("Date of birth"),
            name=_("your date of birth") if you else _("the date of birth"),
            past=True,
            earliest=_oldest,
            latest=_youngest_adult if you else None,
            too_late=_(
                "Check the year: you said that you are 18 or older. Is this request about a child? "
                "Then start a new request and say so"
            )
            if you
            else "",
            too_early=_("Check the year. This date of birth would be more than 120 years ago"),
            widget=DateInput(autocomplete="bday" if you else ""),
        )
        self.fields["sex"] = forms.ChoiceField(
            label=_("Sex"),
            help_text=_("Some test results mean different things for women and men"),
            choices=[
                ("female", _("Female")),
                ("male", _("Male")),
                ("other", _("Another term fits better")),
                ("unknown", _("I prefer not to say")),
            ],
            widget=Radios(),
            error_messages={"required": _("Choose an answer for sex")},
        )
        self.fields["country"] = forms.ChoiceField(
            label=_("Country"),
            help_text=_("Where you are now. It decides which doctors may help you")
            if you
            else _("Where the patient is now. It decides which doctors may help"),
            choices=[("", _("Choose a country")), *countries],
            initial=str(patient.country),
            error_messages={"required": _("Choose the country")},
        )
        regions = [(r.code, r.name) for place in self.edition.places for r in place.regions]
        held = f"{patient.country}-{patient.state}" if patient.state else ""
        self.fields["state"] = forms.ChoiceField(
            label=_("State, if in the United States"),
            required=False,
            initial=held,
            choices=[("", _("Choose a state")), *regions],
        )
        self.fields["state"].quiet_optional = True
        self.fields["language"] = forms.ChoiceField(
            label=_("Which language do you speak best?") if you else _("Which language does the patient speak best?"),
            choices=[(one.code, one.own_name) for one in self.edition.languages],
            initial=patient.language or "en",
        )
        self.fields["phone"] = line(
            _("Phone number"),
            _("Enter a phone number, so that we can call if something is urgent"),
            length=40,
            help_text=_("We call only if something is urgent, or if you ask us to"),
            attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel", "class": "nhsuk-input--width-20"},
        )
        if not you:
            self.fields["basis"] = text(
                _("What lets you act for this person?"),
                _("Write what lets you act for this person"),
                rows=2,
                limit=300,
                initial=screening_answers(self.case).get("acting_paper", ""),
                help_text=_(
                    "For example: I am the parent, or I have a power of attorney. We may ask for the paper later"
                ),
            )

    def clean_phone(self) -> str:
        phone: str = self.cleaned_data["phone"]
        digits = [sign for sign in phone if sign.isdigit()]
        if len(digits) < 6 or not set(phone) <= set("0123456789+-()./ x"):
            raise ValidationError(_("Enter a phone number with its digits, like +1 555 010 9999"))
        return phone

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        with_regions = {place.code for place in self.edition.places if place.regions}
        country, state = found.get("country", ""), found.get("state", "")
        if country in with_regions:
            if not state.startswith(f"{country}-"):
                self.add_error("state", ValidationError(_("Choose the state"), code="required"))
        else:
            found["state"] = ""
        if country and not self.errors.keys() & {"country", "state"}:
            self._check_route(country, state)
        return found

    def _check_route(self, country: str, state: str) -> None:
        """The rule of the first question before the account, for whoever is elsewhere by now or said so only here."""
        route = self.edition.place(country, state).route
        if route is Route.NOT:
            refused = _("The law of this place does not let our doctors help from here. Please call us")
        elif route is Route.VIA_DOCTOR and self.case.acting_as != "treating_doctor":
            refused = _("In this place we may only work through the patient’s own doctor. Please call us")
        else:
            return
        phone = settings.PRODUCT["phone"]
        self.add_error("country", f"{refused}: {phone}" if phone else refused)

    def filled(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        found = super().filled(answers)
        if found.get("state"):
            found["state"] = f"{answers.get('country', '')}-{found['state']}"
        return found

    def understood(self) -> dict[str, Any]:
        found = super().understood()
        if "state" in found:
            found["state"] = found["state"].partition("-")[2]
        return found


class CorrectionForm(AboutForm):
    """What a patient may put right after the request is sent: who they are, as the records name them."""

    KEPT = ("given_name", "family_name", "other_names", "birth_date", "phone")

    def build(self) -> None:
        super().build()
        self.fields = {name: self.fields[name] for name in self.KEPT}

    def clean(self) -> dict[str, Any]:
        return self.cleaned_data

    def understood(self) -> dict[str, Any]:
        return dict.fromkeys(self.KEPT, "") | SectionForm.understood(self)


def _oldest() -> datetime.date:
    return timezone.localdate() - datetime.timedelta(days=366 * 120)


def _youngest_adult() -> datetime.date:
    """The last birthday of somebody who is 18 today; born on 29 February, that is 1 March."""
    today = timezone.localdate()
    return today.replace(year=today.year - 18, day=min(today.day, 28) if today.month == 2 else today.day)


class ProblemForm(SectionForm):
    """Why the patient comes, what it is about, what the first doctor said, and what matters most."""

    key = "problem"

    def headings(self) -> list[tuple[str, tuple[str, ...]]]:
        own = self.case.own
        return [
            (_("Why you come"), ()),
            (
                _("What your doctor said") if own else _("What the doctor said"),
                ("first_diagnosis", "first_treatment", "first_tests", "planned_date"),
            ),
            (_("What matters to you") if own else _("What matters to the patient"), MATTERS),
        ]

    def build(self) -> None:
        own, reasons = self.case.own, self.edition.reasons
        self.fields["reason"] = forms.ChoiceField(
            label=_("What brings you here?"),
            help_text=_("Choose the one that fits best"),
            choices=[(one.key, one.words) for one in reasons],
            widget=Radios(reveals={one.key: [ask.key for ask in one.follow] for one in reasons if one.follow}),
            error_messages={"required": _("Choose what brings you here")},
        )
        for reason in reasons:
            for ask in reason.follow:
                field = ask_field(ask)
                field.required = False
                field.quiet_optional = ask.required  # type: ignore[attr-defined]
                self.fields[ask.key] = field
        specialty = self.edition.specialty(self.case.specialties[0])
        self.fields["condition"] = forms.ChoiceField(
            label=_("Which of these comes closest?"),
            help_text=_("It tells us which records the doctor will need"),
            choices=[(one.key, one.patient) for one in specialty.conditions],
            widget=Radios(),
            initial=self.case.condition,
            error_messages={"required": _("Choose what comes closest. “I am not sure” is fine")},
        )
        self.fields["title"] = line(
            _("A short name for your request"),
            _("Give your request a short name"),
            length=80,
            help_text=_("For example, “Heart valve surgery?” Only you and the people who work on your case see it"),
        )
        self.fields["first_diagnosis"] = text(
            _("What did your doctor say it is?") if own else _("What did the doctor say it is?"),
            _("Write what the doctor said. “I do not know” is fine"),
            help_text=_("Use your own words, or copy from a letter"),
        )
        self.fields["first_treatment"] = text(
            _("What did your doctor advise you to do?") if own else _("What did the doctor advise?"),
            _("Write what was advised. “Nothing yet” is fine"),
            help_text=_("For example, an operation, a drug, or to wait"),
        )
        self.fields["first_tests"] = text(_("Which tests were done, or advised?"), rows=3)
        self.fields["planned_date"] = DateField(
            label=_("Is there a date for surgery or treatment?"),
            name=_("the date of surgery or treatment"),
            required=False,
            help_text=_("If it is soon, we try to be faster. For example, 31 3 2027"),
            earliest=timezone.localdate,
            latest=planned_at_latest,
            too_early=DATE_PASSED_OPTIONAL,
            too_late=DATE_FAR,
            initial=self.case.planned_date,
        )
        for ask in self.edition.everyone_asks:
            if ask.key in MATTERS:
                self.fields[ask.key] = ask_field(ask)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        for reason in self.edition.reasons:
            for ask in reason.follow:
                if reason.key != found.get("reason"):
                    found.pop(ask.key, None)
                elif ask.required and not found.get(ask.key) and ask.key not in self.errors:
                    missing = _("Answer: %(question)s") % {"question": ask.words}
                    self.add_error(ask.key, ValidationError(missing, code="required"))
        return found


class HealthForm(SectionForm):
    """The health background: what the catalogue asks everyone, and this field and condition."""

    key = "health"

    def headings(self) -> list[tuple[str, tuple[str, ...]]]:
        own = self.case.own
        return [
            (_("How you feel") if own else _("How the patient feels"), ()),
            (_("Medicines and allergies"), ("medicines", "allergies", "contrast_reaction")),
            (
                _("Your health so far") if own else _("The patient’s health so far"),
                ("operated", "surgeries", "other_conditions", "family"),
            ),
            (
                _("How you live") if own else _("How the patient lives"),
                ("smoking", "pack_years", "alcohol", "exercise", "diet", "exposures", "height", "weight", "support"),
            ),
            (_("Your papers") if own else _("The patient’s papers"), ("records_other_language",)),
        ]

    def build(self) -> None:
        for ask in self.edition.asks(self.case.specialties, condition_keys(self.case)):
            if ask.key not in MATTERS:
                self.fields[ask.key] = ask_field(ask, str(self.case.patient.country))


class QuestionsForm(SectionForm):
    """Up to five questions, in the order in which they matter. One box more than is filled is shown."""

    key = "questions"

    def build(self) -> None:
        typed = [n for n in range(1, MAX_QUESTIONS + 1) if self.data.get(f"q{n}", "").strip()]
        self.shown = min(MAX_QUESTIONS, max([*typed, 0]) + 1)
        for number in range(1, MAX_QUESTIONS + 1):
            field = text(_("Question %(number)s") % {"number": number}, rows=2, limit=600)
            field.quiet_optional = True  # type: ignore[attr-defined]
            self.fields[f"q{number}"] = field

    def boxes(self) -> list[Any]:
        """The fields to draw, each with whether it holds words and whether it can move up or down."""
        last = len([text for text in self.texts() if text.strip()])
        return [
            {"field": self[f"q{n}"], "number": n, "filled": n <= last, "up": n > 1, "down": n < last}
            for n in range(1, self.shown + 1)
        ]

    def moved(self, number: int, button: str) -> dict[str, Any] | None:
        """Where the page opens after a button: the number of the question, its control, and what to say. None when nothing fits."""
        last = len([text for text in self.texts() if text.strip()])
        if button in {"add", "more"}:
            self.fields[f"q{min(number, self.shown)}"].widget.attrs["autofocus"] = True
            return None
        number = min(number, last)
        if button == "drop" and not last:
            self.fields["q1"].widget.attrs["autofocus"] = True
            return {"number": 1, "control": "", "words": _("The question is removed.")}
        if number < 1 or (last < 2 and button != "drop"):
            return None
        moved = _("Moved. This is question %(number)s of %(all)s now.") % {"number": number, "all": last}
        if button == "drop":
            return {"number": number, "control": "drop", "words": _("The question is removed. These are left.")}
        ends = {"up": number > 1, "down": number < last}
        control = button if ends[button] else next(way for way in ends if way != button)
        return {"number": number, "control": control, "words": moved}

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if not any(found.get(f"q{n}") for n in range(1, MAX_QUESTIONS + 1)) and not self.errors:
            self.add_error("q1", ValidationError(_("Write at least one question"), code="required"))
        return found

    def texts(self) -> list[str]:
        return [str(self.data.get(f"q{n}", "")) for n in range(1, MAX_QUESTIONS + 1)]

    def understood(self) -> dict[str, Any]:
        found = super().understood()
        return {"questions": [found[f"q{n}"] for n in range(1, MAX_QUESTIONS + 1) if f"q{n}" in found]}


def questions_draft(texts: Iterable[str]) -> dict[str, list[str]]:
    """A draft of QuestionsForm from texts, closed up."""
    kept = [text for text in texts if text.strip()][:MAX_QUESTIONS]
    return {f"q{n}": [text] for n, text in enumerate(kept, start=1)}


SECTIONS: dict[str, type[SectionForm]] = {
    form.key: form for form in (AboutForm, ProblemForm, QuestionsForm, HealthForm)
}
