"""A client that neither reads nor sends does not keep a thread of the web server for ever.

gunicorn's threads wait without a limit while they write to a socket that nobody reads, and while a body does not come. A few
dozen such clients would be all it takes to silence the portal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

SECONDS = 300
"""For one piece, of at most 1 MiB: 3.5 kB/s, which the slowest telephone network does."""

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def impatient(application: Application, seconds: float = SECONDS) -> Application:
    """The WSGI application, whose connections end when one read or write takes longer than this.

    gunicorn makes the socket wait without a limit before every request, so it is told anew each time. Other servers
    name no socket and stay as they are.
    """

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if connection := environ.get("gunicorn.socket"):
            connection.settimeout(seconds)
        return application(environ, start_response)

    return answer
