"""The lean path to pixels: one query decides whether this person may look, and says where every frame lies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from portal.core.models import DataKey, StoredObject
from records.queries.imaging import visible_instances

_COLUMNS = (
    "uid",
    "frames",
    "frame_bytes",
    "native_offset",
    "transfer_syntax",
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
    found = visible_instances(user, study, series, ref=ref, case_id=case_id).filter(frames__gt=0, frame_bytes__gt=0)
    if instance is not None:
        found = found.filter(uid=instance)
    return list(_places(found))


def _places(found: Any) -> Iterator[Place]:
    packed = [f"pack__{name}" for name in _OBJECT] + [f"pack__key__{name}" for name in _KEY]
    original = [f"file__object__{name}" for name in _OBJECT] + [f"file__object__key__{name}" for name in _KEY]
    keys: dict[UUID, DataKey] = {}
    for row in found.values_list(*_COLUMNS, *packed, *original).iterator(chunk_size=5000):
        uid, frames, frame_bytes, native_offset, _syntax, series_id, study_id, case_id, pk = row[: len(_COLUMNS)]
        half = len(_COLUMNS) + len(packed)
        from_pack = row[len(_COLUMNS)] is not None
        columns = row[len(_COLUMNS) : half] if from_pack else row[half:]
        if columns[0] is None or (not from_pack and native_offset is None):
            continue
        key = keys.get(columns[len(_OBJECT)])
        if key is None:
            key = keys[columns[len(_OBJECT)]] = DataKey(**dict(zip(_KEY, columns[len(_OBJECT) :], strict=True)))
        stored = StoredObject(**dict(zip(_OBJECT, columns[: len(_OBJECT)], strict=True)), key=key)
        yield Place(
            uid, pk, series_id, study_id, case_id, frames, frame_bytes, stored, 0 if from_pack else native_offset
        )
