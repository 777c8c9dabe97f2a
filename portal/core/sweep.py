"""Finds what crashes leave behind, and removes what nothing can need: sealed bytes without a row, objects that no row names,
halves of writes, readable temporary files.

Nothing is removed that is younger than the grace period, or that any row names by foreign key or by id. Where much of the store has
no row, the database is more likely to be the wrong one than the bytes: then nothing is removed and the job fails loudly.

After a restore the bytes beside the database may belong to a newer one, and are then the only copy of originals. So the daily job
leaves everything sealed alone until an operator has looked and run `manage.py sweep --remove`.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import islice
from pathlib import Path
from uuid import UUID

import structlog
from django.apps import apps
from django.conf import settings
from django.db.models import Exists, ForeignObjectRel, OuterRef, QuerySet, UUIDField
from django.utils import timezone

from portal.core import storage, workfolder
from portal.core.backends import Listed
from portal.core.models import Event, StoredObject
from portal.core.states import ObjectState, Role

log = structlog.get_logger(__name__)

AT_ONCE = 500
FEW = 20
"""So many bytes without a row are never suspicious; the daily job, which nobody watches, never removes more of them."""
SUSPICIOUS_SHARE = 0.1
PORTAL = "portal"
RESTORED, LOOKED = "restored", "swept"
"""Names of the events that forbid the daily job to remove sealed bytes, and allow it again."""
LEFT_IN_DATA_DIR = (".maintenance.*", "secrets.*.tmp")


class Suspicious(Exception):
    """So much has no row that the database may be the wrong one, or an old backup of it. Nothing was removed."""


@dataclass
class Found:
    """What was found, or removed. Names and ids are opaque."""

    objects: list[UUID] = field(default_factory=list)
    """Rows of sealed objects that no other row names."""
    bytes: list[str] = field(default_factory=list)
    """Sealed bytes without a row, or whose row says that they were erased."""
    halves: list[str] = field(default_factory=list)
    """Writes that never came to their end."""
    files: int = 0
    """Temporary files and folders of killed processes."""
    listed: int = 0

    @property
    def suspicious(self) -> bool:
        return len(self.bytes) > max(FEW, SUSPICIOUS_SHARE * self.listed)


def hold() -> None:
    """The database was replaced: no sealed bytes are removed unattended until `release`. In the database, so that it goes with it."""
    _note(RESTORED, "restore")


def release() -> None:
    """An operator looked, and removed what was left."""
    if held():
        _note(LOOKED, "sweep")


def held() -> bool:
    latest = Event.objects.filter(subject_kind=PORTAL, name__in=[RESTORED, LOOKED]).order_by("-pk").first()
    return latest is not None and latest.name == RESTORED


def _note(name: str, by: str) -> None:
    who = {"actor_kind": "job", "actor_id": by, "actor_role": Role.SYSTEM}
    Event.objects.create(subject_kind=PORTAL, subject_id=UUID(int=0), name=name, **who)


def before(hours: float | None = None) -> datetime:
    """The end of the grace period."""
    return timezone.now() - timedelta(hours=settings.SWEEP_GRACE_HOURS if hours is None else hours)


def unreferenced(older_than: datetime) -> QuerySet[StoredObject]:
    """Objects that no foreign key names. The models themselves say where to look."""
    found = StoredObject.objects.filter(created_at__lt=older_than).exclude(state=ObjectState.ERASED)
    for relation in StoredObject._meta.get_fields(include_hidden=True):
        if isinstance(relation, ForeignObjectRel):
            named = {relation.field.name: OuterRef("pk")}
            found = found.exclude(Exists(relation.related_model._base_manager.filter(**named)))
    return found


def named_by_id(ids: Iterable[UUID]) -> set[UUID]:
    """Those that a plain id column of any app holds: a report names its PDF so."""
    wanted = list(ids)
    found: set[UUID] = set()
    for model in apps.get_models():
        if model._meta.app_label == StoredObject._meta.app_label:
            continue
        for column in model._meta.get_fields():
            if isinstance(column, UUIDField) and not column.primary_key:
                rows = model._base_manager.filter(**{f"{column.name}__in": wanted})
                found |= set(rows.values_list(column.name, flat=True))
    return found


def sweep(
    *,
    remove: bool,
    older_than: datetime,
    anyway: bool = False,
    attended: bool = True,
    renew: Callable[[], object] = bool,
) -> Found:
    """Look, and with `remove` take away. `anyway` is a person's word that the database is the right one.

    Without a person (`attended` False), nothing sealed is removed after a restore, and never more than FEW bytes without a row.

    Raises:
        Suspicious: `remove` was asked for, and much of the store has no row.
    """
    found = Found()
    if remove and not attended and held():
        log.warning("sweep_held", state="restored", todo="look with manage.py sweep, then manage.py sweep --remove")
        found.files = _files(remove, older_than) + _partials(remove) + workfolder.sweep()
        return found
    _bytes(found, older_than, renew)
    many = found.suspicious if attended else len(found.bytes) > FEW
    if remove and many and not anyway:
        raise Suspicious(f"{len(found.bytes)} of {found.listed}")
    candidates = unreferenced(older_than).order_by("pk").iterator()
    while some := list(islice(candidates, AT_ONCE)):
        named = named_by_id(one.pk for one in some)
        for stored in (one for one in some if one.pk not in named):
            found.objects.append(stored.pk)
            if remove:
                storage.erase(stored)
        renew()
    if remove:
        _remove_bytes(found, older_than, renew)
    found.files = _files(remove, older_than) + _partials(remove) + (workfolder.sweep() if remove else 0)
    return found


def _bytes(found: Found, older_than: datetime, renew: Callable[[], object]) -> None:
    for some in _batches(storage.backend().listed()):
        found.listed += len(some)
        old = [one for one in some if one.modified < older_than]
        found.halves += [one.name for one in old if not one.whole]
        whole = [one.name for one in old if one.whole]
        kept = StoredObject.objects.filter(name__in=whole).exclude(state=ObjectState.ERASED)
        known = set(kept.values_list("name", flat=True))
        found.bytes += [name for name in whole if name not in known]
        renew()


def _batches(listed: Iterator[Listed]) -> Iterator[list[Listed]]:
    while some := list(islice(listed, AT_ONCE)):
        yield some


def _remove_bytes(found: Found, older_than: datetime, renew: Callable[[], object]) -> None:
    """Each name is looked up once more: a restore may have brought its row meanwhile."""
    for start in range(0, len(found.bytes), AT_ONCE):
        some = found.bytes[start : start + AT_ONCE]
        kept = StoredObject.objects.filter(name__in=some).exclude(state=ObjectState.ERASED)
        known = set(kept.values_list("name", flat=True))
        for name in some:
            if name not in known:
                storage.backend().delete(name)
        renew()
    for name in found.halves:
        storage.backend().clear_away(Listed(name, older_than, whole=False))


def _files(remove: bool, older_than: datetime) -> int:
    """Small leftovers in DATA_DIR itself."""
    left = [path for shape in LEFT_IN_DATA_DIR for path in Path(settings.DATA_DIR).glob(shape)]
    old = [path for path in left if datetime.fromtimestamp(path.stat().st_mtime, UTC) < older_than]
    for path in old if remove else ():
        path.unlink(missing_ok=True)
    return len(old)


# -- halves of backups: they hold the database readable, and lie wherever the operator wanted the backup -----------------------------


def _notes() -> Path:
    return Path(settings.DATA_DIR) / "partials"


def remember_partial(partial: Path) -> Path:
    """Note where a backup is being written, before its first byte. The writer holds a lock on it, and removes the note at the end."""
    folder = _notes()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    note = folder / sha256(os.fsencode(partial)).hexdigest()[:32]
    note.write_bytes(os.fsencode(partial))
    return note


def _partials(remove: bool) -> int:
    """Halves of backups whose writer died. A place that is not mounted here is left for the next backup that goes there."""
    count = 0
    for note in sorted(_notes().glob("*")) if _notes().is_dir() else ():
        partial = Path(os.fsdecode(note.read_bytes()))
        if not partial.parent.is_dir():
            continue
        if partial.exists():
            if _is_held(partial):
                continue
            count += 1
            if remove:
                partial.unlink(missing_ok=True)
        if remove:
            note.unlink(missing_ok=True)
    return count


def clear_partials() -> int:
    return _partials(remove=True)


def _is_held(path: Path) -> bool:
    with path.open("rb") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
