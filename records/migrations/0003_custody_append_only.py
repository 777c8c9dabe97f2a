"""The custody log is append-only in the database itself, as the history is.

A later migration that makes SQLite copy this table (anything but a new nullable column) has to lock it again.
"""

from importlib import import_module

from django.db import migrations

history = import_module("portal.core.migrations.0002_append_only")
TABLE = "records_custodyentry"


def lock(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(history.POSTGRES.format(table=TABLE).replace("%", "%%"))
        return
    for verb in ("update", "delete"):
        schema_editor.execute(history.SQLITE.format(table=TABLE, verb=verb, VERB=verb.upper()))


def unlock(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP TRIGGER {TABLE}_append_only ON {TABLE}; DROP FUNCTION {TABLE}_append_only()")
        return
    for verb in ("update", "delete"):
        schema_editor.execute(f"DROP TRIGGER {TABLE}_no_{verb}")


class Migration(migrations.Migration):
    dependencies = [("records", "0002_dates_by_hand_and_photos")]
    operations = [migrations.RunPython(lock, unlock)]
