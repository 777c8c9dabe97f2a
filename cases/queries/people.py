"""Who stands on the patient's side of a case."""

from __future__ import annotations

from cases.models import Case
from cases.queries.access import live_grants
from cases.states import GrantScope
from portal.accounts.models import User
from portal.core.states import Role


def patient_side(case: Case) -> list[User]:
    """Accounts to which the case is open as patients: the person, and whoever acts for them."""
    held = live_grants().filter(case=case, scope=GrantScope.FULL, user__isnull=False).values("user")
    return list(User.objects.filter(pk__in=held, role=Role.PATIENT, is_active=True).order_by("date_joined", "pk"))
