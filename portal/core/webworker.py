"""The web server's process. All processes listen on one socket, and whoever asks first gets a connection.

Connections that stay open for long (a hospital's system that pushes a study over four, a browser's six) mostly came to one process in
the same moment, which then worked on one core while another was idle.
"""

from __future__ import annotations

import time
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

WAIT_SECONDS = 0.0005
AT_MOST_SECONDS = 0.002


class BalancedWorker(ThreadWorker):  # type: ignore[misc]
    """`gunicorn --worker-class portal.core.webworker.BalancedWorker`: gthread that leaves new connections to idler processes."""

    def accept(self, listener: Any) -> None:
        """Wait a moment for each connection that is open here, so that a process with fewer of them is first."""
        if self.nr_conns:
            time.sleep(min(WAIT_SECONDS * self.nr_conns, AT_MOST_SECONDS))
        super().accept(listener)
