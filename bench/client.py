"""One plain HTTP client for both servers: connections that stay open, bodies read into one buffer and counted."""

from __future__ import annotations

import http.client
import statistics
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

BLOCK = 1024 * 1024


@dataclass(frozen=True)
class Request:
    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True)
class Server:
    """Where a server listens, and what every request carries."""

    port: int
    headers: Mapping[str, str] = field(default_factory=dict)

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)

    def get(self, path: str, **headers: str) -> bytes:
        """One body. Raises RuntimeError on an error."""
        connection = self.connect()
        try:
            connection.request("GET", path, headers={**self.headers, **headers})
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status >= 300:
            raise RuntimeError(f"{answer.status} {path}: {body[:200]!r}")
        return body

    def first_byte(self, request: Request) -> tuple[float, float, int]:
        """Seconds to the first byte of the body and to its end, and its length."""
        connection = self.connect()
        buffer = bytearray(BLOCK)
        began = time.perf_counter()
        connection.request(request.method, request.path, request.body, {**self.headers, **request.headers})
        answer = connection.getresponse()
        first, size = 0.0, 0
        while count := answer.readinto(buffer):
            first = first or time.perf_counter() - began
            size += count
        ended = time.perf_counter() - began
        connection.close()
        if answer.status >= 300:
            raise RuntimeError(f"{answer.status} {request.path}")
        return first, ended, size

    def all(self, requests: Iterable[Request], connections: int) -> tuple[float, int]:
        """Seconds until every body was read by this many connections, and the bytes in sum."""
        waiting: SimpleQueue[Request] = SimpleQueue()
        for one in requests:
            waiting.put(one)
        sizes: list[int] = []
        problems: list[str] = []

        def work() -> None:
            connection, buffer, size = self.connect(), bytearray(BLOCK), 0
            while True:
                try:
                    one = waiting.get_nowait()
                except Empty:
                    break
                connection.request(one.method, one.path, one.body, {**self.headers, **one.headers})
                answer = connection.getresponse()
                while count := answer.readinto(buffer):
                    size += count
                if answer.status >= 300:
                    problems.append(f"{answer.status} {one.path}")
                    break
            connection.close()
            sizes.append(size)

        threads = [threading.Thread(target=work) for _ in range(connections)]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.perf_counter() - began
        if problems:
            raise RuntimeError(problems[0])
        return took, sum(sizes)


def median(measure: Callable[[], float], times: int) -> float:
    return statistics.median(measure() for _ in range(times))


def timed(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def stow(path: str, files: Sequence[bytes]) -> Request:
    """Several instances in one STOW-RS request."""
    boundary = "benchboundary"
    head = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    body = b"".join(head + one + b"\r\n" for one in files) + f"--{boundary}--\r\n".encode()
    kind = f'multipart/related; type="application/dicom"; boundary={boundary}'
    return Request(path, "POST", {"Content-Type": kind, "Accept": "application/dicom+json"}, body)
