"""What kind of paper is this, and of which day? From its words alone; a person can always say otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from portal.catalogue.parts import DocumentClass, WordList
from records.rules.words import folded, found

READ = 6000
"""Characters from the beginning that decide: a report says at its head what it is."""
TITLE = 300
LINES, SHORT = 12, 10
"""Lines at the top of a paper, and words of one, up to which a line counts as a heading."""
SURE, PROBABLE = 0.8, 0.4
HINT = 0.35
"""Below this nothing is said: one word in passing is no class."""
IMAGES = "image_report"
CONSENT = "consent"
"""Being asked for a test is what this class is."""

_MONTH_NAMES = (
    "jan/ene/gen feb/fev/fevr mar/maer/mrt apr/abr/avr may/mai/mag/mei/maio jun/juin/giu jul/juil/lug/lui aug/ago/aou "
    "sep/set oct/okt/ott/out nov dec/dic/dez"
)
_MONTHS = {name: n for n, names in enumerate(_MONTH_NAMES.split(), 1) for name in names.split("/")}
"""Beginnings of the names of months in seven languages, without accents; the longer ones tell "juin" from "juillet"."""
_ISO = re.compile(r"\b(19|20)(\d\d)-(\d\d)-(\d\d)\b")
_NAMED = re.compile(
    r"\b(\d{1,2})(?:st|nd|rd|th|er)?(?:\.? (?:de )?|\.?-)([a-z]{3,10})(?:\.?,? (?:de )?|-)((?:19|20)\d\d)\b"
    r"|\b([a-z]{3,10})\.? (\d{1,2})(?:st|nd|rd|th)?,? ((?:19|20)\d\d)\b"
)
_NUMBERS = re.compile(r"\b(\d{1,2})([./-])(\d{1,2})\2((?:19|20)\d\d|(?<=\.)\d\d(?![\d.,%]))\b")
"""Two digits of a year only behind points, as German and Scandinavian papers write."""
_LABEL = re.compile(
    r"(\b(?:saw|seen|reviewed)\b[^.;]{0,40}\bon|date of (?:service|exam|examination|procedure|study|report|visit)"
    r"|(?:exam|study|service|visit|report|collection|procedure|admission|test) date"
    r"|performed|collected|abnahme|entnahme|untersuchung vom|vorgestellt am|fecha de alta|end date|discharged?|recorded"
    r"|date (?:drawn|of surgery|left hospital)|op-datum|prelevement du|date d'intervention"
    r"|(?:esame|visita|referto) del|data (?:esame|prelievo)"
    r"|fecha de (?:extraccion|intervencion|informe)|data da (?:colheita|coleta|consulta)|(?:ekg|spirometrie|echokardiographie|mrt|ct) vom"
    r"|reported|fecha|datum|date)"
    r"[^a-z0-9]{0,12}$"
)
_NOT_SERVICE = re.compile(
    r"(birth ?date|birth|born|dob|d\.o\.b\.?|nacimiento|printed|expires|valid until)[^0-9a-z]{0,20}(?:[a-z]{1,12} ?)?$"
)


def classify(
    texts: Sequence[str], title: str, classes: Iterable[DocumentClass], not_result: WordList
) -> tuple[str, float]:
    """(class, confidence 0..1). "other" with 0 when nothing speaks for any class.

    A word in the title or at the head counts three times. Words such as "requisition" or "consent" halve the confidence:
    they are asked for a test, not its result.
    """
    scores = _scores(texts, title, classes)
    if not scores:
        return "other", 0.0
    best, *others = scores
    second = others[0][0] if others else 0.0
    confidence = min(1.0, 0.3 + best[0] / 8) * (0.7 if second > 0.8 * best[0] else 1.0)
    if best[1] != CONSENT and found(not_result.every, _head(texts, title)):
        confidence *= 0.5
    return (best[1], round(confidence, 2)) if confidence >= HINT else ("other", 0.0)


def ranked(texts: Sequence[str], title: str, classes: Iterable[DocumentClass]) -> list[str]:
    """Classes for which anything speaks, the likeliest first: what to offer a person who corrects one."""
    return [key for _score, key in _scores(texts, title, classes)]


def _head(texts: Sequence[str], title: str) -> str:
    """Its title and the short lines at its top: there a report says what it is. A text without lines: its first words."""
    lines = [line for line in "\n".join(texts)[:READ].splitlines() if line.strip()][:LINES]
    short = [line for line in lines if len(line.split()) <= SHORT] if len(lines) > 1 else [" ".join(lines)[:TITLE]]
    return folded(" ".join([title, *short]))


def _scores(texts: Sequence[str], title: str, classes: Iterable[DocumentClass]) -> list[tuple[float, str]]:
    """(score, class), the best first; the order of the catalogue decides between equals."""
    text = folded(" ".join(texts)[:READ])
    head = _head(texts, title)
    scores = []
    for place, one in enumerate(classes):
        words = one.words.every
        if not words or found(one.contrary.every, head):
            continue
        score = len(found(words, text)) + 3.0 * len(found(words, head))
        if score:
            longest = max(len(getattr(one.words, name)) for name in one.words.LANGUAGES)
            scores.append((score / (1 + longest / 9), -place, one.key))  # long lists are not better evidence
    return [(score, key) for score, _place, key in sorted(scores, reverse=True)]


def by_code(classes: Iterable[DocumentClass], loinc: str, klass: str, title: str) -> str:
    """The class that a record itself declares, by its LOINC code or by what its format is; "" where it declares none of ours.

    A code that several classes share is decided by the words of the title, else by the first.
    """
    every = list(classes)
    if loinc:
        fitting = [one for one in every if loinc in one.loinc]
        plain = folded(title)
        worded = [one for one in fitting if found(one.words.every, plain)]
        if worded or fitting:
            return (worded or fitting)[0].key
    if klass == IMAGES:  # a message says "imaging", its heading may say which
        plain = folded(title)
        named = [one.key for one in every if one.key != klass and found(one.words.every, plain)]
        if named:
            return named[0]
    return next((one.key for one in every if klass and one.key == klass), "")


def service_date(text: str, *, today: date, birth: date | None, day_first: bool = False) -> date | None:
    """The day of service: a labelled date first, else the latest plausible one that is not a birth date."""
    plain = folded(text[:READ])
    labelled: list[date] = []
    others: list[date] = []
    for start, day in sorted(dates_in(plain, day_first)):
        before = plain[max(0, start - 40) : start]
        if day > today + timedelta(days=1) or day == birth or _NOT_SERVICE.search(before):
            continue
        (labelled if _LABEL.search(before) else others).append(day)
    if labelled:
        return labelled[0]
    return max(others, default=None)


def dates_in(plain: str, day_first: bool) -> list[tuple[int, date]]:
    found_dates: list[tuple[int, date]] = []

    def add(start: int, year: str, month: int, day: str) -> None:
        try:
            found_dates.append((start, date(int(year), month, int(day))))
        except ValueError:
            return  # 31 February: not a date

    for match in _ISO.finditer(plain):
        add(match.start(), match[1] + match[2], int(match[3]), match[4])
    for match in _NAMED.finditer(plain):
        day, name, year = (match[1], match[2], match[3]) if match[1] else (match[5], match[4], match[6])
        if month := _MONTHS.get(name[:4]) or _MONTHS.get(name[:3]):
            add(match.start(), year, month, day)
    for match in _NUMBERS.finditer(plain):
        first, mark, second, year = int(match[1]), match[2], int(match[3]), match[4]
        # Points are written where the day comes first.
        day_is_first = first > 12 or ((day_first or mark == ".") and second <= 12)
        month, day_number = (second, first) if day_is_first else (first, second)
        add(match.start(), year if len(year) == 4 else f"20{year}", month, str(day_number))
    return found_dates


def a_day(text: str, *, today: date) -> date | None:
    """YYYY-MM-DD between 1900 and tomorrow; None for anything else."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if date(1900, 1, 1) <= found <= today + timedelta(days=1) else None


LETTERS = 25
"""A page with fewer letters in its text layer than this has none worth the name: a scan with a page number."""


def unread(text: str) -> bool:
    """Whether a page's own text is missing or is not text: too little of it, or signs that no font explains."""
    letters = sum(1 for char in text if char.isalpha())
    odd = sum(1 for char in text if char == "\ufffd" or "\ue000" <= char <= "\uf8ff" or char < "\t")
    return letters < LETTERS or odd > 0.2 * len(text)
