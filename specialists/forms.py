"""Forms of the specialists' app. What the opinion editor saves is checked by rules/draft.py: it has no fixed fields."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.forms import BaseForm, CountedTextarea, Radios
from specialists.rules import offers
from specialists.states import Conflict, DeclineReason


class AcceptForm(BaseForm):
    """The conflict-of-interest declaration."""

    conflict = forms.ChoiceField(
        label=_("Do you have a conflict of interest?"),
        help_text=_("Ties to the patient, the treating doctors, the hospitals or the makers of what was advised."),
        choices=Conflict.choices,
        widget=Radios(reveals={Conflict.DECLARED: ["conflict_text"]}),
        error_messages={"required": _("Say whether you have a conflict of interest")},
    )
    conflict_text = forms.CharField(
        label=_("What do you declare?"),
        help_text=_("It is shown in the report."),
        required=False,
        max_length=1000,
        widget=CountedTextarea(limit=1000, attrs={"rows": 3}),
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if (
            offers.declaration_refused(data.get("conflict", ""), data.get("conflict_text", ""))
            == "declaration_says_nothing"
        ):
            self.add_error("conflict_text", _("Write what you have to declare"))
        return data


class DeclineForm(BaseForm):
    """Why a case is not taken, or given back."""

    reason = forms.ChoiceField(
        label=_("Why?"),
        choices=DeclineReason.choices,
        widget=Radios(),
        error_messages={"required": _("Choose a reason")},
    )
    text = forms.CharField(
        label=_("A word to the coordinator"),
        required=False,
        max_length=1000,
        widget=CountedTextarea(limit=1000, attrs={"rows": 3}),
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if offers.decline_refused(data.get("reason", ""), data.get("text", "")) == "reason_says_nothing":
            self.add_error("text", _("Write the reason, so that the coordinator knows whom to ask next"))
        return data


class AskForm(BaseForm):
    """A question that has to be answered before the review can go on."""

    owner = forms.ChoiceField(
        label=_("Who can answer?"),
        choices=[("desk", _("The coordinator")), ("patient", _("The patient, through the coordinator"))],
        widget=Radios(),
        error_messages={"required": _("Choose who can answer")},
    )
    asks = forms.CharField(
        label=_("What do you need?"),
        help_text=_("One thing at a time, in words that the patient can read."),
        max_length=2000,
        widget=CountedTextarea(limit=2000, attrs={"rows": 5}),
        error_messages={"required": _("Write what you need")},
    )


class SignForm(BaseForm):
    """The statement that a signature makes."""

    agree = forms.BooleanField(
        label=_("I have read the preview, and I make this statement"),
        error_messages={"required": _("Read the preview and make the statement before you sign")},
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    """The hash of the preview, list of records included: what arrived after it was not read."""
