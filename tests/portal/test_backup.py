"""Backup and restore for real: as commands, each in a process of its own, on both databases."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings

from portal.core import backup, storage
from tests import prepared

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("backup")]  # one process makes the portal that all of them copy

WRITE = """
from uuid import UUID
from portal.core import storage
for number, kind in ((1, "original"), (2, "part"), (3, "derived")):
    storage.write_stream([bytes([number]) * 100_000], case_id=UUID(int=7), kind=kind)
"""
LIST = """
from portal.core.models import StoredObject
for stored in StoredObject.objects.all():
    print(stored.kind, stored.pk)
"""
READ = """
from portal.core import storage
from portal.core.models import StoredObject
for stored in StoredObject.objects.exclude(kind="derived"):
    content = storage.read_bytes(stored, limit=10**6)
    print(stored.pk, len(content), set(content))
"""


@dataclass
class Portal:
    """One embedded installation: its own data folder and database."""

    folder: Path
    database: str
    keys_of: Portal | None = None
    environment: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        if self.keys_of:
            (self.folder / "secrets.json").write_bytes((self.keys_of.folder / "secrets.json").read_bytes())
        ours = {"DATA_DIR": str(self.folder), "DATABASE_URL": self.database, "DEMO": "false"}
        self.environment = {**os.environ, **ours, "DJANGO_SETTINGS_MODULE": "portal.settings.local"}

    def manage(self, *arguments: str, fails: bool = False) -> str:
        done = subprocess.run(
            [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments],
            env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def shell(self, code: str) -> list[str]:
        return self.manage("shell", "--no-imports", "-v", "0", "-c", code).splitlines()


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """Two databases of one kind, by URL, the second of them empty; an empty URL is SQLite in the data folder."""
    server = os.environ.get("DATABASE_URL", "")
    if request.param == "sqlite":
        yield "", ""
        return
    if not server:
        pytest.skip("needs PostgreSQL: make test-postgres")
    names = [f"backup_{secrets.token_hex(4)}" for _ in range(2)]
    prepared.new_database(server, names[0])
    prepared.execute(server, f"CREATE DATABASE {names[1]}")
    yield prepared.at(server, names[0]), prepared.at(server, names[1])
    for name in names:
        prepared.drop_database(server, name)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Portal:
    """A portal on SQLite with two originals and one derived object. Tests copy it."""
    portal = Portal(tmp_path_factory.mktemp("backup") / "made", "")
    prepared.into_file(portal.folder / prepared.NAME)
    portal.shell(WRITE)
    return portal


@pytest.fixture
def portal(tmp_path: Path, made: Portal) -> Portal:
    shutil.copytree(made.folder, tmp_path / "copy")
    return Portal(tmp_path / "copy", "")


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}  # type: ignore[union-attr]


def write_tar(path: Path, content: dict[str, bytes]) -> None:
    with tarfile.open(path, "w") as tar:
        for name, data in content.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, BytesIO(data))


def test_restore_gives_back_every_original_and_row(tmp_path: Path, made: Portal, databases: tuple[str, str]) -> None:
    old = made
    if databases[0]:
        old = Portal(tmp_path / "old", databases[0])
        old.shell(WRITE)
    tar = tmp_path / "backup.tar"
    said = old.manage("backup", "--to", str(tar))
    assert "2 sealed objects" in said
    assert "keys are NOT in it" in said
    new = Portal(tmp_path / "new", databases[1], keys_of=old)
    assert "2 sealed objects" in new.manage("restore", str(tar))
    assert new.shell("from portal.core import sweep; print(sweep.held())") == ["True"]
    assert sorted(new.shell(READ)) == sorted(old.shell(READ)) != []
    assert new.manage("restore", str(tar), fails=True).count("has data already") == 1
    new.manage("restore", "--force", str(tar))
    assert sorted(new.shell(READ)) == sorted(old.shell(READ))


def test_restore_refuses_what_is_not_the_backup_that_was_made(tmp_path: Path, portal: Portal) -> None:
    tar = tmp_path / "backup.tar"
    portal.manage("backup", "--to", str(tar))
    whole = members(tar)

    sealed = next(name for name in whole if name.startswith("sealed/"))
    changed = whole | {sealed: whole[sealed][:-1] + bytes([whole[sealed][-1] ^ 1])}
    without = {name: content for name, content in whole.items() if name != sealed}
    climbing = whole | {"sealed/../../evil": b""}
    manifest = json.loads(whole["manifest.json"])
    manifest["members"]["sealed/../../evil"] = {"sha256": "0", "size": 0}
    climbing["manifest.json"] = json.dumps(manifest).encode()
    unfinished = {name: content for name, content in whole.items() if name != "manifest.json"}

    new = Portal(tmp_path / "new", "", keys_of=portal)
    for content, reason in (
        (changed, "damaged"),
        (without, "not those that its manifest names"),
        (climbing, "impossible name"),
        (unfinished, "no readable manifest"),
    ):
        write_tar(tmp_path / "bad.tar", content)
        assert reason in new.manage("restore", str(tmp_path / "bad.tar"), fails=True)
        assert not list(new.folder.rglob("sealed/*/*"))
    stranger = Portal(tmp_path / "stranger", "")
    assert "another master key" in stranger.manage("restore", str(tar), fails=True)


def test_backup_holds_no_key_and_nothing_derived(tmp_path: Path, portal: Portal) -> None:
    objects = [line.split() for line in portal.shell(LIST)]
    tar = tmp_path / "backup.tar"
    portal.manage("backup", "--to", str(tar))
    assert tar.stat().st_mode & 0o077 == 0
    everything = tar.read_bytes()
    for secret in json.loads((portal.folder / "secrets.json").read_text()).values():
        assert secret.encode() not in everything
        if len(secret) == 64:
            assert bytes.fromhex(secret) not in everything
    originals = {f"sealed/{pk.replace('-', '')}" for kind, pk in objects if kind != "derived"}
    assert len(originals) < len(objects)
    assert {name for name in members(tar) if name.startswith("sealed/")} == originals


@pytest.mark.parametrize("harm", ["missing", "cut"])
def test_backup_goes_on_past_a_damaged_original_and_says_so(tmp_path: Path, portal: Portal, harm: str) -> None:
    name = next(line.split()[1].replace("-", "") for line in portal.shell(LIST) if line.startswith("original"))
    sealed = portal.folder / "sealed" / name[:2] / name
    if harm == "missing":
        sealed.unlink()
    else:
        sealed.write_bytes(sealed.read_bytes()[:-7])
    said = portal.manage("backup", "--to", str(tmp_path / "backup.tar"))
    assert "1 sealed objects are missing or damaged" in said


def test_backup_never_overwrites(tmp_path: Path, portal: Portal) -> None:
    taken = tmp_path / "backup.tar"
    taken.write_text("something dear")
    assert "exists already" in portal.manage("backup", "--to", str(taken), fails=True)
    assert taken.read_text() == "something dear"


@pytest.mark.django_db
def test_part_that_came_while_others_were_copied_is_in_the_backup(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dump names it, and its upload is complete before the dump is."""
    add, written = backup._add, [storage.write_stream([b"1"], case_id=UUID(int=7), kind="part")]

    def one_more_comes(*asked: Any) -> Any:
        if len(written) == 1:
            written.append(storage.write_stream([b"2"], case_id=UUID(int=7), kind="part"))
        return add(*asked)

    def dump(target: Path) -> None:
        target.write_bytes(b"names both")
        for part in written:
            storage.erase(part)

    monkeypatch.setattr(backup, "_add", one_more_comes)
    monkeypatch.setattr(backup, "_dump_database", dump)
    with tarfile.open(fileobj=BytesIO(), mode="w") as tar:
        backup._write_members(tar)
        assert {f"sealed/{part.name}" for part in written} <= set(tar.getnames())


