"""``manage.py sweep``: look for what crashes left behind; ``--remove`` takes it away, as a job does once a day."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.core import sweep


class Command(BaseCommand):
    """Counts leftovers; nothing changes without ``--remove``."""

    help = "Counts sealed bytes and temporary files that nothing can need any more; with --remove takes them away."

    def add_arguments(self, parser: CommandParser) -> None:
        """The grace period keeps what is on its way."""
        parser.add_argument("--remove", action="store_true", help="take away what was found")
        parser.add_argument(
            "--older-than", type=float, default=settings.SWEEP_GRACE_HOURS, metavar="HOURS", help="the grace period"
        )
        parser.add_argument(
            "--anyway", action="store_true", help="remove although much of the store has no row in this database"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError where the database looks like the wrong one."""
        hours = options["older_than"]
        if hours < 1 and options["remove"]:
            raise CommandError("Less than an hour would take what is on its way. Give --older-than 1 or more.")
        try:
            found = sweep.sweep(remove=options["remove"], older_than=sweep.before(hours), anyway=options["anyway"])
        except sweep.Suspicious as much:
            raise CommandError(
                f"Nothing was removed: {much} sealed objects have no row in this database. Is it the right database, and not an "
                "older backup? If you are sure, add --anyway."
            ) from None
        if options["remove"]:
            sweep.release()
        for what, count in (
            ("sealed objects that no record names", len(found.objects)),
            ("sealed bytes without a row", len(found.bytes)),
            ("writes that never ended", len(found.halves)),
            ("temporary files of killed processes", found.files),
        ):
            self.stdout.write(f"{count:>8}  {what}")
        if sweep.held():
            self.stdout.write(
                "This database was restored from a backup: what has no row in it may be newer than the backup, and the only copy. "
                "The daily job leaves it alone until you have run manage.py sweep --remove."
            )
        self.stdout.write(
            "Removed." if options["remove"] else "Nothing was removed. To remove it: manage.py sweep --remove"
        )
