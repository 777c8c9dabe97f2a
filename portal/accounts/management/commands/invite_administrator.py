"""``manage.py invite_administrator NAME ADDRESS``: how a new installation gets its first administrator."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from portal.accounts import actions


class Command(BaseCommand):
    """Prints a link that works once; whoever opens it sets a password and a second factor, like all staff."""

    help = "Prints an invitation link for the first administrator. Later ones are invited in the portal itself."

    def add_arguments(self, parser: CommandParser) -> None:
        """Who is invited."""
        parser.add_argument("name")
        parser.add_argument("address")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError when there is an administrator already, or the address cannot be used."""
        try:
            validate_email(options["address"])
            link = actions.invite_first_administrator(email=options["address"], name=options["name"])
        except ValidationError:
            raise CommandError(f"{options['address']} is not an e-mail address.") from None
        except actions.NotUsable as problem:
            reasons = {
                "has_administrator": "There is an administrator already, who can invite others on the page People.",
                "patient_account": "A patient has an account with this address. Choose another address.",
                "account_exists": "An account with this address exists. Choose another address.",
            }
            raise CommandError(reasons[str(problem)]) from None
        self.stdout.write(f"Open this link in the next {actions.INVITATION_DAYS} days; it works once:\n{link}")
