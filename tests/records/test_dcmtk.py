"""Our pictures against DCMTK's, on the real files that TEST_DATA names: at most one grey level apart."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from records.dicom.render import Look, pixels_of, render
from records.sandbox import ChildInput, FileResult, run_batch

EXCEPTIONS = {
    "GH195.dcm": "its header says RGB, its JPEG is YCbCr (JFIF): DCMTK shows blue gums, ours are red",
    "GH610.dcm": "rescale slope 6e-8: DCMTK keeps modality values as integers and draws black",
    "rtdose_expb.dcm": "32-bit big endian in OW: DCMTK swaps words only; ours equals the little-endian twin",
    "rtdose_expb_1frame.dcm": "the same",
}
"""File name: why DCMTK and we rightly differ."""


@pytest.fixture(scope="module")
def files(real_files: Path) -> list[Path]:
    root = real_files / "dicom"
    found = sorted(p for p in root.rglob("*") if p.is_file() and p.stat().st_size < 20_000_000)
    assert found, "TEST_DATA is set but holds no DICOM files"
    return found


def dcmtk(path: Path, look: Look, frame: int, out: Path) -> np.ndarray | None:
    """DCMTK's picture of a frame with the same choice of window, None when it cannot read the file."""
    if look.samples > 1:
        choice = []
    elif look.voi_lut:
        choice = ["+Wl", "1"]
    elif look.windows or (look.frames and look.frames[0][2] is not None):
        choice = ["+Wi", "1"]
    else:
        choice = ["+Wm"]
    done = subprocess.run(
        ["dcmj2pnm", "-q", "+op", "-O", "+F", str(frame + 1), *choice, str(path), str(out)],
        capture_output=True,
        check=False,
    )
    if done.returncode or not out.exists():
        return None
    with Image.open(io.BytesIO(out.read_bytes())) as image:
        return np.asarray(image)


def ours(path: Path, result: FileResult, work: Path, frame: int) -> np.ndarray:
    frames, look = result.data["frames"], Look.from_json(result.data["look"])
    source = path if frames["source"] == "original" else work / frames["pack"]
    with source.open("rb") as stream:
        stream.seek(frames["offset"] + frame * frames["frame_bytes"])
        raw = stream.read(frames["frame_bytes"])
    return render(pixels_of(raw, look, frames["rows"], frames["columns"]), look, frame=frame)


def test_render_matches_dcmtk_on_real_files(files: list[Path], tmp_path: Path) -> None:
    if shutil.which("dcmj2pnm") is None:
        pytest.skip("dcmtk is not installed")
    work = tmp_path / "work"
    work.mkdir()
    streams = [path.open("rb") for path in files]
    try:
        results = run_batch([ChildInput(str(n), s.fileno(), thumbnail=False) for n, s in enumerate(streams)], work=work)
    finally:
        for stream in streams:
            stream.close()
    compared, apart = 0, {}
    for path, result in zip(files, results, strict=True):
        if result.kind != "dicom" or not result.data.get("look") or path.name in EXCEPTIONS:
            continue
        frame = result.data["frames"]["count"] // 2
        look = Look.from_json(result.data["look"])
        theirs = dcmtk(path, look, frame, tmp_path / f"{compared}.pnm")
        if theirs is None:
            continue
        picture = ours(path, result, work, frame)
        compared += 1
        if theirs.shape != picture.shape:
            apart[path.name] = f"shape {theirs.shape} {picture.shape}"
        elif (worst := int(np.abs(theirs.astype(int) - picture.astype(int)).max())) > (2 if look.samples > 1 else 1):
            # Colour: DCMTK adds up three truncated terms when it converts YCbCr.
            apart[path.name] = f"{worst} levels apart, {look.photometric}"
    assert compared > 100
    assert apart == {}
