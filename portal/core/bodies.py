"""Large bodies of requests, read straight from the socket into memory that is used again.

On the ordinary way (gunicorn's reader, its buffer, Django's stream) each byte is copied five times before a view has it. For images
that are pushed that was a tenth of the time in which they are taken in.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, UnreadablePostError
from gunicorn.http.body import Body, LengthReader
from gunicorn.http.unreader import SocketUnreader

Fill = Callable[[memoryview], int]
"""Fills memory from its beginning, as far as there are bytes, and says how many there were: none at the end of the body."""


def body_of(request: HttpRequest) -> Fill:
    """The body of a request that nobody has begun to read, of a known length or chunked.

    Reading raises UnreadablePostError when the client is gone or silent for too long, as Django's own.
    """
    body: Any = request.META.get("wsgi.input")
    if type(body) is Body and type(body.reader) is LengthReader and not body.buf.tell():
        unreader = body.reader.unreader
        if type(unreader) is SocketUnreader and type(unreader.sock) is socket.socket:  # not one that decrypts
            return _from_socket(body, unreader)
    chunked = "chunked" in request.headers.get("Transfer-Encoding", "").lower()
    return _from_stream(body.read if chunked and body is not None else request.read)


def _from_stream(read: Callable[[int], bytes]) -> Fill:
    def fill(view: memoryview) -> int:
        piece = read(len(view))
        view[: len(piece)] = piece
        return len(piece)

    return fill


def _from_socket(body: Any, unreader: Any) -> Fill:
    """gunicorn's reader keeps the count of what is left: it looks for the next request behind it."""

    def fill(view: memoryview) -> int:
        wanted = min(len(view), int(body.reader.length))
        if not wanted:
            return 0
        held = unreader.take_buffered()  # what came with the headers
        count = min(len(held), wanted)
        view[:count] = held[:count]
        if len(held) > count:
            unreader.unread(held[count:])
        try:
            if not count:
                count = int(unreader.sock.recv_into(view[:wanted], wanted, socket.MSG_WAITALL))
        except OSError as problem:
            body.failed = True
            raise UnreadablePostError(*problem.args) from problem
        body.reader.length -= count
        return count

    return fill
