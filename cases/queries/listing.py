"""A patient's own cases."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from cases.models import Case
from cases.queries.access import visible_to


def my_cases(user: Any) -> QuerySet[Case]:
    """Newest activity first, with what the list shows of each."""
    return visible_to(user).select_related("patient", "assignee").order_by("-last_activity_at", "ref")
