"""Forms of accounts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.utils.translation import gettext_lazy as _

from portal.core.states import STAFF, Role
from portal.forms import BaseForm, Radios


class SignupForm(forms.Form):
    """What we ask beside address and password (ACCOUNT_SIGNUP_FORM_CLASS): how to address the person."""

    name = forms.CharField(
        label=_("Your name"),
        help_text=_("The person who uses this account. You can act for someone else later."),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Enter your name")},
    )
    field_order = ("name", "email", "password1")

    def signup(self, request: Any, user: Any) -> None:
        """allauth calls this once the account is made."""
        user.name = self.cleaned_data["name"].strip()
        user.save(update_fields=["name"])


class InviteForm(BaseForm):
    name = forms.CharField(label=_("Name"), max_length=120, error_messages={"required": _("Enter the person's name")})
    email = forms.EmailField(label=_("E-mail address"), error_messages={"required": _("Enter an e-mail address")})
    role = forms.ChoiceField(
        label=_("Role"),
        choices=[(role.value, role.label) for role in Role if role in STAFF],
        widget=Radios(),
        error_messages={"required": _("Choose a role")},
    )


class AcceptForm(BaseForm):
    name = forms.CharField(
        label=_("Your name"),
        help_text=_("As patients and colleagues will read it, with your title."),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Enter your name")},
    )
    password = forms.CharField(
        label=_("Choose a password"),
        help_text=_("At least 12 characters. Three or four words that only you would put together work well."),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": _("Choose a password")},
    )

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password)
        return password
