"""How allauth makes accounts here."""

from __future__ import annotations

from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib import messages
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

log = structlog.get_logger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Patients sign up; staff come by invitation only. What goes wrong is said in our words, with what to do."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": gettext_lazy("This account is closed. If you think this is wrong, talk to us."),
        "cannot_remove_primary_email": gettext_lazy("You sign in with this address. Add another one first."),
        "duplicate_email": gettext_lazy("Your account has this address already."),
        "email_password_mismatch": gettext_lazy(
            "The e-mail address or the password is not right. Check both and try again, or choose a new password."
        ),
        "email_taken": gettext_lazy("There is an account with this address already. Sign in, or use another address."),
        "enter_current_password": gettext_lazy("This is not your password. Type the one that you use now."),
        "incorrect_code": gettext_lazy("This code is not right. Type the newest code that the app shows."),
        "incorrect_password": gettext_lazy("This is not your password. Try again, or choose a new one."),
        "invalid_or_expired_key": gettext_lazy("This link does not work any more. Ask for a new one."),
        "invalid_login": gettext_lazy("You could not be signed in. Try again."),
        "invalid_password_reset": gettext_lazy("This link does not work any more. Ask for a new one."),
        "too_many_login_attempts": gettext_lazy("Too many tries. Wait five minutes, then try again."),
        "unknown_email": gettext_lazy("We have no account with this address. Check how you wrote it."),
        "unverified_primary_email": gettext_lazy("First open the link in the e-mail that we sent to this address."),
        "same_as_current": gettext_lazy("This is the address that you have now. Type the new one."),
        "rate_limited": gettext_lazy("That was too often. Wait a few minutes, then try again."),
    }

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A mail server that is away must not end in an error page: say what happened and what to do."""
        try:
            super().send_mail(template_prefix, email, context)
        except OSError as problem:
            log.error("mail_not_sent", problem=type(problem).__name__)
            messages.error(self.request, _("We could not send the e-mail just now. Please try again in a few minutes."))


class SecondFactorAdapter(DefaultMFAAdapter):
    """Second steps in our words. A passkey's first name is one that its owner would give it."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "add_email_blocked": gettext_lazy("Your account has a second step. Turn it off before you add an address."),
        "cannot_delete_authenticator": gettext_lazy("Your account needs this second step. Set up another one first."),
        "cannot_generate_recovery_codes": gettext_lazy("Set up the app or a passkey first. Then make backup codes."),
        "incorrect_code": gettext_lazy("This code is not right. Type the newest code that the app shows."),
        "unverified_email": gettext_lazy("First open the link in the e-mail that we sent to you. Then come back."),
    }

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        held = self.count(user, type)
        return _("My passkey") if not held else _("My passkey %(number)d") % {"number": held + 1}

    def count(self, user: Any, kind: Any) -> int:
        from allauth.mfa.models import Authenticator  # models are not loaded yet when settings name this class

        found: int = Authenticator.objects.filter(user_id=user.pk, type=kind).count()
        return found

    def _get_site_name(self) -> str:
        return str(settings.PRODUCT["name"])
