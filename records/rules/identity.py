"""Whose record is this? Compares what a DICOM header or a paper says with the person of the case. About 0.1 % of discs are another's."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from records.rules.names import bones, signs, sound, words

NOBODY = frozenset({
    "anonymous", "anonymized", "anonymised", "anon", "anonym", "anonyme", "anonimo", "deidentified", "unknown", "unbekannt",
    "inconnu", "patient", "paciente", "test", "noname", "name", "none", "na", "xxx", "xxxx", "xxxxx", "subject",
})  # fmt: skip
TITLES = frozenset({
    "mr", "mrs", "ms", "miss", "dr", "prof", "med", "herr", "frau", "sr", "sra", "jr", "ii", "iii", "iv", "md", "phd",
    "de", "la", "da", "do", "del", "den", "der", "di", "dos", "das", "van", "von", "zu", "af", "av", "y", "e",
    "al", "el", "bin", "bint", "ibn", "ben", "abu",
})  # fmt: skip
BOUND = frozenset({"al", "el", "abu", "de", "la", "di", "da", "van", "von", "mc", "mac", "st", "san"})
"""Parts that some write together with what follows: DeLuca, Al-Sample."""


class Verdict(StrEnum):
    SAME = "same"
    UNKNOWN = "unknown"
    PARTLY = "partly"
    """Of names only: one part agrees and another is plainly different."""
    OTHER = "other"


@dataclass(frozen=True)
class Person:
    """Names as written anywhere, former ones included; `birth_date` None and `sex` "" when not known."""

    names: str
    birth_date: date | None
    sex: str = ""
    """female, male, or anything else, which is compared with nothing."""


@dataclass(frozen=True)
class Finding:
    """`verdict` with the reasons: which of name, birth and sex differ."""

    verdict: Verdict
    differs: tuple[str, ...] = field(default=())


def tokens(name: str) -> list[str]:
    """Parts of a name: "EXAMPLE^Testina^^Dr" and "Testina Example" have the same."""
    parts = words(name)
    kept = [part for part in parts if part not in TITLES]
    return kept or parts


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


def alike(a: str, b: str) -> bool:
    """Whether two parts of a name are the same name: spelling, transliteration, one mistyped letter, a short form (Tina)."""
    if one_letter(a, b):
        return True
    sa, sb = sound(a), sound(b)
    if sa == sb and len(sa) > 1:
        return True
    if min(len(sa), len(sb)) >= 5 and one_letter(sa, sb):
        return True
    short, long = sorted((a, b), key=len)
    if len(short) >= 4 and (long.startswith(short) or long.endswith(short)):
        return True
    return len(bones(a)) >= 3 and sa[0] == sb[0] and bones(a) == bones(b)


def _latin(record: str, person: str) -> Verdict:
    theirs, ours = tokens(record), tokens(person)
    if TITLES.issuperset(theirs):  # somebody may be called so
        ours = words(person)
    if not theirs or not ours or set(theirs) & NOBODY or all(len(part) == 1 for part in theirs):
        return Verdict.UNKNOWN
    left, agree, initials, differ = list(ours), 0, 0, 0
    for part in sorted(set(theirs), key=len, reverse=True):
        match = next((own for own in left if len(part) > 1 and len(own) > 1 and alike(part, own)), None)
        if match is not None:
            left.remove(match)
            agree += 1
        elif len(part) == 1 and any(own.startswith(part) for own in left):
            initials += 1
        elif len(part) > 1:
            differ += 1
    joined = "".join(words(record))
    together = sum(1 for own in set(ours) if len(own) > 3 and own in joined)
    bound = any(alike("".join(words(record)), "".join(pair)) for pair in _neighbours(words(person)))
    agree = max(agree, together, 2 if bound else 0)
    if agree >= 2 or (agree == 1 and (initials or not differ or (len(ours) == 1 and len(theirs) == 1))):
        return Verdict.SAME
    return Verdict.PARTLY if agree else Verdict.OTHER


def _neighbours(parts: list[str]) -> list[tuple[str, str]]:
    pairs = [*itertools.pairwise(parts)]
    return pairs + [(b, a) for a, b in pairs]


def _signs(record: str, person: str) -> Verdict:
    """Names in ideographs or Hangul, which have no spaces and few signs: the shorter must be in the longer, in any order."""
    theirs, ours = signs(record), signs(person)
    if not theirs or not ours or theirs[0].isascii() or (theirs[0] >= "가") != (ours[0] >= "가"):
        return Verdict.UNKNOWN  # one in Hangul, the other in ideographs: no comparison
    shared = sum(1 for sign in set(theirs) if sign in ours)
    if shared == len(set(theirs)) or shared == len(set(ours)):
        return Verdict.SAME
    return Verdict.PARTLY if shared else Verdict.OTHER


def same_name(record: str, person: str) -> Verdict:
    """SAME when any spelling in the record is the person's: alphabetic, ideographic and phonetic group (PS3.5 section 6.2.1).

    UNKNOWN: no name, nobody's name, or scripts that cannot be compared. PARTLY: one part agrees, another is different.
    """
    found = [verdict for group in record.split("=") for verdict in (_latin(group, person), _signs(group, person))]
    if Verdict.SAME in found:
        return Verdict.SAME
    if Verdict.PARTLY in found:
        return Verdict.PARTLY
    ours_latin = any(len(part) > 1 for part in tokens(person))
    if Verdict.OTHER in found and (ours_latin or Verdict.OTHER in [_signs(g, person) for g in record.split("=")]):
        return Verdict.OTHER
    return Verdict.UNKNOWN


def same_birth(record: str, person: date | None) -> Verdict:
    """`record` as YYYYMMDD. Day and month swapped, or one digit of them mistyped, is UNKNOWN rather than another person.

    Another year is another person: father and son are often one digit apart. 1 January stands for "not known" in many systems.
    """
    if person is None or not re.fullmatch(r"[0-9]{8}", record) or record.endswith("0101") or record < "18900101":
        return Verdict.UNKNOWN
    ours = person.strftime("%Y%m%d")
    if record == ours:
        return Verdict.SAME
    if record[:4] == ours[:4]:
        digits = sum(1 for a, b in zip(record, ours, strict=True) if a != b)
        if record[6:] + record[4:6] == ours[4:] or digits == 1:
            return Verdict.UNKNOWN
    return Verdict.OTHER


def same_sex(record: str, person: str) -> Verdict:
    """Patient's Sex (0010,0040): M and F are compared, O and nothing are not."""
    known = {"M": "male", "F": "female"}.get(record.strip().upper()[:1], "")
    if not known or person not in ("male", "female"):
        return Verdict.UNKNOWN
    return Verdict.SAME if known == person else Verdict.OTHER


