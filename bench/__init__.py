"""What is measured, each by a command of its own (`make bench-NAME`)."""

import signal
import sys


def end_cleanly() -> None:
    """Told to end, a bench ends the servers that it started as well: by itself SIGTERM runs no `finally`."""

    def end(*_: object) -> None:
        sys.exit(128 + signal.SIGTERM)

    signal.signal(signal.SIGTERM, end)
