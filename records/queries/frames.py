"""The lean path to pixels: one query decides whether this person may look, and says where every frame lies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.utils import timezone

from portal.core.compiled import STAND_IN_MOMENT, adapted, compiled
from portal.core.models import DataKey, StoredObject
from records.queries.imaging import visible_instances

_COLUMNS = (
    "uid",
    "frames",
    "frame_bytes",
    "native_offset",
    "series_id",
    "series__study_id",
    "series__study__case_id",
    "pk",
)
_OBJECT = ("id", "case_id", "kind", "name", "size", "sha256", "format", "state")
_KEY = ("id", "case_id", "wrapped", "master_key_id")


@dataclass(frozen=True, slots=True)
class Place:
    """An instance that can be shown: `frames` decoded frames of `frame_bytes` each, one after the other from `start` of `stored`."""

    instance: str
    instance_id: UUID
    series_id: UUID
    study_id: UUID
    case_id: UUID
    frames: int
    frame_bytes: int
    stored: StoredObject
    start: int

    def span(self, frame: int) -> tuple[int, int]:
        """Bytes [start, stop) of a frame, numbered from 1."""
        first = self.start + (frame - 1) * self.frame_bytes
        return first, first + self.frame_bytes


_PACKED = [f"pack__{name}" for name in _OBJECT] + [f"pack__key__{name}" for name in _KEY]
_ORIGINAL = [f"file__object__{name}" for name in _OBJECT] + [f"file__object__key__{name}" for name in _KEY]
_STAND_INS = (
    ("user", UUID(int=1)),
    ("at", STAND_IN_MOMENT),
    ("study", "stands for a study"),
    ("series", "stands for a series"),
    ("instance", "stands for an instance"),
    ("ref", "stands for a case"),
    ("case_id", UUID(int=2)),
)


def places(
    user: Any,
    study: str,
    series: str,
    instance: str | None = None,
    *,
    ref: str | None = None,
    case_id: UUID | None = None,
) -> list[Place]:
    """Instances of a series with frames to show, in the order of its metadata; or the one named. Empty: none for this user."""
    if not getattr(user, "is_authenticated", False):
        return []
    values = {"user": user.pk, "at": timezone.now(), "study": study, "series": series}
    values |= {
        name: value for name, value in (("instance", instance), ("ref", ref), ("case_id", case_id)) if value is not None
    }
    stand_ins: dict[str, Any] = {name: value for name, value in _STAND_INS if name in values}

    def query() -> QuerySet[Any]:
        asks: dict[str, Any] = {name: stand_ins.get(name) for name in ("ref", "case_id", "at")}
        somebody = get_user_model()(pk=stand_ins["user"], role=user.role)
        found = visible_instances(somebody, stand_ins["study"], stand_ins["series"], **asks)
        found = found.filter(frames__gt=0, frame_bytes__gt=0)
        if instance is not None:
            found = found.filter(uid=stand_ins["instance"])
        return found.values_list(*_COLUMNS, *_PACKED, *_ORIGINAL)

    shape = ("places", user.role, *sorted(values))
    return list(_places(compiled(shape, stand_ins, query).rows(adapted(values))))


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def _object(columns: Sequence[Any]) -> StoredObject:
    """The rows of the object and of its key, as Django would load them."""
    wrapped = len(_OBJECT) + _KEY.index("wrapped")
    return _loaded(*columns[:wrapped], bytes(columns[wrapped]), *columns[wrapped + 1 :])


@lru_cache(maxsize=4096)
def _loaded(*columns: Any) -> StoredObject:
    """Made once for the same columns, which every query reads anew: nothing about the object's state is believed for a while."""
    row, key = dict(zip(_OBJECT, columns, strict=False)), dict(zip(_KEY, columns[len(_OBJECT) :], strict=True))
    for one in (row, key):
        one |= {"id": _uuid(one["id"]), "case_id": _uuid(one["case_id"])}
    return StoredObject(**row, key=DataKey(**key))


def _places(rows: Iterable[Sequence[Any]]) -> Iterator[Place]:
    start = len(_COLUMNS)
    half = start + len(_PACKED)
    for row in rows:
        uid, frames, frame_bytes, native_offset, series_id, study_id, case_id, pk = row[:start]
        from_pack = row[start] is not None
        columns = row[start:half] if from_pack else row[half:]
        if columns[0] is None or (not from_pack and native_offset is None):
            continue
        yield Place(
            instance=uid,
            instance_id=_uuid(pk),
            series_id=_uuid(series_id),
            study_id=_uuid(study_id),
            case_id=_uuid(case_id),
            frames=frames,
            frame_bytes=frame_bytes,
            stored=_object(columns),
            start=0 if from_pack else native_offset,
        )
