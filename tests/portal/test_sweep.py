"""What crashes leave behind is found and removed; what anything names, or is young, or looks like the wrong database, stays."""

from __future__ import annotations

import os
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from portal.core import backup, logs, storage, sweep, tasks
from portal.core.models import Job, StoredObject
from portal.core.states import ObjectState
from tests import prepared
from tests.factories import files
from tests.factories import records as make
from tests.portal.test_backup import Portal

pytestmark = pytest.mark.django_db
KILLS = """
import os, signal
from pathlib import Path
from uuid import UUID
from django.db import connection
from portal.core import backup, storage
from portal.core.models import StoredObject

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def before_the_row():
    StoredObject.save = die
    storage.write_stream([b"lost" * 1000], case_id=UUID(int=7), kind="original")

def while_writing():
    def half():
        yield b"half" * 100_000
        die()
    storage.write_stream(half(), case_id=UUID(int=7), kind="original")

def during_the_dump():
    real = backup._dump_database
    backup._dump_database = lambda target: (real(target), die())
    backup.save(Path({target!r}))

storage.write_stream([b"kept" * 1000], case_id=UUID(int=7), kind="original")
connection.close()
for work in (before_the_row, while_writing, during_the_dump):
    child = os.fork()
    if not child:
        work()
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
print("three killed")
"""
SWEEP = """
from types import SimpleNamespace
from portal.core.models import StoredObject
from portal.core.tasks import sweep_leftovers
sweep_leftovers(SimpleNamespace(renew=lambda: None))
print("kept", StoredObject.objects.get().name)
"""


@pytest.fixture
def store(tmp_path: Path, settings: Any) -> Path:
    """A data folder and a store of this test alone."""
    settings.DATA_DIR = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "sealed": {"BACKEND": "portal.core.backends.LocalFolder", "OPTIONS": {"location": tmp_path / "sealed"}}
    }
    return tmp_path


def long_ago(store: Path, hours: float = 100) -> None:
    """Let time pass: for rows and for bytes."""
    StoredObject.objects.update(created_at=timezone.now() - timedelta(hours=hours))
    then = (timezone.now() - timedelta(hours=hours)).timestamp()
    for path in store.rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))


def manage(*arguments: str) -> str:
    said = StringIO()
    call_command("sweep", *arguments, stdout=said)
    return said.getvalue()


def bytes_of(store: Path) -> set[str]:
    return {path.name for path in (store / "sealed").rglob("*") if path.is_file()}


def test_killed_processes_leave_what_the_sweep_finds(tmp_path: Path) -> None:
    portal = Portal(tmp_path / "killed", "")
    prepared.into_file(portal.folder / prepared.NAME)
    target = tmp_path / "elsewhere" / "backup.tar"
    assert "three killed" in portal.shell(KILLS.format(target=str(target)))
    sealed = {path for path in (portal.folder / "sealed").rglob("*") if path.is_file()}
    assert len(sealed) == 3
    (half,) = target.parent.iterdir()
    dumps = list((portal.folder / "work").glob("*/*.sqlite3"))
    assert len(dumps) == 1
    then = (timezone.now() - timedelta(hours=100)).timestamp()
    for path in sealed:
        os.utime(path, (then, then))
    (kept,) = [line.split()[1] for line in portal.shell(SWEEP) if line.startswith("kept")]
    left = {path.name for path in (portal.folder / "sealed").rglob("*") if path.is_file()}
    assert left == {kept}
    assert not half.exists()
    assert not dumps[0].exists()


def test_only_what_is_old_and_unnamed_is_removed(store: Path) -> None:
    case = make.case()
    make.upload(case, files.pdf("Dear colleague"), "letter.pdf")
    make.upload(case, files.dicom(), "IM1")
    make.run_jobs()
    named = set(StoredObject.objects.filter(state=ObjectState.STORED).values_list("name", flat=True))
    crashed = storage.write_stream([b"an original"], case_id=case.pk, kind="original")
    part = storage.write_stream([b"a part"], case_id=case.pk, kind="part")
    erased = storage.write_stream([b"erased, but for its bytes"], case_id=case.pk, kind="original")
    StoredObject.objects.filter(pk=erased.pk).update(state=ObjectState.ERASED)
    storage.backend().put(uuid4().hex, [b"no row"])
    long_ago(store)
    young = storage.write_stream([b"on its way"], case_id=case.pk, kind="original")
    told = manage()
    assert [int(line.split()[0]) for line in told.splitlines()[:3]] == [2, 2, 0]
    assert len(bytes_of(store)) == len(named) + 5
    Job.objects.create(name="core.sweep", key="core.sweep", every_seconds=86400)
    make.run_jobs("core.sweep")
    assert bytes_of(store) == named | {young.name}
    states = dict(StoredObject.objects.filter(pk__in=[crashed.pk, part.pk]).values_list("pk", "state"))
    assert set(states.values()) == {ObjectState.ERASED}
    assert manage("--remove", "--older-than", "48").count("       0  ") == 4


