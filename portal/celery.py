"""The worker's application. Start: `celery -A portal worker`; with `-B` it also keeps the beat."""

from __future__ import annotations

import os
import sys

from celery import Celery
from celery.signals import beat_init, celeryd_init, setup_logging

from portal.core import folderbroker

folderbroker.install()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.local")

app = Celery("consilium")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["portal.core"], related_name="jobs")


@setup_logging.connect
def use_django_logging(**_: object) -> None:
    """Celery's own logging would go round the patient-data filter: Django's configuration holds for workers too."""


@celeryd_init.connect
@beat_init.connect
def refuse_unsafe_start(**_: object) -> None:
    """As the web does. Celery swallows exceptions of a receiver, so this leaves by SystemExit."""
    import django
    from django.core.exceptions import ImproperlyConfigured

    django.setup()
    from portal.core import checks

    try:
        checks.refuse_unsafe_start()
    except ImproperlyConfigured:
        sys.exit(1)
