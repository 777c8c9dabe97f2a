"""Whose record is this? Compares what a DICOM header says with the person of the case. About 0.1 % of discs are another's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from records.rules.words import folded

NOBODY = frozenset(
    {"anonymous", "anonymized", "anonymised", "anon", "unknown", "patient", "test", "noname", "name", "none"}
)
TITLES = frozenset(
    {"mr", "mrs", "ms", "dr", "prof", "jr", "sr", "ii", "iii", "de", "la", "da", "do", "del", "van", "von", "y"}
)


class Verdict(StrEnum):
    SAME = "same"
    UNKNOWN = "unknown"
    OTHER = "other"


@dataclass(frozen=True)
class Person:
    """Names as written anywhere; `birth_date` None when not known."""

    names: str
    birth_date: date | None


def tokens(name: str) -> list[str]:
    """Parts of a name: "EXAMPLE^Testina^^Dr" and "Testina Example" have the same."""
    parts = re.split(r"[^a-z]+", folded(name.split("=")[0]))
    return [part for part in parts if part and part not in TITLES]


def one_letter(a: str, b: str) -> bool:
    """Whether the two differ by one letter more, less, other or swapped: how clerks mistype."""
    if a == b:
        return True
    if abs(len(a) - len(b)) > 1 or min(len(a), len(b)) < 4:
        return False
    if len(a) == len(b):
        places = [n for n in range(len(a)) if a[n] != b[n]]
        swapped = (
            len(places) == 2
            and places[1] == places[0] + 1
            and a[places[0]] == b[places[1]]
            and a[places[1]] == b[places[0]]
        )
        return len(places) == 1 or swapped
    short, long = sorted((a, b), key=len)
    return any(long[:n] + long[n + 1 :] == short for n in range(len(long)))


def same_name(record: str, person: str) -> Verdict:
    """SAME: two parts agree (an initial counts for a given name); OTHER: no part agrees; UNKNOWN: in between, or no name."""
    theirs, ours = tokens(record), tokens(person)
    if not theirs or not ours or set(theirs) & NOBODY or all(len(part) == 1 for part in theirs):
        return Verdict.UNKNOWN
    joined = "".join(theirs)
    whole = sum(1 for part in set(theirs) if len(part) > 1 and any(one_letter(part, own) for own in ours))
    initials = sum(1 for part in theirs if len(part) == 1 and any(own.startswith(part) for own in ours))
    run_together = sum(1 for own in set(ours) if len(own) > 3 and own in joined)
    agree = max(whole, run_together)
    if agree >= 2 or (agree == 1 and (initials or len(theirs) == 1)):
        return Verdict.SAME
    return Verdict.UNKNOWN if agree else Verdict.OTHER


def same_birth(record: str, person: date | None) -> Verdict:
    """`record` as YYYYMMDD. Day and month swapped, or one digit mistyped, is UNKNOWN rather than another person."""
    if person is None or not re.fullmatch(r"[0-9]{8}", record) or record.endswith("0101") or record < "18900101":
        return Verdict.UNKNOWN
    ours = person.strftime("%Y%m%d")
    if record == ours:
        return Verdict.SAME
    swapped = record[:4] + record[6:] + record[4:6]
    digits = sum(1 for a, b in zip(record, ours, strict=True) if a != b)
    return Verdict.UNKNOWN if swapped == ours or digits == 1 else Verdict.OTHER


def whose(*, record_name: str, record_birth: str, person: Person) -> Verdict:
    """OTHER only on a clear mismatch: the study is set aside and a person looks. Doubt never blocks a patient.

    A different name alone is clear unless the birth date is the same (marriage); a different birth date is clear
    even when the name agrees (father and son).
    """
    name, birth = same_name(record_name, person.names), same_birth(record_birth, person.birth_date)
    if birth is Verdict.OTHER:
        return Verdict.OTHER
    if name is Verdict.OTHER:
        return Verdict.UNKNOWN if birth is Verdict.SAME else Verdict.OTHER
    if Verdict.SAME in (name, birth):
        return Verdict.SAME
    return Verdict.UNKNOWN
