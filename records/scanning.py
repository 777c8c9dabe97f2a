"""Asks a ClamAV daemon about a stream of bytes, by INSTREAM of its own protocol (clamd(8)): the file never lies readable on a disk.

A client of our own: `clamd` on PyPI ended in 2014, and those kept today send 1 KiB at a time and cannot say meanwhile that they live.
Fail-closed: only the daemon's "OK" counts as clean. No answer, half an answer or an error is `Unavailable`, and the job is tried again.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from contextlib import closing
from enum import Enum

CHUNK = 256 * 1024
CONNECT_SECONDS = 10
ANSWER_SECONDS = 300
"""The daemon reads the whole stream before it begins to look."""
MOST_ANSWER = 4096
LIMITS = "Heuristics.Limits.Exceeded"
"""What the daemon finds with AlertExceedsMax in a file that it did not look at whole."""


class Unavailable(Exception):
    """The daemon did not say what it thinks. The argument is a code, never its words."""


class Verdict(Enum):
    CLEAN = "clean"
    FOUND = "found"
    TOO_BIG = "too_big"


def connect(address: str) -> socket.socket:
    """`host:port`, or the path of a socket.

    Raises:
        Unavailable: nobody listens there.
    """
    try:
        if address.startswith("/"):
            made = socket.socket(socket.AF_UNIX)
            try:
                made.settimeout(CONNECT_SECONDS)
                made.connect(address)
            except OSError:
                made.close()
                raise
        else:
            host, _, port = address.rpartition(":")
            made = socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS)
    except (OSError, ValueError):
        raise Unavailable("no_connection") from None
    made.settimeout(ANSWER_SECONDS)
    return made


def scan(chunks: Iterable[bytes], *, address: str) -> Verdict:
    """What the daemon says of these bytes, which it gets as they come.

    Raises:
        Unavailable: see above.
        Whatever `chunks` raises.
    """
    with closing(connect(address)) as daemon:
        try:
            daemon.sendall(b"zINSTREAM\0")
        except OSError:
            raise Unavailable("cut") from None
        for chunk in chunks:
            for start in range(0, len(chunk), CHUNK):
                piece = chunk[start : start + CHUNK]
                try:
                    daemon.sendall(len(piece).to_bytes(4, "big") + piece)
                except OSError:  # it has heard enough: perhaps it says why
                    return verdict(_answer(daemon))
        try:
            daemon.sendall(bytes(4))
        except OSError:
            return verdict(_answer(daemon))
        return verdict(_answer(daemon))


def _answer(daemon: socket.socket) -> bytes:
    answer = bytearray()
    try:
        while not answer.endswith(b"\0") and len(answer) < MOST_ANSWER and (part := daemon.recv(1024)):
            answer += part
    except OSError:
        raise Unavailable("cut") from None
    if not answer.endswith(b"\0"):
        raise Unavailable("no_answer")
    return bytes(answer[:-1])


def verdict(answer: bytes) -> Verdict:
    """`stream: OK`, `stream: NAME FOUND`, or an error."""
    text = answer.decode("ascii", "replace").strip()
    if text == "stream: OK":
        return Verdict.CLEAN
    if text.startswith("stream: ") and text.endswith(" FOUND"):
        return Verdict.TOO_BIG if text.removeprefix("stream: ").startswith(LIMITS) else Verdict.FOUND
    if text.startswith("INSTREAM size limit exceeded"):
        return Verdict.TOO_BIG
    raise Unavailable("error")


def answers(address: str) -> bool:
    """Whether a daemon is there and well."""
    try:
        with closing(connect(address)) as daemon:
            daemon.settimeout(CONNECT_SECONDS)
            daemon.sendall(b"zPING\0")
            return _answer(daemon) == b"PONG"
    except (Unavailable, OSError):
        return False
