"""The patient, the case and what belongs to it. Columns and database constraints; nothing here acts."""

from __future__ import annotations

import uuid
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django_countries.fields import CountryField

from cases.states import GrantScope, HoldOwner, Level, Phase, ReportState

USER = settings.AUTH_USER_MODEL


class Patient(models.Model):
    """The person who is ill, not the account: people act for a parent, a child, a partner."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    given_name = models.CharField(max_length=80, blank=True)
    family_name = models.CharField(max_length=80, blank=True)
    other_names = models.CharField(max_length=160, blank=True)
    """Maiden name or other spellings, as records may carry them."""
    birth_date = models.DateField(null=True)
    sex = models.CharField(max_length=10, blank=True)
    country = CountryField(blank=True)
    state = models.CharField(max_length=10, blank=True)
    language = models.CharField(max_length=10, default="en")
    phone = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    @property
    def full_name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()


class Case(models.Model):
    """One request for a second opinion."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    ref = models.CharField(max_length=8, unique=True)
    """Opaque, read aloud on the telephone: "2K7-4QD". It stands in addresses and e-mail."""
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    opened_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    acting_as = models.CharField(max_length=20, default="self")
    """What lets the account act: self, parent, guardian, attorney, relative, treating_doctor."""
    catalogue = models.ForeignKey("catalogue.CatalogueVersion", on_delete=models.PROTECT, related_name="+")
    specialties: models.JSONField[Any, Any] = models.JSONField(default=list)
    """Keys of one or more specialties; the first leads."""
    condition = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=40, blank=True)
    title = models.CharField(max_length=120, blank=True)
    """The patient's own short name for it, shown to the patient and staff only."""
    level = models.CharField(max_length=10, choices=Level.choices, default=Level.STANDARD)
    proposed_level = models.CharField(max_length=10, choices=Level.choices, blank=True)
    """What the desk suggests instead of `level`, while the patient has not answered about its price."""
    phase = models.CharField(max_length=12, choices=Phase.choices, default=Phase.DRAFT)
    flagged_today = models.BooleanField(default=False)
    """A red flag of the TODAY kind was answered: front of the queue."""
    planned_date = models.DateField(null=True)
    """Day of a planned operation or start of treatment."""

    # Columns that upper apps and the clock keep (each has one writer action).
    coordinator = models.ForeignKey(USER, null=True, on_delete=models.SET_NULL, related_name="+")
    assignee = models.ForeignKey(USER, null=True, on_delete=models.SET_NULL, related_name="+")
    items_needed = models.PositiveSmallIntegerField(default=0)
    items_satisfied = models.PositiveSmallIntegerField(default=0)
    submitted_at = models.DateTimeField(null=True)
    complete_at = models.DateTimeField(null=True)
    """Records complete: the promised turnaround counts from here."""
    due_at = models.DateTimeField(null=True)
    on_hold = models.BooleanField(default=False)
    clock_signal = models.CharField(max_length=10, blank=True)
    delivered_at = models.DateTimeField(null=True)
    last_message_at = models.DateTimeField(null=True)
    last_activity_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["phase", "due_at"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(phase=Phase.DRAFT) | Q(phase=Phase.WITHDRAWN) | Q(submitted_at__isnull=False),
                name="case_sent_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(phase__in=[Phase.DELIVERED, Phase.CLOSED]) | Q(delivered_at__isnull=False),
                name="case_delivered_has_time",
            ),
            models.CheckConstraint(condition=Q(items_satisfied__lte=models.F("items_needed")), name="case_items_count"),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def case_uuid(self) -> UUID:
        return self.id

    @property
    def own(self) -> bool:
        """Whether who opened the case is the patient: else no page may call the patient's doctor or body "yours"."""
        return self.acting_as == "self"


