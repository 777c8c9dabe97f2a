"""A confined child that looks at the first bytes of images of one case and one sender, request after request.

A fork and its confinement cost as much as reading ten images. Who sends a study in many requests is read by one child, as if it had come
in one; it ends when nothing came for a moment. What it says is checked like every child's words, and it is never asked about
another case or another sender. Its orders come through a pipe, because a confined process can be handed no descriptors.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any

from django.conf import settings

from portal.core.workfolder import work_folder
from records.child.protocol import FileResult, Limits, ProtocolError, parse_line, parse_result
from records.nursery import SandboxUnavailable, nursery
from records.sandbox import end

IDLE_SECONDS = 1.5
"""After that a child is ended. A sender who goes on later gets a new one."""
AGE_SECONDS = 60.0
CPU_SECONDS = 20
"""For one image; a child has three times as much in its life."""
BLOCK = 256 * 1024
MAX_HEARD = 32 * 1024**2
"""Bytes of all answers to one request: their objects take several times as much."""
BOOT = "import sys; sys.path.insert(0, sys.argv.pop()); from records.child.__main__ import main; sys.exit(main())"


class GaveUp(Exception):
    """The child died, said nonsense or took too long. It says nothing about a file."""


class Child:
    """One child and what is asked of it. Used by one thread at a time."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self.since = self.used = time.monotonic()
        try:
            home = nursery()
            limits = Limits(memory=settings.CHILD_MEMORY_MB * 1024**2, cpu=CPU_SECONDS, file_size=0, extracted=0)
            orders: dict[str, Any] = {
                "parent": home.pid,
                "work": str(self._stack.enter_context(work_folder())),
                "limits": asdict(limits),
                "allow_unconfined": getattr(settings, "CHILD_ALLOW_UNCONFINED", False),
                "beginnings": True,
                "files": [],
            }
            child = home.child(BOOT, [])
        except BaseException:
            self._stack.close()
            raise
        self._stack.callback(end, child)
        self._stack.enter_context(child.stdout)
        self._in, self._out = os.dup(child.stdin.fileno()), child.stdout.fileno()
        child.stdin.close()
        self._stack.callback(os.close, self._in)
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)
        self._told, self._heard = bytearray(json.dumps(orders).encode() + b"\n"), bytearray()
        self._number = 0
        self._asked: list[int] = []

    def ask(self, files: Sequence[tuple[int, bytes]]) -> None:
        """(size of the file, its first bytes) of each. It begins to read while the caller does something else."""
        self._asked = [size for size, _ in files]
        self._told += json.dumps([[len(head), size] for size, head in files]).encode() + b"\n"
        for _, head in files:
            self._told += head
        self._tell()

    def _tell(self) -> None:
        try:
            while self._told:
                del self._told[: os.write(self._in, memoryview(self._told)[:BLOCK])]
        except BlockingIOError:
            pass
        except OSError:
            raise GaveUp("gone") from None

    def answers(self, seconds: float) -> list[FileResult]:
        """What it found, in the order of what was asked. Raises GaveUp; then this child is of no more use."""
        found: list[FileResult] = []
        until, heard = time.monotonic() + seconds, len(self._heard)
        poll = select.poll()  # select() takes no descriptor above 1023
        poll.register(self._out, select.POLLIN)
        while len(found) < len(self._asked):
            left = until - time.monotonic()
            if left <= 0:
                raise GaveUp("late")
            if self._told:
                poll.register(self._in, select.POLLOUT)
            ready = dict(poll.poll(left * 1000))
            if self._in in ready:
                self._tell()
                poll.unregister(self._in)
            if self._out in ready:
                chunk = os.read(self._out, BLOCK)
                heard += len(chunk)
                if not chunk:
                    raise GaveUp("gone")
                if heard > MAX_HEARD:
                    raise GaveUp("too much")
                self._heard += chunk
                self._take(found)
        self.used = time.monotonic()
        return found

    def _take(self, found: list[FileResult]) -> None:
        try:
            while (place := self._heard.find(b"\n")) >= 0:
                message = parse_line(bytes(self._heard[:place]))
                del self._heard[: place + 1]
                if message.get("t") != "done" or message.get("i") != self._number or len(found) >= len(self._asked):
                    raise GaveUp("out of order")
                found.append(parse_result(message, key=str(self._number), size=self._asked[len(found)], beginning=True))
                self._number += 1
        except ProtocolError:
            raise GaveUp("nonsense") from None

    def close(self) -> None:
        self._stack.close()


_idle: dict[tuple[str, ...], list[Child]] = {}
_lock = threading.Lock()
_timer: threading.Timer | None = None
_owner = os.getpid()


def child_for(key: tuple[str, ...]) -> Child:
    """The child that waits for more of this case and sender, or a new one. Raises SandboxUnavailable, OSError."""
    with _lock:
        waiting = _idle.get(key)
        if waiting and _owner == os.getpid():
            return waiting.pop()
    return Child()


def give_back(key: tuple[str, ...], child: Child) -> None:
    """It has answered all that it was asked, and waits for more for a moment."""
    global _timer, _owner
    if time.monotonic() - child.since > AGE_SECONDS:
        child.close()
        return
    with _lock:
        _owner = os.getpid()
        _idle.setdefault(key, []).append(child)
        if _timer is None:
            _timer = threading.Timer(IDLE_SECONDS, _look)
            _timer.daemon = True
            _timer.start()


def _look() -> None:
    """End those that nothing came for."""
    global _timer
    late: list[Child] = []
    with _lock:
        now = time.monotonic()
        for key, children in list(_idle.items()):
            late += [one for one in children if now - one.used >= IDLE_SECONDS]
            _idle[key] = [one for one in children if now - one.used < IDLE_SECONDS]
            if not _idle[key]:
                del _idle[key]
        _timer = None
        if _idle:
            _timer = threading.Timer(IDLE_SECONDS, _look)
            _timer.daemon = True
            _timer.start()
    _end(late)


def _end(children: Sequence[Child]) -> None:
    for one in children:
        try:
            one.close()
        except (SandboxUnavailable, TimeoutError):  # the nursery is gone and took it along
            continue


@atexit.register
def forget() -> None:
    """End all that wait."""
    with _lock:
        waiting = [one for children in _idle.values() for one in children] if _owner == os.getpid() else []
        _idle.clear()
    _end(waiting)
