"""A letter by e-mail in the child: its words, and what is attached to it."""

from __future__ import annotations

import email
import email.policy
import io
import re
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import IO

from .job import Job, Refused

MAX_FILE = 64 * 1024 * 1024
PARTS = 200
LOGO = 12_000
"""Bytes up to which a picture inside the words is taken for a letterhead or a signature's decoration."""
_SAID = ("From", "To", "Date", "Subject")
Part = tuple[str, IO[bytes] | None, int | None]


def parts(job: Job) -> list[Part]:
    """(name, content, None) of the letter itself, which comes first, and of everything attached. Raises Refused."""
    message: EmailMessage = email.message_from_bytes(job.read_all(MAX_FILE), policy=email.policy.default)
    leaves = [one for one in message.walk() if not one.is_multipart()]  # of a letter that was passed on as well
    if len(leaves) > PARTS:
        raise Refused("zip_too_many_entries")
    plain = [one for one in leaves if one.get_content_type() == "text/plain" and not one.get_filename()]
    marked = [one for one in leaves if one.get_content_type() == "text/html" and not one.get_filename()]
    words = "\n\n".join(filter(None, map(_text, plain))) or "\n\n".join(_without_marks(_text(one)) for one in marked)
    head = "\n".join(f"{name}: {' '.join(str(message[name]).split())}" for name in _SAID if message[name])
    found: list[Part] = [("message.txt", io.BytesIO(f"{head}\n\n{words.strip()}\n".encode("utf-8", "replace")), None)]
    for number, one in enumerate(leaves, 1):
        body = _bytes(one)
        if one in plain or one in marked or not body or _decoration(one, body):
            continue
        name = one.get_filename() or f"attachment {number}.{one.get_content_subtype()}"
        found.append((re.sub(r"[\\/:]+", "_", name).strip(". ") or "attachment", io.BytesIO(body), None))
    return found


def _decoration(part: EmailMessage, body: bytes) -> bool:
    return part.get_content_maintype() == "image" and bool(part["Content-ID"]) and len(body) <= LOGO


def _bytes(part: EmailMessage) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _text(part: EmailMessage) -> str:
    try:
        return _bytes(part).decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:
        return _bytes(part).decode("cp1252", "replace")


class _Words(HTMLParser):
    """The words of a marked-up letter, a line for each block."""

    SILENT = frozenset({"script", "style", "head", "title"})
    BLOCKS = frozenset({"p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "table", "blockquote"})

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in self.SILENT
        self.found.append("\n" if tag in self.BLOCKS else "\t" if tag in ("td", "th") else "")

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in self.SILENT and self.silent > 0

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append(" ".join(data.split()) + " " if data.strip() else "")


def _without_marks(marked: str) -> str:
    reader = _Words()
    reader.feed(marked)
    reader.close()
    return re.sub(r"\n\s*\n+", "\n", "".join(reader.found)).strip()
