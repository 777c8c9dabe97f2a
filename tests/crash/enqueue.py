"""Queues jobs, then is killed between the commit and the bell: `python -m tests.crash.enqueue FIRST LAST [deaf]`."""

from __future__ import annotations

import os
import signal
import sys

import django


def main(first: int, last: int, dies_before_ringing: bool) -> None:
    django.setup()
    from django.db import transaction

    from portal.core import jobs

    if dies_before_ringing:
        jobs.ring = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    with transaction.atomic():
        for number in range(first, last):
            jobs.enqueue("crash.work", key=f"crash:{number}", number=number)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), "deaf" in sys.argv[3:])
