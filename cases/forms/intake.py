"""Forms of the intake's sections. What was typed is kept as a draft even when it is not valid; what was understood becomes answers."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django_countries import countries

from cases.models import Case
from cases.queries.intake import condition_keys, screening_answers
from cases.rules import MAX_QUESTIONS
from portal.catalogue.parts import Ask, AskType
from portal.catalogue.types import Edition
from portal.forms import BaseForm, Checkboxes, DateField, DateInput, Radios

LONG, SHORT = 3000, 120
Draft = Mapping[str, list[str]]
MATTERS = ("matters_most", "matters_text")
"""Asks of the catalogue that belong to the problem, not to the health background."""


class SectionForm(BaseForm):
    """One section. `errors_shown` is False when a saved draft is only shown again: nobody is scolded for going away."""

    key = ""

    def __init__(
        self,
        case: Case,
        edition: Edition,
        draft: Draft | None = None,
        *,
        answers: Mapping[str, Any] | None = None,
        show_errors: bool = False,
    ) -> None:
        self.case, self.edition = case, edition
        super().__init__(data=_querydict(draft) if draft is not None else None)
        self.build()
        if draft is None and answers:
            self.initial = self.filled(answers)
        if draft is not None and not show_errors:
            self.complete = self.is_valid()
            self.found = dict(self.cleaned_data)
            self._errors = forms.utils.ErrorDict()

    def filled(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Stored answers as the fields' own values."""
        return {
            name: datetime.date.fromisoformat(value) if isinstance(self.fields.get(name), DateField) else value
            for name, value in answers.items()
        }

    def build(self) -> None:
        """Fields that depend on the case."""

    def headings(self) -> list[tuple[str, tuple[str, ...]]]:
        """Headings of a long form, each with the fields under it. Fields that none of them names come under the first."""
        return []

    def groups(self) -> list[tuple[str, list[Any]]]:
        """The fields to draw under their headings; what a choice opens is drawn by that choice."""
        drawn = [field for field, _errors in self.get_context()["fields"]]
        found: dict[str, list[Any]] = {title: [] for title, _names in self.headings()} or {"": []}
        place = {name: title for title, names in self.headings() for name in names}
        for field in drawn:
            found[place.get(field.name, next(iter(found)))].append(field)
        return [(title, fields) for title, fields in found.items() if fields]

    def understood(self) -> dict[str, Any]:
        """Answers from the valid fields alone, as JSON: texts, lists of texts, ISO dates."""
        if self.is_bound and not hasattr(self, "found"):
            self.full_clean()
            self.found = dict(self.cleaned_data)
        return {name: _plain(value) for name, value in self.found.items() if value not in (None, "", [])}

    def as_draft(self) -> dict[str, list[str]]:
        """The form as it would be sent now, for a first partial save on top of what was filled in for the patient."""
        if self.is_bound:
            return {name: self.data.getlist(name) for name in self.data}  # type: ignore[attr-defined]
        found: dict[str, list[str]] = {}
        for name, field in self.fields.items():
            value = self[name].value()
            if isinstance(field.widget, DateInput):
                parts = field.widget.decompress(value)
                found |= {f"{name}_{part}": [text] for part, text in zip(DateInput.parts, parts, strict=True)}
            elif value not in (None, ""):
                found[name] = [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]
        return found

    def wrong_now(self, changed: Iterable[str]) -> dict[str, list[str]]:
        """Errors worth showing while somebody types: never "enter …", never about a date that is half written."""
        full = type(self)(self.case, self.edition, self.as_draft(), show_errors=True)
        return {
            name: [str(message) for error in errors for message in error.messages]
            for name, errors in full.errors.as_data().items()
            if name in set(changed) and all(error.code != "required" for error in errors)
        }


def _querydict(draft: Draft) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, values in draft.items():
        data.setlist(name, values)
    return data


def _plain(value: Any) -> Any:
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return [str(one) for one in value] if isinstance(value, list | tuple) else str(value)


def _line(label: str, missing: str, *, length: int = SHORT, required: bool = True, **more: Any) -> forms.CharField:
    attrs = more.pop("attrs", {})
    return forms.CharField(
        label=label,
        max_length=length,
        required=required,
        widget=forms.TextInput(attrs=attrs),
        error_messages={
            "required": missing,
            "max_length": _("Use %(limit_value)s letters or fewer. You have %(show_value)s"),
        },
        **more,
    )


def _text(label: str, missing: str = "", *, rows: int = 4, limit: int = LONG, **more: Any) -> forms.CharField:
    """A text of some lines. The limit is far off, so nothing counts down; too long is said when it is."""
    field = forms.CharField(
        label=label,
        required=bool(missing),
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": missing},
        **more,
    )
    too_long = _("Use %(limit_value)s letters or fewer. You have %(show_value)s")
    field.validators.append(MaxLengthValidator(limit, too_long))
    return field


