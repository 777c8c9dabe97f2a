"""Who stands on the patient's side of a case."""

from __future__ import annotations

from django.utils.translation import gettext as _

from cases.models import Case
from cases.queries.access import live_grants
from cases.states import GrantScope
from portal.accounts.models import User
from portal.core.states import Role


def patient_side(case: Case) -> list[User]:
    """Accounts to which the case is open as patients: the person, and whoever acts for them."""
    held = live_grants().filter(case=case, scope=GrantScope.FULL, user__isnull=False).values("user")
    return list(User.objects.filter(pk__in=held, role=Role.PATIENT, is_active=True).order_by("date_joined", "pk"))


def asks_for_patient(case: Case, *, named: bool) -> str:
    """For staff: who answers in the patient's place, so that nobody takes their words for the patient's. Empty for a patient's own case.

    `named` for the desk, which writes to them and calls them; a reviewer needs no third person's name.
    """
    roles = {
        "parent": _("a parent"),
        "guardian": _("a legal guardian"),
        "attorney": _("with a power of attorney"),
        "relative": _("a relative or friend"),
        "treating_doctor": _("the treating doctor"),
    }
    if case.own:
        return ""
    role = roles.get(case.acting_as, case.acting_as)
    who = next((one.get_full_name() for one in patient_side(case)), "") if named else ""
    if who:
        return _("%(name)s writes and answers for the patient: %(role)s") % {"name": who, "role": role}
    return _("Somebody else writes and answers for the patient: %(role)s") % {"role": role}
