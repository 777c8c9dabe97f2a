"""``manage.py backup --to FILE``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.core import backup


class Command(BaseCommand):
    """Saves database and sealed originals into one tar."""

    help = (
        "Saves the database and every sealed original into one tar, while the portal may run. The keys are not in it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The file must not exist."""
        parser.add_argument("--to", type=Path, required=True, metavar="FILE", help="the tar to write")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError with what to do next; a partial file is never left under the name."""
        target: Path = options["to"].resolve()
        try:
            saved = backup.save(target)
        except (backup.Refused, OSError) as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"Saved the database and {saved.objects} sealed objects to {target}")
        if saved.missing:
            self.stderr.write(
                f"{len(saved.missing)} sealed objects are missing or damaged: {', '.join(saved.missing[:5])}"
            )
        self.stdout.write(
            "The keys are NOT in it. Without MASTER_KEY and SECRET_KEY (embedded: DATA_DIR/secrets.json) it cannot be opened:\n"
            "keep them in another safe place. The database inside is readable: encrypt the file before it leaves this machine."
        )
