"""``manage.py restore FILE``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.core import backup, maintenance


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
        if settings.PRODUCTION and not maintenance.is_on():
            raise CommandError(
                "Close the portal first (manage.py maintenance on) and stop web, worker and beat; open it again afterwards."
            )
        try:
            restored = backup.restore(
                options["source"],
                force=options["force"],
                after=self._after,
            )
        except backup.Refused as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"Restored the database and {restored.objects} sealed objects.")
        self.stdout.write(
            "Sealed bytes that this backup does not know stay where they are: they may be newer than it. When nothing is missing, "
            "look with manage.py sweep, and remove them with manage.py sweep --remove."
        )

    def _after(self) -> None:
        """Older tables are brought up to date; what a backup leaves out is queued, to be made by the workers."""
        call_command("migrate", interactive=False, verbosity=0)
        if "rebuild" in get_commands():
            call_command("rebuild", missing=True, stdout=self.stdout)
