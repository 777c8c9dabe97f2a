"""The embedded broker: a message is there whole or not at all, whoever looks while it is written."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any
from unittest.mock import patch

import pytest
from kombu.connection import Connection

from portal.core import folderbroker


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[Any]:
    folders = {name: tmp_path / name for name in ("messages", "processed", "control")}
    for folder in folders.values():
        folder.mkdir()
    options = {
        "data_folder_in": folders["messages"],
        "data_folder_out": folders["messages"],
        "processed_folder": folders["processed"],
        "control_folder": folders["control"],
    }
    folderbroker.install()
    with Connection("filesystem://", transport_options=options) as connection:
        yield connection.channel()


def test_the_portals_own_transport_is_used(channel: Any) -> None:
    assert isinstance(channel, folderbroker.Channel)


def test_a_message_that_is_being_written_is_not_taken(channel: Any) -> None:
    seen: list[str] = []
    rename = Path.rename

    def looks_first(part: Path, name: Path) -> Path:
        with pytest.raises(Empty):
            channel._get("celery")
        seen.append(part.name)
        return rename(part, name)

    with patch.object(Path, "rename", looks_first):
        channel._put("celery", {"number": 1})
    assert len(seen) == 1
    assert channel._get("celery") == {"number": 1}


def test_many_writers_and_a_reader_lose_nothing(channel: Any) -> None:
    def write(start: int) -> None:
        for number in range(start, start + 100):
            channel._put("celery", {"number": number})

    writers = [threading.Thread(target=write, args=(start,)) for start in (0, 100, 200)]
    for writer in writers:
        writer.start()
    found: list[int] = []
    while any(writer.is_alive() for writer in writers) or len(found) < 300:
        try:
            found.append(channel._get("celery")["number"])
        except Empty:
            assert any(writer.is_alive() for writer in writers) or len(found) == 300
    assert sorted(found) == list(range(300))


def test_what_is_bound_is_kept_once_and_read_back(channel: Any) -> None:
    for queue in ("celery", "other", "celery"):
        channel._queue_bind("celery", "key", "", queue)
    assert [row.queue for row in channel.get_table("celery")] == ["other", "celery"]
