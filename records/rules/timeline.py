"""Which report belongs to which scan. Pure: the class of the paper, its words and the days decide."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from records.rules.words import found

REPORTS: dict[str, frozenset[str]] = {
    "image_report": frozenset({"CT", "MR", "CR", "DX", "RG", "RF", "US", "PT", "NM", "MG", "XA"}),
    "echo_report": frozenset({"US"}),
    "catheter_report": frozenset({"XA"}),
    "right_heart_report": frozenset({"XA", "HD"}),
    "stress_report": frozenset({"NM", "PT", "US"}),
    "ecg": frozenset({"ECG"}),
}
"""Classes of paper that report on pictures, and of which modalities."""
WORDS: dict[str, tuple[str, ...]] = {
    "CT": ("ct", "cta", "computed tomogra", "hrct", "tac", "tc", "tacar", "tomografia"),
    "MR": ("mr", "mri", "magnetic", "resonancia"),
    "US": ("ultraso", "sonogra", "echo", "ecogra", "eco", "duplex"),
    "CR": ("x-ray", "xray", "radiogra", "chest film", "rx"),
    "PT": ("pet",),
    "NM": ("scintigra", "nuclear", "spect", "gammagra", "bone scan"),
    "MG": ("mammogra", "tomosynth", "mamogra"),
    "XA": ("angiogra", "catheter", "cateterismo", "coronariogra"),
    "RF": ("fluoro", "swallow"),
}
SAME = {"DX": "CR", "RG": "CR"}
WRITTEN_WITHIN = 14
"""Days after the pictures within which a report is written."""


@dataclass(frozen=True)
class Scan:
    id: str
    day: date | None
    modalities: frozenset[str]


@dataclass(frozen=True)
class Paper:
    """`text`: the beginning of the paper and its title, folded."""

    id: str
    klass: str
    day: date | None
    text: str


def pair(scans: Iterable[Scan], papers: Iterable[Paper]) -> dict[str, str]:
    """Paper to scan, for papers that report on pictures: the modality fits, a word says so, and the day is close.

    The nearest scan has it; of two equally near ones neither, since a wrong pair is worse than none.
    """
    every = list(scans)
    pairs: dict[str, str] = {}
    for paper in papers:
        near = sorted((days, scan.id) for scan in every if (days := _days(paper, scan)) is not None)
        if near and (len(near) == 1 or near[0][0] < near[1][0]):
            pairs[paper.id] = near[0][1]
    return pairs


def _days(paper: Paper, scan: Scan) -> int | None:
    if paper.day is None or scan.day is None:
        return None
    fits = REPORTS.get(paper.klass, frozenset()) & scan.modalities
    if not fits:
        return None
    if paper.klass == "image_report" and not any(found(WORDS.get(SAME.get(one, one), ()), paper.text) for one in fits):
        return None
    days = (paper.day - scan.day).days
    return abs(days) if -1 <= days <= WRITTEN_WITHIN else None
