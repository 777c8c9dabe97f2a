"""``manage.py revoke_token ID``: end a program's token at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.accounts import actions
from portal.core.access import Actor


class Command(BaseCommand):
    """Its next request is refused."""

    help = "Ends a token that create_token made. Its id stands on the page People, and create_token printed it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which one."""
        parser.add_argument("id", type=UUID)

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError when no live token has this id."""
        if not actions.revoke_token(token_id=options["id"], by=Actor.job("manage.py revoke_token")):
            raise CommandError("No live token has this id.")
        self.stdout.write("The token is taken back.")
