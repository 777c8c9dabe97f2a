"""Cases with uploads, for the tests of records. People and names are invented."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone

from cases.models import Case, Grant, Patient
from cases.states import GrantScope, Phase
from portal.accounts.models import User
from portal.core import jobs
from portal.core.access import Actor
from portal.core.models import Job
from portal.core.states import JobState, Role
from records.actions import uploads
from records.models import Upload
from records.rules.tus import Described
from tests.factories.catalogue import published_catalogue

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def user(role: Role = Role.PATIENT, **columns: Any) -> User:
    return User.objects.create_user(f"{uuid4().hex}@demo.example", None, role=role, **columns)


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
        columns["catalogue"] = published_catalogue()
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


def upload(case: Case, content: bytes, name: str = "file", *, folder: str = "", batch: UUID | None = None) -> Upload:
    """Send a file through the same actions as the tus view."""
    described = Described(name, folder, batch or uuid4(), "")
    sent = uploads.create(case=case, described=described, size=len(content), by=case.opened_by)
    if content:
        half = len(content) // 2 or len(content)
        for piece in (content[:half], content[half:]):
            if piece:
                uploads.append(upload=sent, parts=[uploads.seal(sent, [piece])], by=Actor.of(case.opened_by))
    return sent


def run_jobs(name: str = "records.process_upload") -> int:
    """Run every waiting job of this name, as a worker would. Returns how many."""
    done = 0
    while found := Job.objects.filter(name=name, state=JobState.QUEUED, due_at__lte=timezone.now()).first():
        run = jobs.claim(found.pk)
        assert run is not None
        jobs.execute(run)
        found.refresh_from_db()
        assert not found.error, found.error
        done += 1
    return done
