"""Many new rows of one model in one statement, without what makes Django's own `bulk_create` slow.

Django resolves each value of each row as if it might be an expression; for six rows an image that was half of the time in which an
image is taken in. Values here are what the models' attributes hold: plain ones as they are, the rest through the field's own conversion.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from django.db import connection, models, transaction

PLAIN = (models.CharField, models.TextField, models.IntegerField, models.BooleanField)
"""Fields whose values every driver takes as they are."""
ROWS_AT_ONCE = 500


def insert(rows: Sequence[models.Model]) -> None:
    """Insert new rows of one model. Inside the caller's transaction; keys that the database gives are not read back.

    Raises:
        IntegrityError, DataError: as a save of each would.
        RuntimeError: outside a transaction, where half of them could stay.
    """
    if not rows:
        return
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("insert() outside a transaction")
    start, columns = _plan(type(rows[0]), connection.vendor)
    values = [
        tuple(change(getattr(row, name)) if change else getattr(row, name) for name, change in columns) for row in rows
    ]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            one = f"({', '.join(['%s'] * len(columns))})"
            for at in range(0, len(values), ROWS_AT_ONCE):
                some = values[at : at + ROWS_AT_ONCE]
                cursor.execute(start + ", ".join([one] * len(some)), [value for row in some for value in row])
        else:
            cursor.executemany(f"{start}({', '.join(['%s'] * len(columns))})", values)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


@cache
def _plan(model: type[models.Model], vendor: str) -> tuple[str, Sequence[tuple[str, Callable[[Any], Any] | None]]]:
    """The statement up to its values, and of each column the attribute and how its value is changed for this database."""
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(field.column)) for field in fields)
    start = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES "  # noqa: S608 - names of our own models
    return start, [(field.attname, _change(field)) for field in fields]


def _change(field: models.Field[Any, Any]) -> Callable[[Any], Any] | None:
    held = field
    while isinstance(held, models.ForeignKey):
        held = held.target_field
    if isinstance(held, PLAIN) or (isinstance(held, models.UUIDField) and connection.features.has_native_uuid_field):
        return None
    return lambda value: held.get_db_prep_save(value, connection=connection)