class CasePart(models.Model):
    """Base of rows that belong to one case."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True

    @property
    def case_uuid(self) -> UUID:
        return self.case_id


class Grant(CasePart):
    """The only source of access: a person, a role or the holder of a token may reach this case, this far, until then."""

    user = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=15, blank=True)
    token_sha256 = models.CharField(max_length=64, blank=True)
    scope = models.CharField(max_length=10, choices=GrantScope.choices)
    granted_at = models.DateTimeField(default=timezone.now)
    granted_by = models.CharField(max_length=60)
    until = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["user", "case"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, role="", token_sha256="")
                | Q(user__isnull=True, token_sha256="") & ~Q(role="")
                | Q(user__isnull=True, role="") & ~Q(token_sha256=""),
                name="grant_one_holder",
            ),
            models.UniqueConstraint(
                fields=["case", "user", "scope"],
                condition=Q(revoked_at__isnull=True, user__isnull=False),
                name="grant_once_user",
            ),
            models.UniqueConstraint(
                fields=["case", "role", "scope"],
                condition=Q(revoked_at__isnull=True) & ~Q(role=""),
                name="grant_once_role",
            ),
        ]


class IntakeSection(CasePart):
    """Answers of one section of the intake ("about", "problem", "questions", "health"), saved as the patient goes."""

    key = models.CharField(max_length=20)
    answers: models.JSONField[Any, Any] = models.JSONField(default=dict)
    """What was understood: question key to text, or list of texts. Dates are ISO 8601."""
    draft: models.JSONField[Any, Any] = models.JSONField(default=dict)
    """What was typed, valid or not, field name to list of texts: nothing that a patient typed is lost."""
    complete = models.BooleanField(default=False)
    revision = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "key"], name="intake_section_once")]


class Screening(CasePart):
    """What was answered to the emergency and eligibility questions, before there was an account, each with its time."""

    answers: models.JSONField[Any, Any] = models.JSONField(default=list)
    """List of {question, answer, at}."""
    checked_by_doctor = models.BooleanField(default=False)
    at = models.DateTimeField(default=timezone.now)


class Question(CasePart):
    """One of up to five questions for the specialist; the report answers each."""

    number = models.PositiveSmallIntegerField()
    text = models.TextField(max_length=600)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["case", "number"], name="question_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1, number__lte=5), name="question_up_to_five"),
        ]


class Consent(CasePart):
    """Agreement to one consent screen in one version. Withdrawing closes the row; agreeing again makes another."""

    key = models.CharField(max_length=40)
    version = models.CharField(max_length=20)
    given = models.BooleanField()
    shown: models.JSONField[Any, Any] = models.JSONField(default=dict)
    """What stood beside the screen's own text: for the cost, {level, price}."""
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True)


class Hold(CasePart):
    """Why the clock stands still, and who has to act. Opened and closed, never edited."""

    scope = models.CharField(max_length=10, default="case")
    """"case", or "assignment" with `assignment_id`."""
    assignment_id = models.UUIDField(null=True)
    reason = models.CharField(max_length=40)
    owner = models.CharField(max_length=10, choices=HoldOwner.choices)
    asks = models.TextField(blank=True)
    """What is asked, in the words that the owner reads."""
    since = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(null=True)
    opened_by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    closed_by = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=models.F("since")), name="hold_in_order"
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True, closed_by="") | Q(until__isnull=False) & ~Q(closed_by=""),
                name="hold_closed_whole",
            ),
            models.CheckConstraint(
                condition=Q(scope="case", assignment_id__isnull=True)
                | Q(scope="assignment", assignment_id__isnull=False),
                name="hold_scope",
            ),
        ]


class Message(CasePart):
    """A message between the patient's side and the desk. `from_staff` says which side wrote it."""

    author = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    from_staff = models.BooleanField()
    body = models.TextField(max_length=5000)
    hold = models.ForeignKey(Hold, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["at", "id"]


class DeskNote(CasePart):
    """A note among coordinators. Never shown to the patient or the specialist."""

    author = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    body = models.TextField(max_length=5000)
    at = models.DateTimeField(default=timezone.now)


class Report(CasePart):
    """A signed opinion as delivered: a frozen, self-contained document. `cases` renders only what stands here.

    `document` is JSON (schema in cases/report.py); `sha256` is of its canonical bytes, which is what was signed.
    """

    version = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=ReportState.choices, default=ReportState.SIGNED)
    document: models.JSONField[Any, Any] = models.JSONField()
    sha256 = models.CharField(max_length=64)
    assignment_id = models.UUIDField()
    signed_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()
    pdf_object_id = models.UUIDField(null=True)
    released_at = models.DateTimeField(null=True)
    first_opened_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "version"], name="report_version_once"),
            models.CheckConstraint(
                condition=~Q(state=ReportState.RELEASED) | Q(released_at__isnull=False, pdf_object_id__isnull=False),
                name="report_released_whole",
            ),
        ]
