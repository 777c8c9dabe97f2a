"""The order of locks: Case first, then its parts by primary key."""

from __future__ import annotations

from uuid import UUID

from django.db import connection, transaction

from cases.models import Case
from portal.core.compiled import first_of


def lock(case: Case | UUID) -> Case:
    """Take the case's row lock and return it fresh. Call it first in every action's transaction.

    On SQLite the transaction itself (IMMEDIATE) is the lock.

    Raises:
        Case.DoesNotExist: there is none of this key.
        TransactionManagementError: outside a transaction, where a lock would be gone at once.
    """
    if connection.get_autocommit():
        raise transaction.TransactionManagementError("lock() outside a transaction")
    key = case.pk if isinstance(case, Case) else case
    held: Case | None = first_of(
        "lock case",
        {"case": UUID(int=1)},
        {"case": key if isinstance(key, UUID) else UUID(key)},
        lambda: Case.objects.select_for_update().filter(pk=UUID(int=1)).order_by(),
    )
    if held is None:
        raise Case.DoesNotExist(key)
    return held
