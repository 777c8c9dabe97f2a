"""How allauth makes accounts here."""

from __future__ import annotations

from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from django.contrib import messages
from django.utils.translation import gettext as _

log = structlog.get_logger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Patients sign up; staff come by invitation only."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A mail server that is away must not end in an error page: say what happened and what to do."""
        try:
            super().send_mail(template_prefix, email, context)
        except OSError as problem:
            log.error("mail_not_sent", problem=type(problem).__name__)
            messages.error(self.request, _("We could not send the e-mail just now. Please try again in a few minutes."))
