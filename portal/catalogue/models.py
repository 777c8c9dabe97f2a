"""Editions of the clinical content, immutable once stored; a case names the one it was started with."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.catalogue.states import VersionState


class CatalogueVersion(models.Model):
    """One edition: its content (file name -> data) and the SHA-256 of the canonical JSON of that content.

    A changed edition is a new row. `queries.edition` checks the digest, so that a row edited by hand is refused
    instead of quietly changing what running cases are asked.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    number = models.PositiveIntegerField(unique=True)
    sha256 = models.CharField(max_length=64, unique=True)
    content: models.JSONField[Any, Any] = models.JSONField()
    note = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=VersionState.choices, default=VersionState.DRAFT)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.UUIDField(null=True)
    """The administrator who uploaded it; null for an edition that came with the software."""
    published_at = models.DateTimeField(null=True)
    published_by = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state=VersionState.PUBLISHED), name="catalogue_one_published"
            ),
            models.CheckConstraint(
                condition=Q(state=VersionState.DRAFT, published_at__isnull=True)
                | (~Q(state=VersionState.DRAFT) & Q(published_at__isnull=False)),
                name="catalogue_published_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"edition {self.number}"
