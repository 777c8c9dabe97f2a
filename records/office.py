"""Where LibreOffice is, which turns letters of word processors into PDF. It is welcome and not needed."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

from records.child.protocol import Limits

MEMORY = 1200 * 1024**2
"""Address space in bytes; it uses about 250 MB of it."""


LIBRARIES = ("libmergedlo.so", "libsofficeapp.so")
"""Debian links all of it into the first; other builds have the second."""


@cache
def program() -> str:
    """The folder of its programs, or ""."""
    for name in ("soffice", "libreoffice"):
        found = shutil.which(name)
        folder = Path(found).resolve().parent if found else None
        if folder is not None and any((folder / library).is_file() for library in LIBRARIES):
            return str(folder)
    return ""


def limits() -> Limits:
    return Limits(memory=MEMORY, office=program())
