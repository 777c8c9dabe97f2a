"""Video inside a DICOM object (PS3.5 section 8.2.5 to 8.2.8): taken out as one stream, and put into an MP4 that browsers play.

H.264 in an MP4 is kept as it is. H.264 in a transport stream or bare is put into MP4 without touching a picture, MPEG-2 and HEVC are
encoded anew as H.264; both by ffmpeg where it is installed. Without it the stream is kept in the original and said to be.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from records.dicom.reader import DicomError, DicomFile
from records.dicom.validate import H264, Shape

from .job import Job

MAX_BYTES = 1024**3


def ffmpeg() -> str | None:
    return shutil.which("ffmpeg", path="/usr/bin:/usr/local/bin")


def handle(job: Job, file: DicomFile, shape: Shape, data: dict[str, Any]) -> dict[str, Any]:
    """Write the stream; `data["frames"]["pack"]` names the MP4. Raises DicomError when it is no video at all."""
    assert file.pixels is not None and file.pixels.fragments is not None
    if sum(length for _, length in file.pixels.fragments) > MAX_BYTES:
        raise DicomError("too_large")
    source = job.output("stream")
    with source.open("wb") as out:
        for offset, length in file.pixels.fragments:
            job.file.seek(offset)
            left = length
            while left > 0 and (chunk := job.file.read(min(left, 1 << 20))):
                out.write(chunk)
                left -= len(chunk)
    with source.open("rb") as stream:
        head = stream.read(4096)
    container = _container(head)
    if not container:
        raise DicomError("dicom_pixels_damaged")
    name: str | None = source.name
    if container != "mp4" or file.transfer_syntax not in H264:
        name = _playable(job, source, copy=file.transfer_syntax in H264)
        source.unlink()
        job.written.remove(source.name)
    seconds = shape.frames / rate if (rate := _rate(data)) else None
    if name is None:
        file.flags.append("video_not_shown")
    data["video"] = name
    return {
        "kind": "video", "media_type": "video/mp4" if name else "", "rows": shape.rows, "columns": shape.columns, "seconds": seconds,
    }  # fmt: skip


def _container(head: bytes) -> str:
    if head[4:8] == b"ftyp":
        return "mp4"
    if head[:1] == b"\x47" and head[188:189] in (b"\x47", b""):
        return "ts"
    if head[:4] == b"\0\0\0\x01" or head[:3] == b"\0\0\x01":
        return "bare"
    return ""


def _rate(data: dict[str, Any]) -> float:
    """Pictures a second: Cine Rate, or from Frame Time in ms."""
    values = (data["metadata"].get("00180040") or {}).get("Value") or []
    if values and isinstance(values[0], (int, float)) and values[0] > 0:
        return float(values[0])
    time = data["index"].get("frame_time")
    return 1000.0 / time if time else 0.0


def _playable(job: Job, source: Path, *, copy: bool) -> str | None:
    program = ffmpeg()
    if program is None:
        return None
    target = job.output("video.mp4")
    codec = (
        ["-c:v", "copy"] if copy else ["-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p"]
    )
    done = subprocess.run(
        [
            program, "-nostdin", "-v", "quiet", "-threads", "1", "-protocol_whitelist", "file", "-i", str(source), "-an", "-sn",
            "-dn", *codec, "-movflags", "+faststart", "-threads", "1", "-f", "mp4", "-y", str(target),
        ],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={}, check=False,
    )  # fmt: skip
    if done.returncode or not target.exists() or not target.stat().st_size:
        raise DicomError("dicom_pixels_damaged")
    return target.name
