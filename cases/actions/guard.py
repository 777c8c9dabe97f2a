"""Who may do what a patient does. Transitions name their roles; these writes change no phase, so they ask here."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied

from cases.models import Case
from cases.queries.access import visible_to
from portal.core.access import Actor
from portal.core.states import Role


def must_be_patient(case: Case, by: Actor) -> None:
    """Raises PermissionDenied unless `by` is a patient to whom the case is open."""
    if by.role != Role.PATIENT or not visible_to(by.user).filter(pk=case.pk).exists():
        raise PermissionDenied("not this person's case")


def must_see(case: Case, by: Actor) -> None:
    """Raises PermissionDenied unless the case is open to `by`, whichever role that is."""
    if by.user is None or not visible_to(by.user).filter(pk=case.pk).exists():
        raise PermissionDenied("not this person's case")
