"""multipart/related bodies (PS3.18 section 8.6.1.2.1, RFC 2387): written part by part, read without holding a part in memory."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse

from portal.core.bodies import Fill

EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
READ_BYTES = 1024 * 1024
MAX_HEAD_BYTES = 16 * 1024
ONE_PIECE_BYTES = 2 * 1024**2


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a body: its type with parameters, its length in bytes (None: known only when it is made), its bytes."""

    content_type: str
    length: int | None
    body: Iterable[bytes]
    location: str = ""


def related(parts: Iterable[Part], media_type: str, *, status: int = 200) -> HttpResponseBase:
    """A multipart/related response that streams its parts.

    Where every part's length is known (a list of parts), the whole length is sent, so a cut connection is noticed; a small one
    leaves in one piece, which is verified before its first byte and costs one write to the socket.
    """
    boundary = uuid.uuid4().hex
    tail = f"--{boundary}--\r\n".encode()

    def head(part: Part) -> bytes:
        lines = [f"--{boundary}", f"Content-Type: {part.content_type}"]
        if part.length is not None:
            lines.append(f"Content-Length: {part.length}")
        if part.location:
            lines.append(f"Content-Location: {part.location}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def body() -> Iterator[bytes]:
        for part in parts:
            yield head(part)
            yield from part.body
            yield b"\r\n"
        yield tail

    kind = f'multipart/related; type="{media_type}"; boundary={boundary}'
    if not isinstance(parts, list) or any(part.length is None for part in parts):
        return StreamingHttpResponse(body(), status=status, content_type=kind)
    length = sum(len(head(p)) + (p.length or 0) + 2 for p in parts) + len(tail)
    if length <= ONE_PIECE_BYTES:
        return HttpResponse(b"".join(body()), status=status, content_type=kind)
    response = StreamingHttpResponse(body(), status=status, content_type=kind)
    response["Content-Length"] = str(length)
    return response


def plain(body: Iterable[bytes], length: int, media_type: str) -> HttpResponseBase:
    """A body alone, in one piece when it is small."""
    if length <= ONE_PIECE_BYTES:
        return HttpResponse(b"".join(body), content_type=media_type)
    response = StreamingHttpResponse(body, content_type=media_type)
    response["Content-Length"] = str(length)
    return response


class Malformed(Exception):
    """The body is not the multipart that its header says."""


class Reader:
    """Reads a multipart body through `read`, which fills memory that it is given and says with how many bytes; none at the end.

    `parts()` gives each part's headers and its bytes. Each piece of them lies in memory that is used again: it is to be done with
    before the next one is asked for, and all of them before the next part.
    """

    def __init__(self, read: Fill, boundary: str) -> None:
        if not re.fullmatch(r"[0-9A-Za-z'()+_,\-./:=? ]{1,70}", boundary):
            raise Malformed("boundary")
        self._read, self._mark = read, b"\r\n--" + boundary.encode("ascii")
        self._block = bytearray(READ_BYTES + 2 * MAX_HEAD_BYTES)
        self._block[:2] = b"\r\n"  # the first boundary may stand at the very beginning
        self._at, self._end = 0, 2
        self._over = False

    def _fill(self) -> bool:
        """Read more behind what is held, which moves to the front: the end of a block or a head, so that there is always room."""
        if self._at:
            self._block[: self._end - self._at] = self._block[self._at : self._end]
            self._at, self._end = 0, self._end - self._at
        with memoryview(self._block) as view:
            count = 0 if self._over else self._read(view[self._end :])
        self._over = not count
        self._end += count
        return bool(count)

    def _until(self, mark: bytes, limit: int) -> bytes:
        while (place := self._block.find(mark, self._at, self._end)) < 0:
            if self._end - self._at > limit or not self._fill():
                raise Malformed("cut")
        if place - self._at > limit:
            raise Malformed("head")
        found = bytes(self._block[self._at : place])
        self._at = place + len(mark)
        return found

    def parts(self) -> Iterator[tuple[dict[str, str], Iterator[memoryview]]]:
        """Raises Malformed: cut short, or a head that is none."""
        for _ in self._body():  # what stands before the first boundary means nothing
            pass
        while not self._last():
            yield self._head(), (body := self._body())
            for _ in body:  # whatever the caller left
                pass

    def _two(self) -> bytes:
        while self._end - self._at < 2:
            if not self._fill():
                raise Malformed("cut")
        return bytes(self._block[self._at : self._at + 2])

    def _last(self) -> bool:
        """After a boundary: whether it was the closing one. Leaves the reader after the line's end."""
        if self._two() == b"--":
            self._at = self._end
            while self._fill():
                self._at = self._end
            return True
        if self._until(b"\r\n", 1024).strip(b" \t"):
            raise Malformed("boundary line")
        return False

    def _head(self) -> dict[str, str]:
        if self._two() == b"\r\n":
            self._at += 2
            return {}
        found: dict[str, str] = {}
        for line in self._until(b"\r\n\r\n", MAX_HEAD_BYTES).decode("latin-1").split("\r\n"):
            name, colon, value = line.partition(":")
            if not colon:
                raise Malformed("head")
            found[name.strip().lower()] = value.strip()
        return found

    def _body(self) -> Iterator[memoryview]:
        """Bytes up to the next boundary, which is taken away."""
        mark = self._mark
        while True:
            place = self._block.find(mark, self._at, self._end)
            safe = place if place >= 0 else self._end - len(mark) + 1
            start = self._at
            if place >= 0:
                self._at = place + len(mark)
            elif safe > start:
                self._at = safe
            if safe > start:
                with memoryview(self._block) as view:
                    yield view[start:safe]
            if place >= 0:
                return
            if not self._fill():
                raise Malformed("cut")
