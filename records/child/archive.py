"""ZIP, tar, gzip and copies of discs in the child: every member becomes a numbered file in the work folder; names are only labels."""

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
from contextlib import suppress
from typing import IO, Any, cast

from records.dicom.metadata import clean

from . import iso, office
from .job import Job, Outcome, Refused
from .names import Names, ZipNames

CHUNK = 1 << 20
FREE = 32 * 1024 * 1024  # bytes that any archive may hold whatever its ratio
RATIO = 120  # all members over the archive's own size; black 16-bit images reach 100
PROOF = 4 * CHUNK  # bytes of a locked member that are unpacked to see whether the password is right
LOOKED_AT = 200  # members of a program that unpacks itself
DISC_RATIO = 4  # entries of a disc may share bytes, but not many times over
_SYSTEM = re.compile(r"(^|/)(__MACOSX/|\.DS_Store$|\._[^/]*$|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)
_BUNDLE = re.compile(r"\.(app|framework|bundle)/", re.IGNORECASE)
"""A program for the Mac is a folder, and links inside it are normal."""
_IWORK = re.compile(r"Index/\w+\.iwa\Z")
"""What Pages, Numbers and Keynote write."""
DISC = "application/x-iso9660-image"


OPEN_DOCUMENTS = frozenset(
    f"application/vnd.oasis.opendocument.{one}" for one in ("text", "spreadsheet", "presentation", "graphics")
)
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, struct.error, RuntimeError, NotImplementedError)
Member = tuple[str, IO[bytes] | None, int | None]
"""(label, bytes, stated size); None instead of bytes: a part of a program that is only named."""


def handle(job: Job, media_type: str) -> Outcome:
    if media_type == "application/zip":
        with _zip(job) as archive:
            whole = _office(archive) or _program(archive)
            if whole is not None:
                return office.convert(job, whole) if whole.kind == "office" else whole
            _check_depth(job)
            return _extract(job, media_type, _zip_members(job, archive))
    _check_depth(job)
    if media_type == "message/rfc822":
        from . import mail, text

        parts = mail.parts(job)
        return _extract(job, media_type, iter(parts)) if len(parts) > 1 else text.of_mail(job, parts)
    if media_type == DISC:
        return _extract(job, media_type, _disc_members(job))
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
    if "Index.zip" in names or "buildVersionHistory.plist" in names or any(_IWORK.match(name) for name in names):
        return Outcome("office", "application/vnd.apple.iwork", code="kept_not_shown")
    if "mimetype" in names and "META-INF/manifest.xml" in names:
        with suppress(*_BROKEN), archive.open("mimetype") as stream:
            said = stream.read(100).decode("ascii", "replace").strip()
            if said in OPEN_DOCUMENTS:
                flags = ["office_macros"] if any(name.startswith("Basic/") for name in names) else []
                return Outcome("office", said, code="kept_not_shown", flags=flags)
        return Outcome("office", "application/vnd.oasis.opendocument.text", code="kept_not_shown")
    return None


def _program(archive: zipfile.ZipFile) -> Outcome | None:
    """A Java program is a ZIP as well."""
    names = archive.namelist()
    if "META-INF/MANIFEST.MF" in names and (
        "META-INF/MANIFEST.MF" in names[:2] or any(name.endswith(".class") for name in names)
    ):
        return Outcome("viewer_program", "application/java-archive", status="left_out", code="viewer_program")
    return None


def holds_images(job: Job) -> bool:
    """Whether this ZIP, whatever stands in front of it, has a table of contents of a disc or a DICOM file among its first members."""
    with suppress(*_BROKEN, OSError), zipfile.ZipFile(job.file) as archive:
        for entry in archive.infolist()[:LOOKED_AT]:
            name = entry.filename.rsplit("/", 1)[-1].lower()
            if name == "dicomdir" or name.endswith(".dcm"):
                return True
            if entry.flag_bits & 1 or entry.is_dir() or entry.file_size < 132:
                continue
            with suppress(*_BROKEN), archive.open(entry) as stream:
                if stream.read(132)[128:] == b"DICM":
                    return True
    return False


def safe_label(name: str) -> str:
    """A member's path for display. Raises Refused for paths that lead out of the archive."""
    path = name.replace("\\", "/")
    if path.startswith("/") or re.match(r"[A-Za-z]:", path) or ".." in path.split("/"):
        raise Refused("zip_unsafe_path")
    return "/".join(clean(part).strip() or "_" for part in path.split("/") if part)[:500] or "_"


def _extract(job: Job, media_type: str, members: Iterator[Member]) -> Outcome:
    allowed = min(job.limits.extracted, max(FREE, RATIO * job.size))
    total = 0
    found: list[dict[str, Any]] = []
    left_out: list[str] = []
    programs: list[str] = []
    labels: dict[str, int] = {}
    for label, stream, stated in members:
        if _SYSTEM.search(label):
            left_out.append(label)
            continue
        if stream is None:
            programs.append(label)
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
    data = {"members": found, "left_out": left_out[:1000], "programs": programs[:1000]}
    return Outcome("archive", media_type, "container", data=data)


