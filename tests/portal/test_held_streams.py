"""A client that takes a stream and reads nothing more does not keep others waiting: the web server as `serve` starts it."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from django.conf import settings

from portal.core.management.commands import serve

PATIENCE = 60
"""Seconds after which an answer counts as never coming; no other time is measured."""


@pytest.fixture(params=[serve.WORKER_CLASS])
def port(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[int]:
    """One process of the web server, with its threads, before a program that needs no database. Who connects waits until it is up."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        command = list(serve.programs(0, tmp_path)[0].command)
        command[command.index("portal.wsgi:application")] = "tests.portal.held:application"
        command[command.index("--worker-class") + 1] = request.param
        command[command.index("--workers") + 1] = "1"
        command[command.index("--bind") + 1] = f"fd://{listening.fileno()}"
        process = subprocess.Popen(
            command, cwd=settings.BASE_DIR, pass_fds=[listening.fileno()], start_new_session=True
        )
        try:
            yield listening.getsockname()[1]
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def asked(port: int, path: str) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", path)
    return connection


def test_held_streams_leave_the_rest_an_answer(port: int) -> None:
    with ExitStack() as held:
        for _ in range(serve.WEB_THREADS - 1):
            connection = held.enter_context(closing(asked(port, "/held")))
            answer = held.enter_context(closing(connection.getresponse()))  # its head has come: the stream has begun
            assert answer.status == 200
        for _ in range(3):
            with closing(asked(port, "/quick")) as connection, closing(connection.getresponse()) as answer:
                assert answer.read() == b"quick"


@pytest.mark.parametrize("port", ["tests.portal.held.ImpatientWorker"], indirect=True)
def test_streams_that_nobody_reads_end_and_free_their_threads(port: int) -> None:
    with ExitStack() as held:
        for _ in range(serve.WEB_THREADS):
            connection = held.enter_context(closing(asked(port, "/held")))
            held.enter_context(closing(connection.getresponse()))
        with closing(asked(port, "/quick")) as connection, closing(connection.getresponse()) as answer:
            assert answer.read() == b"quick"


@pytest.mark.parametrize("port", ["tests.portal.held.ImpatientWorker"], indirect=True)
@pytest.mark.parametrize(
    "begun",
    [b"GET / HTTP/1.1\r\nHost: x\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"],
    ids=["head", "body"],
)
def test_requests_whose_rest_never_comes_free_their_threads(port: int, begun: bytes) -> None:
    with ExitStack() as held:
        for _ in range(serve.WEB_THREADS):
            held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)).sendall(begun)
        with closing(asked(port, "/quick")) as connection, closing(connection.getresponse()) as answer:
            assert answer.read() == b"quick"
