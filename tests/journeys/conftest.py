"""What every journey needs: its rows are committed, so they must be taken away again, append-only ones too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection


@pytest.fixture(autouse=True)
def append_only_tables_are_emptied(transactional_db: None) -> Iterator[None]:
    """SQLite empties tables row by row, which the append-only triggers forbid (PostgreSQL truncates): lift them for that one moment."""
    yield
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor, connection.constraint_checks_disabled():
        cursor.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = cursor.fetchall()
        for name, _table, _sql in triggers:
            cursor.execute(f'DROP TRIGGER "{name}"')
        for table in {table for _name, table, _sql in triggers}:
            cursor.execute(f'DELETE FROM "{table}"')
        for _name, _table, sql in triggers:
            cursor.execute(sql)