def _disc_members(job: Job) -> Iterator[Member]:
    found = iso.entries(job)
    if sum(entry.size for entry in found) > max(FREE, DISC_RATIO * job.size):
        raise Refused("zip_bomb")
    names = Names(entry.path for entry in found)
    for entry in found:
        yield (
            safe_label(names.of(entry.path).replace("\\", "_")),
            cast(IO[bytes], iso.Slices(job.file, entry.pieces)),
            entry.size,
        )


def _zip_members(job: Job, archive: zipfile.ZipFile) -> Iterator[Member]:
    entries = archive.infolist()
    if len(entries) > job.limits.entries * 2:
        raise Refused("zip_too_many_entries")
    _check_zip(job, entries)
    if any(entry.flag_bits & 1 and not entry.is_dir() for entry in entries):
        yield from _locked_members(job, entries)
        return
    names = ZipNames(entries)
    for entry in entries:
        if entry.is_dir():
            continue
        label = safe_label(names.of(entry))
        if _is_link(entry):
            yield label, None, None
            continue
        try:
            with archive.open(entry) as stream:
                yield label, stream, entry.file_size
        except NotImplementedError:
            raise Refused("archive_unsupported") from None
        except _BROKEN:
            raise Refused("zip_damaged") from None


def _locked_members(job: Job, entries: list[zipfile.ZipInfo]) -> Iterator[Member]:
    """Members under a password: the old cipher of PKZIP, or WinZip's AES (APPNOTE.TXT 6.1; WinZip AE-1 and AE-2)."""
    if any(entry.flag_bits & 0x41 == 0x41 for entry in entries):
        raise Refused("zip_encryption_unsupported")  # "strong encryption", which nobody else reads either
    if job.password is None:
        raise Refused("zip_password", status="needs_password")
    import pyzipper

    with pyzipper.AESZipFile(job.file) as archive:
        secret = _secret(archive, job.password)
        names = ZipNames(archive.infolist())
        for entry in archive.infolist():
            if entry.is_dir():
                continue
            label = safe_label(names.of(entry))
            if _is_link(entry):
                yield label, None, None
                continue
            try:
                with archive.open(entry, pwd=secret) as stream:
                    yield label, stream, entry.file_size
            except NotImplementedError:
                raise Refused("archive_unsupported") from None


def _secret(archive: Any, password: str) -> bytes:
    """The password in the bytes that open the archive: programs disagree about how letters beyond ASCII are written.

    The smallest member is the proof, read to its end: the old cipher's own check lets one wrong password in 256 pass.
    """
    locked = [entry for entry in archive.infolist() if entry.flag_bits & 1 and not entry.is_dir()]
    proof = min(locked, key=lambda entry: (not entry.file_size, entry.file_size))
    found = [password.encode("utf-8")]
    for name in ("cp1252", "cp437"):
        with suppress(UnicodeEncodeError):
            found.append(password.encode(name))
    for secret in dict.fromkeys(found):
        try:
            with archive.open(proof, pwd=secret) as stream:
                read = 0
                while read < PROOF and (chunk := stream.read(CHUNK)):
                    read += len(chunk)
            return secret
        except NotImplementedError:
            raise Refused("archive_unsupported") from None
        except MemoryError:
            raise
        except Exception:  # noqa: S112 -- a wrong password shows as any error that an unpacker has
            continue
    raise Refused("zip_password_wrong", status="needs_password")


def _is_link(entry: Any) -> bool:
    return stat.S_ISLNK(entry.external_attr >> 16)


def _check_zip(job: Job, entries: list[zipfile.ZipInfo]) -> None:
    """Paths, links, stated sizes and overlaps, before anything is inflated."""
    spans = []
    for entry in entries:
        if _is_link(entry) and not _BUNDLE.search(safe_label(entry.filename)):
            raise Refused("zip_symlink")
        safe_label(entry.filename)
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


def _tar_members(job: Job, media_type: str) -> Iterator[Member]:
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
        names = Names()
        with tarfile.open(fileobj=plain, mode="r|", encoding="utf-8", errors="surrogateescape") as archive:
            for entry in archive:
                label = safe_label(names.of(entry.name))
                if entry.issym() or entry.islnk():
                    if not _BUNDLE.search(label):
                        raise Refused("zip_symlink")
                    yield label, None, None
                    continue
                if entry.isdir():
                    continue
                content = archive.extractfile(entry) if entry.isreg() else None
                if content is None:
                    raise Refused("archive_unsupported")
                yield label, content, entry.size
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, ValueError):
        raise Refused("zip_damaged") from None
