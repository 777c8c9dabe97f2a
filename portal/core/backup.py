"""Backup and restore: the database and every sealed original in one tar, each member with its SHA-256 in a manifest.

The keys are never inside: whoever finds the tar can read the database, but not one record. Derived objects (frames,
thumbnails, pages) are left out, since `manage.py rebuild` makes them again from the originals. Parts of uploads on their way are inside.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import DatabaseError, connection
from django.db.models import QuerySet
from django.utils import timezone

from portal.core import storage, sweep
from portal.core.models import Event, StoredObject
from portal.core.states import ObjectState
from portal.core.workfolder import work_folder

FORMAT = 1
MANIFEST = "manifest.json"
OBJECTS = "sealed/"
DUMPS = {"sqlite": "database.sqlite3", "postgresql": "database.pgdump"}
BLOCK = 1024 * 1024
MOST_ROUNDS = 10
"""Looks for new parts of uploads before the dump; each round is as long as what came in the one before it."""


class Refused(Exception):
    """The backup or restore cannot be done; the text says why and what to do next."""


@dataclass(frozen=True)
class Member:
    """What the manifest says of one file in the tar."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Summary:
    """What was saved or put back."""

    objects: int
    size: int
    missing: tuple[str, ...] = ()
    """Ids of originals whose bytes are gone or cut: erased during the backup, or damaged before it."""


class _Counted(io.RawIOBase):
    """Hands on a stream's bytes and remembers their hash.

    A tar's member has a size from the start. An object that was cut off is filled with zeros up to its own, so that one damaged
    object does not stop the backup of all others; sealed storage tells the damage on reading, as before.
    """

    def __init__(self, chunks: Iterator[bytes], size: int) -> None:
        self.chunks = chunks
        self.left = size
        self.digest = hashlib.sha256()
        self.size = size
        self.waiting = b""
        self.whole = True

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Exactly `size` bytes while there are that many: tarfile takes a short answer for the end."""
        wanted = self.left if size < 0 else min(size, self.left)
        while len(self.waiting) < wanted:
            chunk = next(self.chunks, b"") if self.whole else b""
            if not chunk:
                self.whole, chunk = False, bytes(wanted - len(self.waiting))
            self.waiting += chunk
        part, self.waiting = self.waiting[:wanted], self.waiting[wanted:]
        self.digest.update(part)
        self.left -= wanted
        return part

    def member(self) -> Member:
        return Member(self.digest.hexdigest(), self.size)


# -- backup ------------------------------------------------------------------------------------------------------------


def save(target: Path) -> Summary:
    """Write a backup to `target`; nothing has that name before it is complete.

    The database comes first, in one consistent state. Originals never change, so those that it names are copied after it.

    Raises:
        Refused: the target exists, or the database's dump program is missing or failed.
    """
    if target.exists():
        raise Refused(f"{target} exists already. Choose another name.")
    target.parent.mkdir(parents=True, exist_ok=True)
    sweep.clear_partials()
    partial = target.with_name(f".{target.name}.partial")
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as out:
        try:
            fcntl.flock(out, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(f"Another backup to {target} is being written. Choose another name.") from None
        note = sweep.remember_partial(partial)
        try:
            out.truncate(0)
            with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
                summary = _write_members(tar)
            out.flush()
            os.fsync(out.fileno())
            os.rename(partial, target)
        finally:
            partial.unlink(missing_ok=True)
            note.unlink(missing_ok=True)
    return summary


def _write_members(tar: tarfile.TarFile) -> Summary:
    members: dict[str, Member] = {}
    missing: list[str] = []
    # Parts of uploads vanish when the upload is complete: those of now come first, those that began during the dump right after it.
    # What came while they were copied is copied too, or it would be named in the dump and, once its upload is complete, gone.
    for _ in range(MOST_ROUNDS):
        before = len(members)
        _add_objects(tar, StoredObject.objects.filter(kind="part"), members, [])
        if len(members) == before:
            break
    with work_folder() as temporary:  # the dump is readable: a killed backup's folder is removed by whoever comes next
        dump = temporary / DUMPS[connection.vendor]
        _dump_database(dump)
        with dump.open("rb") as source:
            members[dump.name], _ = _add(tar, dump.name, dump.stat().st_size, iter(lambda: source.read(BLOCK), b""))
    _add_objects(tar, StoredObject.objects.filter(kind="part"), members, missing)
    total = _add_objects(tar, StoredObject.objects.filter(kind="original"), members, missing)
    manifest = {
        "format": FORMAT,
        "made_at": timezone.now().isoformat(),
        "database": connection.vendor,
        "master_key_id": storage.master_key_id(),
        "missing": missing,
        "members": {name: asdict(member) for name, member in members.items()},
    }
    content = json.dumps(manifest, indent=1, sort_keys=True).encode()
    _add(tar, MANIFEST, len(content), iter([content]))
    return Summary(len(members) - 1, total, tuple(missing))


def _add_objects(
    tar: tarfile.TarFile, objects: QuerySet[StoredObject], members: dict[str, Member], missing: list[str]
) -> int:
    """Add what is not in the tar yet. Returns the plain size of all."""
    total = 0
    for stored in objects.filter(state=ObjectState.STORED).order_by("pk").iterator():
        name = OBJECTS + stored.name
        total += stored.size
        if name in members:
            continue
        try:
            members[name], whole = _add(tar, name, storage.sealed_size(stored), storage.read_sealed(stored))
        except FileNotFoundError:
            whole = False
        if not whole:
            missing.append(str(stored.pk))
    return total


def _add(tar: tarfile.TarFile, name: str, size: int, chunks: Iterator[bytes]) -> tuple[Member, bool]:
    """Add a member and say whether it was whole; a stream that cannot even begin raises before anything is written."""
    first = next(chunks, b"")
    source = _Counted(_chain(first, chunks), size)
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    tar.addfile(entry, source)
    return source.member(), source.whole


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
        yield from rest


def _dump_database(target: Path) -> None:
    if connection.vendor == "sqlite":
        with (
            contextlib.closing(sqlite3.connect(str(connection.settings_dict["NAME"]))) as source,
            contextlib.closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
    else:
        _postgres("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")


def _postgres(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on the configured database; the password goes by the environment, not the command line."""
    if shutil.which(program) is None:
        raise Refused(f"{program} was not found. Install the PostgreSQL client of the server's version.")
    database = connection.settings_dict
    access = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    environment = {**os.environ, **{name: str(database[key]) for name, key in access.items() if database[key]}}
    done = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(f"{program} failed: {done.stderr.strip()[-500:]}")


