"""Specialists, assignments and opinions."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from cases.models import CasePart
from specialists.states import LIVE, AssignmentState, Conflict

USER = settings.AUTH_USER_MODEL


class Profile(models.Model):
    """What is known of a specialist and shown with the report."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    user = models.OneToOneField(USER, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=120, blank=True)
    institution = models.CharField(max_length=160, blank=True)
    specialties: models.JSONField[Any, Any] = models.JSONField(default=list)
    sub_specialties: models.JSONField[Any, Any] = models.JSONField(default=list)
    conditions: models.JSONField[Any, Any] = models.JSONField(default=list)
    """Conditions of the catalogue that this person reviews often."""
    languages: models.JSONField[Any, Any] = models.JSONField(default=list)
    capacity = models.PositiveSmallIntegerField(default=3)
    """Open cases at one time."""
    away_from = models.DateField(null=True)
    away_until = models.DateField(null=True)
    active = models.BooleanField(default=True)


class Licence(models.Model):
    """Permission to practise in a place; judged where the patient is."""

    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="+")
    country = models.CharField(max_length=2)
    state = models.CharField(max_length=10, blank=True)
    number = models.CharField(max_length=60)
    valid_until = models.DateField(null=True)


class Assignment(CasePart):
    """One specialist's part in one case, from offer to signature."""

    specialist = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    specialty = models.CharField(max_length=30)
    state = models.CharField(max_length=10, choices=AssignmentState.choices, default=AssignmentState.OFFERED)
    offered_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    offered_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    note = models.TextField(blank=True, max_length=1000)
    """The coordinator's word to the specialist."""
    accepted_at = models.DateTimeField(null=True)
    conflict = models.CharField(max_length=10, choices=Conflict.choices, blank=True)
    conflict_text = models.TextField(blank=True, max_length=1000)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=40, blank=True)
    end_text = models.TextField(blank=True, max_length=1000)

    class Meta:
        indexes = [models.Index(fields=["specialist", "state"])]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "specialist"], condition=Q(state__in=sorted(LIVE)), name="assignment_live_once"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[AssignmentState.ACCEPTED, AssignmentState.DRAFTING, AssignmentState.SIGNED])
                | (Q(accepted_at__isnull=False) & ~Q(conflict="")),
                name="assignment_accepted_declares",
            ),
            models.CheckConstraint(
                condition=~Q(conflict=Conflict.DECLARED) | ~Q(conflict_text=""), name="assignment_conflict_says_what"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[AssignmentState.DECLINED, AssignmentState.EXPIRED, AssignmentState.WITHDRAWN])
                | Q(ended_at__isnull=False),
                name="assignment_ended_has_time",
            ),
        ]


class OpinionDraft(models.Model):
    """What the specialist has written so far; every save raises the revision, and an older one is refused."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    assignment = models.OneToOneField(Assignment, on_delete=models.PROTECT, related_name="+")
    content: models.JSONField[Any, Any] = models.JSONField(default=dict)
    revision = models.PositiveIntegerField(default=0)
    catalogue = models.ForeignKey("catalogue.CatalogueVersion", on_delete=models.PROTECT, related_name="+")
    saved_at = models.DateTimeField(default=timezone.now)


class Opinion(models.Model):
    """A signed opinion: frozen content, its hash, who and when. Corrections are new versions."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveSmallIntegerField()
    content: models.JSONField[Any, Any] = models.JSONField()
    sha256 = models.CharField(max_length=64)
    signed_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["assignment", "version"], name="opinion_version_once")]
