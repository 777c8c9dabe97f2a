"""From stored pixel values to 8-bit grey or colour, and to JPEG or PNG (PS3.3 C.11.1, C.11.2; PS3.4 N.2).

Pure numpy and Pillow: works on frames as they are served (Explicit VR Little Endian, colour as RGB8), so the web process
may call it. A rendered picture has the image's own overlay planes; presentation states are not applied.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image

from .overlays import Overlay, draw

THUMBNAIL = 256  # pixels of the longer side


@dataclass(frozen=True, slots=True)
class Lut:
    """A look-up table: `first` input value mapped to entry 0, output of `bits` bits, `data` unsigned 16-bit little endian."""

    first: int
    bits: int
    data: bytes

    def table(self) -> np.ndarray:
        return np.frombuffer(self.data, "<u2")


@dataclass(frozen=True, slots=True)
class Look:
    """What turns stored values into grey. `frames` overrides (slope, intercept, center, width) frame by frame."""

    photometric: str = "MONOCHROME2"
    samples: int = 1
    bits_allocated: int = 16
    bits_stored: int = 16
    signed: bool = False
    slope: float = 1.0
    intercept: float = 0.0
    modality_lut: Lut | None = None
    voi_lut: Lut | None = None
    windows: tuple[tuple[float, float], ...] = ()
    function: str = "LINEAR"
    frames: tuple[tuple[float, float, float | None, float | None], ...] = ()
    overlays: tuple[Overlay, ...] = ()

    def to_json(self) -> dict[str, Any]:
        def lut(value: Lut | None) -> dict[str, Any] | None:
            if value is None:
                return None
            return {"first": value.first, "bits": value.bits, "data": base64.b64encode(value.data).decode("ascii")}

        return {
            "photometric": self.photometric,
            "samples": self.samples,
            "bits_allocated": self.bits_allocated,
            "bits_stored": self.bits_stored,
            "signed": self.signed,
            "slope": self.slope,
            "intercept": self.intercept,
            "modality_lut": lut(self.modality_lut),
            "voi_lut": lut(self.voi_lut),
            "windows": [list(window) for window in self.windows],
            "function": self.function,
            "frames": [list(frame) for frame in self.frames],
            "overlays": [one.to_json() for one in self.overlays],
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Look:
        def lut(found: dict[str, Any] | None) -> Lut | None:
            if not found:
                return None
            return Lut(int(found["first"]), int(found["bits"]), base64.b64decode(found["data"]))

        return cls(
            photometric=value["photometric"],
            samples=value["samples"],
            bits_allocated=value["bits_allocated"],
            bits_stored=value["bits_stored"],
            signed=value["signed"],
            slope=value["slope"],
            intercept=value["intercept"],
            modality_lut=lut(value["modality_lut"]),
            voi_lut=lut(value["voi_lut"]),
            windows=tuple((float(c), float(w)) for c, w in value["windows"]),
            function=value["function"],
            frames=tuple((float(f[0]), float(f[1]), f[2], f[3]) for f in value["frames"]),
            overlays=tuple(Overlay.from_json(one) for one in value.get("overlays", [])),
        )


def pixels_of(frame: bytes, look: Look, rows: int, columns: int) -> np.ndarray:
    """The frame as an array (rows, columns) or (rows, columns, 3). Raises ValueError when the bytes are too few."""
    if look.samples > 1:
        return np.frombuffer(frame, np.uint8, rows * columns * 3).reshape(rows, columns, 3)
    kind = f"<{'i' if look.signed else 'u'}{max(1, look.bits_allocated // 8)}"
    array = np.frombuffer(frame, kind, rows * columns).reshape(rows, columns)
    spare = array.dtype.itemsize * 8 - look.bits_stored
    if 0 < spare < 16 and look.bits_allocated > 1:
        # Old overlays sit in the unused high bits; shifting there and back drops them and extends the sign.
        array = (array << spare) >> spare
    return array


def _through(lut: Lut, values: np.ndarray) -> np.ndarray:
    table = lut.table()
    place = np.clip(np.rint(values).astype(np.int64) - lut.first, 0, len(table) - 1)
    return table[place]


def _windowed(values: np.ndarray, center: float, width: float, function: str) -> np.ndarray:
    """PS3.3 C.11.2.1.2 and .3, to 0..255."""
    if function == "SIGMOID":
        power = np.clip(-4.0 * (values - center) / (width or 1.0), -60, 60)
        return np.asarray(255.0 / (1.0 + np.exp(power)))
    if function == "LINEAR_EXACT":
        return np.asarray(((values - center) / (width or 1.0) + 0.5) * 255.0)
    width = max(width, 1.0)
    if width == 1.0:
        return np.where(values > center - 0.5, 255.0, 0.0)
    return np.asarray(((values - (center - 0.5)) / (width - 1.0) + 0.5) * 255.0)


def _in_units(pixels: np.ndarray, look: Look, frame: int) -> tuple[np.ndarray, float | None, float | None]:
    """Values in the modality's units, and the frame's own window."""
    slope, intercept, center, width = look.slope, look.intercept, None, None
    if look.frames:
        slope, intercept, center, width = look.frames[min(frame, len(look.frames) - 1)]
    values = pixels.astype(np.float32)
    if look.modality_lut is not None:
        values = _through(look.modality_lut, values).astype(np.float32)
    elif slope != 1.0 or intercept != 0.0:
        values = values * np.float32(slope) + np.float32(intercept)
    return values, center, width


def extremes(pixels: np.ndarray, look: Look, *, frame: int = 0) -> tuple[float, float]:
    """Least and greatest value of a grey frame, in the modality's units."""
    values, _, _ = _in_units(pixels, look, frame)
    return float(values.min()), float(values.max())


