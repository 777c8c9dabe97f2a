"""Forms about records that come from outside: links for hospitals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from portal.forms import BaseForm, Checkboxes, Radios
from records.queries.checklist import ItemView
from records.rules.links import DAYS


class LinkForm(BaseForm):
    """Whom the link is for, what is asked, how long it works."""

    label = forms.CharField(
        label=_("Who is it for?"),
        help_text=_("For example, “Sample Hospital, heart clinic”. They see this name too."),
        max_length=120,
        error_messages={"required": _("Write which hospital or doctor it is for")},
    )
    items = forms.MultipleChoiceField(
        label=_("What should they send?"),
        required=False,
        widget=Checkboxes(),
    )
    days = forms.TypedChoiceField(
        label=_("How long should it work?"),
        coerce=int,
        initial=14,
        widget=Radios(),
    )
    email = forms.EmailField(
        label=_("Their e-mail address"),
        required=False,
        help_text=_("If you give one, we mail the link for you. Nothing about your health is in the mail."),
        error_messages={"invalid": _("Enter an e-mail address like records@hospital.example, or leave it empty")},
    )

    def __init__(self, *args: Any, items: Sequence[ItemView], staff: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        can_be_sent = [one for one in items if not one.only_asked]
        self.fields["items"].choices = [(one.key, one.item.staff if staff else one.item.patient) for one in can_be_sent]
        self.fields["items"].initial = [one.key for one in can_be_sent if one.required and not one.done]
        self.fields["days"].choices = [(n, ngettext("%(n)d day", "%(n)d days", n) % {"n": n}) for n in DAYS]
        if staff:
            self.fields["email"].help_text = _("If you give one, the portal mails the link. No clinical word is in it.")


class CodeForm(BaseForm):
    """The code of a link, typed from paper or pasted with the whole address."""

    code = forms.CharField(
        label=_("Code"),
        help_text=_("52 letters and numbers. Spaces and small letters are fine. You can also paste the whole link."),
        max_length=400,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "data-from-fragment": "",
            }
        ),
        error_messages={"required": _("Type the code from the letter, or paste the link")},
    )


class SenderForm(BaseForm):
    """Who sends: the patient and the service see it."""

    code = forms.CharField(max_length=400, widget=forms.HiddenInput())
    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Enter your name: the patient sees who sent the records")},
    )
    place = forms.CharField(
        label=_("Hospital or practice, and department"),
        max_length=160,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
        error_messages={"required": _("Enter where you work: the patient sees who sent the records")},
    )
