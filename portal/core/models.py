"""Tables that every app stands on. They name cases by opaque id only: the kernel knows no app."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.core.states import JobState, ObjectState


class Event(models.Model):
    """One thing that happened to one subject; append-only. `move()` writes it in the transaction of the change itself.

    `data` holds codes, ids and counts, never a clinical word: it is shown in timelines and copied to job arguments.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)
    case_id = models.UUIDField(null=True, db_index=True)
    subject_kind = models.CharField(max_length=20)
    subject_id = models.UUIDField()
    name = models.CharField(max_length=40)
    source = models.CharField(max_length=20, blank=True)
    target = models.CharField(max_length=20, blank=True)
    actor_kind = models.CharField(max_length=10, choices=[("user", "user"), ("job", "job"), ("token", "token")])
    actor_id = models.CharField(max_length=60)
    actor_role = models.CharField(max_length=15)
    data: models.JSONField[Any, Any] = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["subject_kind", "subject_id", "id"]), models.Index(fields=["case_id", "name"])]


class AuditEntry(models.Model):
    """Who saw or did what, one row a response; append-only, opaque ids, no foreign keys."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)
    actor_kind = models.CharField(max_length=10)
    actor_id = models.CharField(max_length=60, db_index=True)
    actor_role = models.CharField(max_length=15)
    action = models.CharField(max_length=80)
    outcome = models.CharField(max_length=10, default="ok")
    cases: models.JSONField[Any, Any] = models.JSONField(default=list)
    subjects: models.JSONField[Any, Any] = models.JSONField(default=list)
    request_id = models.CharField(max_length=32, blank=True)


class Job(models.Model):
    """Work to be done once. The row is the truth; the broker only says that it is time to look (docs/adr)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=60)
    key = models.CharField(max_length=120, unique=True)
    """The same key is the same work: enqueuing it twice makes one row."""
    args: models.JSONField[Any, Any] = models.JSONField(default=dict)
    case_id = models.UUIDField(null=True, db_index=True)
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    due_at = models.DateTimeField(default=timezone.now)
    attempt = models.PositiveIntegerField(default=0)
    fence = models.PositiveBigIntegerField(default=0)
    """Rises with each claim; a commit under an older number is refused."""
    lease_until = models.DateTimeField(null=True)
    every_seconds = models.PositiveIntegerField(null=True)
    """Recurring work is queued again this long after it ended."""
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=120, blank=True)
    """Class of the last error and where it was raised; never its message, which may quote a record."""
    created_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["state", "due_at"]),
            models.Index(fields=["state", "lease_until"]),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state=JobState.RUNNING, lease_until__isnull=False)
                | (~Q(state=JobState.RUNNING) & Q(lease_until__isnull=True)),
                name="job_running_has_lease",
            ),
            models.CheckConstraint(
                condition=Q(state=JobState.DONE, done_at__isnull=False) | ~Q(state=JobState.DONE),
                name="job_done_has_time",
            ),
        ]


class DataKey(models.Model):
    """A case's data key, wrapped under the master key. Deleting the row erases the case's bytes for good."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    case_id = models.UUIDField(unique=True)
    wrapped = models.BinaryField()
    master_key_id = models.CharField(max_length=16)
    created_at = models.DateTimeField(default=timezone.now)


class StoredObject(models.Model):
    """One sealed object. `size` and `sha256` are of the plain bytes; `name` is where the sealed bytes lie."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    case_id = models.UUIDField(db_index=True)
    KINDS = ("original", "derived", "part", "secret")
    kind = models.CharField(max_length=12, choices=[(kind, kind) for kind in KINDS])
    name = models.CharField(max_length=100, unique=True)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    key = models.ForeignKey(DataKey, on_delete=models.PROTECT, related_name="+")
    format = models.CharField(max_length=8)
    state = models.CharField(max_length=8, choices=ObjectState.choices, default=ObjectState.STORED)
    created_at = models.DateTimeField(default=timezone.now)
