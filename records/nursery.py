"""Our side of the process that confined children are forked from (records.child.nursery): one for each process of ours that needs it.

Starting Python with numpy and the DICOM reader takes half a second of processor, a fork a few milliseconds: so small batches cost
little, and the first image of a series need not wait for the last.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from records.child.nursery import FDS_AT_ONCE, PID, RUNNING, SPAWN, STATUS, WAIT, exactly

ROOT = Path(__file__).resolve().parent.parent
_BOOT = "import sys; sys.path.insert(0, sys.argv.pop()); from records.child.nursery import main; sys.exit(main())"
PIPE_BYTES = 1024**2
ANSWER_SECONDS = 30.0
"""For a fork; on a busy machine the process that is asked loads for some seconds first."""
_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1",  # each thread would take address space from the limit, and a fork has only one
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "PYTHONDONTWRITEBYTECODE": "1",
}


class SandboxUnavailable(Exception):
    """The child could not start or could not be confined: nothing is wrong with the files, try again later."""


class Child:
    """A forked child: where its orders go in and its answers come out."""

    def __init__(self, home: Nursery, pid: int, stdin: IO[bytes], stdout: IO[bytes]) -> None:
        self.home, self.pid, self.stdin, self.stdout = home, pid, stdin, stdout
        self.returncode: int | None = None

    def wait(self, seconds: float) -> int:
        """How it ended: its exit status, or the negative number of the signal.

        Raises:
            TimeoutError: it still runs.
            SandboxUnavailable: the process that it was forked from is gone, and took it along.
        """
        if self.returncode is None:
            self.returncode = self.home.wait(self.pid, seconds)
        return self.returncode


class Nursery:
    """One started process. Its requests and answers are short, and one thread asks at a time."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", _BOOT, str(ROOT)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=_ENVIRONMENT,
                close_fds=True,
                start_new_session=True,
            )
        self._socket, self._lock = ours, threading.Lock()
        self.pid, self.owner = self._process.pid, os.getpid()

    def lives(self) -> bool:
        """Whether it runs, and is this process's own: a fork of ours must not speak for us."""
        return self.owner == os.getpid() and self._process.poll() is None

    def child(self, boot: str, files: Sequence[int]) -> Child:
        """Fork a child that runs `boot` with these descriptors. Raises SandboxUnavailable."""
        orders, stdin = os.pipe()
        stdout, answers = os.pipe()
        with suppress(AttributeError, OSError):  # room for the answers of a batch that nobody reads yet
            fcntl.fcntl(stdout, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        try:
            pid = self._spawn(boot.encode(), [orders, answers, *files])
        except (OSError, SandboxUnavailable):
            os.close(stdin)
            os.close(stdout)
            raise SandboxUnavailable("the child did not start") from None
        finally:
            os.close(orders)
            os.close(answers)
        return Child(self, pid, os.fdopen(stdin, "wb"), os.fdopen(stdout, "rb"))

    def _spawn(self, boot: bytes, descriptors: Sequence[int]) -> int:
        with self._asking(ANSWER_SECONDS):
            self._socket.sendall(b"S" + SPAWN.pack(len(descriptors), len(boot)) + boot)
            for at in range(0, len(descriptors), FDS_AT_ONCE):
                socket.send_fds(self._socket, [b"f"], descriptors[at : at + FDS_AT_ONCE])
            return int(PID.unpack(exactly(self._socket, PID.size))[0])

    def wait(self, pid: int, seconds: float) -> int:
        try:
            with self._asking(seconds + ANSWER_SECONDS):
                self._socket.sendall(b"W" + WAIT.pack(pid, seconds))
                status = int(STATUS.unpack(exactly(self._socket, STATUS.size))[0])
        except OSError:
            raise SandboxUnavailable("the process that forks the children is gone") from None
        if status == RUNNING:
            raise TimeoutError
        return os.waitstatus_to_exitcode(status)

    @contextmanager
    def _asking(self, seconds: float) -> Iterator[None]:
        """Its turn to speak, and how long it may take. One that does not answer in time is ended: its next answer would be to this.

        Raises:
            OSError: it is gone, or is now.
            SandboxUnavailable: others have waited for it all this time.
        """
        if not self._lock.acquire(timeout=seconds):
            raise SandboxUnavailable("the process that forks the children is busy")
        try:
            self._socket.settimeout(seconds)
            yield
        except TimeoutError:
            self._process.kill()
            self.close()
            raise
        except OSError:
            self.close()
            raise
        finally:
            self._lock.release()

    def close(self) -> None:
        """It ends when it finds nobody at the other side; so do children that it still has."""
        self._socket.close()
        if self.owner == os.getpid():
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(10)


_started: Nursery | None = None
_starting = threading.Lock()


def nursery() -> Nursery:
    """This process's own, started when it is first asked for or has died. Raises SandboxUnavailable."""
    global _started
    with _starting:
        if _started is None or not _started.lives():
            try:
                _started = Nursery()
            except OSError:
                raise SandboxUnavailable("no process can be started") from None
        return _started


@atexit.register
def _close() -> None:
    if _started is not None and _started.owner == os.getpid():
        _started.close()
