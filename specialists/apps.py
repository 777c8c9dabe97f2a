from django.apps import AppConfig


class SpecialistsConfig(AppConfig):
    name = "specialists"

    def ready(self) -> None:
        """Jobs must be known in the process that queues them, not only in the worker."""
        from specialists import tasks  # noqa: F401
