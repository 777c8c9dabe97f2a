"""multipart/related bodies (PS3.18 section 8.6.1.2.1) and what a client says it accepts (section 8.7.4)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.http import HttpResponse, StreamingHttpResponse

EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"


@dataclass(frozen=True)
class Part:
    """One part of a body: its type with parameters, its length in bytes, its bytes."""

    content_type: str
    length: int
    body: Iterable[bytes]


def accepts(header: str, media_type: str) -> bool:
    """Whether an Accept header allows `media_type`, bare or inside multipart/related; an absent header allows all."""
    for one in header.split(",") if header else ["*/*"]:
        offered, *parameters = (word.strip().strip('"').lower() for word in one.replace(";", ";").split(";"))
        if offered == "multipart/related":
            wanted = next((p.partition("=")[2].strip('" ') for p in parameters if p.startswith("type=")), "*/*")
            offered = wanted
        if offered in {"*/*", media_type, media_type.partition("/")[0] + "/*"}:
            return True
    return False


def related(parts: list[Part], media_type: str) -> HttpResponse | StreamingHttpResponse:
    """A multipart/related response that streams its parts; its length is known, so a cut connection is noticed."""
    boundary = uuid.uuid4().hex
    heads = [
        f"--{boundary}\r\nContent-Type: {part.content_type}\r\nContent-Length: {part.length}\r\n\r\n".encode()
        for part in parts
    ]
    tail = f"--{boundary}--\r\n".encode()

    def body() -> Iterator[bytes]:
        for head, part in zip(heads, parts, strict=True):
            yield head
            yield from part.body
            yield b"\r\n"
        yield tail

    response = StreamingHttpResponse(
        body(), content_type=f'multipart/related; type="{media_type}"; boundary={boundary}'
    )
    response["Content-Length"] = str(sum(len(h) + p.length + 2 for h, p in zip(heads, parts, strict=True)) + len(tail))
    return response
