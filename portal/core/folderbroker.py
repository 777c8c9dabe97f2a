"""The embedded mode's broker: kombu's folder of messages, whose files appear whole.

kombu 5 writes a message into the file under its final name, so a worker that looks at that moment takes an empty message, and ends
itself over it. Here a file gets its name when it is complete; the same for the tables of what is bound to what.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps


def install() -> None:
    """From now on `filesystem://` means this transport, in this process."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"


def _write(path: Path, content: Any) -> None:
    """All of it or nothing. The half that a killed process leaves begins with a dot, which no reader takes."""
    part = path.with_name(f".{path.name}.{uuid4().hex}")
    part.write_text(dumps(content), encoding="utf-8")  # type: ignore[no-untyped-call]
    part.rename(path)


class Channel(filesystem.Channel):
    """Overrides what writes; reading is kombu's own."""

    def _put(self, queue: str, payload: Any, **_kwargs: Any) -> None:  # type: ignore[override]  # as kombu's own folder does
        name = f"{round(monotonic() * 1000)}_{uuid4()}.{queue}.msg"
        _write(Path(self.data_folder_out) / name, payload)

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        file: Path = self._exchange_file(exchange)  # type: ignore[no-untyped-call]
        self.control_folder.mkdir(exist_ok=True)
        bound = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        guard = os.open(self.control_folder, os.O_RDONLY)
        try:
            fcntl.flock(guard, fcntl.LOCK_EX)
            table = self.get_table(exchange)  # type: ignore[no-untyped-call]
            if bound not in table:
                _write(file, [bound, *table])
        finally:
            os.close(guard)


class Transport(filesystem.Transport):
    """`filesystem://`."""

    Channel = Channel
