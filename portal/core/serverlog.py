"""The web server's own log, through the same nets as ours.

Gunicorn writes the whole address into its error line, and what was wrong with a request into its warnings: an address may hold a
one-time token, a header a session, an exception's message a record.
"""

from __future__ import annotations

import logging
from typing import Any

from gunicorn.glogging import Logger

from portal.core import logs


class ServerLogger(Logger):  # type: ignore[misc]
    """`gunicorn --logger-class portal.core.serverlog.ServerLogger`. There is no access log: it would be a list of addresses."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers[:] = [logs.handler()]
        self.error_log.propagate = False
        self.access_log.handlers[:] = []
        self.access_log.propagate = False
        self.access_log.setLevel(logging.CRITICAL)

    def access(self, *_: Any, **__: Any) -> None:
        """Nothing is written."""

    def reopen_files(self) -> None:
        """Lines go to standard error: there is no file."""