def render(
    pixels: np.ndarray, look: Look, *, frame: int = 0, window: tuple[float, float] | None = None, invert: bool = False
) -> np.ndarray:
    """8-bit picture of `pixels`. `window` = (center, width) in modality units (HU in CT) overrides the header's.

    Without window and look-up table the range of the picture's own values is used.
    """
    if pixels.ndim == 3:
        return pixels.astype(np.uint8, copy=False)
    values, center, width = _in_units(pixels, look, frame)
    if window is None and look.voi_lut is not None:
        grey = _through(look.voi_lut, values).astype(np.float32) * (255.0 / ((1 << look.voi_lut.bits) - 1))
    else:
        if window is None and center is not None and width is not None:
            window = (center, width)
        if window is None and look.windows:
            window = look.windows[0]
        if window is not None:
            grey = _windowed(values, window[0], window[1], look.function)
        else:
            low, high = float(values.min()), float(values.max())
            grey = (values - low) * (255.0 / ((high - low) or 1.0))
    grey = np.clip(grey, 0, 255)
    if (look.photometric == "MONOCHROME1") != invert:
        grey = 255.0 - grey
    return np.rint(grey).astype(np.uint8)


def shrink(pixels: np.ndarray, longest: int = THUMBNAIL) -> np.ndarray:
    """Average whole blocks so that the longer side is at most twice `longest`: cheap, before windowing."""
    step = max(pixels.shape[:2]) // longest
    if step < 2:
        return pixels
    rows, columns = pixels.shape[0] // step, pixels.shape[1] // step
    if not rows or not columns:
        return pixels
    cut = pixels[: rows * step, : columns * step]
    total = np.zeros((rows, columns, *pixels.shape[2:]), np.float32)
    for y in range(step):
        for x in range(step):
            total += cut[y::step, x::step]
    total /= step * step
    return total


def encode(
    picture: np.ndarray, *, media_type: str = "image/jpeg", longest: int | None = None, quality: int = 90
) -> bytes:
    """JPEG or PNG bytes of an 8-bit picture, shrunk so that its longer side is at most `longest` pixels."""
    image = Image.fromarray(picture)
    if longest is not None and max(image.size) > longest:
        image.thumbnail((longest, longest), Image.Resampling.BILINEAR)
    out = io.BytesIO()
    if media_type == "image/png":
        image.save(out, "PNG", compress_level=3)
    else:
        image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def thumbnail(pixels: np.ndarray, look: Look, *, frame: int = 0) -> bytes:
    """A JPEG of at most 256 pixels, with the image's overlay planes."""
    small = render(shrink(pixels), look, frame=frame)
    return encode(draw(small, look.overlays, frame, pixels.shape[:2]), longest=THUMBNAIL, quality=80)


def resized(made: bytes, viewport: tuple[int, int], media_type: str) -> bytes:
    """A picture that this module made, within `viewport` (width, height); never larger than it was."""
    image = Image.open(io.BytesIO(made), formats=["JPEG"])
    image.thumbnail(viewport, Image.Resampling.BILINEAR)
    return encode(np.asarray(image), media_type=media_type, quality=80)


def picture(
    pixels: np.ndarray,
    look: Look,
    *,
    frame: int = 0,
    window: tuple[float, float, str] | None = None,
    media_type: str = "image/jpeg",
    quality: int = 90,
    viewport: tuple[int, int] | None = None,
    region: tuple[int, int, int, int] | None = None,
    mirror: tuple[bool, bool] = (False, False),
) -> bytes:
    """A frame as JPEG or PNG, as PS3.18 section 8.3.5.1 asks for it.

    Args:
        window: (center, width, function) in modality units; without it the header's.
        viewport: (width, height) in pixels that the picture is fitted into, its proportions kept.
        region: (x, y, width, height) of the source that is shown; cut at the image's edges.
        mirror: left to right, top to bottom.
    """
    overlays, look = look.overlays, replace(look, overlays=())
    if window is not None and look.function != window[2]:
        look = replace(look, function=window[2])
    cut = slice(None), slice(None)
    if region is not None:
        x, y, width, height = region
        if pixels[y : y + height, x : x + width].size:
            cut = slice(y, y + height), slice(x, x + width)
    if overlays:  # they are placed in the whole frame
        shown = draw(_by_table(pixels, look, frame, window[:2] if window else None), overlays, frame)[cut]
    else:
        shown = _by_table(pixels[cut], look, frame, window[:2] if window else None)
    image = Image.fromarray(np.ascontiguousarray(shown[:: -1 if mirror[1] else 1, :: -1 if mirror[0] else 1]))
    if viewport is not None:
        scale = min(viewport[0] / image.width, viewport[1] / image.height)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        if size != image.size:
            image = image.resize(size, Image.Resampling.BILINEAR)
    out = io.BytesIO()
    if media_type == "image/png":
        image.save(out, "PNG", compress_level=3)
    else:
        image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def _by_table(pixels: np.ndarray, look: Look, frame: int, window: tuple[float, float] | None) -> np.ndarray:
    """As `render`, by a table of all 65,536 values where the picture's own range is not needed: the same result, sooner."""
    ranged = window is None and look.voi_lut is None and not look.windows
    if pixels.ndim == 3 or pixels.dtype.itemsize != 2 or ranged or look.frames:
        return render(pixels, look, frame=frame, window=window)
    return np.take(_table(look, window), pixels.view(np.uint16))


@lru_cache(maxsize=64)
def _table(look: Look, window: tuple[float, float] | None) -> np.ndarray:
    values = np.arange(65536, dtype=np.uint16).view("<i2" if look.signed else "<u2")
    table = render(values.reshape(256, 256), look, window=window).reshape(-1)
    table.setflags(write=False)
    return table
