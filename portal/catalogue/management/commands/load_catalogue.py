"""`manage.py load_catalogue`: installs the edition that comes with the software; runs after every `migrate`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.catalogue import actions
from portal.catalogue.reading import CatalogueError


class Command(BaseCommand):
    help = "Installs the shipped edition of the catalogue. Does nothing when it is already there."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            version = actions.install_shipped()
        except CatalogueError as error:
            raise CommandError(f"The shipped catalogue is broken:\n{error}") from error
        if options["verbosity"]:
            self.stdout.write(f"Catalogue edition {version.number} ({version.state}), SHA-256 {version.sha256[:12]}")
