"""A process with many open connections leaves the next one to its siblings."""

from __future__ import annotations

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
