"""A letter by e-mail in the child: its words, and what is attached to it."""

from __future__ import annotations

import email
import email.policy
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import IO, cast

from .job import Job, Refused
from .text import characters

MAX_FILE = 64 * 1024 * 1024
PARTS = 200
"""Of one letter."""
MAILS = 500
"""Of one mailbox."""
LOGO = 12_000
"""Bytes up to which a picture inside the words is taken for a letterhead or a signature's decoration."""
LOGO_PIXELS = 128 * 128
_TRANSPORT = re.compile(
    r"(?i)(?:return-path|delivered-to|envelope-to|message-id|in-reply-to|references|mime-version|user-agent|precedence|auto-submitted"
    r"|content-(?:type|transfer-encoding|disposition|language|id|class|location)|authentication-results|received-spf|autocrypt"
    r"|feedback-id|importance|accept-language|(?:dkim|domainkey|arc|list|thread)-[a-z-]+"
    r"|x-(?:ms|msmail|mimeole|mailer|microsoft|exchange|forefront|originating|spam|virus|priority|google|gm|received|ironport"
    r"|proofpoint|barracuda|apple|yahoo|provags|ui|ses|sg|mailgun)(?:-[a-z0-9-]+)?)"
)
"""Header lines that speak to machines. Every other one is shown: nobody can list what a clinic's system writes there."""
_RELAYED = re.compile(r"(?is)\s*(?:from|by)\s.+;")
_WORD = re.compile(r"~~|\w+(?:[.,^]\w+)*")
_FORM = re.compile(r"(?i)\bMIME\b|multi-?part message")
_SEPARATOR = re.compile(rb"(?:\A|\n\r?\n)(?P<mail>From [^\n]{1,200}\n)(?=[A-Za-z][A-Za-z0-9-]*:)")
"""Between the letters of a mailbox: an empty line, then one with sender and moment; a header follows."""
_MOMENT = (re.compile(rb"\d\d:\d\d"), re.compile(rb"\d{4}"))
_QUOTED = re.compile(rb"(?m)^>(>*From )")
"""A line of a letter that would look like a separator."""
Part = tuple[str, IO[bytes] | None, int | None]


def parts(job: Job) -> list[Part]:
    """(name, content, None) of the letter itself, which comes first, and of everything attached. Of a mailbox (mbox, RFC 4155) with
    several letters: of one after the other, each in a folder. Raises Refused."""
    content = job.read_all(MAX_FILE).removeprefix(b"\xef\xbb\xbf").lstrip()
    starts = list(itertools.islice(_letters(content), MAILS + 1)) if content.startswith(b"From ") else []
    if len(starts) < 2:
        return _parts(content)
    if len(starts) > MAILS:
        raise Refused("zip_too_many_entries")
    found: list[Part] = []
    for number, (start, end) in enumerate(itertools.pairwise([*starts, len(content)]), 1):
        one = _QUOTED.sub(rb"\1", content[start:end])
        found += [(f"mail {number}/{name}", stream, size) for name, stream, size in _parts(one)]
    return found


def _letters(content: bytes) -> Iterator[int]:
    """Where the letters of a mailbox begin."""
    for found in _SEPARATOR.finditer(content):
        if all(part.search(found["mail"]) for part in _MOMENT):
            yield found.start("mail")


def _parts(content: bytes) -> list[Part]:
    message: EmailMessage = email.message_from_bytes(content, policy=email.policy.default)
    leaves = [one for one in message.walk() if not one.is_multipart()]
    if len(leaves) > PARTS:
        raise Refused("zip_too_many_entries")
    words = [_head(message), _said(message)]
    found: list[Part] = []
    for number, one in enumerate(leaves, 1):
        body = _bytes(one)
        if _is_words(one) or not body:
            continue
        name = one.get_filename() or f"attachment {number}.{one.get_content_subtype()}"
        name = re.sub(r"[\\/:]+", "_", name).strip(". ") or "attachment"
        if _decoration(one, body):
            words.append(f"[{name}]")
        else:
            found.append((name, io.BytesIO(body), None))
    letter = "\n\n".join(filter(None, words)) + "\n"
    return [("message.txt", io.BytesIO(letter.encode("utf-8", "replace")), None), *found]


