"""Run the parsers in a confined child process, one for a batch, forked from a process that has loaded them (house.md, decision 5).

The child gets open descriptors, an empty environment, no network, bounded memory and time, and dies with its parent. It says when
it begins a file, so that after its death the suspect is known: results before it stand, the suspect runs once more alone (memory may
have been used up by others), and only if it kills again it is refused. The rest goes on in a new child.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from records.child.protocol import (
    MAX_LINE,
    OUT_OF_MEMORY,
    ChildInput,
    FileResult,
    Limits,
    Output,
    ProtocolError,
    parse_line,
    parse_result,
)
from records.nursery import ROOT, Child, SandboxUnavailable, nursery

__all__ = [
    "ROOT", "Canary", "ChildInput", "FileResult", "Limits", "Output", "SandboxUnavailable",
    "begin", "canary", "network_is_blocked", "run_batch",
]  # fmt: skip

TICK = 2.0  # seconds between two calls of on_progress
START_UP = 60.0  # seconds for a child to begin its first file
_BOOT = "import sys; sys.path.insert(0, sys.argv.pop()); from records.child.__main__ import main; sys.exit(main())"
END_SECONDS = 30.0
"""For the kernel to end a killed child, whose memory may be large."""


def run_batch(
    files: Sequence[ChildInput],
    *,
    work: Path,
    limits: Limits | None = None,
    on_progress: Callable[[], None] = lambda: None,
    allow_unconfined: bool = False,
    only: Sequence[int] | None = None,
) -> list[FileResult]:
    """Handle `files` in a confined child; one result for each input, in their order. `only`: places of those to handle.

    `work`: an existing empty folder (made 0700 here) for what the child derives; the caller moves the outputs away and
    removes it. `on_progress` is called at least every 2 s; what it raises ends the child and comes through.
    Raises SandboxUnavailable; never because of what is in a file.
    """
    work.chmod(0o700)
    batch = _Batch(list(files), work, limits or Limits(), on_progress, allow_unconfined)
    with Begun(batch, list(range(len(files)) if only is None else only)) as begun:
        return begun.results()


def begin(
    files: Sequence[ChildInput],
    *,
    work: Path,
    limits: Limits,
    on_progress: Callable[[], None],
    allow_unconfined: bool = False,
) -> Begun:
    """As `run_batch`, but its child has only begun: it works while the caller does something else, until `results()` is asked for."""
    work.chmod(0o700)
    return Begun(_Batch(list(files), work, limits, on_progress, allow_unconfined), list(range(len(files))))


class Begun:
    """A batch whose first child runs. Leaving the context ends whatever is left of it."""

    def __init__(self, batch: _Batch, wanted: list[int]) -> None:
        self.batch, self.wanted = batch, wanted
        self.child: Child | None = _start(batch, wanted) if wanted else None

    def __enter__(self) -> Begun:
        return self

    def __exit__(self, *_: object) -> None:
        child, self.child = self.child, None
        if child is not None:
            with child.stdout:
                end(child)

    def results(self) -> list[FileResult]:
        """What became of each file. Raises as `run_batch`."""
        batch, queue = self.batch, [self.wanted] if self.wanted else []
        while queue:
            numbers = queue.pop(0)
            child, self.child = self.child or _start(batch, numbers), None
            death = _follow(batch, numbers, child)
            left = [n for n in numbers if n not in batch.results]
            if death is None and not left:
                continue
            alone = len(numbers) == 1
            suspect = death.suspect if death is not None and death.suspect in left else None
            if suspect is None:
                if death is None or not left or alone:
                    raise SandboxUnavailable("the child ended before it began a file")
                middle = max(1, len(left) // 2)  # no suspect is named: halve
                queue[:0] = [part for part in (left[:middle], left[middle:]) if part]
            elif alone:
                assert death is not None
                batch.refuse(suspect, death.code)
            else:
                rest = [n for n in left if n != suspect]
                queue[:0] = [part for part in ([suspect], rest) if part]
        return [batch.results[n] for n in self.wanted]


@dataclass(frozen=True, slots=True)
class Canary:
    """What a confined child could do when it tried: reach the network, write outside its folder, read a file there."""

    confined: bool
    reached: bool
    wrote: bool
    read: bool

    @property
    def locked_in(self) -> bool:
        return self.confined and not (self.reached or self.wrote or self.read)


def canary(*, allow_unconfined: bool = False, forbidden: Sequence[Path] = ()) -> Canary:
    """Start a confined child that really tries. For the start-up check of production.

    `forbidden`: files and folders of this installation that it tries to read besides one made for this: wherever they lie.

    Raises SandboxUnavailable when the child cannot be confined at all.
    """
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        TemporaryDirectory() as folder,
        TemporaryDirectory() as elsewhere,
    ):
        secret = Path(elsewhere, "secret")
        secret.write_text("not for the child")
        orders = {
            "port": listener.getsockname()[1],
            "outside": str(Path(elsewhere, "new")),
            "secrets": [str(secret), *map(str, forbidden)],
        }
        batch = _Batch([], Path(folder), Limits(), lambda: None, allow_unconfined)
        child = _start(batch, [], canary=orders)
        try:
            with child.stdout:
                line = child.stdout.readline(65536)
        finally:
            end(child)
    try:
        message = parse_line(line)
    except ProtocolError:
        raise SandboxUnavailable("the canary did not answer") from None
    if message.get("t") != "canary":
        raise SandboxUnavailable("the child could not be confined")
    return Canary(*(message.get(name) is not False for name in ("confined", "reached", "wrote", "read")))


def network_is_blocked() -> bool:
    """Whether a confined child could not reach the network. Raises SandboxUnavailable when it cannot be confined."""
    found = canary()
    return found.confined and not found.reached


@dataclass(slots=True)
class _Death:
    code: str
    suspect: int | None


@dataclass(slots=True)
class _Batch:
    files: list[ChildInput]
    work: Path
    limits: Limits
    on_progress: Callable[[], None]
    allow_unconfined: bool
    results: dict[int, FileResult] = field(default_factory=dict)

    def accept(self, number: int, message: dict[str, Any]) -> None:
        """Check a result and the files it names. Raises ProtocolError."""
        source = self.files[number]
        result = parse_result(message, key=source.key, size=os.fstat(source.fd).st_size)
        for output in result.outputs:
            if not output.name.startswith(f"{number:05d}."):
                raise ProtocolError("another input's output")
            path = self.work / output.name
            if path.is_symlink() or not path.is_file() or path.stat().st_size != output.size:
                raise ProtocolError("output on disk")
        self.results[number] = result

    def left_to_extract(self) -> int:
        """Bytes that the next child's archives may hold: what those before it held lies in the folder already."""
        done = [result for result in self.results.values() if result.status == "container"]
        taken = sum(member["size"] for result in done for member in result.data["members"])
        return max(0, self.limits.extracted - taken)

    def seconds(self, number: int) -> float:
        """How long this file may take."""
        source, limits = self.files[number], self.limits
        return limits.wall + limits.more_seconds(os.fstat(source.fd).st_size, locked=bool(source.password))

    def refuse(self, number: int, code: str) -> None:
        for path in self.work.glob(f"{number:05d}.*"):
            path.unlink(missing_ok=True)
        self.results[number] = FileResult(self.files[number].key, "rejected", code, "other", "application/octet-stream")


