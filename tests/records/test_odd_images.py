"""Headers that contradict themselves, as old devices and careless archives write them: the picture is the right one all the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from records.dicom.render import Look, pixels_of, render
from tests.factories import files
from tests.records.helpers import one

SIDE = 32
VALUES = np.fromfunction(lambda y, x: (x * 7 + y * 13) % 4096, (SIDE, SIDE)).astype("<u2")
PLAIN = {"PixelRepresentation": 0, "BitsStored": 12, "HighBit": 11, "WindowCenter": None, "WindowWidth": None}
RANGE = np.rint((VALUES - VALUES.min()) * (255.0 / (int(VALUES.max()) - int(VALUES.min())))).astype(np.uint8)
"""Without a window the picture's own range is used."""


def drawn(content: bytes, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Stored values and picture of the only frame, as the viewer gets them."""
    result = one(content, folder)
    assert (result.status, result.code) == ("ready", "")
    frames, look = result.data["frames"], Look.from_json(result.data["look"])
    raw = content if frames["source"] == "original" else (folder / frames["pack"]).read_bytes()
    raw = raw[frames["offset"] :][: frames["frame_bytes"]]
    pixels = pixels_of(raw, look, frames["rows"], frames["columns"])
    return pixels, render(pixels, look)


def image(**elements: Any) -> bytes:
    return files.dicom(size=SIDE, **{**PLAIN, "PixelData": VALUES.tobytes(), **elements})


@pytest.mark.parametrize("high_bit", [11, 13, 15])
@pytest.mark.parametrize("signed", [0, 1])
def test_values_are_read_from_where_the_high_bit_says_they_lie(high_bit: int, signed: int, tmp_path: Path) -> None:
    values = VALUES.astype("<i2") - 600 * signed
    stored = (values << (high_bit - 11)).view("<u2") & ((1 << (high_bit + 1)) - 1)
    noise = (VALUES.astype("<u4") << (high_bit + 1)).astype("<u2")  # old overlays lie above
    content = image(PixelData=(stored | noise).tobytes(), HighBit=high_bit, PixelRepresentation=signed)
    assert np.array_equal(drawn(content, tmp_path)[0], values)


@pytest.mark.parametrize(
    "elements",
    [
        {"RescaleSlope": 0, "RescaleIntercept": 500},
        {"WindowCenter": 0, "WindowWidth": 0},
        {"WindowCenter": [0, 0], "WindowWidth": [0, -1]},
        {"NumberOfFrames": 0},
    ],
    ids=["slope 0", "window 0", "windows below 1", "no frames"],
)
def test_values_that_cannot_be_meant_do_not_blank_the_picture(elements: dict[str, Any], tmp_path: Path) -> None:
    assert np.array_equal(drawn(image(**elements), tmp_path)[1], RANGE)


def said_to_be_compressed(content: bytes) -> bytes:
    """Another transfer syntax in the header, of the same length: the group's own length stays right."""
    before, after = b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0"
    assert content.count(before) == 1
    return content.replace(before, after)


def test_plain_pixels_under_a_compressed_syntax_are_shown_as_they_lie(tmp_path: Path) -> None:
    content = said_to_be_compressed(image())
    assert np.array_equal(drawn(content, tmp_path)[0], VALUES)
    assert "dicom_syntax_wrong" in one(content, tmp_path).flags


def test_code_stream_outside_of_fragments_is_not_shown_as_noise(tmp_path: Path) -> None:
    stream = b"\xff\xd8\xff\xe0" + VALUES.tobytes()[4:]
    result = one(said_to_be_compressed(image(PixelData=stream)), tmp_path)
    assert (result.status, result.code) == ("rejected", "dicom_damaged")