def _is_words(part: EmailMessage) -> bool:
    return part.get_content_type() in ("text/plain", "text/html") and not part.get_filename()


def _head(message: EmailMessage) -> str:
    """Who wrote to whom and when, and whatever else stands in the header for people to read."""
    lines = []
    for name, raw in message.raw_items():
        try:
            value = str(message.policy.header_fetch_parse(name, raw))
        except Exception:
            value = str(raw)  # the parser of the library stumbles over some
        if not _TRANSPORT.fullmatch(name) and not (name.lower() == "received" and _RELAYED.match(value)):
            lines.append(f"{name}: {' '.join(value.split())}")
    return "\n".join(lines)


def _said(part: EmailMessage) -> str:
    """The words of a part and of those inside, in order; a letter that was passed on with its own header."""
    if not part.is_multipart():
        words = _text(part) if _is_words(part) else ""
        return (_without_marks(words) if part.get_content_type() == "text/html" else words).strip()
    inside = cast(list[EmailMessage], part.get_payload())
    if part.get_content_maintype() == "message":
        return "\n\n".join(filter(None, (words for one in inside for words in (_head(one), _said(one)))))
    said = [_said(one) for one in inside]
    if part.get_content_type() == "multipart/alternative":
        said = _different(said)
    return "\n\n".join(filter(None, (_unlike_form(part.preamble), *said, _unlike_form(part.epilogue))))


def _different(versions: list[str]) -> list[str]:
    """Versions of one letter without those that say nothing that another does not: some programs leave only a notice in one of them."""
    counted = [Counter(word.casefold() for word in _WORD.findall(one)) for one in versions]
    kept = list(range(len(versions)))
    for place in reversed(range(len(versions))):
        if any(counted[place] <= counted[other] for other in kept if other != place):
            kept.remove(place)
    return [versions[place] for place in kept]


def _unlike_form(text: str | None) -> str:
    """What stands before or behind all parts, without the line that programs put there."""
    return "\n".join(line for line in (text or "").splitlines() if not _FORM.search(line)).strip()


def _decoration(part: EmailMessage, body: bytes) -> bool:
    """A letterhead's picture; one that is large enough to be read is a paper."""
    if part.get_content_maintype() != "image" or not part["Content-ID"] or len(body) > LOGO:
        return False
    from PIL import Image

    try:
        with Image.open(io.BytesIO(body)) as picture:
            return picture.width * picture.height <= LOGO_PIXELS
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False


def _bytes(part: EmailMessage) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _text(part: EmailMessage) -> str:
    content, named = _bytes(part), part.get_content_charset()
    try:
        return content.decode(named or "utf-8")
    except (LookupError, UnicodeDecodeError):
        return characters(content)  # none was named, or a wrong one


class _Words(HTMLParser):
    """The words of a marked-up letter, a line for each block. Nothing is put between two letters of one word or number."""

    SILENT = frozenset({"script", "style", "title"})
    BLOCKS = frozenset(
        {
            "p",
            "div",
            "br",
            "tr",
            "li",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "table",
            "blockquote",
            "dt",
            "dd",
            "pre",
            "hr",
        }
    )
    BETWEEN = {"td": "\t", "th": "\t", "sup": "^", "s": "~~", "strike": "~~", "del": "~~"}

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent = 0 if tag == "body" else self.silent + (tag in self.SILENT)
        self.found.append("\n" if tag in self.BLOCKS else self.BETWEEN.get(tag, ""))
        self.found += [
            f" [{words}] " for name, words in attrs if (tag, name) == ("img", "alt") and words and words.strip()
        ]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in self.SILENT and self.silent > 0
        self.found.append("\n" if tag in self.BLOCKS else "~~" if self.BETWEEN.get(tag) == "~~" else "")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append(re.sub(r"\s+", " ", data))


def _without_marks(marked: str) -> str:
    reader = _Words()
    reader.feed(marked)
    reader.close()
    return re.sub(r" *\n[ \n]*", "\n", re.sub(r"  +", " ", "".join(reader.found))).strip()
