"""The ways in, as allauth makes them, in our words. Apart from `forms`, since allauth's forms import our sign-up form."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as allauth
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as passkeys
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.forms import name_what_is_missing

LONG_ENOUGH = gettext_lazy("At least 12 characters. Three or four words that only you would put together work well.")


def _say(form: forms.BaseForm, **words: tuple[Any, Any]) -> None:
    """Give fields their label and what is said when they are empty."""
    for name, (label, missing) in words.items():
        if name in form.fields:
            form.fields[name].label = label
            form.fields[name].error_messages["required"] = missing
    name_what_is_missing(form.fields)
    _without_placeholders(form)


def _new_password(form: forms.BaseForm) -> None:
    form.fields["password1"].help_text = LONG_ENOUGH
    _say(
        form,
        password1=(_("New password"), _("Choose a new password")),
        password2=(_("New password, once more"), _("Type the new password once more")),
    )


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
        password.help_text = LONG_ENOUGH
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


class AskReset(allauth.ResetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, email=(_("E-mail address"), _("Enter your e-mail address")))


class AddEmail(allauth.AddEmailForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, email=(_("New e-mail address"), _("Enter the new e-mail address")))


class ChangePassword(allauth.ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, oldpassword=(_("Password now"), _("Enter the password that you use now")))
        _new_password(self)


class SetPassword(allauth.SetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _new_password(self)


class ResetPassword(allauth.ResetPasswordKeyForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _new_password(self)


class Confirm(allauth.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, password=(_("Password"), _("Enter your password")))


class SecondStep(mfa.AuthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, code=(_("Code"), _("Type the code")))


class ConfirmByCode(mfa.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, code=(_("Code"), _("Type the code")))


class SetUpApp(totp.ActivateTOTPForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, code=(_("Code from the app"), _("Type the code that the app shows")))


class AddPasskey(passkeys.AddWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, name=(_("Name"), _("Give the passkey a name")))
        alone = self.fields["passwordless"]
        alone.label = _("Let me sign in with this passkey alone, without a password")
        alone.help_text = _("Your device then always asks for your finger, your face or its PIN.")
        alone.initial = True  # what the sign-in page offers; without it "Sign in with a passkey" finds none


class RenamePasskey(passkeys.EditWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, name=(_("Name"), _("Give the passkey a name")))
