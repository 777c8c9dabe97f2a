"""How hard a text is to read: Flesch-Kincaid grade level, for English.

Kincaid JP et al., "Derivation of new readability formulas", Naval Technical Training Command, 1975:
0.39 × words per sentence + 11.8 × syllables per word − 15.59. A patient's page aims at grade 6 or lower, with no
sentence of more than 20 words. Names of diseases and drugs are left out of the count where they are explained.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache, lru_cache

from pyphen import Pyphen

TARGET_GRADE = 6.0
MAX_SENTENCE_WORDS = 20

WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")
END = re.compile(r"(?<!\d)[.!?…]+(?=[\s\"'”’)\]]|$)|(?<=\d)[.!?…]+(?=\s|$)|\n+|[;](?=\s)")
ABBREVIATION = re.compile(r"\b(Dr|Mr|Mrs|Ms|St|vs|e\.g|i\.e|approx|No)\.(?=\s)", re.IGNORECASE)
VOWELS = re.compile(r"[aeiouy]+")


@dataclass(frozen=True)
class Reading:
    """What was counted. `grade` is 0 for a text without words; `long_sentences` have more than 20 words each."""

    grade: float
    words: int
    sentences: int
    syllables: int
    long_sentences: tuple[str, ...]
    hard_words: tuple[str, ...]

    @property
    def easy(self) -> bool:
        """Whether a patient's page may go out as it is."""
        return self.grade <= TARGET_GRADE and not self.long_sentences


def read(text: str, ignore: Collection[str] = frozenset()) -> Reading:
    """Counts words, sentences and syllables. A new line ends a sentence, as headings and list items do.

    Words of `ignore` and numbers count neither as words nor as syllables, but do count for the length of a sentence
    that a person has to hold in mind.
    """
    skipped = {word.lower() for word in ignore}
    words = syllable_count = sentence_count = 0
    long_sentences: list[str] = []
    hard: dict[str, int] = {}
    for sentence in sentences(text):
        found = WORD.findall(sentence)
        if len(found) > MAX_SENTENCE_WORDS:
            long_sentences.append(sentence)
        counted = [word for word in found if not _left_out(word, skipped)]
        if not counted:
            continue
        sentence_count += 1
        words += len(counted)
        for word in counted:
            size = syllables(word)
            syllable_count += size
            if size >= 3:
                hard[word.lower()] = size
    grade = 0.0
    if words:
        grade = 0.39 * words / sentence_count + 11.8 * syllable_count / words - 15.59
    return Reading(
        grade=round(max(grade, 0.0), 1),
        words=words,
        sentences=sentence_count,
        syllables=syllable_count,
        long_sentences=tuple(long_sentences),
        hard_words=tuple(sorted(hard, key=lambda word: (-hard[word], word))),
    )


def sentences(text: str) -> list[str]:
    """The sentences of a text, without those that hold no word. A point in 1.5 or after "Dr" ends none."""
    text = ABBREVIATION.sub(lambda found: found.group(0).replace(".", ""), text)
    return [part.strip() for part in END.split(text) if WORD.search(part)]


@lru_cache(maxsize=20_000)
def syllables(word: str) -> int:
    """Syllables of one English word, at least 1.

    Hyphenation alone finds too few ("area" may not be broken), groups of vowels alone miss those in a row ("being"):
    the larger of the two is the fairer, and never flatters a text. Letters of an abbreviation (CT) count one each.
    """
    if word.isupper() and 1 < len(word) <= 5:
        return sum(3 if letter == "W" else 1 for letter in word)
    total = 0
    for part in re.split(r"['’\-]", word):
        plain = "".join(
            letter for letter in unicodedata.normalize("NFD", part.lower()) if not unicodedata.combining(letter)
        )
        if not plain or plain in {"s", "t", "m", "d"}:
            continue
        hyphens = len(_hyphenation().positions(plain)) + 1
        total += max(hyphens, _vowel_groups(plain))
    return max(total, 1)


SILENT_E = re.compile(r"[^aeiouy]e$")
SOUNDED_LE = re.compile(r"[^aeiouy]le$")
SILENT_ED_ES = re.compile(r"[^aeiouytd]ed$|(?<![sxzcg])(?<![cs]h)(?<![aeiouy])es$")
TWO_SOUNDS = re.compile(
    r"ea$|ia(?=[nlt]|$)(?<!cia)(?<!tia)|io(?!n|us)|(?<=[rvd])iou|ui(?=[nt][aeiou])|(?<=[rn])ie(?=nt)"
)


def _vowel_groups(word: str) -> int:
    """Groups of vowels, without a silent e at the end, and with the commonest pairs that are spoken apart (idea)."""
    groups = len(VOWELS.findall(word)) + len(TWO_SOUNDS.findall(word))
    if (SILENT_E.search(word) and not SOUNDED_LE.search(word)) or SILENT_ED_ES.search(word):
        groups -= 1
    return max(groups, 1)


def _left_out(word: str, skipped: Collection[str]) -> bool:
    if word[0].isdigit():
        return True
    small = word.lower()
    return small in skipped or small.removesuffix("s") in skipped or re.sub(r"['’]s$", "", small) in skipped


@cache
def _hyphenation() -> Pyphen:
    return Pyphen(lang="en_US", left=2, right=2)
