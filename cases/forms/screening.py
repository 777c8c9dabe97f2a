"""Forms of the questions before the account. Each gives its answers as {question: answer}; times are the view's."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.forms.planned import DATE_FAR, DATE_PASSED, planned_at_latest
from cases.rules import screening as rules
from portal.catalogue.parts import AskType, EligibilityQuestion, Outcome
from portal.catalogue.types import Edition
from portal.forms import BaseForm, Checkboxes, DateField, Radios

NONE = "none"
SAME = "same"
ELSEWHERE = "ZZ"


class StepForm(BaseForm):
    """A step of the screening. `given` are the answers so far: they fill the form when a person comes back."""

    def __init__(self, edition: Edition, given: Mapping[str, str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.edition, self.given = edition, given
        self.build()

    def build(self) -> None:
        """Add the fields that the edition asks for."""
        raise NotImplementedError

    def answers(self) -> dict[str, str]:
        """Question key to answer."""
        return {name: str(value or "") for name, value in self.cleaned_data.items()}


def _countries(edition: Edition, first: str) -> list[tuple[str, str]]:
    listed = sorted(((p.code, p.name) for p in edition.places if p.code != ELSEWHERE), key=lambda pair: pair[1])
    return [("", first), *listed, (ELSEWHERE, _("Somewhere else"))]


class PlaceForm(StepForm):
    """Where the person is now, and where they live. A country with regions in the catalogue asks for the region as well."""

    def build(self) -> None:
        words = {one.key: one for one in rules.questions(self.edition, "place")}
        country, _sep, state = self.given.get("where_now", "").partition("-")
        now = words["where_now"]
        self.fields["where_now"] = forms.ChoiceField(
            label=now.words,
            help_text=now.help,
            choices=_countries(self.edition, _("Choose a country")),
            initial=country,
            error_messages={"required": _("Choose the country of today")},
        )
        regions = [(r.code, r.name) for place in self.edition.places for r in place.regions]
        self.fields["state"] = forms.ChoiceField(
            label=_("Which state, if in the United States?"),
            choices=[("", _("Choose a state")), *regions],
            required=False,
            initial=f"{country}-{state}" if state else "",
        )
        self.fields["state"].quiet_optional = True
        home = self.given.get("home", SAME)
        self.fields["home"] = forms.ChoiceField(
            label=words["home"].words,
            choices=[(SAME, _("In the same place")), *_countries(self.edition, "")[1:]],
            initial=SAME if home == self.given.get("where_now") else home,
        )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        country, state = found.get("where_now", ""), found.get("state", "")
        with_regions = {place.code for place in self.edition.places if place.regions}
        if country in with_regions and not state.startswith(f"{country}-"):
            self.add_error("state", _("Choose the state"))
        return found

    def answers(self) -> dict[str, str]:
        country, state = self.cleaned_data["where_now"], self.cleaned_data["state"]
        now = state if state.startswith(f"{country}-") else country
        home = self.cleaned_data["home"]
        return {"where_now": now, "home": now if home == SAME else home}


class FlagForm(StepForm):
    """Red flags as tick boxes, with "none of these" as an answer that has to be given."""

    step = "emergency"

    def build(self) -> None:
        self.flags = rules.flags(self.edition, self.step, self.given)
        asked = [one for one in self.flags if f"flag.{one.key}" in self.given]
        yes = [one.key for one in asked if self.given[f"flag.{one.key}"] == "yes"]
        complete = bool(self.flags) and len(asked) == len(self.flags)
        self.fields["flags"] = forms.MultipleChoiceField(
            label=_("Tick everything that is true for the patient")
            if rules.about_other(self.edition, self.given)
            else _("Tick everything that is true for you"),
            choices=[
                *((one.key, one.words) for one in self.flags),
                (NONE, self.edition.red_flag_messages.none),
            ],
            widget=Checkboxes(exclusive=[NONE], attrs={"data-legend": "m"}),
            initial=yes or ([NONE] if complete else []),
            error_messages={"required": _("Tick what is true, or “None of these”")},
        )

    def clean_flags(self) -> list[str]:
        ticked: list[str] = self.cleaned_data["flags"]
        if NONE in ticked and len(ticked) > 1:
            raise ValidationError(_("Tick what is true, or only “None of these”"))
        return ticked

    def answers(self) -> dict[str, str]:
        ticked = self.cleaned_data["flags"]
        return {f"flag.{one.key}": "yes" if one.key in ticked else "no" for one in self.flags}


class SignsForm(FlagForm):
    """The red flags of the chosen field."""

    step = "signs"


class FieldForm(StepForm):
    """Which field the problem belongs to, with what is not covered as answers too, so that nobody has to guess."""

    def build(self) -> None:
        covered = [(one.key, one.patient) for one in self.edition.specialties]
        others = [(f"not.{one.key}", one.words) for one in self.edition.not_covered]
        self.fields["specialty"] = forms.ChoiceField(
            label=_("Choose the one that fits best"),
            choices=[*covered, *others],
            widget=Radios(
                hints={one.key: one.sentence for one in self.edition.specialties}, attrs={"data-legend": "m"}
            ),
            initial=self.given.get(rules.SPECIALTY),
            error_messages={"required": _("Choose what your question is about")},
        )


def _choice(
    question: EligibilityQuestion, given: Mapping[str, str], reveals: dict[str, list[str]]
) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=question.words,
        help_text=question.help,
        choices=[(answer.key, answer.words) for answer in question.answers],
        widget=Radios(reveals=reveals, attrs={"data-legend": "m"}),
        initial=given.get(question.key),
        error_messages={"required": _("Choose an answer: %(question)s") % {"question": question.words}},
    )


class WhoForm(StepForm):
    """For whom the request is. What lets somebody act for another is asked under the answers that say so."""

    def build(self) -> None:
        asked = rules.questions(self.edition, "who")
        self.texts = [one for one in asked if one.type is AskType.TEXT]
        self.under: dict[str, list[str]] = {}
        for question in asked:
            if question.type is not AskType.ONE:
                continue
            acting = [answer.key for answer in question.answers if answer.outcome is Outcome.NOTE]
            self.under[question.key] = acting
            reveals = {key: [f"{text.key}_{key}" for text in self.texts] for key in acting}
            self.fields[question.key] = _choice(question, self.given, reveals)
            for key in acting:
                for text in self.texts:
                    self.fields[f"{text.key}_{key}"] = self._box(text, self.given.get(question.key) == key)

    def _box(self, text: EligibilityQuestion, filled: bool) -> forms.CharField:
        field: Any = forms.CharField(
            label=text.words,
            help_text=text.help,
            required=False,
            initial=self.given.get(text.key, "") if filled else "",
            widget=forms.Textarea(attrs={"rows": 2}),
            validators=[MaxLengthValidator(300, _("Use %(limit_value)s letters or fewer. You have %(show_value)s"))],
        )
        field.quiet_optional = True
        return field

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        for question, acting in self.under.items():
            for text in self.texts:
                box = f"{text.key}_{found.get(question)}"
                if found.get(question) in acting and not found.get(box) and box not in self.errors:
                    self.add_error(box, _("Write what lets you act for this person"))
        return found

    def answers(self) -> dict[str, str]:
        found = {key: self.cleaned_data[key] for key in self.under}
        for text in self.texts:
            boxes = (f"{text.key}_{answer}" for answer in found.values())
            found[text.key] = next((self.cleaned_data[box] for box in boxes if self.cleaned_data.get(box)), "")
        return found


class CareForm(StepForm):
    """Yes-or-no questions about care: in hospital, seen in person, not for a court."""

    def build(self) -> None:
        for question in rules.questions(self.edition, "care"):
            field = _choice(question, self.given, {})
            field.widget.inline = True
            self.fields[question.key] = field


class WhenForm(StepForm):
    """A date for treatment, if there is one, and whether a test has shown the problem."""

    def build(self) -> None:
        specialty = self.edition.specialty(self.given[rules.SPECIALTY])
        self.fields["evidence"] = forms.ChoiceField(
            label=specialty.evidence.words,
            choices=[("yes", _("Yes")), ("no", _("No")), ("unsure", _("I do not know"))],
            widget=Radios(inline=True, attrs={"data-legend": "m"}),
            initial=self.given.get(rules.EVIDENCE),
            error_messages={"required": _("Choose an answer: %(question)s") % {"question": specialty.evidence.words}},
        )
        self.dates = [one.key for one in rules.questions(self.edition, "date")]
        for question in rules.questions(self.edition, "date"):
            known = self.given.get(question.key, "")
            self.fields[question.key] = forms.ChoiceField(
                label=question.words,
                choices=[("yes", _("Yes")), ("no", _("No, or not yet"))],
                widget=Radios(reveals={"yes": [f"{question.key}_on"]}, attrs={"data-legend": "m"}),
                initial={"": None, NONE: "no"}.get(known, "yes"),
                error_messages={"required": _("Choose an answer: %(question)s") % {"question": question.words}},
            )
            self.fields[f"{question.key}_on"] = DateField(
                label=_("Which day?"),
                name=_("the date of surgery or treatment"),
                help_text=question.help,
                required=False,
                earliest=timezone.localdate,
                latest=planned_at_latest,
                too_early=DATE_PASSED,
                too_late=DATE_FAR,
                initial=datetime.date.fromisoformat(known) if known and known != NONE else None,
            )
            self.fields[f"{question.key}_on"].quiet_optional = True

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        for key in self.dates:
            if found.get(key) == "yes" and not found.get(f"{key}_on") and f"{key}_on" not in self.errors:
                self.add_error(f"{key}_on", _("Enter the date of surgery or treatment"))
        return found

    def answers(self) -> dict[str, str]:
        found = {rules.EVIDENCE: self.cleaned_data["evidence"]}
        for key in self.dates:
            day = self.cleaned_data.get(f"{key}_on")
            found[key] = day.isoformat() if self.cleaned_data[key] == "yes" and day else NONE
        return found


class OpenForm(BaseForm):
    """Who the request is for, as far as it is not known yet: the last page before the case is opened."""

    acting_as = forms.ChoiceField(
        label="",
        widget=Radios(attrs={"data-legend": "m"}),
        error_messages={"required": ""},
    )

    def __init__(self, bases: Sequence[str], *args: Any, **kwargs: Any) -> None:
        """`bases` are the answers that are left after what was said before; a single one is not asked again."""
        super().__init__(*args, **kwargs)
        words = {
            "self": _("Me"),
            "parent": _("My child"),
            "guardian": _("A person whose legal guardian I am"),
            "attorney": _("A person who gave me a power of attorney"),
            "relative": _("A relative or friend who asked me to help"),
            "treating_doctor": _("My patient: I am the treating doctor"),
        }
        field = self.fields["acting_as"]
        field.label = _("Who is this request for?")
        field.choices = [(key, words[key]) for key in bases]
        field.error_messages["required"] = _("Choose who this request is for")
        if len(bases) == 1:
            field.initial = bases[0]
            field.widget = forms.HiddenInput()


FORMS: dict[str, type[StepForm]] = {
    "place": PlaceForm,
    "emergency": FlagForm,
    "field": FieldForm,
    "signs": SignsForm,
    "who": WhoForm,
    "care": CareForm,
    "date": WhenForm,
}
