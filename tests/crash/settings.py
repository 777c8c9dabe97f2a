"""The kernel alone, for processes that are going to be killed: own database, own broker, short leases, ready in a moment."""

from __future__ import annotations

import os
from pathlib import Path

from portal.settings.env import database
from portal.settings.test import *  # noqa: F403

DATA_DIR = Path(os.environ["CRASH_DIR"])
DATABASES = {"default": database(os.environ.get("CRASH_DATABASE_URL"), DATA_DIR)}
_DJANGOS = ["django.contrib.auth", "django.contrib.contenttypes"]
INSTALLED_APPS = [*_DJANGOS, "portal.core", "portal.accounts", "portal", "tests.crash"]
ROOT_URLCONF, CSRF_FAILURE_VIEW = "tests.crash.urls", "django.views.csrf.csrf_failure"
MIDDLEWARE: list[str] = []
SUBSCRIPTIONS = "tests.crash.tasks.NO_REACTIONS"
JOB_LEASE_SECONDS = 2
CELERY_BEAT_SCHEDULE = {"sweep": {"task": "portal.core.jobs.sweep", "schedule": 1.0, "options": {"expires": 5}}}
CELERY_BROKER_URL = os.environ.get("CRASH_BROKER_URL", "filesystem://")
if CELERY_BROKER_URL == "filesystem://":
    for _name in ("messages", "control"):
        (DATA_DIR / _name).mkdir(exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": DATA_DIR / "messages",
        "data_folder_out": DATA_DIR / "messages",
        "control_folder": DATA_DIR / "control",
    }
