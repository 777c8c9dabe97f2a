"""The ways in, as allauth makes them, in our words. Apart from `forms`, since allauth's forms import our sign-up form."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as allauth
from django import forms
from django.utils.translation import gettext as _

from portal.forms import name_what_is_missing


def _without_placeholders(form: forms.BaseForm) -> None:
    """A grey word in a box looks filled in, and is gone when one types; the label says it already."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)


class Signup(allauth.SignupForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail address")
        self.fields["email"].error_messages["required"] = _("Enter your e-mail address")
        password = self.fields["password1"]
        password.help_text = _(
            "At least 12 characters. Three or four words that only you would put together work well."
        )
        password.error_messages["required"] = _("Choose a password")
        name_what_is_missing(self.fields)
        _without_placeholders(self)


class Login(allauth.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail address")
        self.fields["login"].error_messages["required"] = _("Enter your e-mail address")
        self.fields["password"].error_messages["required"] = _("Enter your password")
        _without_placeholders(self)
