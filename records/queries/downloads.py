"""The bytes of originals as they leave the house."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from uuid import UUID

from portal.core import storage
from portal.core.models import StoredObject
from records.models import File, Instance

PREAMBLE = 128
"""Bytes before "DICM" (PS3.10 section 7.1); they mean nothing to a reader of DICOM."""
PAGE = 32
_OBJECT = ("id", "case_id", "kind", "name", "size", "sha256", "format", "state")
_KEY = ("id", "case_id", "wrapped", "master_key_id")
_COLUMNS = (
    "file__warnings",
    *(f"file__object__{name}" for name in _OBJECT),
    *(f"file__object__key__{name}" for name in _KEY),
)
Body = Callable[[], Iterator[bytes]]
"""Gives the bytes of one file, each time it is called."""


def bodies(instances: Sequence[UUID]) -> Iterator[Body]:
    """The originals of these instances in this order. They are looked for a page at a time, when their turn comes: a study of 20,000
    files takes as much memory as one of 32.

    Raises:
        storage.Erased: one of them is gone meanwhile.
    """
    rows = Instance.objects.select_related("file__object__key").only(*_COLUMNS)
    for at in range(0, len(instances), PAGE):
        page = instances[at : at + PAGE]
        found = rows.in_bulk(page)
        for pk in page:
            row = found.get(pk)
            if row is None or row.file.object is None:
                raise storage.Erased(str(pk))
            yield partial(body_of, row.file, row.file.object)


def body_of(file: File, stored: StoredObject) -> Iterator[bytes]:
    """The stored bytes; a preamble that makes the file a program as well is given as zeros, in the same length."""
    return _without_preamble(stored) if "executable_preamble" in file.warnings else storage.read_range(stored)


def _without_preamble(stored: StoredObject) -> Iterator[bytes]:
    yield bytes(min(PREAMBLE, stored.size))
    yield from storage.read_range(stored, min(PREAMBLE, stored.size))
