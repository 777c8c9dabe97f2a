"""Our pictures against DCMTK's, on the real files that TEST_DATA names: at most one grey level apart."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image

from records.dicom.render import Look, picture, pixels_of, render
from records.sandbox import ChildInput, FileResult, run_batch
from tests.records.helpers import one

EXCEPTIONS = {
    "GH195.dcm": "its header says RGB, its JPEG is YCbCr (JFIF): DCMTK shows blue gums, ours are red",
    "GH610.dcm": "rescale slope 6e-8: DCMTK keeps modality values as integers and draws black",
    "rtdose_expb.dcm": "32-bit big endian in OW: DCMTK swaps words only; ours equals the little-endian twin",
    "rtdose_expb_1frame.dcm": "the same",
}
"""File name: why DCMTK and we rightly differ."""
JPEG_LS = ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81")
JPEG_2000 = ("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91")
UNREAD = {
    "SC_rgb_32bit.dcm": "32 bits a colour: DCMTK takes 16",
    "SC_rgb_32bit_2frame.dcm": "the same",
    "SC_rgb_expb_32bit.dcm": "the same",
    "SC_rgb_expb_32bit_2frame.dcm": "the same",
    "gdcm-US-ALOKA-16.dcm": "a segmented palette, which DCMTK lacks",
    "gdcm-US-ALOKA-16_big.dcm": "the same",
    "HTJ2K_08_RGB.dcm": "neither DCMTK nor GDCM decodes HTJ2K",
    "HTJ2KLossless_08_RGB.dcm": "the same",
    "J2K_pixelrep_mismatch.dcm": "header and codestream disagree on the sign; pydicom cannot mend what GDCM gives",
    "emri_small_jpeg_2k_lossless_too_short.dcm": "its last mark is missing; pydicom finds no pixels then",
    "SC_rgb_jpeg.dcm": "written without VRs although its syntax has them: DCMTK reads on into nothing",
    "JLSL_08_07_0_1F.dcm": "DCMTK's JPEG-LS takes its header for damaged",
    "GH364.dcm": "items without a sequence",
    "DIRW0007": "one delimiter too many",
}
"""File name: why DCMTK draws nothing of it."""


EVERY = "DCMTK_ALL" in os.environ
HEAD = ["Rows", "Modality", "SeriesInstanceUID"]


@pytest.fixture(scope="module")
def files(real_files: Path) -> list[Path]:
    root = real_files / "dicom"
    found = sorted(p for p in root.rglob("*") if p.is_file())
    assert found, "TEST_DATA is set but holds no DICOM files"
    return found if EVERY else few(found)


def plain(path: Path, syntax: str, out: Path) -> Path:
    """What dcmj2pnm can read: JPEG-LS through DCMTK's own tool, JPEG 2000 (which Debian's DCMTK lacks) through GDCM's decoder."""
    if syntax in JPEG_LS:
        subprocess.run(["dcmdjpls", "-q", str(path), str(out)], capture_output=True, check=False)
    elif syntax in JPEG_2000:
        with (
            warnings.catch_warnings(),
            contextlib.suppress(ValueError, AttributeError, RuntimeError, NotImplementedError),
        ):  # pydicom cannot mend the sign of what GDCM gives
            warnings.simplefilter("ignore")
            data = pydicom.dcmread(path, force=True)
            data.decompress(decoding_plugin="gdcm", generate_instance_uid=False)
            data.save_as(out)
    return out if out.exists() else path


