"""Every way to store pixels comes out as the same plain frames."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image

from portal.pages.demo.synthetic import chest_slice, heart_frame
from records.dicom import frames
from records.dicom.render import Look, pixels_of
from records.sandbox import FileResult
from tests.factories.dicom import make_cr, make_ct_series, make_us_cine
from tests.records.helpers import one


def frame_bytes(content: bytes, result: FileResult, work: Path, number: int) -> bytes:
    found = result.data["frames"]
    source = content if found["source"] == "original" else (work / found["pack"]).read_bytes()
    start = found["offset"] + number * found["frame_bytes"]
    return source[start : start + found["frame_bytes"]]


@pytest.mark.parametrize(
    ("syntax", "source"),
    [
        ("", "original"), ("implicit", "original"), ("rle", "pack"), ("jpeg2000", "pack"), ("jpeg-ls", "pack"),
        ("big-endian", "pack"), ("deflated", "pack"),
    ],
)  # fmt: skip
def test_grey_frames_are_the_same_however_stored(syntax: str, source: str, tmp_path: Path) -> None:
    content = make_ct_series(1, 32, syntax=syntax)[0]
    result = one(content, tmp_path)
    assert (result.status, result.data["frames"]["source"]) == ("ready", source)
    raw = frame_bytes(content, result, tmp_path, 0)
    stored = chest_slice(0.0, 32).astype(np.int32) + 1024
    assert (np.frombuffer(raw, "<u2").reshape(32, 32) == stored).all()


@pytest.mark.parametrize("syntax", ["", "rle", "jpeg2000", "jpeg-ls"])
def test_colour_loops_become_rgb(syntax: str, tmp_path: Path) -> None:
    content = make_us_cine(3, syntax=syntax)
    result = one(content, tmp_path)
    found, metadata = result.data["frames"], result.data["metadata"]
    assert (found["count"], found["frame_bytes"]) == (3, 60 * 80 * 3)
    assert (metadata["00280004"]["Value"], metadata["00280006"]["Value"]) == (["RGB"], [0])
    picture = np.frombuffer(frame_bytes(content, result, tmp_path, 1), np.uint8).reshape(60, 80, 3)
    assert (picture == heart_frame(1 / 3, 60, 80)).all()


def test_planar_colour_is_interleaved(tmp_path: Path) -> None:
    found = pydicom.dcmread(io.BytesIO(make_us_cine(1)))
    picture = np.frombuffer(found.PixelData, np.uint8).reshape(60, 80, 3)
    found.PixelData, found.PlanarConfiguration = picture.transpose(2, 0, 1).tobytes(), 1
    out = io.BytesIO()
    found.save_as(out)
    result = one(out.getvalue(), tmp_path)
    assert result.data["frames"]["source"] == "pack"
    assert frame_bytes(b"", result, tmp_path, 0) == picture.tobytes()


def test_palette_becomes_rgb_and_leaves_the_metadata(tmp_path: Path) -> None:
    found = pydicom.dcmread(io.BytesIO(make_cr(16)))
    found.PhotometricInterpretation = "PALETTE COLOR"
    found.BitsAllocated, found.BitsStored, found.HighBit = 8, 8, 7
    found.PixelData = bytes(range(256))
    for place in range(3):
        found.add_new(0x00281101 + place, "US", [256, 0, 16])
        ramp = (np.arange(256) * (place + 1) % 256 * 257).astype("<u2")
        found.add_new(0x00281201 + place, "OW", ramp.tobytes())
    out = io.BytesIO()
    found.save_as(out)
    result = one(out.getvalue(), tmp_path)
    picture = np.frombuffer(frame_bytes(b"", result, tmp_path, 0), np.uint8).reshape(256, 3)
    assert picture[100].tolist() == [100, 200, 44]
    assert not any(tag.startswith(("002811", "002812")) for tag in result.data["metadata"])


def test_thumbnail_shows_the_middle_frame(tmp_path: Path) -> None:
    result = one(make_us_cine(3, rows=300, columns=400), tmp_path)
    with Image.open(tmp_path / result.data["thumbnail"]) as image:
        assert image.size == (256, 192)


def test_dcmdjpeg_is_none_where_dcmtk_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    assert frames.dcmdjpeg() is None


def test_codestream_that_claims_another_size_is_refused(tmp_path: Path) -> None:
    content = make_ct_series(1, 32, syntax="jpeg2000")[0]
    place = content.index(b"\xff\x4f\xff\x51")
    huge = content[: place + 8] + (60000).to_bytes(4, "big") * 2 + content[place + 16 :]
    assert one(huge, tmp_path).code == "dicom_codestream_size"


def test_damaged_codestream_is_refused(tmp_path: Path) -> None:
    content = bytearray(make_ct_series(1, 32, syntax="jpeg-ls")[0])
    start = content.rindex(b"\xff\xda") + 12
    content[start : start + 200] = b"\xff\xd9" * 100
    assert one(bytes(content), tmp_path).code == "dicom_pixels_damaged"
    assert list(tmp_path.iterdir()) == []


def test_pixels_of_needs_enough_bytes() -> None:
    with pytest.raises(ValueError):
        pixels_of(b"\0\0", Look(), 2, 2)