def compare(*, record_name: str, record_birth: str, person: Person, record_sex: str = "") -> Finding:
    """OTHER on a mismatch: the record is set aside and a coordinator looks at both sides. Doubt alone never blocks a patient.

    A name that agrees only partly needs the birth date to agree (marriage: another family name; a relative: another given
    name). Another birth date or sex is a mismatch even when the name agrees (father and son, twins).
    """
    name, birth = same_name(record_name, person.names), same_birth(record_birth, person.birth_date)
    sex = same_sex(record_sex, person.sex)
    differs = [what for what, verdict in (("birth", birth), ("sex", sex)) if verdict is Verdict.OTHER]
    if name is Verdict.OTHER or (name is Verdict.PARTLY and birth is not Verdict.SAME):
        differs.insert(0, "name")
    if differs:
        return Finding(Verdict.OTHER, tuple(differs))
    return Finding(Verdict.SAME if Verdict.SAME in (name, birth) else Verdict.UNKNOWN)


def whose(*, record_name: str, record_birth: str, person: Person, record_sex: str = "") -> Verdict:
    """`compare` without the reasons."""
    return compare(record_name=record_name, record_birth=record_birth, person=person, record_sex=record_sex).verdict


def two_people(first: tuple[str, str, str, str], second: tuple[str, str, str, str]) -> bool:
    """Whether two headers of one study, each (name, birth date, sex, patient id), name different people.

    Another patient id alone is one: a study belongs to one patient (PS3.3 A.1.2), and an id is what tells patients apart.
    """
    if first == second:
        return False
    return _other_id(first, second) or _compared(first, second) is Verdict.OTHER


def same_person(first: tuple[str, str, str, str], second: tuple[str, str, str, str]) -> bool:
    """Whether two headers plainly name one person: nothing differs, and the name agrees."""
    named = same_name(first[0], second[0].replace("=", " ")) is Verdict.SAME
    return named and not _other_id(first, second) and _compared(first, second) is Verdict.SAME


def _other_id(first: tuple[str, str, str, str], second: tuple[str, str, str, str]) -> bool:
    return bool(first[3] and second[3]) and _id(first[3]) != _id(second[3])


def _compared(first: tuple[str, str, str, str], second: tuple[str, str, str, str]) -> Verdict:
    day = re.fullmatch(r"([0-9]{4})([0-9]{2})([0-9]{2})", second[1])
    try:
        birth = date(int(day[1]), int(day[2]), int(day[3])) if day else None
    except ValueError:
        birth = None
    person = Person(second[0].replace("=", " "), birth, {"M": "male", "F": "female"}.get(second[2][:1], ""))
    return compare(record_name=first[0], record_birth=first[1], record_sex=first[2], person=person).verdict


def _id(text: str) -> str:
    """Ids with and without leading zeros, spaces and dashes are one."""
    return re.sub(r"[\s\-_.]", "", text).upper().lstrip("0")