def dcmtk(path: Path, result: FileResult, frame: int, out: Path) -> np.ndarray | None:
    """DCMTK's picture of a frame with the same choice of window, None when it cannot read the file."""
    look, index = Look.from_json(result.data["look"]), result.data["index"]
    window = (
        look.frames[min(frame, len(look.frames) - 1)][2:] if look.frames else look.windows[0] if look.windows else None
    )
    if look.samples > 1:
        choice = []
    elif look.voi_lut:
        choice = ["+Wl", "1"]
    elif window and window[0] is not None:
        sigmoid = ["+Wfs"] if look.function == "SIGMOID" else []
        choice = [*sigmoid, "+Ww", str(window[0]), str(window[1])]
    else:
        choice = ["+Wm"]
    source = plain(path, index["transfer_syntax_uid"], out.with_suffix(".dcm"))
    done = subprocess.run(
        ["dcmj2pnm", "-q", "+op", "-O", "+F", str(frame + 1), *choice, str(source), str(out)],
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


def few(files: list[Path]) -> list[Path]:
    """Of images of one CT or MR series in one folder that are stored alike the middle one; every other image (DCMTK_ALL=1: every file)."""
    alike: dict[tuple[str, ...], list[Path]] = {}
    for path in files:
        with warnings.catch_warnings(), contextlib.suppress(Exception):  # some are broken on purpose
            warnings.simplefilter("ignore")
            head = pydicom.dcmread(path, force=True, specific_tags=HEAD, stop_before_pixels=True)
            if "Rows" not in head:
                continue
            series = head.get("Modality") in ("CT", "MR") and head.get("SeriesInstanceUID")
            kind = [str(path.parent), str(head.file_meta.get("TransferSyntaxUID")), str(head.Rows)]
            alone = "TINY" if "TINY_ALPHA" in path.parts else "" if series else path.name
            alike.setdefault((*kind, str(series), alone), []).append(path)
    return [group[len(group) // 2] for group in alike.values()]


def numbers(count: int) -> list[int]:
    """The middle frame; with DCMTK_ALL=1 first and last as well."""
    return sorted({0, count // 2, count - 1}) if EVERY else [count // 2]


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
    pictures = [
        (path, result, frame)
        for path, result in zip(files, results, strict=True)
        if result.kind == "dicom" and result.data.get("look")
        for frame in numbers(result.data["frames"]["count"])
    ]

    def theirs(place: int) -> np.ndarray | None:
        path, result, frame = pictures[place]
        return dcmtk(path, result, frame, tmp_path / f"{place}.pnm")

    compared, apart, unread, excepted = set(), {}, set(), set()
    with ThreadPoolExecutor(2) as pool:
        for (path, result, frame), picture in zip(pictures, pool.map(theirs, range(len(pictures))), strict=True):
            if picture is None:
                unread.add(path.name)
                continue
            compared.add(path)
            found = difference(picture, ours(path, result, work, frame), Look.from_json(result.data["look"]))
            if found and path.name in EXCEPTIONS:
                excepted.add(path.name)
            elif found:
                apart[f"{path.name} frame {frame}"] = found
    assert apart == {}
    assert unread <= set(UNREAD)
    assert excepted == set(EXCEPTIONS)
    assert len(compared) > 180


def difference(theirs: np.ndarray, picture: np.ndarray, look: Look) -> str:
    """At most one grey level; colour two, because DCMTK adds up three truncated terms when it converts YCbCr."""
    if theirs.shape != picture.shape:
        return f"shape {theirs.shape} {picture.shape}"
    worst = int(np.abs(theirs.astype(int) - picture.astype(int)).max())
    return f"{worst} levels apart, {look.photometric}" if worst > (2 if look.samples > 1 else 1) else ""


def test_overlays_match_dcmtk_on_a_real_file(real_files: Path, tmp_path: Path) -> None:
    """Four planes in the unused bits of the pixels, drawn as DCMTK draws all of them."""
    path = real_files / "dicom" / "dcm4che" / "ovly_p01.dcm"
    if shutil.which("dcmj2pnm") is None or not path.exists():
        pytest.skip("dcmtk or the file is not here")
    result = one(path.read_bytes(), tmp_path)
    look, entry = Look.from_json(result.data["look"]), result.data["frames"]
    raw = path.read_bytes()[entry["offset"] : entry["offset"] + entry["frame_bytes"]]
    drawn = picture(pixels_of(raw, look, entry["rows"], entry["columns"]), look, media_type="image/png")
    out = tmp_path / "theirs.pnm"
    subprocess.run(["dcmj2pnm", "-q", "+op", "+O", "0", "+Wm", str(path), str(out)], check=True)
    with Image.open(out) as theirs, Image.open(io.BytesIO(drawn)) as shown:
        assert len(look.overlays) == 4
        assert np.abs(np.asarray(theirs).astype(int) - np.asarray(shown)).max() <= 1
