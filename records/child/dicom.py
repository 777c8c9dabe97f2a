"""A DICOM file in the child: index, metadata, frames, thumbnail."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from records.dicom import ecg, encapsulated, frames, objects, reader, render, report, required, validate, waveforms
from records.dicom.metadata import Values, index_of
from records.dicom.overlays import overlays_of
from records.dicom.reader import DicomError, DicomFile

from . import video
from .job import Job, Outcome

LARGE_METADATA = 400_000  # elements of JSON are bounded by the walker; this bounds per-frame groups sent on


def handle(job: Job) -> Outcome:
    deflated = reader.DEFLATED.encode() in job.head
    try:
        file = reader.read(job.file, job.size, scratch=job.scratch() if deflated else None, trailing=job.trailing)
    except DicomError:
        if validate.MEDIA_DIRECTORY.encode() in job.head[:1024]:  # damaged, and nobody needs it: we make our own
            return Outcome("dicom", "application/dicom", "left_out", "dicomdir")
        raise
    values = Values(file)
    index = index_of(values)
    outcome = Outcome("dicom", "application/dicom", flags=file.flags)
    flag = validate.preamble_flag(file.preamble)
    if flag:
        file.flags.append(flag)
    sop_class = index["sop_class_uid"] or _meta_text(file, 0x00020002)
    if sop_class == validate.MEDIA_DIRECTORY:
        outcome.status, outcome.code = "left_out", "dicomdir"
        return outcome
    metadata = values.json()
    index["missing"] = required.missing(values, index)
    required.settle(values, index, metadata, lambda: _digest(job))  # a made UID needs the whole file
    if not validate.known_syntax(file.transfer_syntax):
        raise DicomError("transfer_syntax_unsupported")
    shape = validate.shape_of(index, values.numbers(0x00280008), file)
    data: dict[str, Any] = {
        "index": index,
        "metadata": metadata,
        "frames": _no_frames(),
        "thumbnail": None,
        "look": None,
    }
    index["number_of_frames"] = shape.frames if shape else 0
    content = data["content"] = objects.content_of(values, index)
    if shape is None:
        data["encapsulated"] = _encapsulated(job, file, index["sop_class_uid"], values) or _paper(
            job, file, values, data
        )
    elif file.transfer_syntax in validate.VIDEO:
        data["content"] = video.handle(job, file, shape, data)
    else:
        if content is not None and content["kind"] == "slide":
            content["tiles"] = frames.places(file, shape)
        _frames(job, file, shape, values, data)
    if job.beginning and data["frames"]["source"] != "original":
        raise DicomError("dicom_truncated")
    data["digest"] = "" if job.beginning else _shown_digest(job, data)
    outcome.data = data
    return outcome


def _paper(job: Job, file: DicomFile, values: Values, data: dict[str, Any]) -> dict[str, Any] | None:
    """A report written out, or a waveform drawn: goes on as a paper of its own beside the object."""
    index, content = data["index"], data["content"]
    day = index["content_date"] or index["acquisition_date"] or index["series_date"] or index["study_date"]
    written = f"{day[:4]}-{day[4:6]}-{day[6:8]}" if day else ""
    if objects.is_waveform(index["sop_class_uid"]):
        groups = waveforms.groups_of(values, file.inflated or job.file)
        title = _waveform_title(index["sop_class_uid"], groups)
        time = index["study_time"] or index["series_time"]
        heading = ecg.Heading(
            title=title,
            name=" ".join(part for part in reversed(index["patient_name"].split("=")[0].split("^")[:2]) if part),
            patient_id=index["patient_id"],
            birth=_written(index["patient_birth_date"]),
            sex={"M": "male", "F": "female"}.get(index["patient_sex"], ""),
            recorded=f"{written} {time[:2]}:{time[2:4]}".strip(" :"),
            device=index["manufacturer"],
        )
        body = ecg.sheets(groups, heading)
        data["content"] = {"kind": "waveform", "label": title, "channels": sum(len(group.channels) for group in groups)}
        if not body:
            file.flags.append("frames_not_shown")
            return None
        return _inner(job, "application/pdf", body, title)
    if content is None or content["kind"] != "report":
        return None
    lines = [content["title"], f"Date of report: {written}" if written else "", "", report.as_text(content)]
    text = "\n".join(line for n, line in enumerate(lines) if line or n == 2)
    content["lines"] = len(content["lines"])
    return _inner(job, "text/plain", text.encode("utf-8"), content["title"] or "Report")


def _written(day: str) -> str:
    return f"{day[:4]}-{day[4:6]}-{day[6:8]}" if day else ""


def _waveform_title(sop_class: str, groups: list[waveforms.Group]) -> str:
    if any(ecg.twelve_leads(group) for group in groups):
        return "12-lead ECG"
    return _WAVEFORMS.get(sop_class.removeprefix("1.2.840.10008.5.1.4.1.1.9."), "Tracing")


_WAVEFORMS = {"1.1": "12-lead ECG", "1.2": "ECG", "1.3": "Ambulatory ECG", "1.4": "32-bit ECG", "2.1": "Haemodynamic tracing",
              "3.1": "Cardiac electrophysiology", "5.1": "Arterial pulse tracing", "6.1": "Respiratory tracing",
              "6.2": "Respiratory tracing", "7.1": "EEG", "7.2": "EMG", "7.3": "EOG", "7.4": "Sleep EEG"}  # fmt: skip


def _inner(job: Job, media_type: str, body: bytes, name: str) -> dict[str, Any]:
    name = "".join(c for c in name if c not in '/\\<>:"|?*').strip()[:120]
    return {"media_type": media_type, "file": job.save("document", body), "size": len(body), "name": name}


IDENTITY = ("0002", "0008", "0010", "0012", "0020", "0032", "0038", "0400")
"""Groups that archives rewrite when they export the same object again."""


def _shown_digest(job: Job, data: dict[str, Any]) -> str:
    """SHA-256 of what the object shows, whatever is written around it: two copies of one image agree, another image does not."""
    entry, inner = data["frames"], data.get("encapsulated")
    found = hashlib.sha256(f"{entry['rows']}x{entry['columns']}x{entry['count']}".encode())
    if entry["source"] == "original":
        job.file.seek(entry["offset"])
        _add(found, job.file, entry["frame_bytes"] * entry["count"])
    elif entry["pack"]:
        with (job.work / entry["pack"]).open("rb") as packed:
            _add(found, packed, entry["frame_bytes"] * entry["count"])
    elif inner and not data["content"]:
        with (job.work / inner["file"]).open("rb") as paper:
            _add(found, paper, inner["size"])
    else:
        shown = {tag: value for tag, value in data["metadata"].items() if not tag.startswith(IDENTITY)}
        found.update(json.dumps(shown, sort_keys=True).encode())
    return found.hexdigest()


def _add(found: Any, source: BinaryIO, left: int) -> None:
    while left and (chunk := source.read(min(left, 1 << 20))):
        found.update(chunk)
        left -= len(chunk)


def _meta_text(file: DicomFile, tag: int) -> str:
    element = file.meta.get(tag)
    return (element.value or b"").rstrip(b"\0 ").decode("ascii", "replace") if element else ""


def _digest(job: Job) -> str:
    if job.beginning:
        raise DicomError("dicom_truncated")
    job.file.seek(0)
    return hashlib.file_digest(job.file, "sha256").hexdigest()  # type: ignore[arg-type]


def _no_frames() -> dict[str, Any]:
    return {"source": "none", "count": 0, "offset": 0, "frame_bytes": 0, "rows": 0, "columns": 0, "pack": None}


def _frames(job: Job, file: DicomFile, shape: validate.Shape, values: Values, data: dict[str, Any]) -> None:
    assert file.pixels is not None
    body = file.inflated or job.file
    look = replace(frames.look_of(values, shape), overlays=overlays_of(values, shape, body))
    frames.complete(data["metadata"], shape)
    source = frames.source_of(file, shape, data["index"])
    tiles = bool((data["content"] or {}).get("tiles"))
    try:
        if source == "pack" and shape.frame_bytes * shape.frames > validate.MAX_DECODED_BYTES:
            raise DicomError("image_too_large")
        special = frames.check_codestreams(body, file, shape) if source == "pack" else None
    except DicomError:
        if not tiles:
            raise
        # A slide of gigabytes, or with smaller tiles at its edge: looked at tile by tile.
        file.flags.append("frames_not_shown")
        data["frames"].update(rows=shape.rows, columns=shape.columns)
        return
    if special and not frames.dcmdjpeg():
        source = "none"
    entry = data["frames"]
    entry.update(count=shape.frames, rows=shape.rows, columns=shape.columns, source=source)
    if source == "none":
        if file.pixels.tag == 0x7FE00010 and shape.bits_allocated <= 32:
            raise DicomError("transfer_syntax_unsupported")
        file.flags.append("frames_not_shown")
        return
    if source == "original":
        entry.update(offset=file.pixels.offset, frame_bytes=shape.frame_bytes)
        if job.thumbnail:
            middle = shape.frames // 2
            job.file.seek(file.pixels.offset + middle * shape.frame_bytes)
            pixels = render.pixels_of(job.file.read(shape.frame_bytes), look, shape.rows, shape.columns)
            data["thumbnail"] = job.save("thumb.jpg", render.thumbnail(pixels, look, frame=middle))
        data["look"] = look.to_json()
        return
    decoded = _dcmdjpeg(job, shape) if special else frames.decode(body, file, shape, values)
    _pack(job, shape, look, decoded, data)


def _pack(
    job: Job, shape: validate.Shape, look: render.Look, decoded: Iterator[np.ndarray], data: dict[str, Any]
) -> None:
    frames.patch(data["metadata"], shape)
    drawn = look.overlays
    colour = shape.samples > 1 or shape.photometric == "PALETTE COLOR"
    if colour:
        look = render.Look(photometric="RGB", samples=3, bits_allocated=8, bits_stored=8)
    elif shape.bits_allocated == 1:
        window = ((0.5, 1.0),)  # 0 black, 1 white
        look = render.Look(
            photometric=shape.photometric, bits_allocated=8, bits_stored=8, windows=window, function="LINEAR_EXACT"
        )
    look = replace(look, overlays=drawn)
    path = job.output("frames")
    middle, count, size = shape.frames // 2, 0, 0
    with path.open("wb") as out:
        for array in decoded:
            raw = array.tobytes()
            size = size or len(raw)
            if len(raw) != size:
                raise DicomError("dicom_pixels_damaged")
            out.write(raw)
            if count == middle and job.thumbnail:
                pixels = render.pixels_of(raw, look, shape.rows, shape.columns)
                data["thumbnail"] = job.save("thumb.jpg", render.thumbnail(pixels, look, frame=middle))
            count += 1
    if count != shape.frames or size != _decoded_size(shape, colour):
        raise DicomError("dicom_pixels_damaged")
    data["frames"].update(frame_bytes=size, pack=path.name, index_bytes=_index(job, path, shape.frames, data))
    data["look"] = look.to_json()


def _index(job: Job, pack: Path, count: int, data: dict[str, Any]) -> int:
    """Behind the decoded frames: where the compressed ones lie in the original, so that nobody else walks it. Returns its bytes."""
    if data["index"]["transfer_syntax_uid"] not in encapsulated.MEDIA_TYPES:
        return 0
    body = encapsulated.index(encapsulated.frames(job.file, job.size, count))
    if len(body) > encapsulated.MAX_INDEX_BYTES:
        return 0
    with pack.open("ab") as out:
        return out.write(body)


def _decoded_size(shape: validate.Shape, colour: bool) -> int:
    return shape.rows * shape.columns * (3 if colour else max(1, shape.bits_allocated // 8))


def _dcmdjpeg(job: Job, shape: validate.Shape) -> Iterator[np.ndarray]:
    """12-bit JPEG through DCMTK, which inherits limits and filter. Yields the frames of its plain copy."""
    program, path = frames.dcmdjpeg(), job.output("plain.dcm")
    assert program is not None
    source = job.output("source.dcm")  # by path: what the parent holds open cannot be opened again from in here
    job.file.seek(0)
    with source.open("wb") as out:
        shutil.copyfileobj(job.file, out, 1 << 20)
    done = subprocess.run(
        [program, "-q", str(source), str(path)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={"DCMDICTPATH": os.environ.get("DCMDICTPATH", ""), "PATH": "/usr/bin"} if "DCMDICTPATH" in os.environ else {},
        check=False,
    )  # fmt: skip
    source.unlink()
    job.written.remove(source.name)
    try:
        if done.returncode or not path.exists():
            raise DicomError("dicom_pixels_damaged")
        yield from _plain_frames(path, shape)
    finally:
        path.unlink(missing_ok=True)
        job.written.remove(path.name)


def _plain_frames(path: Path, shape: validate.Shape) -> Iterator[np.ndarray]:
    with path.open("rb") as source:
        plain = reader.read(source, path.stat().st_size)
        if (
            plain.pixels is None
            or plain.pixels.fragments is not None
            or plain.pixels.length < shape.frame_bytes * shape.frames
        ):
            raise DicomError("dicom_pixels_damaged")
        source.seek(plain.pixels.offset)
        kind = np.dtype(f"<{'i' if shape.signed else 'u'}{shape.bits_allocated // 8}")
        for _ in range(shape.frames):
            yield np.frombuffer(source.read(shape.frame_bytes), kind)


def _encapsulated(job: Job, file: DicomFile, sop_class: str, values: Values) -> dict[str, Any] | None:
    """Where a PDF or CDA lies inside (PS3.3 C.24.2), after a look whether it is one."""
    element = file.elements.get(0x00420011)
    if element is None:
        return None
    expected = validate.ENCAPSULATED.get(sop_class)
    media_type = values.text(0x00420012).lower()
    body: BinaryIO = file.inflated or job.file
    body.seek(element.offset)
    start = body.read(64).lstrip(b"\xef\xbb\xbf\r\n\t ")
    if expected is None:
        return None
    if media_type != expected[0] or not start.startswith(expected[1]):
        raise DicomError("encapsulated_type_mismatch")
    path = job.output("document")
    body.seek(element.offset)
    left = element.length
    with path.open("wb") as out:
        while left > 0 and (chunk := body.read(min(left, 1 << 20))):
            out.write(chunk)
            left -= len(chunk)
    return {"media_type": media_type, "file": path.name, "size": element.length}
