"""Cases with uploads, for the tests of records. People and names are invented."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any
from uuid import uuid4

from django.utils import timezone

from cases.models import Case, Grant, Patient
from cases.states import GrantScope, Phase
from portal.accounts.models import User
from portal.catalogue.models import CatalogueVersion
from portal.core.states import Role

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def user(role: Role = Role.PATIENT, **columns: Any) -> User:
    return User.objects.create_user(f"{uuid4().hex}@demo.example", None, role=role, **columns)


def version(content: dict[str, Any] | None = None) -> CatalogueVersion:
    content = content or {}
    digest = hashlib.sha256(repr(content).encode()).hexdigest()
    found = CatalogueVersion.objects.filter(sha256=digest).first()
    number = CatalogueVersion.objects.count() + 1
    return found or CatalogueVersion.objects.create(number=number, sha256=digest, content=content)


def case(*, by: User | None = None, phase: Phase = Phase.COLLECTING, **columns: Any) -> Case:
    """A sent case of Testina Example, opened to its patient and to the desk."""
    owner = by or user()
    digits = uuid4().int
    ref = "".join(ALPHABET[(digits >> 5 * n) % 32] for n in range(6))
    person = Patient.objects.create(
        given_name="Testina", family_name="Example", birth_date=date(1961, 5, 4), sex="female"
    )
    columns.setdefault("patient", person)
    columns.setdefault("catalogue", None)
    if columns["catalogue"] is None:
        columns["catalogue"] = version()
    found = Case.objects.create(
        ref=f"{ref[:3]}-{ref[3:]}",
        opened_by=owner,
        phase=phase,
        submitted_at=None if phase == Phase.DRAFT else timezone.now(),
        **columns,
    )
    Grant.objects.create(case=found, user=owner, scope=GrantScope.FULL, granted_by="test")
    Grant.objects.create(case=found, role=Role.COORDINATOR, scope=GrantScope.FULL, granted_by="test")
    return found
