"""Names of doctors and hospitals as records carry them, put as people say them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from records.rules.words import folded


def spoken(name: str) -> str:
    """A DICOM name (PS3.5 6.2.1.1: family^given^middle^prefix^suffix) as it is said: "Dr Otto Placeholder"."""
    family, given, middle, prefix, suffix = [*name.split("=")[0].split("^"), "", "", "", "", ""][:5]
    words = " ".join(f"{prefix} {given} {middle} {family} {suffix}".split())
    return words.title() if words.isupper() else words


def distinct(names: Iterable[str]) -> list[str]:
    """Names in order, each once; one whose words all stand in another is left out.

    "Otto Placeholder" says nothing beside "Dr Otto Placeholder, Sample Hospital".
    """
    kept: list[tuple[str, set[str]]] = []
    for name in sorted({" ".join(one.split()) for one in names if one.strip()}, key=lambda one: (-len(one), one)):
        words = set(re.findall(r"\w+", folded(name)))
        if not any(words <= more for _name, more in kept):
            kept.append((name, words))
    return sorted((name for name, _words in kept), key=str.casefold)
