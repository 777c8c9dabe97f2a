"""Small forms: a message, a consent screen, taking the request back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases.queries.prices import Prices
from portal.catalogue.parts import ConsentScreen
from portal.forms import BaseForm, CountedTextarea, Radios


class MessageForm(BaseForm):
    """A message to the desk, or the answer to one of its questions (`hold`)."""

    body = forms.CharField(
        label=gettext_lazy("Your message"),
        max_length=5000,
        widget=CountedTextarea(limit=5000, rows=5),
        error_messages={
            "required": gettext_lazy("Write your message"),
            "max_length": gettext_lazy("Use %(limit_value)s letters or fewer. You have %(show_value)s"),
        },
    )
    hold = forms.UUIDField(required=False, widget=forms.HiddenInput())


class ConsentForm(BaseForm):
    """One consent screen: a box to tick where it is needed, yes or no where it is the person's choice."""

    def __init__(self, screen: ConsentScreen, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if screen.required:
            self.fields["agree"] = forms.BooleanField(
                label=screen.agree,
                error_messages={
                    "required": _("Tick the box if you agree. If you do not agree, call us and we talk about it")
                },
            )
        else:
            self.fields["agree"] = forms.ChoiceField(
                label=screen.title,
                choices=[("yes", screen.agree), ("no", _("No"))],
                widget=Radios(),
                error_messages={"required": _("Choose yes or no. Both are fine")},
            )

    @property
    def given(self) -> bool:
        return self.cleaned_data["agree"] in (True, "yes")


class LevelForm(BaseForm):
    """How fast: each level with its promise and its price."""

    def __init__(self, offered: Prices, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hints = {one.level.key: one.level.patient for one in offered.levels}
        self.fields["level"] = forms.ChoiceField(
            label=_("How fast do you need the report?"),
            choices=[
                (one.level.key, f"{one.level.name}: {one.price}" if one.price else one.level.name)
                for one in offered.levels
            ],
            widget=Radios(hints=hints),
            error_messages={"required": _("Choose how fast you need the report")},
        )


class ProposalForm(BaseForm):
    """Yes or no to the level that the desk proposes. `level` is what the page showed."""

    level = forms.CharField(widget=forms.HiddenInput())

    def __init__(self, proposed: str, kept: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agree"] = forms.ChoiceField(
            label=_("Do you agree?"),
            choices=[
                ("yes", _("Yes, I agree: %(level)s") % {"level": proposed}),
                ("no", _("No, keep what I chose: %(level)s") % {"level": kept}),
            ],
            widget=Radios(),
            error_messages={"required": _("Choose yes or no. Both are fine")},
        )


class ConfirmForm(BaseForm):
    """A step that cannot be undone asks for one more tick."""

    sure = forms.BooleanField(
        label=gettext_lazy("Yes, I want to take my request back"),
        error_messages={"required": gettext_lazy("Tick the box to take your request back, or go back to your case")},
    )
