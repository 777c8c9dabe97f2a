"""Bodies that are read straight from the socket arrive whole, and leave the connection where the next request begins."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.http import UnreadablePostError
from gunicorn.config import Config
from gunicorn.http.parser import RequestParser
from gunicorn.http.wsgi import default_environ

from portal.core import bodies

BODY = bytes(range(256)) * 1200
HEAD = b"POST /x HTTP/1.1\r\nHost: localhost\r\n"
NEXT = b"GET /next HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    far, near = socket.socketpair()
    with far, near:
        yield far, near


def asked(near: socket.socket) -> tuple[RequestParser, WSGIRequest]:
    cfg = Config()
    parser = RequestParser(cfg, near, ("127.0.0.1", 1))
    message = next(parser)
    environ: dict[str, Any] = default_environ(message, near, cfg)
    environ |= {"PATH_INFO": "/x", "SERVER_NAME": "localhost", "SERVER_PORT": "80"}
    for name, value in message.headers:
        key = name.replace("-", "_")
        environ[key if key.startswith("CONTENT_") else f"HTTP_{key}"] = value
    return parser, WSGIRequest(environ)


def read(request: WSGIRequest, size: int) -> bytes:
    fill, memory, found = bodies.body_of(request), bytearray(size), bytearray()
    while count := fill(memoryview(memory)):
        found += memory[:count]
    return bytes(found)


def sends(far: socket.socket, *pieces: bytes) -> threading.Thread:
    def send() -> None:
        for piece in pieces:
            far.sendall(piece)

    thread = threading.Thread(target=send)
    thread.start()
    return thread


@pytest.mark.parametrize("size", [1000, 65_536, 2_000_000])
@pytest.mark.parametrize("together", [True, False])
def test_body_is_whole_and_the_next_request_is_found(ends: Any, size: int, together: bool) -> None:
    far, near = ends
    head = HEAD + f"Content-Length: {len(BODY)}\r\n\r\n".encode()
    sending = sends(far, head + BODY + NEXT) if together else sends(far, head, BODY[:7], BODY[7:], NEXT)
    parser, request = asked(near)
    assert bodies.body_of(request).__qualname__.startswith("_from_socket")
    assert read(request, size) == BODY
    assert next(parser).path == "/next"
    sending.join(10)


def test_chunked_body_goes_the_ordinary_way(ends: Any) -> None:
    far, near = ends
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (BODY[:10], BODY[10:]))
    sending = sends(far, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n" + NEXT)
    parser, request = asked(near)
    assert read(request, 5000) == BODY
    assert next(parser).path == "/next"
    sending.join(10)


def test_what_is_left_of_a_body_is_skipped(ends: Any) -> None:
    far, near = ends
    sending = sends(far, HEAD + f"Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY + NEXT)
    parser, request = asked(near)
    assert bodies.body_of(request)(memoryview(bytearray(1000))) == 1000
    assert next(parser).path == "/next"
    sending.join(10)


def test_body_that_is_cut_ends_early_and_one_that_stalls_is_an_error(ends: Any) -> None:
    far, near = ends
    sends(far, HEAD + f"Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY[:5000]).join(10)
    near.settimeout(0.05)
    _, request = asked(near)
    fill, memory = bodies.body_of(request), memoryview(bytearray(len(BODY)))
    count = 0
    with pytest.raises(UnreadablePostError):
        while True:
            count += fill(memory[count:])
    assert request.META["wsgi.input"].failed
    near.settimeout(None)
    far.shutdown(socket.SHUT_WR)
    assert fill(memory) == 0
