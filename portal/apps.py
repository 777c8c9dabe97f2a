from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The top floor: pages that mix apps, commands, template tags."""

    name = "portal"
    label = "portal"
