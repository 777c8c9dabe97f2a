"""The bytes of an original as they leave the house."""

from __future__ import annotations

from collections.abc import Iterator

from portal.core import storage
from portal.core.models import StoredObject
from records.models import File

PREAMBLE = 128
"""Bytes before "DICM" (PS3.10 section 7.1); they mean nothing to a reader of DICOM."""


def body_of(file: File, stored: StoredObject) -> Iterator[bytes]:
    """The stored bytes; a preamble that makes the file a program as well is given as zeros, in the same length."""
    return _without_preamble(stored) if "executable_preamble" in file.warnings else storage.read_range(stored)


def _without_preamble(stored: StoredObject) -> Iterator[bytes]:
    yield bytes(min(PREAMBLE, stored.size))
    yield from storage.read_range(stored, min(PREAMBLE, stored.size))
