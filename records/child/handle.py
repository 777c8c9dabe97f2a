"""Find out by content what a file is and hand it to the module of its kind."""

from __future__ import annotations

import errno
import io
import os
import re
from pathlib import Path
from typing import Any, BinaryIO, cast

from records.dicom.reader import DicomError, looks_like_dicom

from . import iso
from .job import Job, Outcome, Refused
from .protocol import Limits
from .wide import as_utf_8, two_byte_letters

HEAD = 4096
_STARTS: tuple[tuple[tuple[bytes, ...], str, str], ...] = (
    ((b"PK\x03\x04", b"PK\x05\x06"), "archive", "application/zip"),
    ((b"\x1f\x8b",), "archive", "application/gzip"),
    (
        (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"),
        "archive",
        "application/octet-stream",
    ),
    ((b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",), "office", "application/x-ole-storage"),
    ((b"{\\rtf",), "office", "application/rtf"),
    (
        (
            *(
                b"MZ",
                b"\x7fELF",
                b"\xcf\xfa\xed\xfe",
                b"\xfe\xed\xfa\xcf",
                b"\xca\xfe\xba\xbe",
            ),  # Windows, Linux, Mac, Java
            *(
                b"MSCF",
                b"ITSF\x03\0\0\0",
                b"L\0\0\0\x01\x14\x02\0",
                b"\0\0\1\0\1\0",
                b"\0\0\1\0\2\0",
            ),  # cab, help, link, icons
        ),
        "viewer_program",
        "application/octet-stream",
    ),
)
_IMAGES = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    *((mark, "tiff") for mark in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),  # the latter two above 4 GB
    *((mark, "gif") for mark in (b"GIF87a", b"GIF89a")),
    *((mark, "jp2") for mark in (b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")),
)
_BITMAP = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
"""Sizes of the second header of a BMP: notes begin with "BMI" or "BMP" as well."""
_ANYMAP = re.compile(rb"(?:P4\s(?:#[^\n]*\n)*\d+\s+\d+|P[56]\s(?:#[^\n]*\n)*\d+\s+\d+\s+(?:#[^\n]*\n)*\d+)\s")
_CONTROLS = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_HEIF = frozenset({b"heic", b"heix", b"mif1", b"msf1", b"hevc", b"heim", b"avif", b"avis"})
_VIDEO = (b"\x1aE\xdf\xa3", b"\0\0\1\xba", b"\0\0\1\xb3", b"FLV\1", b"0&\xb2u\x8ef\xcf\x11")
_JSON = re.compile(rb"\{\s*[\"}]|\[\s*[\[{\"\]]")
"""How JSON begins; a letter may begin with a bracket too."""
_HEADER = re.compile(rb"([A-Za-z][A-Za-z0-9-]{0,60}):[^\n]*\n(?:[ \t][^\n]*\n)*")
_MAIL = frozenset({b"message-id", b"mime-version", b"return-path", b"delivered-to", b"dkim-signature"})
_MAIL_TOO = _MAIL | {b"received", b"content-type", b"content-transfer-encoding"}
"""Header lines of mail and saved web pages (RFC 5322). Letters begin with "From:" and lists of values with "Received:" too."""
_MACHINE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.EACCES})


class MachineTrouble(Exception):
    """Disk full and the like: no verdict on the file."""


class Beginning(io.RawIOBase):
    """The first `held` bytes of a file. Who asks for one behind them is told that the file is cut; `beyond` says that it was tried."""

    def __init__(self, held: bytes) -> None:
        super().__init__()
        self._held, self._at, self.beyond, self.held = held, 0, False, len(held)

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset
        return offset

    def read(self, size: int = -1) -> bytes:
        found = self._held[self._at : self._at + max(0, size)]
        if len(found) != size:
            self.beyond = True
            raise DicomError("dicom_truncated")
        self._at += len(found)
        return found


def handle(entry: dict[str, Any], work: Path, limits: Limits) -> dict[str, Any]:
    """The result of one input as the protocol wants it. Whatever the file does, this returns (or the process dies)."""
    if "beginning" in entry:
        file, size = cast(BinaryIO, Beginning(entry["beginning"])), entry["size"]
    else:
        file = cast(BinaryIO, os.fdopen(os.dup(entry["fd"]), "rb"))
        size = os.fstat(entry["fd"]).st_size
    with file:
        file.seek(0)
        head = entry["beginning"][:HEAD] if "beginning" in entry else file.read(HEAD)
        job = Job(
            entry["i"],
            file,
            size,
            head,
            work,
            limits,
            entry["password"],
            entry["depth"],
            entry["thumbnail"],
            trailing=entry["trailing"],
            beginning="beginning" in entry,
        )
        kind, media_type = sniff(head)
        if kind == "other" and not job.beginning and size > iso.FIRST and iso.is_disc(job):
            kind, media_type = "archive", "application/x-iso9660-image"
        if kind == "viewer_program" and head.startswith(b"MZ") and not job.beginning and _unpacks_images(job):
            kind, media_type = "archive", "application/zip"
        try:
            outcome = (
                _words(job, kind, media_type, entry["words"])
                if entry.get("words")
                else _dispatch(job, kind, media_type)
            )
            if job.beginning and cast(Beginning, file).beyond:
                raise Refused("dicom_truncated")
        except (Refused, DicomError) as refusal:
            status = getattr(refusal, "status", "rejected")
            if refusal.code == "dicom_trailing_data":
                status = "quarantined"
            job.discard()
            outcome = Outcome(kind, media_type, status, refusal.code)
        except MemoryError:
            job.discard()
            outcome = Outcome(kind, media_type, "rejected", "unsafe_memory")
        except Exception as error:
            if isinstance(error, OSError) and error.errno in _MACHINE:
                raise MachineTrouble from None
            # A parser's surprise is the file's fault; its text may quote the file and stays here.
            job.discard()
            too_large = isinstance(error, OSError) and error.errno == errno.EFBIG
            outcome = Outcome(kind, media_type, "rejected", "too_large" if too_large else _damaged(kind))
    return {
        "status": outcome.status,
        "code": outcome.code,
        "kind": outcome.kind,
        "media_type": outcome.media_type,
        "flags": sorted(set(outcome.flags)),
        "data": outcome.data,
        "outputs": job.outputs(),
    }


def _unpacks_images(job: Job) -> bool:
    """Whether a program is a ZIP as well, one that unpacks itself, and scans are in it."""
    from . import archive

    return archive.holds_images(job)


def sniff(head: bytes) -> tuple[str, str]:
    """(kind, media type) from the first bytes."""
    if len(head) > 128 and b"DICM".startswith(head[128:132]) and b"\0" in head:
        return "dicom", "application/dicom"
    for starts, kind, media_type in _STARTS:
        if head.startswith(starts) and not (head.startswith((b"MZ", b"MSCF")) and b"\0" not in head[:64]):
            return kind, media_type
    if head[257:262] == b"ustar":
        return "archive", "application/x-tar"
    if picture := _picture(head):
        return "image", f"image/{picture}"
    if _is_video(head):
        return "other", "video/mp4"
    if head.lstrip(b"\xef\xbb\xbf\r\n\t \0").startswith(b"%PDF-"):
        return "pdf", "application/pdf"
    if looks_like_dicom(head) and b"\0" in head:
        return "dicom", "application/dicom"
    if two_byte_letters(head):
        kind, media_type = _sniff_text(as_utf_8(head))
        return (kind, media_type) if kind in ("xml", "json", "other") else ("text", "text/plain")
    return _sniff_text(head)


def _is_video(head: bytes) -> bool:
    """The first box of MP4 and QuickTime begins with its length; words may have "wide" there."""
    if head[4:8] in (b"ftyp", b"moov", b"wide", b"mdat") and b"\0" in head[:4]:
        return True
    return head.startswith(_VIDEO) or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")


def _picture(head: bytes) -> str:
    """The second half of a picture's media type; "" for anything else."""
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF:
        return "avif" if head[8:11] == b"avi" else "heic"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BITMAP:
        return "bmp"
    if (header := _ANYMAP.match(head)) and not _is_readable(head[header.end() :]):
        return "x-portable-anymap"
    return next((name for mark, name in _IMAGES if head.startswith(mark)), "")


def _is_readable(rest: bytes) -> bool:
    """Whether words follow and no pixels: "P5 10 2 5 mg" is an order."""
    return not _CONTROLS.search(rest) and (b" " in rest or b"\n" in rest)


def _is_mail(start: bytes) -> bool:
    """Whether two different header lines are there that only mail has, one of which nobody would write into a paper."""
    place = start.find(b"\n") + 1 if start.startswith(b"From ") else 0
    names = set()
    while line := _HEADER.match(start, place):
        names.add(line[1].lower())
        place = line.end()
    return bool(names & _MAIL) and len(names & _MAIL_TOO) > 1


def _sniff_text(head: bytes) -> tuple[str, str]:
    if not head:
        return "other", "application/octet-stream"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if _is_mail(start):
        return "archive", "message/rfc822"
    lowered = start[:1024].lower()
    if lowered.startswith(b"[autorun"):
        return "viewer_program", "text/plain"
    if lowered.startswith((b"<!doctype html", b"<html", b"<script", b"<svg")) or b"<svg" in lowered[:512]:
        return "other", "image/svg+xml" if b"<svg" in lowered else "text/html"
    if b"%pdf-" in lowered:
        return "pdf", "application/pdf"
    if re.match(rb"<[?!a-z_]", lowered):
        return "xml", "application/xml"
    if _JSON.match(lowered):
        return "json", "application/json"
    if start.startswith((b"MSH", b"FHS", b"BHS")):
        return "text", "text/plain"
    if b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "other", "application/octet-stream"
    return "text", "text/plain"


def _damaged(kind: str) -> str:
    return {
        "dicom": "dicom_damaged", "pdf": "pdf_damaged", "image": "image_damaged", "archive": "zip_damaged",
        "xml": "xml_damaged", "json": "json_damaged", "text": "text_damaged",
    }.get(kind, "type_unsupported")  # fmt: skip


def _words(job: Job, kind: str, media_type: str, order: list[Any]) -> Outcome:
    from . import ocr

    return ocr.handle(job, kind, media_type, first=int(order[0]), last=int(order[1]), languages=str(order[2]))


def _dispatch(job: Job, kind: str, media_type: str) -> Outcome:
    # Imported when first needed: a batch of CT slices pays for no PDF library.
    if not job.size:
        raise Refused("empty")
    if job.beginning and kind != "dicom":
        raise Refused("dicom_truncated")
    if kind == "dicom":
        from . import dicom

        return dicom.handle(job)
    if kind == "pdf":
        from . import pdf

        return pdf.handle(job)
    if kind == "image":
        from . import image

        return image.handle(job, media_type)
    if kind == "archive":
        from . import archive

        return archive.handle(job, media_type)
    if kind in ("xml", "json", "text"):
        from . import text

        return {"xml": text.handle_xml, "json": text.handle_json, "text": text.handle_text}[kind](job)
    if kind == "office":
        from . import office

        return office.handle(job, media_type)
    if kind == "viewer_program":
        return Outcome(kind, media_type, status="left_out", code="viewer_program")
    raise Refused("video_unsupported" if media_type == "video/mp4" else "type_unsupported")
