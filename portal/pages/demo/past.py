"""Days that have passed: the demo's stories happen in order, each action at its own time."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from django.utils import timezone


@contextmanager
def at(moment: datetime.datetime) -> Iterator[None]:
    """Within it, `django.utils.timezone.now()` is `moment`, for column defaults too. The demo's own, never a server's."""

    class Then(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:  # type: ignore[override]
            return moment if tz is not None else moment.replace(tzinfo=None)

    with patch.object(timezone, "datetime", Then):
        yield
