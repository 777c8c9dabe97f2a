"""The process that confined children are forked from: Python, numpy and the DICOM reader are loaded once, not for each batch.

It is started by records.sandbox, with the child's empty environment, and never reads a byte of a file: what a child is to do comes
through a pipe that only the child opens, so nothing of one batch (a password, say) is here when the next one is forked. It has
one thread, ends when its parent's end of the socket closes, and takes its children with it.

Requests: `S`, the number of descriptors and the length of the boot code, then the code, then the descriptors in messages of one
byte; answered with the process id. `W`, a process id and seconds; answered with the wait status, or -1 while it still runs.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import socket
import struct
import sys
import time

FDS_AT_ONCE = 200
"""The kernel takes 253 descriptors in one message."""
SPAWN, WAIT = struct.Struct("=II"), struct.Struct("=id")
PID, STATUS = struct.Struct("=i"), struct.Struct("=i")
RUNNING = -1
_PR_SET_DUMPABLE = 4


def main() -> int:
    control = socket.socket(fileno=os.dup(0))
    silent = os.open(os.devnull, os.O_RDWR)
    os.dup2(silent, 0)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    from . import __main__, confine, dicom, handle  # noqa: F401 - what nearly every batch needs; each fork has it then

    gc.collect()
    gc.freeze()  # or the first collection of every child would copy all of it
    while True:
        request = control.recv(1)
        if not request:
            return 0
        if request == b"S":
            count, length = SPAWN.unpack(exactly(control, SPAWN.size))
            boot = exactly(control, length)
            descriptors: list[int] = []
            while len(descriptors) < count:
                _, received, _, _ = socket.recv_fds(control, 1, FDS_AT_ONCE)
                descriptors += received
            pid = os.fork()
            if pid == 0:
                control.close()
                _child(boot, descriptors)
            for one in descriptors:
                os.close(one)
            control.sendall(PID.pack(pid))
        else:
            pid, seconds = WAIT.unpack(exactly(control, WAIT.size))
            control.sendall(STATUS.pack(_wait(pid, seconds)))


def exactly(source: socket.socket, size: int) -> bytes:
    """Raises OSError when the other side is gone."""
    found = bytearray()
    while len(found) < size:
        piece = source.recv(size - len(found))
        if not piece:
            raise ConnectionResetError("closed")
        found += piece
    return bytes(found)


def _child(boot: bytes, descriptors: list[int]) -> None:
    """The fork: orders at 0, answers at 1, the files' descriptors as arguments, and then the child's own program. Does not return."""
    status = 1
    try:
        os.setsid()
        orders, answers, *files = descriptors
        os.dup2(orders, 0)
        os.dup2(answers, 1)
        os.close(orders)
        os.close(answers)
        sys.stdin = open(0, encoding="utf-8")  # noqa: SIM115 - the one of the start is at the end of its file
        sys.argv = ["child", *map(str, files), sys.path[0]]
        exec(compile(boot, "<boot>", "exec"), {"__name__": "__boot__"})  # noqa: S102 - our own words
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:
        status = 1
    finally:
        os._exit(status)


def _wait(pid: int, seconds: float) -> int:
    """The wait status, once the child has ended."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            ended, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            return 0
        if ended:
            return status
        if time.monotonic() >= deadline:
            return RUNNING
        time.sleep(0.001)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(main())
