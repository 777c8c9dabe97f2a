"""The order of locks: Case first, then its parts by primary key."""

from __future__ import annotations

from uuid import UUID

from cases.models import Case


def lock(case: Case | UUID) -> Case:
    """Take the case's row lock and return it fresh. Call it first in every action's transaction.

    On SQLite the transaction itself (IMMEDIATE) is the lock.
    """
    return Case.objects.select_for_update().get(pk=case.pk if isinstance(case, Case) else case)
