"""Grey values by the standard's own formulas."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from records.dicom.render import Look, Lut, encode, pixels_of, render, shrink, thumbnail


def grey(values: list[float], look: Look, **options: object) -> list[int]:
    return [int(v) for v in render(np.array([values]), look, **options)[0]]  # type: ignore[arg-type]


def test_render_follows_the_linear_window() -> None:
    look = Look(intercept=-1024, windows=((40, 400),))
    # PS3.3 C.11.2.1.2.1: at or below c - 0.5 - (w-1)/2 black, above c - 0.5 + (w-1)/2 white.
    assert grey([1024 - 160, 1024 + 239, 1024 + 39.5, 0, 4095], look) == [0, 255, 128, 0, 255]


def test_render_follows_linear_exact_and_sigmoid() -> None:
    assert grey([0, 50, 100], Look(windows=((50, 100),), function="LINEAR_EXACT")) == [0, 128, 255]
    assert grey([50], Look(windows=((50, 100),), function="SIGMOID")) == [128]


def test_render_inverts_monochrome1() -> None:
    plain, inverted = Look(windows=((50, 100),)), Look(photometric="MONOCHROME1", windows=((50, 100),))
    assert [255 - v for v in grey([0, 30, 80], plain)] == pytest.approx(grey([0, 30, 80], inverted), abs=1)


def test_render_prefers_the_asked_window() -> None:
    assert grey([0, 100], Look(windows=((5000, 10),)), window=(50, 100)) == [0, 255]


def test_render_uses_the_range_without_a_window() -> None:
    assert grey([10, 20, 30], Look()) == [0, 128, 255]


def test_render_goes_through_look_up_tables() -> None:
    lut = Lut(10, 8, np.array([0, 100, 255], "<u2").tobytes())
    assert grey([0, 10, 11, 12, 99], Look(voi_lut=lut)) == [0, 0, 100, 255, 255]


def test_render_takes_the_values_of_the_frame() -> None:
    look = Look(frames=((1.0, 0.0, 50.0, 101.0), (2.0, 0.0, 50.0, 101.0)))
    assert grey([20], look, frame=0) != grey([20], look, frame=1)


def test_pixels_of_drops_old_overlay_bits_and_extends_the_sign() -> None:
    raw = np.array([0xF005, 0x0FFF], "<u2").tobytes()
    assert pixels_of(raw, Look(bits_stored=12), 1, 2).tolist() == [[5, 4095]]
    assert pixels_of(raw, Look(bits_stored=12, signed=True), 1, 2).tolist() == [[5, -1]]


def test_shrink_averages_blocks() -> None:
    assert shrink(np.array([[0, 2], [4, 6]]), longest=1).tolist() == [[3.0]]


def test_thumbnail_is_a_small_jpeg() -> None:
    pixels = np.arange(600 * 300, dtype="<u2").reshape(600, 300)
    with Image.open(io.BytesIO(thumbnail(pixels, Look()))) as image:
        assert (image.format, image.size) == ("JPEG", (128, 256))


def test_encode_keeps_png_exact() -> None:
    picture = np.arange(256, dtype=np.uint8).reshape(16, 16)
    with Image.open(io.BytesIO(encode(picture, media_type="image/png"))) as image:
        assert (np.asarray(image) == picture).all()


def test_look_survives_json() -> None:
    look = Look(windows=((1, 2),), voi_lut=Lut(1, 12, b"ab"), frames=((1.0, 2.0, None, 3.0),))
    assert Look.from_json(look.to_json()) == look
