"""The application's database role, made by the script that the compose file uses, on a real PostgreSQL."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

SERVER = os.environ.get("DATABASE_URL", "")
needs_postgres = pytest.mark.skipif(not SERVER, reason="needs PostgreSQL: make test-postgres")
ROLE = "consilium_app"


@pytest.fixture
def application() -> Iterator[str]:
    """URL of a migrated database as the application's role sees it."""
    owner = urlsplit(SERVER)
    name, password = f"roles_{secrets.token_hex(4)}", secrets.token_hex(8)
    admin = psycopg2.connect(SERVER)
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
        script = (settings.BASE_DIR / "deploy" / "postgres-roles.sh").read_text()
        sql = script.partition("<<'SQL'\n")[2].partition("SQL\n")[0].replace(":'password'", f"'{password}'")
        cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = %s", [ROLE])
        if cursor.fetchone() != (0,):
            sql = sql.replace("CREATE ROLE", "ALTER ROLE")
    ours = urlunsplit(owner._replace(path=f"/{name}"))
    inside = psycopg2.connect(ours)
    inside.autocommit = True
    with inside.cursor() as cursor:
        cursor.execute(sql)
    inside.close()
    environment = {**os.environ, "DATABASE_URL": ours, "DJANGO_SETTINGS_MODULE": "portal.settings.test"}
    for command in (["migrate", "-v", "0"], ["restrict_history"]):
        manage = [sys.executable, str(settings.BASE_DIR / "manage.py"), *command]
        subprocess.run(manage, env=environment, check=True, capture_output=True)
    host = f"{ROLE}:{password}@{owner.hostname}:{owner.port}"
    yield urlunsplit(owner._replace(netloc=host, path=f"/{name}"))
    with admin.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
    admin.close()


@needs_postgres
@pytest.mark.xdist_group("roles")
def test_application_role_adds_to_the_history_and_cannot_rewrite_it(application: str) -> None:
    database = psycopg2.connect(application)
    database.autocommit = True
    with database.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_auditentry (at, actor_kind, actor_id, actor_role, action, outcome, cases, subjects, request_id) "
            "VALUES (now(), 'user', '1', 'patient', 'test', 'ok', '[]', '[]', '')"
        )
        cursor.execute("SELECT count(*) FROM core_auditentry")
        assert cursor.fetchone() == (1,)
        for statement in (
            "UPDATE core_auditentry SET action = 'nothing'",
            "DELETE FROM core_auditentry",
            "TRUNCATE core_auditentry",
            "UPDATE core_event SET name = 'nothing'",
            "DELETE FROM core_event",
            "DELETE FROM records_custodyentry",
            "DROP TABLE core_auditentry",
            "ALTER TABLE core_auditentry DISABLE TRIGGER ALL",
            "CREATE TABLE own (id int)",
        ):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(statement)
        cursor.execute("UPDATE core_job SET attempt = 0")  # everything else works as before
    database.close()


@pytest.mark.django_db
def test_restrict_history_says_that_sqlite_has_no_roles_or_names_the_missing_role() -> None:
    reason = "no role nobody_at_all" if connection.vendor == "postgresql" else "Only PostgreSQL has roles"
    with pytest.raises(CommandError, match=reason):
        call_command("restrict_history", role="nobody_at_all")
