"""Accounts and invitations. A person who is ill is a `cases.Patient`; an account may act for several of them."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from portal.core.states import Role


class TokenScope(models.TextChoices):
    """What a token opens: reading and storing images, or storing alone (a hospital's system that pushes)."""

    DICOMWEB = "dicomweb"
    DICOMWEB_STORE = "dicomweb-store"


class UserManager(BaseUserManager["User"]):
    """Makes accounts; the e-mail address is the name to sign in with, kept in lower case."""

    def create_user(self, email: str, password: str | None = None, **columns: Any) -> User:
        user = self.model(email=email.strip().lower(), **columns)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """An account. One role each."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    """How the portal addresses this person: "Ines Costa", "Dr Ada Sample"."""
    role = models.CharField(
        max_length=15, choices=[c for c in Role.choices if c[0] != Role.SYSTEM], default=Role.PATIENT
    )
    language = models.CharField(max_length=10, default="en")
    is_active = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False)
    date_joined = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_lower")]

    def __str__(self) -> str:
        return str(self.pk)

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name or self.email


class Invitation(models.Model):
    """The only way to become staff: a link for one address and one role, once, until it expires. The secret is stored hashed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    email = models.EmailField()
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=15, choices=[c for c in Role.choices if c[0] not in (Role.SYSTEM, Role.PATIENT)])
    secret_sha256 = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True, accepted_by__isnull=True)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False),
                name="invitation_accepted_whole",
            )
        ]


class AccessToken(models.Model):
    """What a program shows instead of a password: it acts for one account, perhaps in one case only. The secret is stored hashed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    scope = models.CharField(max_length=20, choices=[(one.value, one.value) for one in TokenScope])
    case_id = models.UUIDField(null=True)
    """The one case that it reaches; without it, every case that its account sees."""
    secret_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    used_on = models.DateField(null=True)
    """The last day on which it was used: enough to find those that nobody needs."""
