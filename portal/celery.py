"""The worker's application. Start: `celery -A portal worker`; with `-B` it also keeps the beat."""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.local")

app = Celery("consilium")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["portal.core"], related_name="jobs")


@setup_logging.connect
def use_django_logging(**_: object) -> None:
    """Celery's own logging would go round the patient-data filter: Django's configuration holds for workers too."""
