"""``manage.py maintenance on|off|status``."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from portal.core import maintenance


class Command(BaseCommand):
    """Closes and opens the portal for work on it; needs neither database nor cache."""

    help = "Closes the portal for work on it (pages answer 503, workers take no new job), or opens it again."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """``--until`` is a promise to people, not a timer: the portal opens with ``off``."""
        parser.add_argument("what", choices=["on", "off", "status"])
        parser.add_argument("--until", help="about when it opens again: 18:30, or 2026-11-22T18:30")
        parser.add_argument("--message", default="", help="one sentence that people read; no names, no clinical words")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError when ``--until`` cannot be understood or has passed."""
        if options["what"] == "on":
            found = maintenance.begin(until=moment(options["until"]), message=" ".join(options["message"].split()))
            self.stdout.write(f"The portal is closed. {self._until(found)} Open it: manage.py maintenance off")
        elif options["what"] == "off":
            was = maintenance.end()
            self.stdout.write("The portal is open." if was else "The portal was open already.")
        else:
            now = maintenance.current()
            self.stdout.write(
                f"closed since {timezone.localtime(now.since):%Y-%m-%d %H:%M}. {self._until(now)}" if now else "open"
            )

    def _until(self, found: maintenance.Maintenance) -> str:
        return f"People read: until about {timezone.localtime(found.until):%H:%M}." if found.until else ""


def moment(text: str | None) -> datetime | None:
    """The next time the clock shows it, or the full date and time; in the organisation's time zone.

    Raises:
        CommandError: not understood, or in the past.
    """
    if not text:
        return None
    now = timezone.localtime()
    if found := re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text):
        today = now.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)
        return today if today > now else today + timedelta(days=1)
    try:
        given = parse_datetime(text)
    except ValueError:
        given = None
    if given is None:
        raise CommandError("Give --until as 18:30 or as 2026-11-22T18:30.")
    if timezone.is_naive(given):
        given = timezone.make_aware(given)
    if given <= now:
        raise CommandError("--until lies in the past.")
    return given
