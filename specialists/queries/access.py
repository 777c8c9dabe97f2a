"""Assignments that a person may see: their own while a grant stands, or, for the desk, those of the cases it sees."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from cases import queries as cases
from portal.core.states import Role
from specialists.models import Assignment
from specialists.states import AssignmentState

WORKING = (AssignmentState.ACCEPTED, AssignmentState.DRAFTING)
HELD = (*WORKING, AssignmentState.SIGNED)


def visible_to(user: Any) -> QuerySet[Assignment]:
    """Assignments of this user, or of the desk's cases. An offer needs the preview grant, the rest the full one."""
    every = Assignment.objects.select_related("case", "case__patient", "case__catalogue")
    if not getattr(user, "is_authenticated", False):
        return every.none()
    if user.role == Role.COORDINATOR:
        return every.filter(case__in=cases.visible_to(user))
    if user.role != Role.SPECIALIST:
        return every.none()
    offered = Q(state=AssignmentState.OFFERED, case__in=cases.previewed_by(user))
    return every.filter(specialist=user).filter(offered | Q(state__in=HELD, case__in=cases.visible_to(user)))
