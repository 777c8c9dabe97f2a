"""What a client accepts (PS3.18 section 8.7, RFC 9110 section 12.5.1), and the best of what is offered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|([^",;=\s]+)|([,;=])')
ANY = "*"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One media range: `multipart` says that it came as multipart/related; `syntax` is "" when no transfer syntax is named."""

    media_type: str
    multipart: bool | None
    syntax: str
    q: float


@dataclass(frozen=True, slots=True)
class Offer:
    """What the address can give."""

    media_type: str
    multipart: bool = False


@lru_cache(maxsize=256)
def parse(header: str) -> tuple[Wanted, ...]:
    """The media ranges of an Accept header, those with q=0 left out, the most wanted first. Nothing stated is everything."""
    found: list[Wanted] = []
    for words in _split(header):
        media_type, parameters = words[0].lower(), dict(words[1])
        try:
            q = float(parameters.get("q", "1"))
        except ValueError:
            q = 0.0
        multipart: bool | None = False
        if media_type in {"multipart/related", "multipart/*"}:
            multipart, media_type = True, parameters.get("type", "*/*").lower()
        elif media_type == "*/*":
            multipart = None
        if 0 < q <= 1:
            found.append(Wanted(media_type, multipart, parameters.get("transfer-syntax", ""), q))
    if not found and not header.strip():
        found = [Wanted("*/*", None, "", 1.0)]
    return tuple(sorted(found, key=lambda one: -one.q))


def _split(header: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Ranges with their parameters; commas and semicolons inside quotes are text."""
    ranges: list[tuple[str, list[tuple[str, str]]]] = []
    name, parameters, key, state = "", list[tuple[str, str]](), "", "type"
    for quoted, word, mark in [*_TOKEN.findall(header), ("", "", ",")]:
        if mark == ",":
            if name:
                ranges.append((name, parameters))
            name, parameters, key, state = "", [], "", "type"
        elif mark == ";":
            state, key = "key", ""
        elif mark == "=":
            state = "value"
        elif state == "type":
            name += word or quoted
        elif state == "key":
            key = (word or quoted).lower()
        else:
            parameters.append((key, word or quoted))
    return ranges


def _fits(wanted: Wanted, offer: Offer) -> bool:
    if wanted.multipart is not None and wanted.multipart != offer.multipart:
        return False
    kind = wanted.media_type
    return kind in {"*/*", offer.media_type} or kind == offer.media_type.partition("/")[0] + "/*"


def choose(header: str, offers: Sequence[Offer]) -> Offer | None:
    """The offer that is wanted most; among equals the one that is named most exactly, then the one that stands first."""
    ranked: list[tuple[float, int, int, Offer]] = []
    for wanted in parse(header):
        exact = 0 if wanted.media_type == "*/*" else 1 if wanted.media_type.endswith("/*") else 2
        for place, offer in enumerate(offers):
            if _fits(wanted, offer):
                ranked.append((-wanted.q, -exact, place, offer))
    return min(ranked, key=lambda one: one[:3])[3] if ranked else None


def syntaxes(header: str, offer: Offer) -> frozenset[str] | None:
    """Transfer syntaxes that are welcome for this offer; None when any is (PS3.18 section 8.7.3.5)."""
    named = {wanted.syntax for wanted in parse(header) if _fits(wanted, offer)}
    return None if not named or named & {"", ANY} else frozenset(named)
