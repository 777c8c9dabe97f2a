"""A letter of a word processor in the child: turned into PDF by LibreOffice where it is installed, and shown from that.

It runs in a process of its own inside this one's filter and limits (no network, no write outside the work folder, bounded memory and
time), with a profile of its own in which macros are off and links are never followed. Where it is missing or fails, the file is kept
and said so.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from .job import Job, Outcome, Refused

LETTERS = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/rtf": "rtf",
    "application/msword": "doc",
}
OLE = "application/x-ole-storage"
SECONDS = 90
_COMMON = "/org.openoffice.Office.Common/Security/Scripting"
_SETTINGS = (
    (_COMMON, "MacroSecurityLevel", "3"),
    (_COMMON, "DisableMacrosExecution", "true"),
    (_COMMON, "DisableActiveContent", "true"),
    (_COMMON, "BlockUntrustedRefererLinks", "true"),
    ("/org.openoffice.Office.Writer/Content/Update", "Link", "0"),
)
_PROFILE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">'
    + "".join(
        f'<item oor:path="{path}"><prop oor:name="{name}"><value>{value}</value></prop></item>'
        for path, name, value in _SETTINGS
    )
    + "</oor:items>\n"
)


def handle(job: Job, media_type: str) -> Outcome:
    """A file that is not a ZIP: RTF, or the storage of older programs."""
    flags: list[str] = []
    if media_type == OLE:
        names = _stored_names(job)
        if "Catalog" in names and len(names) > 2 and all(name.isdigit() or name in _THUMBS for name in names):
            return Outcome("office", media_type, status="left_out", code="system_file")
        media_type = "application/msword" if "WordDocument" in names else media_type
        flags = ["office_macros"] if {"Macros", "_VBA_PROJECT_CUR"} & names else []
    return convert(job, Outcome("office", media_type, code="kept_not_shown", flags=flags))


_THUMBS = frozenset({"Root Entry", "Catalog"})


def _stored_names(job: Job) -> set[str]:
    """Names in the first sectors of the directory of a compound file ([MS-CFB] 2.2 and 2.6)."""
    if len(job.head) < 512:
        return set()
    shift = int.from_bytes(job.head[30:32], "little")
    first = int.from_bytes(job.head[48:52], "little")
    if shift not in (9, 12):
        return set()
    job.file.seek((first + 1) << shift)
    body = job.file.read(8 << shift)
    names = set()
    for place in range(0, len(body) - 127, 128):
        length = int.from_bytes(body[place + 64 : place + 66], "little")
        if 2 < length <= 64 and body[place + 66] in (1, 2, 5):
            names.add(body[place : place + length - 2].decode("utf-16-le", "replace"))
    return names


def convert(job: Job, outcome: Outcome) -> Outcome:
    """Pages, text and a PDF copy of a letter; `outcome` with `office_not_shown` where that cannot be had."""
    ending = LETTERS.get(outcome.media_type)
    if ending is None:
        return outcome
    outcome.code = "office_not_shown"
    if not job.limits.office:
        outcome.data = {"convertible": True}
        return outcome
    from . import pdf

    made = _pdf_of(job, ending)
    if made is None:
        return outcome
    with made.open("rb") as file:
        size = made.stat().st_size
        inner = Job(
            job.number, file, size, file.read(4096), job.work, job.limits, None, job.depth, job.thumbnail, job.written
        )
        try:
            shown = pdf.handle(inner)
        except Refused:
            return outcome
    data = {**shown.data, "view_copy": shown.data.get("view_copy") or made.name}
    return Outcome("office", outcome.media_type, flags=[*outcome.flags, *shown.flags], data=data)


def _pdf_of(job: Job, ending: str) -> Path | None:
    room = job.work / f"office-{job.number:05d}"
    profile = job.work / "office-profile"
    room.mkdir()
    if not profile.exists():
        (profile / "user").mkdir(parents=True)
        (profile / "user" / "registrymodifications.xcu").write_text(_PROFILE)
    source = room / f"letter.{ending}"
    job.file.seek(0)
    with source.open("wb") as out:
        while chunk := job.file.read(1 << 20):
            out.write(chunk)
    result = room / "letter.pdf"
    command = [sys.executable, "-I", str(Path(__file__).with_name("lok.py")), job.limits.office]
    command += [profile.as_uri(), source.as_uri(), result.as_uri()]
    environment = {
        "HOME": str(room),
        "TMPDIR": str(room),
        "LANG": "C.UTF-8",
        "PATH": "/usr/bin:/bin",
        "SAL_USE_VCLPLUGIN": "svp",
    }
    silent = subprocess.DEVNULL
    try:
        subprocess.run(
            command, env=environment, cwd=room, stdin=silent, stdout=silent, stderr=silent, timeout=SECONDS, check=False
        )
    except (subprocess.TimeoutExpired, OSError):
        return None
    if not result.exists() or result.is_symlink() or not result.stat().st_size:
        return None
    target = job.output("letter.pdf")
    os.replace(result, target)
    return target
