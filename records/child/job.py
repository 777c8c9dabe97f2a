"""One file in the child: its descriptor, where results go, and how a handler refuses."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

from .protocol import Limits


class Refused(Exception):
    """The handler does not take the file. `status`: rejected, quarantined, needs_password or left_out."""

    def __init__(self, code: str, *, status: str = "rejected") -> None:
        super().__init__(code)
        self.code, self.status = code, status


@dataclass(slots=True)
class Outcome:
    """What a handler found."""

    kind: str
    media_type: str
    status: str = "ready"
    code: str = ""
    flags: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Job:
    number: int
    file: BinaryIO
    size: int
    head: bytes
    work: Path
    limits: Limits
    password: str | None
    depth: int
    thumbnail: bool
    written: list[str] = field(default_factory=list)
    trailing: bool = False
    beginning: bool = False
    """Only the first bytes of the file are here, for a look that asks for nothing else."""

    def output(self, ending: str) -> Path:
        """The path of a new derived file; its name carries nothing from the input."""
        name = f"{self.number:05d}.{ending}"
        self.written.append(name)
        return self.work / name

    def save(self, ending: str, content: bytes) -> str:
        path = self.output(ending)
        path.write_bytes(content)
        return path.name

    def scratch(self) -> BinaryIO:
        """An unlinked temporary file in the work folder."""
        return cast(BinaryIO, tempfile.TemporaryFile(dir=self.work))

    def read_all(self, most: int) -> bytes:
        """The whole file. Raises Refused("too_large") above `most` bytes."""
        if self.size > most:
            raise Refused("too_large")
        self.file.seek(0)
        return self.file.read(most)

    def outputs(self) -> list[list[Any]]:
        return [[name, (self.work / name).stat().st_size] for name in self.written if (self.work / name).exists()]

    def discard(self) -> None:
        for name in self.written:
            (self.work / name).unlink(missing_ok=True)
        self.written.clear()
