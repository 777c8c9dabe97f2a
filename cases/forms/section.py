"""What every section of the intake shares: drafts that keep what was typed, and fields made from the catalogue's questions."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.http import QueryDict
from django.utils.translation import gettext as _

from cases.models import Case
from cases.rules import measures
from portal.catalogue.parts import Ask, AskType
from portal.catalogue.types import Edition
from portal.forms import BaseForm, Checkboxes, DateField, DateInput, Radios

LONG, SHORT = 3000, 120
Draft = Mapping[str, list[str]]


TYPED = "_typed"
"""After the key of a measure: what was typed for it. The answer itself is in cm or kg."""


class MeasureField(forms.CharField):
    """Height or weight in any usual unit; a bare number counts in the units of the patient's country."""

    def __init__(self, unit: str, *, us: bool, **kwargs: Any) -> None:
        self.unit, self.us = unit, us
        examples = {
            "cm": (_("For example, 5 ft 7 in, or 170 cm"), _("For example, 170 cm, or 5 ft 7 in")),
            "kg": (_("For example, 154 pounds, or 70 kg"), _("For example, 70 kg, or 154 pounds")),
        }
        self.example = examples[unit][0 if us else 1]
        super().__init__(
            max_length=40,
            help_text=self.example,
            widget=forms.TextInput(attrs={"class": "nhsuk-input--width-10", "autocomplete": "off"}),
            **kwargs,
        )

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return measures.read(text, self.unit, us=self.us)
        except measures.Unclear as problem:
            words = {
                "unit": _("Add the unit, so that we read it right."),
                "range": _("This does not look right. Check the number and the unit."),
                "form": _("Write a number and its unit."),
            }
            raise forms.ValidationError(f"{words[problem.code]} {self.example}") from None


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
            name: answers.get(f"{name}{TYPED}", f"{value} {field.unit}")
            if isinstance(field := self.fields.get(name), MeasureField)
            else datetime.date.fromisoformat(value)
            if isinstance(field, DateField)
            else value
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

    def names_on_page(self) -> list[str]:
        """The fields as they are drawn: heading by heading, and what a choice opens right after that choice."""
        found: list[str] = []
        for _title, fields in self.groups():
            for field in fields:
                opened = getattr(self.fields[field.name].widget, "reveals", {}).values()
                found += [field.name, *(name for names in opened for name in names)]
        return found

    def understood(self) -> dict[str, Any]:
        """Answers from the valid fields alone, as JSON: texts, lists of texts, ISO dates."""
        if self.is_bound and not hasattr(self, "found"):
            self.full_clean()
            self.found = dict(self.cleaned_data)
        answers = {name: _plain(value) for name, value in self.found.items() if value not in (None, "", [])}
        typed = {name: str(self[name].value()) for name in answers if isinstance(self.fields[name], MeasureField)}
        return answers | {f"{name}{TYPED}": text for name, text in typed.items()}

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

    def words_of(self, name: str) -> str:
        """What stands in a field, as its person reads it there."""
        value = self[name].value()
        labels = {str(key): str(label) for key, label in getattr(self.fields[name], "choices", ())}
        parts = value if isinstance(value, list | tuple) else [value]
        separator = " " if isinstance(self.fields[name].widget, DateInput) else ", "
        return separator.join(labels.get(str(part), str(part)) for part in parts if part not in (None, ""))

    def differing(self, saved: SectionForm) -> list[tuple[str, str]]:
        """(label, words) of what `saved` has and this form has not, for somebody who wrote in two tabs."""
        names = [name for name in self.names_on_page() if name in saved.fields]
        return [
            (str(self.fields[name].label), saved.words_of(name))
            for name in names
            if saved.words_of(name) != self.words_of(name)
        ]

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


def line(label: str, missing: str, *, length: int = SHORT, required: bool = True, **more: Any) -> forms.CharField:
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


def text(label: str, missing: str = "", *, rows: int = 4, limit: int = LONG, **more: Any) -> forms.CharField:
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


def ask_field(ask: Ask, country: str = "") -> forms.Field:
    """The form field of one question of the catalogue. Its key is the field's name; measures follow the country's units."""
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
        case AskType.NUMBER if ask.unit in measures.POSSIBLE:
            us = country in measures.US_CUSTOMARY
            return MeasureField(ask.unit, us=us, label=ask.words, required=ask.required, error_messages=errors)
        case AskType.NUMBER:
            units = {"{drinks}/wk": _("drinks a week")}
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
            return text(ask.words, missing if ask.required else "", rows=3, help_text=ask.help)
