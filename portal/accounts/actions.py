"""Invitations and the state of accounts."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import cast
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import AccessToken, Invitation, TokenScope, User
from portal.accounts.queries import hashed
from portal.accounts.rules import invitation_problem
from portal.core import audit
from portal.core.access import Actor
from portal.core.states import STAFF, Role

INVITATION_DAYS = 7
TOKEN_DAYS = 90


class NotUsable(Exception):
    """The invitation cannot be used: used, revoked or expired; or the address has an account."""


@transaction.atomic
def invite(*, email: str, name: str, role: Role, by: Actor) -> tuple[Invitation, str]:
    """Make an invitation for one address and one staff role. Returns it and its link, which exists nowhere else.

    An earlier open invitation of the same address is revoked.

    Raises:
        NotUsable: an account with this address exists: "patient_account" or "account_exists".
        ValueError: not a staff role.
    """
    if role not in STAFF:
        raise ValueError("only staff are invited")
    email = email.strip().lower()
    if known := User.objects.filter(email=email).first():
        raise NotUsable("patient_account" if known.role == Role.PATIENT else "account_exists")
    secret = secrets.token_urlsafe(32)
    now = timezone.now()
    Invitation.objects.filter(email=email, accepted_at__isnull=True, revoked_at__isnull=True).update(revoked_at=now)
    made = Invitation.objects.create(
        email=email,
        name=name,
        role=role,
        secret_sha256=hashed(secret),
        invited_by=by.user,
        expires_at=now + timedelta(days=INVITATION_DAYS),
    )
    audit.record(actor=by, action="invite", subjects=[str(made.pk)])
    return made, settings.BASE_URL + reverse("accounts:accept", args=[secret])


@transaction.atomic
def accept_invitation(*, invitation: Invitation, name: str, password: str) -> User:
    """Make the account that an invitation is for; its address counts as verified, since the link was read there.

    Raises:
        NotUsable: used (perhaps a moment ago in another window), revoked or expired.
    """
    now = timezone.now()
    if problem := invitation_problem(invitation, now):
        raise NotUsable(problem)
    if User.objects.filter(email=invitation.email).exists():
        raise NotUsable("account_exists")
    user = User.objects.create_user(invitation.email, password, name=name, role=invitation.role)
    taken = Invitation.objects.filter(pk=invitation.pk, accepted_at__isnull=True, revoked_at__isnull=True).update(
        accepted_at=now, accepted_by=user
    )
    if not taken:
        raise NotUsable("used")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    audit.record(actor=Actor.of(user), action="accept invitation", subjects=[str(invitation.pk)])
    return user


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, by: Actor) -> None:
    """The link stops working. Idempotent."""
    Invitation.objects.filter(pk=invitation.pk, accepted_at__isnull=True).update(revoked_at=timezone.now())
    audit.record(actor=by, action="revoke invitation", subjects=[str(invitation.pk)])


@transaction.atomic
def set_active(*, user: User, active: bool, by: Actor) -> None:
    """Close or open an account. Closing ends its sessions at once.

    Raises:
        ValueError: an administrator tries to lock themselves out.
    """
    if not active and str(user.pk) == by.id:
        raise ValueError("own account")
    User.objects.filter(pk=user.pk).update(is_active=active)
    if not active:
        for held in UserSession.objects.filter(user=user):
            SessionStore(cast(str, held.session_key)).delete()
            held.delete()
    audit.record(actor=by, action="activate account" if active else "close account", subjects=[str(user.pk)])


@transaction.atomic
def invite_first_administrator(*, email: str, name: str) -> str:
    """A new installation's first invitation, made by whoever holds the machine. Returns its link.

    Every invitation has an author, so the installation itself is one: a closed account that nobody can sign in to.

    Raises:
        NotUsable: "has_administrator", or an account with this address exists.
    """
    if User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).exists():
        raise NotUsable("has_administrator")
    installation, _ = User.objects.get_or_create(
        email="installation@localhost",
        defaults={"name": "Installation", "role": Role.ADMINISTRATOR, "is_active": False, "password": "!"},
    )
    return invite(email=email, name=name, role=Role.ADMINISTRATOR, by=Actor.of(installation))[1]


@transaction.atomic
def create_token(
    *, user: User, scope: TokenScope, case_id: UUID | None, days: int, by: Actor
) -> tuple[AccessToken, str]:
    """Make a token for a program that acts for `user`. Returns it and its secret (256 bits), which exists nowhere else.

    Raises:
        ValueError: `days` is not 1 to 3,650, or the account is closed.
    """
    if not 1 <= days <= 3650 or not user.is_active:
        raise ValueError("a token works 1 to 3650 days, for an open account")
    secret = secrets.token_urlsafe(32)
    expires = timezone.now() + timedelta(days=days)
    made = AccessToken.objects.create(
        user=user, scope=scope, case_id=case_id, secret_sha256=hashed(secret), expires_at=expires
    )
    cases = [str(case_id)] if case_id else []
    audit.record(actor=by, action="create_token", cases=cases, subjects=[str(made.pk), str(user.pk)])
    return made, secret


@transaction.atomic
def revoke_token(*, token_id: UUID, by: Actor) -> bool:
    """End a token; it works on its next request. Returns whether it was live."""
    ended = AccessToken.objects.filter(pk=token_id, revoked_at__isnull=True).update(revoked_at=timezone.now())
    if ended:
        audit.record(actor=by, action="revoke_token", subjects=[str(token_id)])
    return bool(ended)


def note_token_used(*, token: AccessToken) -> None:
    """Remember the day, written once a day."""
    today = timezone.localdate()
    if token.used_on != today:
        AccessToken.objects.filter(pk=token.pk).update(used_on=today)
