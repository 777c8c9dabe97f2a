"""What every step works with: the run, the case, and the files that this run has claimed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from cases.models import Case
from portal.core import storage
from portal.core.jobs import Run
from portal.core.models import StoredObject
from records.models import File
from records.states import RecordState

ROWS_AT_ONCE = 50
"""Files whose rows are written in one transaction."""
RENEW_BYTES = 64 * 1024**2
T = TypeVar("T")


@dataclass
class Work:
    """One run on one case: the claimed files in the order they came."""

    run: Run
    case_id: UUID
    files: list[UUID] = field(default_factory=list)
    first: bool = False
    """Whether these are the first files of the run."""

    def rows(self, **those: Any) -> list[File]:
        """The claimed files that still wait."""
        return list(
            File.objects.filter(pk__in=self.files, state=RecordState.PROCESSING, **those)
            .select_related("object__key", "secret__key", "upload")
            .order_by("created_at", "pk")
        )


Write = Callable[[Case, File], object]
"""Rows of one file, written inside the commit."""


class Sealer:
    """Puts the child's output files into the store."""

    def __init__(self, work: Work, folder: Path) -> None:
        self.work, self.folder = work, folder

    def __call__(self, name: str | None, kind: str = "derived") -> StoredObject | None:
        if not name:
            return None
        path = self.folder / name
        stored = storage.write_stream(self._chunks(path), case_id=self.work.case_id, kind=kind)
        path.unlink()
        return stored

    def _chunks(self, path: Path) -> Iterator[bytes]:
        read = 0
        with path.open("rb") as source:
            while chunk := source.read(1024**2):
                read += len(chunk)
                if read >= RENEW_BYTES:
                    self.work.run.renew()
                    read = 0
                yield chunk


def groups(rows: Sequence[T], size: int = ROWS_AT_ONCE) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
