"""The web server's process. All processes listen on one socket, and whoever asks first gets a connection.

Connections that stay open for long (a hospital's system that pushes a study over four, a browser's six) mostly came to one process in
the same moment, which then worked on one core while another was idle.

A client that neither reads nor sends does not keep a thread for ever: gunicorn's wait without a limit for the rest of a request's
head or body, and while they write to a socket that nobody reads. A few dozen such clients would be all it takes to silence the portal.
"""

from __future__ import annotations

import ctypes
import socket
import struct
import time
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

MALLOPT = {-3: 32 * 1024**2, -1: 64 * 1024**2}
"""M_MMAP_THRESHOLD and M_TRIM_THRESHOLD of glibc's mallopt(3), in bytes."""
WAIT_SECONDS = 0.0005
AT_MOST_SECONDS = 0.002


def keep_buffers() -> bool:
    """Let the process keep memory that it frees, up to 64 MiB, for what comes next. Returns whether this system's library can.

    Each block of a body is a buffer of a megabyte. Given back to the system and asked for again, page by page, they took a tenth of the
    time in which an image is taken in.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and all(mallopt(option, value) == 1 for option, value in MALLOPT.items())


class BalancedWorker(ThreadWorker):  # type: ignore[misc]
    """`gunicorn --worker-class portal.core.webworker.BalancedWorker`: gthread that leaves new connections to idler processes."""

    STALLED_SECONDS = 120.0
    """Without a single byte read or written. The kernel counts it, anew with each byte, however large the piece."""

    def init_process(self) -> None:
        keep_buffers()
        super().init_process()

    def accept(self, listener: Any) -> None:
        """Wait a moment for each connection that is open here, so that a process with fewer of them is first."""
        if self.nr_conns:
            time.sleep(min(WAIT_SECONDS * self.nr_conns, AT_MOST_SECONDS))
        super().accept(listener)

    def handle(self, conn: Any) -> Any:
        """Answer a request, or give the connection up when nothing moves: that is an OSError where it was read or written."""
        if not conn.initialized:
            seconds = struct.pack("ll", int(self.STALLED_SECONDS), int(self.STALLED_SECONDS % 1 * 1_000_000))
            for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
                conn.sock.setsockopt(socket.SOL_SOCKET, option, seconds)
        return super().handle(conn)
