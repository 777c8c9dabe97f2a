"""Enumerations of the kernel."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """Who may do what. One person has one role; a specialist who is also a patient has two accounts."""

    PATIENT = "patient", _("Patient")
    COORDINATOR = "coordinator", _("Coordinator")
    SPECIALIST = "specialist", _("Specialist")
    ADMINISTRATOR = "administrator", _("Administrator")
    SYSTEM = "system", _("The portal itself")


STAFF = frozenset({Role.COORDINATOR, Role.SPECIALIST, Role.ADMINISTRATOR})


class JobState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ObjectState(models.TextChoices):
    """A stored object is written whole before its row exists; erasing keeps the row and drops the bytes.

    A derived object that is lost (a backup leaves them out) is made again from its original; until then it is not ready.
    """

    STORED = "stored"
    ERASED = "erased"
    LOST = "lost"
