"""Images that arrive whole are looked at while they arrive: a confined child gets their first bytes, up to the pixels, and what
it finds becomes rows in the transaction that keeps the files. Most are seen with the answer to their sender; no worker reads them again.

Only plain images are taken this way: uncompressed ones whose header says all. Whatever is anything else, is refused, or is not read
in time waits for the job like every upload, which judges it as if nobody had looked. With a virus scanner everything does: nothing
is shown before it was scanned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from uuid import UUID

import structlog
from django.conf import settings

from portal.core.access import Actor
from portal.core.models import StoredObject
from records.actions.whole import Seen
from records.beginnings import Child, GaveUp, child_for, give_back
from records.child.protocol import FileResult
from records.nursery import SandboxUnavailable, nursery

log = structlog.get_logger(__name__)
AT_LEAST = 3
"""Fewer are not worth a child of their own."""
SECONDS = 8.0
"""After that the sender has waited long enough, and the job does it."""
MAX_BYTES = 32 * 1024**2
"""Of the beginnings of one request: what comes behind them is left to the job."""


def prepare() -> None:
    """Start the process that children are forked from, should there be none: it loads while the first body arrives."""
    if not settings.CLAMAV_ADDRESS:
        with suppress(SandboxUnavailable):
            nursery()


def takes_more(held: int) -> bool:
    """Whether the beginning of one more image is worth keeping, with `held` bytes of those before it."""
    return not settings.CLAMAV_ADDRESS and held < MAX_BYTES


class Look:
    """A child that reads the first bytes of stored objects while the caller makes them safe on the disk. Those with none are left out."""

    def __init__(self, case_id: UUID, by: Actor, files: Sequence[tuple[StoredObject, bytes]]) -> None:
        self._key, self._files = (str(case_id), by.kind, by.id), [one for one in files if one[1]]
        self._child: Child | None = None
        if settings.CLAMAV_ADDRESS or len(self._files) < AT_LEAST:
            return
        try:
            self._child = child_for(self._key)
            self._child.ask([(stored.size, head) for stored, head in self._files])
        except (SandboxUnavailable, GaveUp, OSError) as problem:
            self._give_up(problem)

    def seen(self) -> Mapping[UUID, Seen]:
        """What was found in plain images, by the object's id."""
        child, self._child = self._child, None
        if child is None:
            return {}
        try:
            results = child.answers(SECONDS)
        except (GaveUp, OSError) as problem:
            self._child = child
            self._give_up(problem)
            return {}
        give_back(self._key, child)
        return {stored.pk: _seen(one) for (stored, _), one in zip(self._files, results, strict=True) if _plain(one)}

    def close(self) -> None:
        """Nobody asks any more what was seen."""
        child, self._child = self._child, None
        if child is not None:
            with suppress(SandboxUnavailable, TimeoutError):
                child.close()

    def _give_up(self, problem: Exception) -> None:
        log.warning("not_read_at_once", problem=type(problem).__name__)
        self.close()


def _plain(result: FileResult) -> bool:
    """An image that is shown from the file as it lies; nothing was derived from it."""
    data = result.data
    return (
        (result.kind, result.status, result.code) == ("dicom", "ready", "")
        and bool(data)
        and not result.outputs
        and data["frames"]["source"] == "original"
    )


def _seen(result: FileResult) -> Seen:
    missing = [f"missing:{name}" for name in result.data["index"].get("missing", [])]
    columns = {"kind": result.kind, "media_type": result.media_type, "warnings": [*result.flags, *missing]}
    return Seen(result.data, columns)
