"""Runs the portal's processes on one machine: starts them, restarts what crashes, and never leaves one behind.

Each program gets a session of its own, so Ctrl-C reaches only the supervisor, which then stops the programs in order.
A second small process, the watcher, holds the end of a pipe: when the supervisor dies in any way, ``kill -9`` included,
the pipe closes and the watcher stops whatever is still running. It uses the standard library alone, and no Django.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

GRACE_SECONDS = 20.0
"""A program that has not ended this long after SIGTERM is killed; its job's lease runs out and another takes it."""
START_SECONDS = 300.0
BACKOFF_SECONDS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
STEADY_SECONDS = 60.0
"""A program that ran this long before it crashed starts again with the shortest pause."""
TICK_SECONDS = 0.2


@dataclass(frozen=True)
class Program:
    """One command that is to run as long as the supervisor does."""

    name: str
    command: Sequence[str]
    essential: bool = False
    """When it ends before the portal was ready once, nothing can work: the supervisor gives up."""


@dataclass
class Child:
    """What the supervisor knows of a program: its process, or when to start it again."""

    program: Program
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    start_at: float = 0.0
    crashes: int = 0
    partial_line: bytes = field(default=b"", repr=False)

    def pause_after_crash(self, now: float) -> float:
        """Seconds to wait before the next start; longer with each crash in a row."""
        self.crashes = 1 if now - self.started > STEADY_SECONDS else self.crashes + 1
        return BACKOFF_SECONDS[min(self.crashes, len(BACKOFF_SECONDS)) - 1]


class Supervisor:
    """Runs programs until a signal asks it to stop.

    Args:
        programs: what to run, in the order of starting.
        environment: the programs' environment.
        is_ready: asked again and again until it says yes once.
        on_ready: called then, once.
        write: receives each finished line to show, without its line end.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        environment: Mapping[str, str],
        is_ready: Callable[[], bool],
        on_ready: Callable[[], None],
        write: Callable[[str], None],
    ) -> None:
        self.children = [Child(program) for program in programs]
        self.environment = dict(environment)
        self.is_ready = is_ready
        self.on_ready = on_ready
        self.write = write
        self.ready = False
        self.stop_requests = 0
        self.exit_status: int | None = None
        self.selector = selectors.DefaultSelector()

    def run(self) -> int:
        """Returns 0 after a requested stop, 1 when the portal could not start."""
        with _signals_call(self._on_signal), _watcher() as self.watcher_pipe:
            began = time.monotonic()
            try:
                while not self.stop_requests and self.exit_status is None:
                    self._start_what_is_due()
                    self._show_output(TICK_SECONDS)
                    self._notice_ends()
                    self._notice_readiness(began)
            finally:
                self._stop_all()
        return self.exit_status or 0

    def _on_signal(self, *_: object) -> None:
        self.stop_requests += 1

    def _start_what_is_due(self) -> None:
        for child in self.children:
            if child.process is None and time.monotonic() >= child.start_at:
                self._start(child)

    def _start(self, child: Child) -> None:
        process = subprocess.Popen(
            child.program.command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        _tell(self.watcher_pipe, f"+{process.pid}")
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        self.selector.register(process.stdout, selectors.EVENT_READ, child)
        child.process, child.started = process, time.monotonic()

    def _show_output(self, seconds: float) -> None:
        if not self.selector.get_map():
            time.sleep(seconds)
            return
        for key, _ in self.selector.select(seconds):
            self._read(key.data, key.fd)

    def _read(self, child: Child, descriptor: int) -> None:
        try:
            data = os.read(descriptor, 65536)
        except BlockingIOError:
            return
        if not data:
            self.selector.unregister(descriptor)
            return
        *lines, child.partial_line = (child.partial_line + data).split(b"\n")
        for line in lines:
            self._show(child, line)

    def _show(self, child: Child, line: bytes) -> None:
        width = max(len(each.program.name) for each in self.children)
        self.write(f"{child.program.name:<{width}} | {line.decode(errors='replace').rstrip()}")

    def _notice_ends(self) -> None:
        for child in self.children:
            if child.process is None or child.process.poll() is None:
                continue
            status = child.process.returncode
            self._forget(child)
            if child.program.essential and not self.ready:
                self.write(f"{child.program.name} could not start (status {status}); its last lines are above.")
                self.exit_status = 1
                return
            now = time.monotonic()
            pause = child.pause_after_crash(now)
            child.start_at = now + pause
            self.write(f"{child.program.name} ended (status {status}); starting it again in {pause:g} s")

    def _forget(self, child: Child) -> None:
        """After a program's end: shows its last lines and kills what it left in its group."""
        process, child.process = child.process, None
        assert process is not None and process.stdout is not None
        _kill_group(process.pid)
        _tell(self.watcher_pipe, f"-{process.pid}")
        while process.stdout.fileno() in self.selector.get_map():
            before = child.partial_line
            self._read(child, process.stdout.fileno())
            if child.partial_line == before:
                break
        with contextlib.suppress(KeyError):
            self.selector.unregister(process.stdout)
        if child.partial_line:
            self._show(child, child.partial_line)
            child.partial_line = b""
        process.stdout.close()

    def _notice_readiness(self, began: float) -> None:
        if self.ready or self.exit_status is not None:
            return
        if self.is_ready():
            self.ready = True
            self.on_ready()
        elif time.monotonic() - began > START_SECONDS:
            self.write(f"The portal did not answer within {START_SECONDS:g} s.")
            self.exit_status = 1

    def _stop_all(self) -> None:
        """Asks every program to end, newest first; kills what has not ended in time, or at the second Ctrl-C."""
        running = [child for child in self.children if child.process is not None]
        for child in reversed(running):
            if child.process is not None:
                child.process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        while any(child.process is not None for child in running):
            self._show_output(TICK_SECONDS / 4)
            late = time.monotonic() > deadline or self.stop_requests > 1
            for child in running:
                if child.process is None:
                    continue
                if late:
                    _kill_group(child.process.pid)
                    child.process.wait()
                if child.process.poll() is not None:
                    self._forget(child)
        self.selector.close()


@contextlib.contextmanager
def _signals_call(handler: Callable[..., None]) -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _kill_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


# -- the watcher -------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _watcher() -> Iterator[int]:
    """Starts the watcher; gives the pipe through which it learns which groups run."""
    reader, writer = os.pipe()
    command = [sys.executable, "-I", __file__, "watch"]
    process = subprocess.Popen(command, stdin=reader, start_new_session=True)
    os.close(reader)
    try:
        yield writer
    finally:
        os.close(writer)
        process.wait()


def _tell(pipe: int, line: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        os.write(pipe, f"{line}\n".encode())


def watch(lines: Iterator[str], *, grace_seconds: float = GRACE_SECONDS) -> None:
    """Reads ``+group`` and ``-group`` until the supervisor is gone, then ends the groups that are left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in lines:
        sign, group = line[0], int(line[1:])
        (groups.add if sign == "+" else groups.discard)(group)
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(group, signal.SIGTERM)
    deadline = time.monotonic() + grace_seconds
    while any(_runs(group) for group in groups) and time.monotonic() < deadline:
        time.sleep(0.05)
    for group in groups:
        _kill_group(group)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(process)


def _is_zombie(process: int) -> bool:
    """Ended, but not collected by its new parent: a container's first process may never collect."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False


if __name__ == "__main__":
    watch(iter(sys.stdin))
