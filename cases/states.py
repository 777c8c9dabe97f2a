"""Enumerations of a case."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Phase(models.TextChoices):
    DRAFT = "draft", _("Not sent yet")
    COLLECTING = "collecting", _("Collecting records")
    TRIAGE = "triage", _("Checking")
    MATCHING = "matching", _("Finding a specialist")
    IN_REVIEW = "in_review", _("With specialist")
    RELEASE = "release", _("Ready to release")
    DELIVERED = "delivered", _("Report delivered")
    CLOSED = "closed", _("Closed")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")


OPEN = frozenset({Phase.COLLECTING, Phase.TRIAGE, Phase.MATCHING, Phase.IN_REVIEW, Phase.RELEASE})
"""Phases in which the service owes the patient something."""
ENDED = frozenset({Phase.CLOSED, Phase.DECLINED, Phase.WITHDRAWN})


class Level(models.TextChoices):
    STANDARD = "standard", _("Standard")
    EXPEDITED = "expedited", _("Expedited")
    URGENT = "urgent", _("Urgent")


class HoldOwner(models.TextChoices):
    PATIENT = "patient", _("the patient")
    HOSPITAL = "hospital", _("a hospital")
    DESK = "desk", _("the service")


class GrantScope(models.TextChoices):
    PREVIEW = "preview"
    FULL = "full"
    WRITE_ONLY = "write_only"


class ReportState(models.TextChoices):
    SIGNED = "signed"
    RELEASED = "released"
    SUPERSEDED = "superseded"
    RECALLED = "recalled"


class ClockSignal(models.TextChoices):
    """What the turnaround watch has already said about a case; each is said once a due time."""

    WARN_HALF = "warn_half"
    WARN_MOST = "warn_most"
    BREACH = "breach"
