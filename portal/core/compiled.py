"""A query that is asked thousands of times a minute, built once: Django's SQL for it is kept, and only the values change.

The lean paths spend more time in building a query than in running it. The query itself stays the one that
`visible_to` makes, so there is one place that decides who sees what; here its SQL is compiled with stand-ins for the values.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet


@dataclass(frozen=True, slots=True)
class Compiled:
    """SQL, its parameters, and which of them are to be replaced by which named value."""

    sql: str
    parameters: tuple[Any, ...]
    slots: tuple[tuple[int, str], ...]

    def rows(self, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run it with these values, in the form that the database's driver takes."""
        filled = list(self.parameters)
        for place, name in self.slots:
            filled[place] = values[name]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, filled)
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


STAND_IN_MOMENT = datetime(1902, 3, 4, 5, 6, 7, tzinfo=UTC)
_kept: dict[Hashable, Compiled] = {}
_lock = threading.Lock()


def compiled(shape: Hashable, stand_ins: Mapping[str, Any], make: Callable[[], QuerySet[Any]]) -> Compiled:
    """The compiled query of this shape. `make` builds it with the stand-ins, values that occur nowhere else.

    Raises:
        LookupError: a stand-in is not among the query's parameters, so that its value would be ignored.
    """
    key = (connection.vendor, shape)
    found = _kept.get(key)
    if found is None:
        found = _compile(make(), stand_ins)
        with _lock:
            _kept[key] = found
    return found


def _compile(query: QuerySet[Any], stand_ins: Mapping[str, Any]) -> Compiled:
    sql, parameters = query.query.get_compiler(connection=connection).as_sql()
    slots = tuple(
        (place, name)
        for place, value in enumerate(parameters)
        for name, stand_in in stand_ins.items()
        if type(value) is type(stand_in) and value == stand_in
    )
    if missing := stand_ins.keys() - {name for _, name in slots}:
        raise LookupError(f"not in the query: {sorted(missing)}")
    return Compiled(sql, tuple(parameters), slots)


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
