"""What reaches a case from outside: upload links for hospitals, the letters that ask, and things sent by post.

Part of `records.models`, which imports them; kept apart because they share nothing with files and studies.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from cases.models import CasePart, Grant
from records.states import Condition, PhysicalKind, PhysicalState

USER = settings.AUTH_USER_MODEL


class UploadLink(CasePart):
    """One link by which somebody without an account sends records into one case, once.

    The grant is what opens the case (write-only, hash of the token, end, revocation); this row says whom it is for and
    what became of it. `holder_sha256` binds it to the first browser that confirmed: the claim is a conditional UPDATE.
    """

    grant = models.OneToOneField(Grant, on_delete=models.PROTECT, related_name="+")
    label = models.CharField(max_length=120)
    """Whom it is for, in the words of the person who made it."""
    items: models.JSONField[Any, Any] = models.JSONField(default=list)
    """Keys of the checklist items that are asked for."""
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    mailed_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    """First time that somebody showed the code: a person's press of a button, never a scanner's GET."""
    redeemed_at = models.DateTimeField(null=True)
    holder_sha256 = models.CharField(max_length=64, blank=True)
    holder_name = models.CharField(max_length=120, blank=True)
    holder_place = models.CharField(max_length=160, blank=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["case", "made_at"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(redeemed_at__isnull=True, holder_sha256="", holder_name="")
                | Q(redeemed_at__isnull=False) & ~Q(holder_sha256="") & ~Q(holder_name=""),
                name="link_redeemed_whole",
            ),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True) | Q(redeemed_at__isnull=False), name="link_finished_was_redeemed"
            ),
        ]


class RequestLetter(CasePart):
    """A signed letter that asks a provider for records. What was signed is frozen in `parts`; the PDF is the copy.

    Kept six years (45 CFR 164.508(b)(6), 164.530(j)): withdrawing closes the row and never removes it.
    """

    key = models.CharField(max_length=40)
    """Letter of the case's edition: access_request, authorisation, …"""
    provider = models.CharField(max_length=160)
    items: models.JSONField[Any, Any] = models.JSONField(default=list)
    parts: models.JSONField[Any, Any] = models.JSONField()
    """Every gap of the letter as it was filled in, and the paragraphs as they were signed."""
    capacity = models.CharField(max_length=20)
    """`Case.acting_as` of the person who signed."""
    signed_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField(default=timezone.now)
    ends_on = models.DateField(null=True)
    """Last day on which an authorisation counts; an access request has none."""
    withdrawn_at = models.DateTimeField(null=True)
    link = models.ForeignKey(UploadLink, null=True, on_delete=models.PROTECT, related_name="+")
    pdf = models.ForeignKey("core.StoredObject", on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    """Of the canonical bytes of `parts`."""

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(provider="") & ~Q(sha256=""), name="letter_whole"),
        ]


class PhysicalItem(CasePart):
    """Something that cannot be uploaded: glass slides, tissue blocks, a disc by post. It is somebody's, and goes back."""

    kind = models.CharField(max_length=10, choices=PhysicalKind.choices)
    label = models.CharField(max_length=160)
    """What it is, in the words of who announced it: "12 slides of the lung, block B2"."""
    pieces = models.PositiveSmallIntegerField(default=1)
    item = models.CharField(max_length=60, blank=True)
    """Key of the checklist item that it satisfies once it is here."""
    owner = models.CharField(max_length=200, blank=True)
    """Where it must go back to; empty: nobody wants it back."""
    return_by = models.DateField(null=True)
    state = models.CharField(max_length=12, choices=PhysicalState.choices, default=PhysicalState.ANNOUNCED)
    holder = models.CharField(max_length=160, blank=True)
    """Who has it while it is with a specialist or a laboratory."""
    announced_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    announced_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["case", "state"])]
        constraints = [
            models.CheckConstraint(condition=Q(return_by__isnull=True) | ~Q(owner=""), name="thing_due_back_has_owner"),
            models.CheckConstraint(
                condition=~Q(state=PhysicalState.WITH_READER) | ~Q(holder=""), name="thing_handed_over_has_holder"
            ),
            models.CheckConstraint(condition=Q(pieces__gte=1), name="thing_pieces"),
        ]


class AppendOnly(Exception):
    """A line of the custody log was to be changed or removed. What was wrong is said in a new line."""


class CustodyEntry(models.Model):
    """One line of the custody log: what happened to a thing, when, by whom, in which condition. Never changed.

    The database refuses a change (migration 0003). The event row that `move()` writes in the same transaction carries the line's
    SHA-256, so that a line altered by whoever owns the database still shows.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    thing = models.ForeignKey(PhysicalItem, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField()
    event = models.CharField(max_length=20)
    source = models.CharField(max_length=12, blank=True)
    target = models.CharField(max_length=12)
    happened_on = models.DateField()
    carrier = models.CharField(max_length=80, blank=True)
    tracking = models.CharField(max_length=80, blank=True)
    condition = models.CharField(max_length=12, choices=Condition.choices, blank=True)
    holder = models.CharField(max_length=160, blank=True)
    remark = models.CharField(max_length=300, blank=True)
    photo = models.ForeignKey("records.File", null=True, on_delete=models.PROTECT, related_name="+")
    """A picture of its condition, sent with the line; read, scanned and kept like any upload."""
    photo_sha256 = models.CharField(max_length=64, null=True)  # noqa: DJ001 - a line without it was written before there was one
    """Of the picture's bytes as they arrived. Null in lines without a photo, and in lines older than this column."""
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["thing", "number"], name="custody_number_once")]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Raises AppendOnly for a line that is written already."""
        if not self._state.adding:
            raise AppendOnly
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        """Raises AppendOnly."""
        raise AppendOnly
