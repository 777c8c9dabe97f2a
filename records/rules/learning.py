"""Corrections teach: a paper whose heading is like that of papers that people corrected is taken for the same kind.

What is compared are words of the heading (no numbers, none of the patient's names) and the institution; only the class goes from one
case to another. It never leaves the installation, and a person's own correction always stands above it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from records.rules.words import folded

HEADING = 12
"""Words of the heading that are compared."""
ALIKE = 0.6
LESSONS = 500
"""The newest corrections that are looked at."""
_COMMON = frozenset({"the", "of", "and", "for", "to", "a", "in", "de", "la", "el", "del", "scan", "img", "image", "document", "file", "pdf",
                     "jpg", "jpeg", "png", "page", "copy", "untitled", "dear", "mr", "mrs", "ms", "dr"})  # fmt: skip


@dataclass(frozen=True)
class Lesson:
    """What a person said a paper with these words is."""

    words: frozenset[str]
    institution: str
    klass: str


def heading(title: str, text: str, names: str) -> list[str]:
    """The words that a paper is compared by, in order; without numbers and without the patient's names."""
    own = set(re.findall(r"[a-z]+", folded(names)))
    words = re.findall(r"[a-z][a-z-]+", f"{folded(title)} {folded(text[:300])}")
    kept = [word for word in dict.fromkeys(words) if len(word) > 2 and word not in _COMMON and word not in own]
    return kept[:HEADING]


def likeness(title: str, text: str, institution: str, names: str) -> list[str]:
    """The same as a row keeps it: the institution first ("" where it is not known), then the heading's words."""
    return [folded(institution), *heading(title, text, names)]


def lesson(row: Sequence[str], klass: str) -> Lesson:
    return Lesson(frozenset(row[1:]), row[0] if row else "", klass)


def learned(row: Sequence[str], lessons: Iterable[Lesson]) -> tuple[str, float]:
    """(class, confidence), or ("", 0) when nothing like it was corrected.

    Alike: three of five words shared. One such lesson is a hint (0.6), from the same institution 0.75; each that agrees adds 0.1, up to
    0.95; those that disagree take as much away.
    """
    words, institution = frozenset(row[1:]), row[0] if row else ""
    if len(words) < 2:
        return "", 0.0
    votes: Counter[str] = Counter()
    near: Counter[str] = Counter()
    for one in lessons:
        shared = len(words & one.words) / (len(words | one.words) or 1)
        if shared >= ALIKE:
            votes[one.klass] += 1
            near[one.klass] += bool(institution and institution == one.institution)
    if not votes:
        return "", 0.0
    (best, count), *others = votes.most_common()
    against = sum(number for _klass, number in others)
    if count <= against:
        return "", 0.0
    sure = (0.75 if near[best] else 0.6) + 0.1 * (count - 1) - 0.1 * against
    return best, round(min(0.95, max(0.3, sure)), 2)
