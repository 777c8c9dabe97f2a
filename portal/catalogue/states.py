"""States of a catalogue version."""

from __future__ import annotations

from django.db import models


class VersionState(models.TextChoices):
    """Draft: uploaded, looked at. Published: new cases start with it. Retired: only older cases still name it."""

    DRAFT = "draft", "draft"
    PUBLISHED = "published", "published"
    RETIRED = "retired", "retired"
