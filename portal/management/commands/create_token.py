"""``manage.py create_token EMAIL --scope dicomweb [--case REF]``: what a program shows to reach the images."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cases.queries import visible_to
from portal.accounts import actions, queries
from portal.accounts.models import TokenScope
from portal.core.access import Actor


class Command(BaseCommand):
    """Prints a bearer token once; the portal keeps its hash alone."""

    help = "Prints a bearer token for a program that acts for an account, in one case or in all that the account sees."

    def add_arguments(self, parser: CommandParser) -> None:
        """For whom, for what, how long."""
        parser.add_argument("email")
        parser.add_argument("--scope", choices=list(TokenScope), required=True)
        parser.add_argument(
            "--case", help="bind the token to this case, as 2K7-4QD; needed for storing at /dicomweb/studies"
        )
        parser.add_argument(
            "--days", type=int, default=actions.TOKEN_DAYS, help="days until it ends (default %(default)s)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError: no such open account, a case that it does not see, or a wrong number of days."""
        user = queries.with_email(options["email"])
        if user is None or not user.is_active:
            raise CommandError("There is no open account with this address.")
        case = None
        if options["case"]:
            case = visible_to(user).filter(ref=options["case"]).first()
            if case is None:
                raise CommandError("This account does not see a case with that reference.")
        try:
            made, secret = actions.create_token(
                user=user,
                scope=TokenScope(options["scope"]),
                case_id=case.pk if case else None,
                days=options["days"],
                by=Actor.job("manage.py create_token"),
            )
        except ValueError:
            raise CommandError("A token works 1 to 3650 days.") from None
        self.stderr.write(
            f"Token {made.pk}, until {made.expires_at:%Y-%m-%d}. It is shown only now; end it: manage.py revoke_token {made.pk}"
        )
        self.stdout.write(secret)
