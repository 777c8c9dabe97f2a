"""ZIP, tar and gzip in the child: every member becomes a numbered file in the work folder; names are only labels."""

from __future__ import annotations

import gzip
import itertools
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any

from records.dicom.metadata import clean

from .job import Job, Outcome, Refused

CHUNK = 1 << 20
FREE = 20 * 1024 * 1024  # bytes that any archive may hold whatever its ratio
RATIO = 120  # all members over the archive's own size; black 16-bit images reach 100
_SYSTEM = re.compile(r"(^|/)(__MACOSX/|\.DS_Store$|\._[^/]*$|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)


def handle(job: Job, media_type: str) -> Outcome:
    if media_type == "application/zip":
        with _zip(job) as archive:
            office = _office(archive)
            if office is not None:
                return office
            _check_depth(job)
            return _extract(job, media_type, _zip_members(job, archive))
    _check_depth(job)
    if media_type in ("application/gzip", "application/x-tar"):
        return _extract(job, media_type, _tar_members(job, media_type))
    raise Refused("archive_unsupported")


def _check_depth(job: Job) -> None:
    if job.depth > job.limits.depth:
        raise Refused("zip_nested")


def _zip(job: Job) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(job.file)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise Refused("zip_damaged") from None


def _office(archive: zipfile.ZipFile) -> Outcome | None:
    """Word, Excel, PowerPoint and OpenDocument files are ZIPs too; they are kept whole."""
    names = set(archive.namelist())
    kinds = {"word/": "wordprocessingml.document", "xl/": "spreadsheetml.sheet", "ppt/": "presentationml.presentation"}
    if "[Content_Types].xml" in names:
        flags = ["office_macros"] if any(name.endswith("vbaProject.bin") for name in names) else []
        ending = next((kinds[start] for start in kinds if any(name.startswith(start) for name in names)), None)
        media = f"application/vnd.openxmlformats-officedocument.{ending}" if ending else "application/zip"
        return Outcome("office", media, code="kept_not_shown", flags=flags)
    if "mimetype" in names and "META-INF/manifest.xml" in names:
        return Outcome("office", "application/vnd.oasis.opendocument.text", code="kept_not_shown")
    return None


def safe_label(name: str) -> str:
    """A member's path for display. Raises Refused for paths that lead out of the archive."""
    path = name.replace("\\", "/")
    if path.startswith("/") or re.match(r"[A-Za-z]:", path) or ".." in path.split("/"):
        raise Refused("zip_unsafe_path")
    return "/".join(clean(part).strip() or "_" for part in path.split("/") if part)[:500] or "_"


def _extract(job: Job, media_type: str, members: Iterator[tuple[str, IO[bytes], int | None]]) -> Outcome:
    allowed = min(job.limits.extracted, max(FREE, RATIO * job.size))
    total = 0
    found: list[dict[str, Any]] = []
    left_out: list[str] = []
    labels: dict[str, int] = {}
    for label, stream, stated in members:
        if _SYSTEM.search(label):
            left_out.append(label)
            continue
        if len(found) >= job.limits.entries:
            raise Refused("zip_too_many_entries")
        path = job.output(f"m{len(found) + 1:05d}")
        size = 0
        with path.open("wb") as out:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                total += len(chunk)
                if total > allowed:
                    raise Refused("zip_too_large" if total > job.limits.extracted else "zip_bomb")
                out.write(chunk)
        if stated is not None and size != stated:
            raise Refused("zip_size_mismatch")
        labels[label] = labels.get(label, 0) + 1
        if labels[label] > 1:
            label = f"{label} ({labels[label]})"
        found.append({"name": label, "size": size, "file": path.name})
    if not any(member["size"] for member in found):
        raise Refused("archive_empty")
    return Outcome("archive", media_type, "container", data={"members": found, "left_out": left_out[:1000]})


def _zip_members(job: Job, archive: zipfile.ZipFile) -> Iterator[tuple[str, IO[bytes], int | None]]:
    entries = archive.infolist()
    if len(entries) > job.limits.entries * 2:
        raise Refused("zip_too_many_entries")
    _check_zip(job, entries)
    password = job.password.encode() if job.password else None
    for entry in entries:
        if entry.is_dir():
            continue
        if entry.flag_bits & 1:
            if entry.compress_type == 99:
                raise Refused("zip_encryption_unsupported")
            if password is None:
                raise Refused("zip_password", status="needs_password")
        try:
            with archive.open(entry, pwd=password) as stream:
                yield safe_label(entry.filename), stream, entry.file_size
        except RuntimeError:
            raise Refused("zip_password_wrong", status="needs_password") from None
        except NotImplementedError:
            raise Refused("archive_unsupported") from None
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, struct.error):
            raise Refused("zip_damaged") from None


def _check_zip(job: Job, entries: list[zipfile.ZipInfo]) -> None:
    """Paths, links, stated sizes and overlaps, before anything is inflated."""
    spans = []
    for entry in entries:
        safe_label(entry.filename)
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise Refused("zip_symlink")
        spans.append((entry.header_offset, entry.compress_size))
    spans.sort()
    for (start, size), (following, _) in itertools.pairwise(spans):
        if start + 30 + size > following:
            raise Refused("zip_overlap")
    total = sum(entry.file_size for entry in entries)
    if total > max(FREE, RATIO * job.size):
        raise Refused("zip_bomb")
    if total > job.limits.extracted:
        raise Refused("zip_too_large")
    for entry in entries:
        _check_local(job, entry)


def _check_local(job: Job, entry: zipfile.ZipInfo) -> None:
    """The local header must state the sizes of the directory, or leave them to the data descriptor (bit 3)."""
    job.file.seek(entry.header_offset)
    raw = job.file.read(30)
    if len(raw) < 30 or raw[:4] != b"PK\x03\x04":
        raise Refused("zip_damaged")
    bits, compressed, size = struct.unpack_from("<6xH10xII", raw)
    if bits & 8 or 0xFFFFFFFF in (compressed, size):
        return
    if (compressed, size) != (entry.compress_size, entry.file_size):
        raise Refused("zip_size_mismatch")


class _Bounded:
    """A gzip stream that stops at the allowed size, so that a bomb inside a tar header cannot run either."""

    def __init__(self, stream: IO[bytes], allowed: int) -> None:
        self.stream, self.left = stream, allowed

    def read(self, size: int = -1) -> bytes:
        chunk = self.stream.read(min(size if size >= 0 else CHUNK, CHUNK))
        self.left -= len(chunk)
        if self.left < 0:
            raise Refused("zip_bomb")
        return chunk


def _tar_members(job: Job, media_type: str) -> Iterator[tuple[str, IO[bytes], int | None]]:
    job.file.seek(0)
    try:
        if media_type == "application/gzip":
            with gzip.GzipFile(fileobj=job.file) as probe:
                start = probe.read(512)
            job.file.seek(0)
            plain: Any = gzip.GzipFile(fileobj=job.file)
            if start[257:262] != b"ustar":
                yield "content", plain, None
                return
            plain = _Bounded(plain, max(FREE, RATIO * job.size))
        else:
            plain = job.file
        with tarfile.open(fileobj=plain, mode="r|") as archive:
            for entry in archive:
                label = safe_label(entry.name)
                if entry.issym() or entry.islnk():
                    raise Refused("zip_symlink")
                if entry.isdir():
                    continue
                stream = archive.extractfile(entry) if entry.isreg() else None
                if stream is None:
                    raise Refused("archive_unsupported")
                yield label, stream, entry.size
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, ValueError):
        raise Refused("zip_damaged") from None
