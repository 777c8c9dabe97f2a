"""``manage.py restrict_history``: PostgreSQL itself keeps the history from being rewritten."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

HISTORY = ("core.AuditEntry", "core.Event", "records.CustodyEntry")
"""By label: the custody log belongs to a floor above."""


class Command(BaseCommand):
    """Takes from the application's role the right to change or remove what was recorded."""

    help = "Leaves the database role of web and workers only INSERT and SELECT on history and custody log. Run as the owner after migrate."

    def add_arguments(self, parser: CommandParser) -> None:
        """The role that web and workers connect with."""
        parser.add_argument("--role", default="consilium_app")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError when the role does not exist, owns the tables, or can still change them afterwards."""
        if connection.vendor != "postgresql":
            raise CommandError("Only PostgreSQL has roles; on SQLite whoever has the file can change it.")
        role: str = options["role"]
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", [role])
            found = cursor.fetchone()
            if found is None:
                raise CommandError(f"There is no role {role}. deploy/postgres-roles.sh makes it.")
            for model in map(apps.get_model, HISTORY):
                table = connection.ops.quote_name(model._meta.db_table)
                name = connection.ops.quote_name(role)
                cursor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {name}, PUBLIC")
                cursor.execute(f"GRANT SELECT, INSERT ON {table} TO {name}")
                for right in ("UPDATE", "DELETE", "TRUNCATE"):
                    cursor.execute("SELECT has_table_privilege(%s, %s, %s)", [role, model._meta.db_table, right])
                    if cursor.fetchone() != (False,):
                        raise CommandError(f"{role} can still {right} {table}: it must be neither owner nor superuser.")
        self.stdout.write(f"{role} can add to the history and read it, and nothing else.")
