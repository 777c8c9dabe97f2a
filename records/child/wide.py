"""Text in UTF-16, as Windows writes it, with its mark or without."""

from __future__ import annotations

import re

LEAST = 16
"""Bytes that have to look like it where no mark says so."""
ZEROS = 0.6
"""Of the upper halves of letters: other scripts have none, but their papers have spaces and numbers."""
_CONTROLS = re.compile(rb"[\0-\x08\x0e-\x1f]")


def two_byte_letters(head: bytes) -> str:
    """Python's name of the UTF-16 that a file beginning like this is written in; "" for any other."""
    for mark, name in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if head.startswith(mark):
            return name
    if len(head) < LEAST:
        return ""
    first, second = head[::2], head[1::2]
    for lower, upper, name in ((first, second, "utf-16-le"), (second, first, "utf-16-be")):
        if upper.count(0) > ZEROS * len(upper) and not _CONTROLS.search(lower):
            return name
    return ""


def as_utf_8(content: bytes) -> bytes:
    """The same text in UTF-8, where it was UTF-16; anything else as it is."""
    wide = two_byte_letters(content[:4096])
    return content.decode(wide, "replace").removeprefix("\ufeff").encode("utf-8", "replace") if wide else content
