"""Editions of the clinical content, immutable once published; a case names the one it was started with."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.utils import timezone


class CatalogueVersion(models.Model):
    """One edition: canonical JSON and its SHA-256."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    number = models.PositiveIntegerField(unique=True)
    sha256 = models.CharField(max_length=64, unique=True)
    content: models.JSONField[Any, Any] = models.JSONField()
    note = models.CharField(max_length=200, blank=True)
    state = models.CharField(
        max_length=10, choices=[("draft", "draft"), ("published", "published"), ("retired", "retired")], default="draft"
    )
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.UUIDField(null=True)
    published_at = models.DateTimeField(null=True)
