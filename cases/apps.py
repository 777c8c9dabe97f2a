from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "cases"

    def ready(self) -> None:
        """Jobs must be known in the process that queues them, not only in the worker."""
        from cases import tasks  # noqa: F401