# -- restore -----------------------------------------------------------------------------------------------------------


def restore(source: Path, *, force: bool, after: Callable[[], object] = lambda: None) -> Summary:
    """Check a backup as a whole, then put back objects, then the database.

    Args:
        source: the tar that `save` wrote.
        force: replace the data of a portal that is not empty.
        after: called when the database is back; brings an older backup's tables up to date.

    Raises:
        Refused: the tar is damaged or of another kind of database, the keys are not those it was made with, the portal has
            data and `force` is not set, or it is running.
    """
    with _stopped_portal():
        if not force and not _is_empty():
            raise Refused(
                "This portal has data already. Restore into an empty one, or replace it all with FORCE=1 (--force)."
            )
        try:
            with tarfile.open(source, "r:") as tar:
                manifest = _manifest(tar)
                _verify(tar, manifest["members"])
                summary = _put_back(tar, manifest["members"])
        except (OSError, tarfile.TarError) as problem:
            raise Refused(f"{source} cannot be read as a backup: {type(problem).__name__}") from problem
        sweep.hold()  # what lies beside may be of a newer database than this one, and then it is the only copy
        after()
    return summary


def _manifest(tar: tarfile.TarFile) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.load(_content(tar, MANIFEST))
    except (KeyError, ValueError) as problem:
        raise Refused("The backup has no readable manifest: it is not complete, or not ours.") from problem
    if manifest.get("format") != FORMAT:
        raise Refused(f"The backup has format {manifest.get('format')}; this version reads {FORMAT}.")
    if manifest["database"] != connection.vendor:
        raise Refused(f"The backup is of {manifest['database']}, and this portal uses {connection.vendor}.")
    if manifest["master_key_id"] != storage.master_key_id():
        raise Refused(
            "The backup was made under another master key. Put the keys of that portal in place first "
            "(MASTER_KEY and SECRET_KEY, or DATA_DIR/secrets.json), then restore."
        )
    return manifest


def _content(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    file = tar.extractfile(name)
    if file is None:
        raise KeyError(name)
    return file


def _verify(tar: tarfile.TarFile, members: dict[str, dict[str, Any]]) -> None:
    """Every member is named in the manifest and has its bytes; before anything here is changed."""
    found = set(tar.getnames()) - {MANIFEST}
    if found != set(members) or DUMPS[connection.vendor] not in members:
        raise Refused("The backup's members are not those that its manifest names.")
    for name, said in members.items():
        if name != DUMPS[connection.vendor] and not _is_object_name(name):
            raise Refused("The backup has a member with an impossible name.")
        file = _content(tar, name)
        digest = hashlib.sha256()
        while block := file.read(BLOCK):
            digest.update(block)
        if digest.hexdigest() != said["sha256"]:
            raise Refused(f"The backup is damaged: {name} is not what was saved.")


def _is_object_name(name: str) -> bool:
    rest = name.removeprefix(OBJECTS)
    return rest != name and rest.isalnum()


def _put_back(tar: tarfile.TarFile, members: dict[str, dict[str, Any]]) -> Summary:
    objects = [name for name in members if name.startswith(OBJECTS)]
    for name in objects:
        storage.put_sealed(name.removeprefix(OBJECTS), _content(tar, name))
    with work_folder() as temporary:
        dump = temporary / DUMPS[connection.vendor]
        with dump.open("wb") as out:
            shutil.copyfileobj(_content(tar, DUMPS[connection.vendor]), out, BLOCK)
        _load_database(dump)
    return Summary(len(objects), sum(members[name]["size"] for name in objects))


def _load_database(dump: Path) -> None:
    if connection.vendor == "sqlite":
        connection.close()
        with (
            contextlib.closing(sqlite3.connect(dump)) as source,
            contextlib.closing(sqlite3.connect(str(connection.settings_dict["NAME"]))) as target,
        ):
            source.backup(target)
    else:
        connection.close()
        options = ("--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")
        _postgres("pg_restore", *options, f"--dbname={connection.settings_dict['NAME']}", str(dump))


def _is_empty() -> bool:
    """No account, no event and no object; tables that do not exist yet are empty too."""
    try:
        return not any(model._default_manager.exists() for model in (get_user_model(), Event, StoredObject))
    except DatabaseError:
        return True


@contextlib.contextmanager
def _stopped_portal() -> Iterator[None]:
    """Holds the embedded portal's lock, so that it neither runs now nor starts meanwhile."""
    folder = Path(settings.DATA_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "serve.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused("The portal is running. Stop it first (Ctrl-C), then restore.") from None
        yield
