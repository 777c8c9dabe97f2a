"""A query that is asked thousands of times a minute, built once: Django's SQL for it is kept, and only the values change.

The lean paths spend more time in building a query than in running it. The query itself stays the one that
`visible_to` makes, so there is one place that decides who sees what; here its SQL is compiled with stand-ins for the values.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db import connection, models
from django.db.models import QuerySet
from django.db.models.query import ModelIterable

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Made:
    """How a row becomes an object: its model, the attributes in their order, and what converts single columns."""

    model: type[models.Model]
    names: tuple[str, ...]
    converters: tuple[tuple[int, Any, Any], ...]

    def of(self, row: tuple[Any, ...]) -> models.Model:
        values = list(row)
        for place, changes, expression in self.converters:
            for change in changes:
                values[place] = change(values[place], expression, connection)
        return self.model.from_db(connection.alias, self.names, values)


@dataclass(frozen=True, slots=True)
class Compiled:
    """SQL, its parameters, and which of them are to be replaced by which named value.

    `called` names it on every connection of this process and is never given again: a connection that planned one
    statement must not run it for another. (Neither an address in memory nor the SQL alone does: the one is used again, and the
    values that stay are part of the statement.)
    """

    sql: str
    parameters: tuple[Any, ...]
    slots: tuple[tuple[int, str], ...]
    made: Made | None = None
    called: str = field(default_factory=lambda: f"compiled_{next(_numbers)}")

    def models(self, values: Mapping[str, Any]) -> list[Any]:
        """Its rows as objects of the model that was asked for, whole ones."""
        if self.made is None:
            raise TypeError("this query gives values")
        return [self.made.of(row) for row in self.rows(values)]

    def rows(self, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run it with these values, in the form that the database's driver takes."""
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                self._execute_prepared(cursor, values)
            else:
                filled = list(self.parameters)
                for place, name in self.slots:
                    filled[place] = values[name]
                cursor.execute(self.sql, filled)
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

    def _execute_prepared(self, cursor: Any, values: Mapping[str, Any]) -> None:
        """PostgreSQL plans such a query for 5 ms and runs it in 0.3: each connection plans it once, whatever the values."""
        prepared = _prepared.setdefault(connection.connection, set())
        names = sorted({name for _, name in self.slots})
        if self.called not in prepared:
            if (
                connection.get_autocommit()
            ):  # inside a transaction it might be undone; then PostgreSQL finds out by itself
                cursor.execute("SET plan_cache_mode TO force_generic_plan")
            slots = dict(self.slots)
            parts = self.sql.split("%s")
            for place, value in enumerate(self.parameters):
                text = f"${names.index(slots[place]) + 1}" if place in slots else _literal(cursor, value)
                parts[place] += text
            cursor.execute(f"PREPARE {self.called} AS {''.join(parts).replace('%%', '%')}")
            prepared.add(self.called)
        cursor.execute(f"EXECUTE {self.called} ({', '.join(['%s'] * len(names))})", [values[name] for name in names])


def _literal(cursor: Any, value: Any) -> str:
    text: bytes = cursor.mogrify("%s", [value])
    return text.decode()


STAND_IN_MOMENT = datetime(1902, 3, 4, 5, 6, 7, tzinfo=UTC)
_kept: dict[Hashable, Compiled] = {}
_lock = threading.Lock()
_prepared: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()
"""What each connection to PostgreSQL has planned. (A pooler between must keep sessions apart: PgBouncer's pool_mode session.)"""


def compiled(shape: Hashable, stand_ins: Mapping[str, Any], make: Callable[[], QuerySet[Any]]) -> Compiled:
    """The compiled query of this shape. `make` builds it with the stand-ins, values that occur nowhere else.

    Raises:
        LookupError: a stand-in is not among the query's parameters, so that its value would be ignored.
    """
    key = (connection.vendor, shape)
    found = _kept.get(key)
    if found is None:
        made = _compile(make(), adapted(stand_ins))
        with _lock:  # of two threads that compile the same shape, both go on with the first one's
            found = _kept.setdefault(key, made)
    return found


def first_of(
    shape: Hashable, stand_ins: Mapping[str, Any], values: Mapping[str, Any], make: Callable[[], QuerySet[Any]]
) -> Any | None:
    """The first object of a compiled query, or None."""
    return next(iter(compiled(shape, stand_ins, make).models(adapted(values))), None)


def among(name: str, values: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Stand-ins and values for a condition `in`: the last value fills them up to a power of two, so that there are few shapes."""
    count = 1 << (len(values) - 1).bit_length()
    names = [f"{name} {number}" for number in range(count)]
    filled = [*values, *([values[-1]] * (count - len(values)))]
    return {one: f"stands for {one}" for one in names}, dict(zip(names, filled, strict=True))


def _compile(query: QuerySet[Any], stand_ins: Mapping[str, Any]) -> Compiled:
    compiler = query.query.get_compiler(connection=connection)
    sql, parameters = compiler.as_sql()
    slots = tuple(
        (place, name)
        for place, value in enumerate(parameters)
        for name, stand_in in stand_ins.items()
        if type(value) is type(stand_in) and value == stand_in
    )
    if missing := stand_ins.keys() - {name for _, name in slots}:
        raise LookupError(f"not in the query: {sorted(missing)}")
    return Compiled(sql, tuple(parameters), slots, _made(query, compiler))


def _made(query: QuerySet[Any], compiler: Any) -> Made | None:
    """None for a query that gives values."""
    if query._iterable_class is not ModelIterable:
        return None
    columns = [compiler.select[place][0] for place in compiler.klass_info["select_fields"]]
    if len(columns) != len(compiler.select):
        raise TypeError("objects with what is joined or computed beside them are not compiled")
    converters = compiler.get_converters(columns)
    found = tuple((place, tuple(changes), expression) for place, (changes, expression) in converters.items())
    return Made(compiler.klass_info["model"], tuple(column.target.attname for column in columns), found)


def adapted(values: Mapping[str, Any]) -> dict[str, Any]:
    """UUIDs and moments as this database's driver takes them."""
    out: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, UUID):
            out[name] = value if connection.features.has_native_uuid_field else value.hex
        elif isinstance(value, datetime):
            out[name] = connection.ops.adapt_datetimefield_value(value)
        else:
            out[name] = value
    return out