def test_a_pdf_that_a_report_names_by_its_id_alone_stays(store: Path) -> None:
    case = make.case()
    stored = storage.write_stream([b"%PDF"], case_id=case.pk, kind="original")
    long_ago(store)
    assert stored.pk in sweep.sweep(remove=False, older_than=sweep.before()).objects
    upload = make.upload(case, b"abc", "a.txt")
    type(upload).objects.filter(pk=upload.pk).update(batch=stored.pk)  # any id column of any app counts
    assert stored.pk not in sweep.sweep(remove=False, older_than=sweep.before()).objects
    assert sweep.named_by_id([stored.pk]) == {stored.pk}


def test_nothing_is_removed_when_the_database_looks_like_the_wrong_one(store: Path) -> None:
    for _ in range(sweep.FEW + 1):
        storage.backend().put(uuid4().hex, [b"another database's"])
    long_ago(store)
    before = bytes_of(store)
    with pytest.raises(CommandError, match="Is it the right database"):
        manage("--remove")
    with pytest.raises(sweep.Suspicious):
        sweep.sweep(remove=True, older_than=sweep.before())
    assert bytes_of(store) == before
    assert "Removed" in manage("--remove", "--anyway")
    assert bytes_of(store) == set()


def test_the_daily_job_removes_nothing_sealed_after_a_restore_until_somebody_looked(store: Path) -> None:
    case = make.case()
    crashed = storage.write_stream([b"an original"], case_id=case.pk, kind="original")
    storage.backend().put(uuid4().hex, [b"an original that the backup does not know"])
    long_ago(store)
    before = bytes_of(store)
    assert len(before) == 2
    sweep.hold()
    daily = Job.objects.create(name="core.sweep", key="core.sweep", every_seconds=86400)
    make.run_jobs("core.sweep")
    assert bytes_of(store) == before
    assert "restored from a backup" in manage()
    assert "restored from a backup" not in manage("--remove")
    assert bytes_of(store) == set()
    crashed.refresh_from_db()
    assert crashed.state == ObjectState.ERASED
    storage.backend().put(uuid4().hex, [b"left by a crash"])
    long_ago(store)
    Job.objects.filter(pk=daily.pk).update(due_at=timezone.now())
    make.run_jobs("core.sweep")
    assert bytes_of(store) == set()


def test_the_daily_job_never_removes_many_bytes_however_large_the_store(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "FEW", 2)
    case = make.case()
    rows = [storage.write_stream([b"kept"], case_id=case.pk, kind="original") for _ in range(40)]
    for _ in range(3):
        storage.backend().put(uuid4().hex, [b"no row"])
    long_ago(store)
    before = bytes_of(store)
    assert len(before) == len(rows) + 3
    told = Mock()
    monkeypatch.setattr(tasks, "log", told)
    with pytest.raises(sweep.Suspicious):
        tasks.sweep_leftovers(Mock())
    assert bytes_of(store) == before
    (event,), fields = told.error.call_args
    assert (event, fields["count"]) == ("sweep_stopped", "3 of 43")
    assert "manage.py sweep --remove" in fields["todo"] and set(fields) <= logs.ALLOWED


def test_a_grace_period_of_less_than_an_hour_is_refused(store: Path) -> None:
    with pytest.raises(CommandError):
        manage("--remove", "--older-than", "0")


def test_a_backup_at_work_is_not_swept(store: Path) -> None:
    partial = store / "elsewhere" / ".b.tar.partial"
    partial.parent.mkdir()
    with partial.open("wb") as held:
        import fcntl

        fcntl.flock(held, fcntl.LOCK_EX)
        sweep.remember_partial(partial)
        assert sweep.clear_partials() == 0
        assert partial.exists()
        with pytest.raises(backup.Refused, match="Another backup"):
            backup.save(store / "elsewhere" / "b.tar")
    assert sweep.clear_partials() == 1
    assert not partial.exists()
    assert not list((store / "partials").iterdir())
