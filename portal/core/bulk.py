"""Many new rows of one model in one statement, without what makes Django's own `bulk_create` slow.

Django resolves each value of each row as if it might be an expression; for six rows an image that was half of the time in which an
image is taken in. Values here are what the models' attributes hold: plain ones as they are, the rest through the field's own conversion.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db import connection, models, transaction

PLAIN = (models.CharField, models.TextField, models.IntegerField, models.BooleanField)
"""Fields whose values every driver takes as they are."""
PLAIN_IN_POSTGRESQL = (*PLAIN, models.UUIDField, models.DateField)
"""Moments are aware ones, as everywhere in the portal."""
ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Plan:
    """The statement up to its values, how a row's values are read, and which of them are changed for this database."""

    start: str
    values: attrgetter[tuple[Any, ...]]
    names: tuple[str, ...]
    changes: tuple[tuple[int, Callable[[Any], Any]], ...]

    def of(self, row: models.Model) -> Sequence[Any]:
        values = self.values(row)
        if not self.changes:
            return values
        changed = list(values)
        for place, change in self.changes:
            changed[place] = change(changed[place])
        return changed


def insert(rows: Sequence[models.Model]) -> None:
    """Insert new rows of one model, which has several columns. Inside the caller's transaction; keys that the database gives are not
    read back.

    Raises:
        IntegrityError, DataError: as a save of each would.
        RuntimeError: outside a transaction, where half of them could stay.
    """
    if not rows:
        return
    plan = _plan(type(rows[0]), connection.vendor)
    _write(plan, [plan.of(row) for row in rows])
    alias = connection.alias
    for row in rows:
        row._state.adding, row._state.db = False, alias


def insert_alike(row: models.Model, column: str, values: Sequence[Any]) -> None:
    """Insert a row for each of these values of one column, otherwise like `row`, with keys that the database gives. As `insert`."""
    plan = _plan(type(row), connection.vendor)
    first, place = tuple(plan.of(row)), plan.names.index(column)
    before, behind, change = first[:place], first[place + 1 :], dict(plan.changes).get(place, lambda value: value)
    _write(plan, [(*before, change(value), *behind) for value in values])


def _write(plan: Plan, rows: Sequence[Sequence[Any]]) -> None:
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("many rows outside a transaction")
    one = f"({', '.join(['%s'] * len(plan.names))})"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for at in range(0, len(rows), ROWS_AT_ONCE):
                some = rows[at : at + ROWS_AT_ONCE]
                cursor.execute(plan.start + ", ".join([one] * len(some)), [value for row in some for value in row])
        elif rows:
            cursor.executemany(plan.start + one, rows)


def insert_one(row: models.Model) -> None:
    """Insert one new row and read back the key that the database gives it.

    Raises:
        IntegrityError, DataError: as a save would.
    """
    plan, key = _plan(type(row), connection.vendor), row._meta.pk
    one = f"({', '.join(['%s'] * len(plan.names))}) RETURNING {connection.ops.quote_name(str(key.column))}"
    with connection.cursor() as cursor:
        cursor.execute(plan.start + one, list(plan.of(row)))
        given = cursor.fetchone()[0]
    if isinstance(key, models.AutoField):
        row.pk = given
    row._state.adding, row._state.db = False, connection.alias


def increase(model: type[models.Model], pk: UUID, **numbers: int) -> None:
    """Add to numbers of one row, whatever they are now."""
    quote, key = connection.ops.quote_name, model._meta.pk
    columns = {
        quote(str(field.column)): numbers[field.name] for field in model._meta.concrete_fields if field.name in numbers
    }
    changes = ", ".join(f"{column} = {column} + %s" for column in columns)
    statement = f"UPDATE {quote(model._meta.db_table)} SET {changes} WHERE {quote(str(key.column))} = %s"  # noqa: S608 - as above
    with connection.cursor() as cursor:
        cursor.execute(statement, [*columns.values(), key.get_db_prep_save(pk, connection=connection)])


@cache
def _plan(model: type[models.Model], vendor: str) -> Plan:
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(field.column)) for field in fields)
    start = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES "  # noqa: S608 - names of our own models
    changes = tuple((place, change) for place, field in enumerate(fields) if (change := _change(field, vendor)))
    columns = tuple(field.attname for field in fields)
    return Plan(start, attrgetter(*columns), columns, changes)


def _change(field: models.Field[Any, Any], vendor: str) -> Callable[[Any], Any] | None:
    held = field
    while isinstance(held, models.ForeignKey):
        held = held.target_field
    if isinstance(held, PLAIN_IN_POSTGRESQL if vendor == "postgresql" else PLAIN):
        return None
    return lambda value: held.get_db_prep_save(value, connection=connection)
