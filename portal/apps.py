from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class PortalConfig(AppConfig):
    """The top floor: pages that mix apps, commands, template tags."""

    name = "portal"
    label = "portal"

    def ready(self) -> None:
        """Every process that queues work knows every job: web, worker and commands alike."""
        autodiscover_modules("tasks")