def _start(batch: _Batch, numbers: list[int], *, canary: dict[str, Any] | None = None) -> Child:
    home = nursery()
    orders = {
        "parent": home.pid,
        "work": str(batch.work),
        "limits": {**asdict(batch.limits), "extracted": batch.left_to_extract()},
        "allow_unconfined": batch.allow_unconfined,
        "canary": canary,
        "files": [
            {
                "i": n,
                "fd": place,
                "password": batch.files[n].password,
                "depth": batch.files[n].depth,
                "thumbnail": batch.files[n].thumbnail,
                "trailing": batch.files[n].trailing,
                "words": batch.files[n].words,
            }
            for place, n in enumerate(numbers)
        ],
    }
    child = home.child(_BOOT, [batch.files[n].fd for n in numbers])
    try:
        with child.stdin as told:
            told.write(json.dumps(orders).encode("ascii") + b"\n")
    except OSError:
        end(child)
        raise SandboxUnavailable("the child did not start") from None
    except BaseException:
        end(child)
        raise
    return child


def end(child: Child) -> int:
    """Kill the child with everything it started, and wait for it."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    with suppress(ProcessLookupError, PermissionError):
        os.kill(child.pid, signal.SIGKILL)
    return child.wait(END_SECONDS)


def _follow(batch: _Batch, numbers: list[int], child: Child) -> _Death | None:
    """Listen to the child that reads the files `numbers`. None when it came to its regular end."""
    reading = _Reading(batch, set(numbers))
    try:
        with child.stdout:
            ended = reading.follow(child.stdout)
        status = 0 if ended or reading.verdict else _own_end(child)
    finally:
        end(child)
    return None if ended else _Death(reading.verdict or _verdict(status), reading.current)


def _own_end(child: Child) -> int:
    """A child that closed its stream is ending by itself: how, tells why."""
    try:
        return child.wait(10)
    except TimeoutError:
        return 0


def _verdict(status: int) -> str:
    if status in (-signal.SIGXCPU,):
        return "unsafe_time"
    if status in (OUT_OF_MEMORY, -signal.SIGKILL, -signal.SIGABRT):  # the kernel's memory killer; std::bad_alloc aborts
        return "unsafe_memory"
    if status == -signal.SIGPROF:
        return "pdf_damaged"  # one page took too long (records.child.pdf)
    return "too_large" if status == -signal.SIGXFSZ else "unsafe_crash"


class _Reading:
    """Reads the child's lines and keeps the time."""

    def __init__(self, batch: _Batch, expected: set[int]) -> None:
        self.batch, self.expected = batch, expected
        self.current: int | None = None
        self.verdict = ""
        self.alone = len(expected) == 1
        self.deadline = time.monotonic() + START_UP

    def follow(self, stream: IO[bytes]) -> bool:
        """Until the end of the stream or of the time; True when the child said that it is done."""
        descriptor, buffer, ticked = stream.fileno(), bytearray(), time.monotonic()
        while True:
            now = time.monotonic()
            if now - ticked >= TICK:
                self.batch.on_progress()
                ticked = now
            if now > self.deadline:
                self.verdict = "unsafe_time"
                return False
            wait = max(0.0, min(ticked + TICK, self.deadline) - now)
            if not select.select([descriptor], [], [], wait)[0]:
                continue
            chunk = os.read(descriptor, 1 << 18)
            if not chunk:
                return False
            buffer += chunk
            ended = self.lines(buffer)
            if ended or self.verdict:
                return ended

    def lines(self, buffer: bytearray) -> bool:
        """Take whole lines off `buffer`; True at the child's last word, `verdict` set when it must die."""
        while (place := buffer.find(b"\n")) >= 0:
            line = bytes(buffer[:place])
            del buffer[: place + 1]
            try:
                if self.message(parse_line(line)):
                    return True
            except ProtocolError:
                self.verdict = "unsafe_crash"
            if self.verdict:
                return False
        if len(buffer) > MAX_LINE:
            self.verdict = "unsafe_memory"
        return False

    def message(self, message: dict[str, Any]) -> bool:
        kind, number = message.get("t"), message.get("i")
        if kind == "unconfined":
            raise SandboxUnavailable("the child could not be confined")
        if kind == "trouble":
            raise SandboxUnavailable("no room or no access on this machine")
        if kind == "end":
            return not self.expected
        if not isinstance(number, int) or number not in self.expected:
            raise ProtocolError("unknown file")
        if kind == "start":
            self.current = number
            self.deadline = time.monotonic() + self.batch.seconds(number)
        elif kind == "done" and number == self.current:
            if message.get("code") == "unsafe_memory" and not self.alone:
                self.verdict = "unsafe_memory"  # perhaps the others' doing: it runs once more alone
                return False
            self.batch.accept(number, message)
            self.expected.discard(number)
            self.current = None
            self.deadline = time.monotonic() + START_UP
        else:
            raise ProtocolError("out of order")
        return False