CASE = """
from tests.factories import dicom, files, records
from portal.pages.demo.synthetic import Person
from datetime import date
case = records.case()
testina = Person("EXAMPLE^TESTINA", "T-1", date(1961, 5, 4), "F")
for number, content in enumerate(dicom.make_ct_series(2, patient=testina, syntax="jpeg2000")):
    records.upload(case, content, f"IM{number}")
records.upload(case, files.pdf("Dear colleague"), "letter.pdf")
records.upload(case, files.photo(), "photo.jpg")
records.run_jobs()
"""
PICTURES = """
import hashlib
from portal.core import storage
from records.models import Document, Instance, Page, Series
rows = [(one.uid, one.pack) for one in Instance.objects.order_by("uid")]
rows += [(one.uid, thing) for one in Series.objects.order_by("uid") for thing in (one.metadata, one.thumbnail)]
rows += [(one.pk, one.image) for one in Page.objects.order_by("pk")]
rows += [(one.pk, one.thumbnail) for one in Document.objects.order_by("pk")]
for name, stored in rows:
    try:
        print("made", name, hashlib.sha256(b"".join(storage.read_range(stored))).hexdigest())
    except storage.NotReady:
        print("not ready", name)
"""


def test_pictures_are_not_in_the_backup_and_are_made_again_after_it(tmp_path: Path, made: Portal) -> None:
    old = Portal(tmp_path / "copy", "") if shutil.copytree(made.folder, tmp_path / "copy") else made
    old.shell(CASE)
    before = [line for line in old.shell(PICTURES) if line.startswith("made")]
    assert len(before) >= 6
    tar = tmp_path / "backup.tar"
    old.manage("backup", "--to", str(tar))
    new = Portal(tmp_path / "new", "", keys_of=old)
    said = new.manage("restore", str(tar))
    assert "2 case(s) queued" in said  # the other has one object that nothing names
    assert {line.split()[0] for line in new.shell(PICTURES)} == {"not"}
    code = 'from tests.factories import records\nrecords.run_jobs("records.rebuild")\n' + PICTURES
    assert [line for line in new.shell(code) if line.startswith("made")] == before
