"""A process with many open connections leaves the next one to its siblings."""

from __future__ import annotations

import ctypes
import resource
import subprocess
import sys
from typing import Any

import pytest
from gunicorn.workers.gthread import ThreadWorker

from portal.core import webworker


@pytest.mark.parametrize(("open_here", "waits"), [(0, []), (1, [0.0005]), (3, [0.0015]), (500, [0.002])])
def test_busier_process_waits_longer_before_it_accepts(
    monkeypatch: pytest.MonkeyPatch, open_here: int, waits: list[float]
) -> None:
    done: list[Any] = []
    monkeypatch.setattr(webworker.time, "sleep", done.append)
    monkeypatch.setattr(ThreadWorker, "accept", lambda _self, listener: done.append(listener))
    worker = webworker.BalancedWorker.__new__(webworker.BalancedWorker)
    worker.nr_conns = open_here
    worker.accept("listener")
    assert done == [*waits, "listener"]


BUFFERS = """
import resource, sys
from portal.core.webworker import keep_buffers
assert sys.argv[1] == "0" or keep_buffers()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    held = [bytes(1024 * 1024) for _ in range(20)]
    del held
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="needs the GNU C library")
def test_freed_buffers_are_used_again_without_asking_the_system() -> None:
    def faults(keep: int) -> int:
        command = [sys.executable, "-c", BUFFERS, str(keep)]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    once = 20 * 1024 * 1024 // resource.getpagesize()
    assert faults(1) < 1.5 * once < faults(0), "what was freed is used again, and would else have been given back"
