"""What every step works with: the run, the case, and the files that this run has claimed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
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
        stored = storage.write_stream(told(self.work.run, _chunks(path)), case_id=self.work.case_id, kind=kind)
        path.unlink()
        return stored


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        while chunk := source.read(1024**2):
            yield chunk


def told(run: Run, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, with a word that this job lives: a store may be slow, and a file large. `renew` itself is rarely more than a look
    at the clock."""
    for chunk in chunks:
        run.renew()
        yield chunk


def groups(rows: Sequence[T], size: int = ROWS_AT_ONCE) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
