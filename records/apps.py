from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "records"

    def ready(self) -> None:
        from records import (
            checks,  # noqa: F401 - registers the start-up check of the sandbox
            tasks,  # noqa: F401 - registers the jobs in every process that may queue one
        )
