"""Words in small letters without accents, so that "Resonancia Magnética" and "resonancia magnetica" are the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache


def folded(text: str) -> str:
    """Small letters, accents off, runs of space as one."""
    plain = unicodedata.normalize("NFKD", text)
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).casefold().replace("_", " ").split())


@lru_cache(maxsize=4096)
def _beginning(word: str) -> re.Pattern[str]:
    return re.compile(r"(?<![a-z0-9])" + re.escape(word))


def found(words: Iterable[str], text: str) -> list[str]:
    """Which of `words` begin a word of `text` (already folded)."""
    return [word for word in words if _beginning(word).search(text)]
