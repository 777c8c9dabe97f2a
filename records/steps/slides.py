"""The small picture of a microscope slide: the whole of it, put together from the tiles of its smallest level."""

from __future__ import annotations

import math
from typing import Any
from uuid import UUID

import numpy as np

from portal.core import storage
from records.dicom import render
from records.models import Instance

MOST_BYTES = 64 * 1024**2
"""Of a level that is put together."""
_EXTRAS = frozenset({"LABEL", "OVERVIEW"})
_COLUMNS, _ROWS, _PLANE, _COLUMN, _ROW = "00480006", "00480007", "0048021A", "0048021E", "0048021F"


def _said(metadata: dict[str, Any], tag: str) -> list[Any]:
    found = (metadata.get(tag) or {}).get("Value")
    return found if isinstance(found, list) else []


def _number(metadata: dict[str, Any], tag: str) -> int:
    found = _said(metadata, tag)
    return found[0] if found and isinstance(found[0], int) else 0


def whole(series_id: UUID) -> bytes | None:
    """A JPEG of at most 256 pixels, by one brightness for all tiles; None when no level says how its tiles lie, or all are too large.

    Raises:
        storage.Damaged, storage.NotReady, ValueError: the frames are not as they should be.
    """
    levels = Instance.objects.filter(series_id=series_id, content__kind="slide", frames__gt=0, look__isnull=False)
    fitting = [
        one
        for one in levels.select_related("file__object__key", "pack__key")
        if one.frames * (one.frame_bytes or 0) <= MOST_BYTES
        and _side(one.metadata)
        and not _EXTRAS & set(_said(one.metadata, "00080008"))
    ]
    if not fitting:
        return None
    level = min(fitting, key=lambda one: math.prod(_side(one.metadata)))
    stored = level.pack or level.file.object
    if stored is None:
        return None
    look = render.Look.from_json(level.look)
    picture = _together(level, look, _side(level.metadata), stored)
    return None if picture is None else render.thumbnail(picture, look)


def _side(metadata: dict[str, Any]) -> tuple[int, ...]:
    """Width and height of the whole level; () when it does not say, or says more than its tiles can be."""
    sides = _number(metadata, _COLUMNS), _number(metadata, _ROWS)
    return sides if all(side > 0 for side in sides) and math.prod(sides) <= MOST_BYTES else ()


def _together(level: Instance, look: render.Look, sides: tuple[int, ...], stored: Any) -> np.ndarray | None:
    width, height = sides
    found: np.ndarray | None = None
    first, size = 0 if level.pack else level.native_offset or 0, level.frame_bytes or 0
    for number, (x, y) in enumerate(_corners(level, width, height)):
        raw = b"".join(storage.read_range(stored, first + number * size, first + (number + 1) * size))
        tile = render.pixels_of(raw, look, level.rows, level.columns)
        if found is None:
            found = np.full((height, width, *tile.shape[2:]), 255 if tile.ndim == 3 else 0, tile.dtype)
        part = found[y : y + level.rows, x : x + level.columns]
        part[...] = tile[: part.shape[0], : part.shape[1]]
    return found


def _corners(level: Instance, width: int, height: int) -> list[tuple[int, int]]:
    """Where the tiles lie (PS3.3 C.7.6.17.3): as each says, else in rows without gaps."""
    corners = []
    for groups in _said(level.metadata, "52009230")[: level.frames]:
        plane = next(iter(_said(groups or {}, _PLANE)), None) or {}
        corners.append((_number(plane, _COLUMN) - 1, _number(plane, _ROW) - 1))
    if corners and all(0 <= x < width and 0 <= y < height for x, y in corners):
        return corners
    across, down = math.ceil(width / level.columns), math.ceil(height / level.rows)
    return [(n % across * level.columns, n // across * level.rows) for n in range(min(level.frames, across * down))]
