"""Overlay planes (PS3.3 C.9.2): drawings of one bit a pixel that a device laid over its image, in groups 6000 to 601E.

Kept packed and compressed in the image's look, so that a rendered picture has them without the original. The retired kind, which hides
in unused bits of the pixels (PS3.5 8.1.2 up to 2004), is taken out when the image has one frame.
"""

from __future__ import annotations

import base64
import io
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from .metadata import Values
from .validate import Shape
from .walker import Element

MAX_BITS = 64 * 1024**2
"""Of one plane, all its frames together."""
MAX_KEPT = 128 * 1024
"""Compressed bytes of all planes of an image; drawings have some thousand."""
NOT_DRAWN = "dicom_overlay_not_drawn"
REGION = "R"


@dataclass(frozen=True, slots=True)
class Overlay:
    """One plane. `top`, `left`: its first pixel in the image, from 0, perhaps negative. `first`: the image's frame from 0 that its
    first of `frames` belongs to. `bits`: zlib of the packed bits, the lowest bit first, frame after frame."""

    rows: int
    columns: int
    top: int
    left: int
    first: int
    frames: int
    kind: str
    bits: bytes

    def mask(self, frame: int, rows: int, columns: int) -> np.ndarray | None:
        """Which pixels of the image's frame it covers; None when it has nothing for this frame. A region of interest is its outline."""
        number = frame - self.first
        if not 0 <= number < self.frames:
            return None
        size = self.rows * self.columns
        packed = np.frombuffer(zlib.decompress(self.bits), np.uint8)
        start = number * size
        wanted = packed[start // 8 : (start + size + 7) // 8]
        plane = np.unpackbits(wanted, bitorder="little")[start % 8 : start % 8 + size].astype(bool)
        plane = plane.reshape(self.rows, self.columns)
        if self.kind == REGION:
            plane = _outline(plane)
        shown = np.zeros((rows, columns), bool)
        top, left = max(0, self.top), max(0, self.left)
        bottom, right = max(0, rows - self.top), max(0, columns - self.left)  # below 0 a slice would count from the end
        part = plane[top - self.top : bottom, left - self.left : right]
        shown[top : top + part.shape[0], left : left + part.shape[1]] = part
        return shown

    def to_json(self) -> list[Any]:
        place = [self.rows, self.columns, self.top, self.left, self.first, self.frames, self.kind]
        return [*place, base64.b64encode(self.bits).decode("ascii")]

    @classmethod
    def from_json(cls, value: Sequence[Any]) -> Overlay:
        rows, columns, top, left, first, frames = (int(one) for one in value[:6])
        return cls(rows, columns, top, left, first, frames, str(value[6]), base64.b64decode(value[7]))


def _outline(plane: np.ndarray) -> np.ndarray:
    """Its pixels with a neighbour outside: filled, it would hide what it points at."""
    wide = np.pad(plane, 1)
    inside = wide[:-2, 1:-1] & wide[2:, 1:-1] & wide[1:-1, :-2] & wide[1:-1, 2:]
    return plane & ~inside


def draw(
    picture: np.ndarray, overlays: Sequence[Overlay], frame: int, whole: tuple[int, int] | None = None
) -> np.ndarray:
    """The 8-bit picture of a whole frame with its overlays in white. `whole`: the frame's rows and columns, when the picture is one of
    averaged blocks (`render.shrink`); a thin line stays a line then."""
    rows, columns = whole or picture.shape[:2]
    masks = [one.mask(frame, rows, columns) for one in overlays]
    shown = [_blocks(mask, picture.shape[:2]) for mask in masks if mask is not None]
    if not shown:
        return picture
    drawn = picture.copy()
    for mask in shown:
        drawn[mask] = 255
    return drawn


def transparent(overlays: Sequence[Overlay], frame: int, rows: int, columns: int) -> bytes:
    """The overlays of a frame alone: a PNG of its size, white where they draw and clear elsewhere."""
    drawn = draw(np.zeros((rows, columns), np.uint8), overlays, frame)
    out = io.BytesIO()
    Image.fromarray(drawn).save(out, "PNG", transparency=0)
    return out.getvalue()


def _blocks(mask: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Which blocks of the mask have a pixel that is set."""
    step = mask.shape[0] // shape[0]
    if step < 2:
        return mask
    found = mask[: shape[0] * step, : shape[1] * step].reshape(shape[0], step, shape[1], step).any(axis=(1, 3))
    return np.asarray(found)


def overlays_of(values: Values, shape: Shape, body: BinaryIO) -> tuple[Overlay, ...]:
    """The planes of an image. One that is too large, cut short or odd is left out and flagged: the image is shown all the same."""
    found: list[Overlay] = []
    kept = 0
    for group in range(0x6000, 0x6020, 2):
        if not any(group << 16 | number in values.file.elements for number in (0x0010, 0x3000)):
            continue
        one = _plane(values, shape, body, group)
        if one is None or kept + len(one.bits) > MAX_KEPT:
            if NOT_DRAWN not in values.file.flags:
                values.file.flags.append(NOT_DRAWN)
            continue
        kept += len(one.bits)
        found.append(one)
    return tuple(found)


def _plane(values: Values, shape: Shape, body: BinaryIO, group: int) -> Overlay | None:
    order = "<" if values.file.little else ">"

    def element(number: int) -> Element | None:
        return values.file.elements.get(group << 16 | number)

    def numbers(number: int, kind: str) -> list[int]:
        raw = getattr(element(number), "value", None) or b""
        return [one for (one,) in struct.iter_unpack(order + kind, raw[: len(raw) // 2 * 2])]

    def text(number: int) -> str:
        return (getattr(element(number), "value", None) or b"").strip(b"\0 ").decode("ascii", "replace")

    rows, columns = ((numbers(number, "H") or [0])[0] for number in (0x0010, 0x0011))
    count = int(text(0x0015)) if text(0x0015).isdigit() else 1
    if not rows or not columns or not 0 < rows * columns * count <= MAX_BITS:
        return None
    origin = numbers(0x0050, "h")
    top, left = origin if len(origin) == 2 else (1, 1)
    first = (numbers(0x0051, "H") or [1])[0]
    data = element(0x3000)
    packed = (
        _separate(values, body, data, (rows * columns * count + 7) // 8)
        if data is not None
        else _hidden(values, shape, body, (numbers(0x0102, "H") or [0])[0], rows, columns)
    )
    if packed is None:
        return None
    kind = text(0x0040)[:1]
    return Overlay(rows, columns, top - 1, left - 1, max(0, first - 1), count, kind, zlib.compress(packed, 6))


def _separate(values: Values, body: BinaryIO, data: Element, size: int) -> bytes | None:
    body.seek(data.offset)
    raw = body.read(min(data.length, size + size % 2))
    if len(raw) < size:
        return None
    if not values.file.little and data.vr == "OW":
        raw = np.frombuffer(raw[: len(raw) // 2 * 2], ">u2").astype("<u2").tobytes()
    return raw[:size]


def _hidden(values: Values, shape: Shape, body: BinaryIO, bit: int, rows: int, columns: int) -> bytes | None:
    """The plane in one unused bit of each pixel."""
    pixels = values.file.pixels
    plain = pixels is not None and pixels.fragments is None and shape.frames == 1 and shape.samples == 1
    if not plain or pixels is None or shape.bits_allocated != 16 or not 0 <= bit < 16:
        return None
    if (rows, columns) != (shape.rows, shape.columns):
        return None
    body.seek(pixels.offset)
    raw = body.read(rows * columns * 2)
    stored = np.frombuffer(raw, "<u2" if values.file.little else ">u2")
    return np.packbits((stored >> bit) & 1 > 0, bitorder="little").tobytes()
