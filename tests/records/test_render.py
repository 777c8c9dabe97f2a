"""Grey values by the standard's own formulas."""

from __future__ import annotations

import io
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image

from records.dicom import reader
from records.dicom.frames import look_of
from records.dicom.metadata import Values, index_of
from records.dicom.overlays import overlays_of
from records.dicom.render import Look, Lut, encode, picture, pixels_of, render, shrink, thumbnail
from records.dicom.validate import shape_of
from tests.factories import files


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


NUMBERS = {
    "OverlayRows": (0x10, "US"), "OverlayColumns": (0x11, "US"), "NumberOfFramesInOverlay": (0x15, "IS"), "OverlayType": (0x40, "CS"),
    "OverlayOrigin": (0x50, "SS"), "ImageFrameOrigin": (0x51, "US"), "OverlayBitsAllocated": (0x100, "US"),
    "OverlayBitPosition": (0x102, "US"), "OverlayData": (0x3000, "OW"),
}  # fmt: skip


def with_overlay(plane: np.ndarray, **elements: Any) -> tuple[np.ndarray, Look]:
    """The picture of a black image with this overlay plane, through the child's own reading."""
    data = pydicom.dcmread(io.BytesIO(files.dicom(size=16)))
    data.WindowCenter, data.WindowWidth = 4000, 10
    said = {
        "OverlayRows": plane.shape[-2],
        "OverlayColumns": plane.shape[-1],
        "OverlayType": "G",
        "OverlayOrigin": [1, 1],
    }
    said |= {"OverlayBitsAllocated": 1, "OverlayBitPosition": 0} | elements
    packed = np.packbits(plane.ravel(), bitorder="little").tobytes()
    said["OverlayData"] = packed + bytes(len(packed) % 2)
    for keyword, value in said.items():
        number, vr = NUMBERS[keyword]
        data.add_new((0x6000, number), vr, value)
    out = io.BytesIO()
    data.save_as(out, enforce_file_format=True)
    size = len(out.getvalue())
    file = reader.read(out, size)
    values = Values(file)
    shape = shape_of(index_of(values), values.numbers(0x00280008), file)
    assert shape is not None
    look = replace(look_of(values, shape), overlays=overlays_of(values, shape, out))
    look = Look.from_json(look.to_json())
    shown = picture(np.zeros((16, 16), "<i2"), look, media_type="image/png")
    return np.asarray(Image.open(io.BytesIO(shown))), look


def test_overlay_plane_is_drawn_white_where_its_origin_says() -> None:
    plane = np.zeros((4, 5), np.uint8)
    plane[1, 2] = plane[3, 4] = 1
    shown, _ = with_overlay(plane, OverlayOrigin=[3, -1])
    assert [tuple(one) for one in np.argwhere(shown)] == [(3, 0), (5, 2)]


def test_region_of_an_overlay_is_outlined_and_what_lies_outside_the_image_is_cut() -> None:
    shown, _ = with_overlay(np.ones((5, 5), np.uint8), OverlayType="R", OverlayOrigin=[14, 1])
    assert shown[13, :5].all() and not shown[14, 1:4].any() and shown[14, 4] and not shown[:13].any()


@pytest.mark.parametrize(
    ("rows", "columns", "origin"), [(100, 5, [106, 1]), (5, 100, [1, 106]), (100, 100, [106, 106])]
)
def test_overlay_that_begins_beyond_the_image_draws_nothing(rows: int, columns: int, origin: list[int]) -> None:
    shown, look = with_overlay(np.ones((rows, columns), np.uint8), OverlayOrigin=origin)
    assert look.overlays and not shown.any()


def test_overlay_of_many_frames_belongs_to_the_frames_that_it_names() -> None:
    planes = np.zeros((3, 3, 3), np.uint8)  # 9 bits each: frames do not begin at bytes
    planes[2, 2, 1] = 1
    _, look = with_overlay(planes, NumberOfFramesInOverlay=3, ImageFrameOrigin=2)
    (one,) = look.overlays
    assert one.mask(0, 16, 16) is None and one.mask(4, 16, 16) is None
    found = [one.mask(frame, 16, 16) for frame in (1, 2, 3)]
    assert [int(mask.sum()) for mask in found if mask is not None] == [0, 0, 1]
    assert found[2] is not None and found[2][2, 1]


def test_thumbnail_has_thin_lines_of_an_overlay() -> None:
    """In a picture of blocks of four pixels: averaged, a line of one would be faint."""
    _, look = with_overlay(np.zeros((16, 16), np.uint8))
    (one,) = look.overlays
    lines = np.zeros((1024, 1024), np.uint8)
    lines[500] = 1
    bits = zlib.compress(np.packbits(lines.ravel(), bitorder="little").tobytes())
    large = replace(look, overlays=(replace(one, rows=1024, columns=1024, bits=bits),))
    with Image.open(io.BytesIO(thumbnail(np.zeros((1024, 1024), "<i2"), large))) as image:
        grey = np.asarray(image)
    assert grey.shape == (256, 256)
    assert grey[125].min() > 200 and grey[100].max() < 30


def test_overlay_that_is_cut_short_is_left_out_and_said() -> None:
    shown, look = with_overlay(np.ones((3, 3), np.uint8), NumberOfFramesInOverlay=40)
    assert not look.overlays and not shown.any()
