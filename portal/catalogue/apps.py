from __future__ import annotations

from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "portal.catalogue"
    label = "catalogue"

    def ready(self) -> None:
        """Registers the system checks."""
        from portal.catalogue import checks  # noqa: F401 - registers itself
