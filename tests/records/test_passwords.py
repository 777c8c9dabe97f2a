"""Locked archives and papers: a password opens them, is never kept, and a wrong one costs nothing."""

from __future__ import annotations

import tarfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from portal.core import backup
from portal.core.access import Actor
from portal.core.models import Event, Job, StoredObject
from portal.core.states import ObjectState
from portal.core.workflow import Refused
from records.actions import passwords
from records.models import Document, File
from records.states import RecordState
from tests.factories import files
from tests.factories import records as make
from tests.factories.discs import make_locked_zip
from tests.records.helpers import one

SECRET = "gehéim 7"


@pytest.fixture
def case() -> Any:
    return make.case()


@pytest.fixture
def client(case: Any) -> Client:
    client = Client()
    client.force_login(case.opened_by)
    return client


def test_zip_locked_with_aes_opens_with_its_password_only(tmp_path: Path) -> None:
    content = make_locked_zip({"a.txt": b"one", "b/c.txt": b"two"}, SECRET)
    assert one(content, tmp_path).code == "zip_password"
    assert one(content, tmp_path, password="other").code == "zip_password_wrong"
    opened = one(content, tmp_path, password=SECRET)
    assert [member["name"] for member in opened.data["members"]] == ["a.txt", "b/c.txt"]


def test_zip_locked_the_old_way_opens_with_its_password_only(tmp_path: Path) -> None:
    """Info-ZIP's `zip -P`: the cipher of PKZIP. The locked bytes of one short file, made once."""
    content = bytes.fromhex(OLD)
    results = [one(content, tmp_path, password=word) for word in (None, "wrong", "secret")]
    assert [result.code for result in results] == ["zip_password", "zip_password_wrong", ""]
    assert (tmp_path / results[2].data["members"][0]["file"]).read_bytes() == b"hello " * 5 + b"\n"


OLD = (
    "504b03041400090008008816765dd312b31e180000001f00000005000000612e7478748b590394b99d4b3a5fc0a6fbde2c8bdcd679d582"
    "c97d3fe4504b0708d312b31e180000001f000000504b01021e031400090008008816765dd312b31e180000001f00000005000000000000"
    "0001000000a48100000000612e747874504b05060000000001000100330000004b0000000000"
)


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["pdf", "zip"])
def test_password_opens_the_file_and_is_forgotten(client: Client, case: Any, form: str) -> None:
    letter = files.pdf("Impression: nodule of 14 mm", password=SECRET if form == "pdf" else None)
    content = letter if form == "pdf" else make_locked_zip({"letter.pdf": letter}, SECRET)
    make.upload(case, content, f"letter.{form}")
    make.run_jobs()
    file = File.objects.get()
    assert (file.state, file.code) == (RecordState.REJECTED, f"{form}_password")
    address = f"/cases/{case.ref}/records/files/{file.pk}/password/"
    assert client.get(address).status_code == 200
    assert client.post(address, {"password": "wrong"}).status_code == 302
    make.run_jobs()
    file.refresh_from_db()
    assert (file.code, file.secret) == (f"{form}_password_wrong", None)
    assert "does not open" in client.get(f"/cases/{case.ref}/records/").content.decode()
    client.post(address, {"password": SECRET})
    assert SECRET not in str(list(Job.objects.values())) + str(list(Event.objects.values()))
    make.run_jobs()
    file.refresh_from_db()
    assert (file.state, file.secret) == (RecordState.READY, None)
    assert Document.objects.get().title == "letter"
    parts = StoredObject.objects.filter(kind="part", state=ObjectState.STORED)
    assert not parts.exclude(pk__in=File.objects.values("object")).exists()


@pytest.mark.django_db
def test_many_wrong_passwords_have_to_wait_a_little(case: Any) -> None:
    make.upload(case, files.pdf("x", password=SECRET), "letter.pdf")
    make.run_jobs()
    file, by = File.objects.get(), Actor.of(case.opened_by)
    for _ in range(passwords.TRIES):
        passwords.unlock(file=file, password="wrong", by=by)
        with pytest.raises(Refused, match="no_use"):  # one try at a time
            passwords.unlock(file=file, password="wrong", by=by)
        File.objects.update(state=RecordState.REJECTED, code="pdf_password_wrong", secret=None)
    with pytest.raises(Refused, match="slow_down"):
        passwords.unlock(file=file, password="wrong", by=by)
    with time_machine.travel(timezone.now() + passwords.WITHIN + timedelta(seconds=1)):
        passwords.unlock(file=file, password="wrong", by=by)
    assert passwords.of(File.objects.select_related("secret__key").get()) == "wrong"


@pytest.mark.django_db
def test_stored_password_says_nothing_about_itself(case: Any) -> None:
    """Beside a sealed object lie its size and its hash: the same for every password, and never the same twice."""
    make.upload(case, files.pdf("x", password=SECRET), "letter.pdf")
    make.run_jobs()
    seen = set()
    for word in ("a", "a", "b" * 90):
        passwords.unlock(file=File.objects.get(), password=word, by=Actor.of(case.opened_by))
        stored = File.objects.select_related("secret").get().secret
        assert stored is not None
        seen.add((stored.size, stored.sha256))
        File.objects.update(state=RecordState.REJECTED, code="pdf_password_wrong", secret=None)
    assert (len({size for size, _ in seen}), len({sha for _, sha in seen})) == (1, 3)


@pytest.mark.django_db
def test_password_that_waits_is_in_no_backup(case: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    make.upload(case, make_locked_zip({"a.txt": b"one"}, SECRET), "locked.zip")
    make.run_jobs()
    file = File.objects.get(name="locked.zip")
    passwords.unlock(file=file, password=SECRET, by=Actor.of(case.opened_by))
    file.refresh_from_db()
    monkeypatch.setattr(backup, "_dump_database", lambda target: target.write_bytes(b"rows"))
    backup.save(tmp_path / "backup.tar")
    with tarfile.open(tmp_path / "backup.tar") as tar:
        names = tar.getnames()
    assert file.object is not None and file.secret is not None
    assert f"sealed/{file.object.name}" in names
    assert f"sealed/{file.secret.name}" not in names
