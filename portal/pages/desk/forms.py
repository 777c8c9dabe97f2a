"""Forms of the desk."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.queries.prices import prices
from cases.states import HoldOwner
from portal.accounts.models import User
from portal.catalogue.parts import CannedKind
from portal.catalogue.types import Edition
from portal.forms import BaseForm, CountedTextarea, Radios


def no_gaps(text: str) -> None:
    """Refuse a canned text whose gaps, `{record}` say, nobody has filled in: the patient would read them."""
    if gaps := sorted(set(re.findall(r"\{\w+\}", text))):
        raise forms.ValidationError(_("Fill in the gaps before you send it: %(gaps)s") % {"gaps": ", ".join(gaps)})


class AskForm(BaseForm):
    """A question that pauses the clock. The canned text fills the box in the browser's next page load, never silently."""

    reason = forms.ChoiceField(label=_("What is it about?"), error_messages={"required": _("Choose what it is about")})
    owner = forms.ChoiceField(
        label=_("Who has to act?"),
        choices=HoldOwner.choices,
        initial=HoldOwner.PATIENT,
        widget=Radios(inline=True),
    )
    asks = forms.CharField(
        label=_("What they read"),
        help_text=_("The clock stops until this is answered. The patient sees the reason and these words."),
        max_length=2000,
        validators=[no_gaps],
        widget=CountedTextarea(limit=2000),
        error_messages={"required": _("Write what you need, in words the patient understands")},
    )

    def __init__(self, *args: Any, edition: Edition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.canned = edition.canned(CannedKind.ASK)
        self.fields["reason"].choices = [("", _("Choose")), *((one.key, one.title) for one in self.canned)]


class DeclineForm(BaseForm):
    reason = forms.ChoiceField(label=_("Reason"), error_messages={"required": _("Choose a reason")})
    text = forms.CharField(
        label=_("What the patient reads"),
        help_text=_("Say why, and where they can turn instead."),
        max_length=2000,
        validators=[no_gaps],
        widget=CountedTextarea(limit=2000),
        error_messages={"required": _("Write to the patient why you decline")},
    )

    def __init__(self, *args: Any, edition: Edition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.canned = edition.canned(CannedKind.DECLINE)
        self.fields["reason"].choices = [("", _("Choose")), *((one.key, one.title) for one in self.canned)]


class LevelForm(BaseForm):
    """Another level may cost something else than what the patient agreed to: the price stands beside each."""

    level = forms.ChoiceField(label=_("Level"))

    def __init__(self, *args: Any, edition: Edition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["level"].choices = [
            (one.level.key, " · ".join(part for part in (one.level.name, one.price) if part))
            for one in prices(edition).levels
        ]


class CoordinatorForm(BaseForm):
    coordinator = forms.ModelChoiceField(
        label=_("Coordinator"), queryset=User.objects.none(), empty_label=_("Nobody yet")
    )

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["coordinator"].queryset = people
        self.fields["coordinator"].label_from_instance = lambda person: person.get_full_name()


class NoteForm(BaseForm):
    body = forms.CharField(
        label=_("Note for coordinators"),
        help_text=_("The patient and the specialist never see it."),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Write the note first")},
    )


class ReplyForm(BaseForm):
    body = forms.CharField(
        label=_("Message to the patient"),
        max_length=5000,
        validators=[no_gaps],
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Write the message first")},
    )


class ReleaseForm(BaseForm):
    """Giving a report to a patient cannot be taken back: who does it says that it was looked at."""

    looked = forms.BooleanField(
        label=_("I have looked at the report, and it is this patient's"),
        error_messages={"required": _("Look at the report, then tick the box to release it")},
    )
