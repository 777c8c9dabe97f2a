"""``manage.py restore FILE``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.core import backup


class Command(BaseCommand):
    """Puts a backup back into an empty portal."""

    help = "Checks a backup as a whole and puts it back. The portal must be stopped and have the keys of the backup."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """``--force`` replaces what is there."""
        parser.add_argument("source", type=Path, metavar="FILE", help="the tar that backup wrote")
        parser.add_argument("--force", action="store_true", help="replace the data of a portal that is not empty")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError with what to do next; nothing is changed before the whole backup was checked."""
        try:
            restored = backup.restore(
                options["source"],
                force=options["force"],
                after=lambda: call_command("migrate", interactive=False, verbosity=0),
            )
        except backup.Refused as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"Restored the database and {restored.objects} originals.")
