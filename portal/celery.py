"""The worker's application. Start: `celery -A portal worker`; with `-B` it also keeps the beat."""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import beat_init, celeryd_init, setup_logging

from portal.core import folderbroker
from portal.settings.env import told_in_words

folderbroker.install()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.local")

app = Celery("consilium")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["portal.core"], related_name="jobs")


@app.on_configure.connect
def read_settings(**_: object) -> None:
    from django.conf import settings

    with told_in_words():
        settings.DEBUG  # noqa: B018 - reads them all


@setup_logging.connect
def use_django_logging(**_: object) -> None:
    """Celery's own logging would go round the patient-data filter: Django's configuration holds for workers too."""


@celeryd_init.connect
@beat_init.connect
def refuse_unsafe_start(**_: object) -> None:
    """As the web does. Celery swallows exceptions of a receiver, but not SystemExit."""
    import django

    with told_in_words():
        django.setup()
        from portal.core import checks

        checks.refuse_unsafe_start()