class AboutForm(SectionForm):
    """The patient, and what lets the account act for them. `you` is false when the account acts for another."""

    key = "about"

    def build(self) -> None:
        you = self.case.acting_as == "self"
        patient = self.case.patient
        self.fields["given_name"] = _line(
            _("First name"),
            _("Enter the first name"),
            length=80,
            attrs={"autocomplete": "given-name" if you else "off"},
            help_text=_("As it is written on the medical records"),
        )
        self.fields["family_name"] = _line(
            _("Last name"), _("Enter the last name"), length=80, attrs={"autocomplete": "family-name" if you else "off"}
        )
        self.fields["other_names"] = _line(
            _("Other names that may be on the records"),
            "",
            length=160,
            required=False,
            help_text=_("For example, a name before marriage or another spelling"),
        )
        self.fields["birth_date"] = DateField(
            label=_("Date of birth"),
            name=_("the date of birth"),
            past=True,
            earliest=_oldest,
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
            label=_("Which language do you speak best?"),
            choices=[(one.code, one.own_name) for one in self.edition.languages],
            initial=patient.language or "en",
        )
        self.fields["phone"] = _line(
            _("Phone number"),
            _("Enter a phone number, so that we can call if something is urgent"),
            length=40,
            help_text=_("We call only if something is urgent, or if you ask us to"),
            attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel", "class": "nhsuk-input--width-20"},
        )
        if not you:
            self.fields["basis"] = _text(
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
        return found

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


def _oldest() -> datetime.date:
    return timezone.localdate() - datetime.timedelta(days=366 * 120)


def ask_field(ask: Ask) -> forms.Field:
    """The form field of one question of the catalogue. Its key is the field's name."""
    missing = _("Answer: %(question)s") % {"question": ask.words}
    common: dict[str, Any] = {"label": ask.words, "help_text": ask.help, "required": ask.required}
    errors = {"required": missing}
    match ask.type:
        case AskType.YES_NO:
            choices = [("yes", _("Yes")), ("no", _("No")), ("unsure", _("I do not know"))]
            return forms.ChoiceField(choices=choices, widget=Radios(), error_messages=errors, **common)
        case AskType.ONE:
            choices = [(one.key, one.words) for one in ask.options]
            return forms.ChoiceField(choices=choices, widget=Radios(), error_messages=errors, **common)
        case AskType.MANY:
            choices = [(one.key, one.words) for one in ask.options]
            return forms.MultipleChoiceField(choices=choices, widget=Checkboxes(), error_messages=errors, **common)
        case AskType.NUMBER:
            units = {"{drinks}/wk": _("drinks a week"), "cm": "cm", "kg": "kg"}
            attrs = {"inputmode": "decimal", "class": "nhsuk-input--width-5"}
            attrs["data-suffix"] = units.get(ask.unit, ask.unit.strip("{}"))
            return forms.DecimalField(
                widget=forms.TextInput(attrs=attrs),
                min_value=0,
                max_value=9999,
                max_digits=6,
                decimal_places=1,
                error_messages=errors | {"invalid": _("Enter a number, like 70")},
                **common,
            )
        case AskType.DATE:
            return DateField(name=_("the date"), **common)
        case _:
            return _text(ask.words, missing if ask.required else "", rows=3, help_text=ask.help)


class ProblemForm(SectionForm):
    """Why the patient comes, what it is about, what the first doctor said, and what matters most."""

    key = "problem"

    def headings(self) -> list[tuple[str, tuple[str, ...]]]:
        return [
            (_("Why you come"), ()),
            (_("What your doctor said"), ("first_diagnosis", "first_treatment", "first_tests", "planned_date")),
            (_("What matters to you"), MATTERS),
        ]

    def build(self) -> None:
        reasons = self.edition.reasons
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
        self.fields["title"] = _line(
            _("A short name for your request"),
            _("Give your request a short name"),
            length=80,
            help_text=_("For example, “Heart valve surgery?” Only you and the people who work on your case see it"),
        )
        self.fields["first_diagnosis"] = _text(
            _("What did your doctor say it is?"),
            _("Write what your doctor said. “I do not know” is fine"),
            help_text=_("Use your own words, or copy from a letter"),
        )
        self.fields["first_treatment"] = _text(
            _("What did your doctor advise you to do?"),
            _("Write what was advised. “Nothing yet” is fine"),
            help_text=_("For example, an operation, a drug, or to wait"),
        )
        self.fields["first_tests"] = _text(_("Which tests were done, or advised?"), rows=3)
        self.fields["planned_date"] = DateField(
            label=_("Is there a date for surgery or treatment?"),
            name=_("the date of surgery or treatment"),
            required=False,
            help_text=_("If it is soon, we try to be faster. For example, 31 3 2027"),
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
        return [
            (_("How you feel"), ()),
            (_("Medicines and allergies"), ("medicines", "allergies", "contrast_reaction")),
            (_("Your health so far"), ("operated", "surgeries", "other_conditions", "family")),
            (
                _("How you live"),
                ("smoking", "pack_years", "alcohol", "exercise", "diet", "exposures", "height", "weight", "support"),
            ),
            (_("Your papers"), ("records_other_language",)),
        ]

    def build(self) -> None:
        for ask in self.edition.asks(self.case.specialties, condition_keys(self.case)):
            if ask.key not in MATTERS:
                self.fields[ask.key] = ask_field(ask)


class QuestionsForm(SectionForm):
    """Up to five questions, in the order in which they matter. One box more than is filled is shown."""

    key = "questions"

    def build(self) -> None:
        typed = [n for n in range(1, MAX_QUESTIONS + 1) if self.data.get(f"q{n}", "").strip()]
        self.shown = min(MAX_QUESTIONS, max([*typed, 0]) + 1)
        for number in range(1, MAX_QUESTIONS + 1):
            field = _text(_("Question %(number)s") % {"number": number}, rows=2, limit=600)
            field.quiet_optional = True  # type: ignore[attr-defined]
            self.fields[f"q{number}"] = field

    def boxes(self) -> list[Any]:
        """The fields to draw, each with whether it can move up and whether it holds words."""
        return [
            {"field": self[f"q{n}"], "number": n, "filled": bool(self.data.get(f"q{n}", "").strip()), "up": n > 1}
            for n in range(1, self.shown + 1)
        ]

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
