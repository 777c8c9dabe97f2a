"""Results of the same test over time. Units are put together only when that is arithmetic, never chemistry: g/dL and mg/dL are, mg/dL and
mmol/L are not, and what does not fit gets a chart of its own.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from records.rules.words import folded

_SAME = {
    "k/ul": "10*3/ul", "thou/ul": "10*3/ul", "thousand/ul": "10*3/ul", "10^3/ul": "10*3/ul", "x10^3/ul": "10*3/ul", "10e3/ul": "10*3/ul",
    "x10e3/ul": "10*3/ul", "k/mm3": "10*3/ul", "10*3/mm3": "10*3/ul", "k/cumm": "10*3/ul", "10^9/l": "10*9/l", "x10^9/l": "10*9/l",
    "10e9/l": "10*9/l", "x10e9/l": "10*9/l", "giga/l": "10*9/l", "g/l(10*9)": "10*9/l", "m/ul": "10*6/ul", "10^6/ul": "10*6/ul",
    "x10e6/ul": "10*6/ul", "mil/ul": "10*6/ul", "10^12/l": "10*12/l", "x10^12/l": "10*12/l", "tera/l": "10*12/l", "percent": "%",
    "g%": "g/dl", "gm/dl": "g/dl", "mg%": "mg/dl", "mcg/ml": "ug/ml", "mcg/dl": "ug/dl", "mcg/l": "ug/l", "mcmol/l": "umol/l",
}  # fmt: skip
_FACTORS: dict[str, tuple[str, float]] = {
    "g/dl": ("mass", 10.0), "g/l": ("mass", 1.0), "mg/dl": ("mass", 1e-2), "mg/l": ("mass", 1e-3), "mg/ml": ("mass", 1.0),
    "ug/dl": ("mass", 1e-5), "ug/l": ("mass", 1e-6), "ug/ml": ("mass", 1e-3), "ng/ml": ("mass", 1e-6), "ng/dl": ("mass", 1e-8),
    "ng/l": ("mass", 1e-9), "pg/ml": ("mass", 1e-9), "mol/l": ("substance", 1.0), "mmol/l": ("substance", 1e-3),
    "umol/l": ("substance", 1e-6), "nmol/l": ("substance", 1e-9), "pmol/l": ("substance", 1e-12), "10*3/ul": ("count", 1e9),
    "10*9/l": ("count", 1e9), "10*6/ul": ("count", 1e12), "10*12/l": ("count", 1e12), "/ul": ("count", 1e6),
    "u/l": ("activity", 1.0), "u/ml": ("activity", 1e3), "mu/l": ("activity", 1e-3), "mu/ml": ("activity", 1.0),
    "[iu]/l": ("units", 1.0), "iu/l": ("units", 1.0), "m[iu]/l": ("units", 1e-3), "miu/l": ("units", 1e-3), "u[iu]/ml": ("units", 1e-3),
    "uiu/ml": ("units", 1e-3), "[iu]/ml": ("units", 1e3), "iu/ml": ("units", 1e3),
}  # fmt: skip


def unit_key(unit: str) -> str:
    """A unit without the ways of writing it: "µmol/L", "umol/l" and "mcmol/L" are one."""
    plain = unit.strip().replace("µ", "u").replace("μ", "u").replace(" ", "").casefold()
    return _SAME.get(plain, plain)


def factor(source: str, target: str) -> float | None:
    """By what a value in `source` is multiplied to be in `target`; None when that is not plain arithmetic."""
    one, other = unit_key(source), unit_key(target)
    if one == other:
        return 1.0
    if one in _FACTORS and other in _FACTORS and _FACTORS[one][0] == _FACTORS[other][0]:
        return _FACTORS[one][1] / _FACTORS[other][1]
    return None


@dataclass(frozen=True)
class Result:
    """One measured value as its record says it. `loinc` "" when the record gives none."""

    name: str
    loinc: str
    day: date
    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    flag: str = ""
    source: str = ""


@dataclass(frozen=True)
class Point:
    """A value in the unit of its series; `written` as the record says it, when that was another unit."""

    day: date
    value: float
    low: float | None
    high: float | None
    source: str
    written: str = ""

    @property
    def outside(self) -> bool:
        return (self.low is not None and self.value < self.low) or (self.high is not None and self.value > self.high)


@dataclass
class Series:
    """One test in one unit, the oldest value first."""

    name: str
    loinc: str
    unit: str
    points: list[Point] = field(default_factory=list)

    @property
    def converted(self) -> bool:
        return any(point.written for point in self.points)

    @property
    def latest(self) -> Point:
        return self.points[-1]


def series(results: Iterable[Result]) -> list[Series]:
    """Results by test and unit, by name. A LOINC code makes a test; without one its words and its exact unit do."""
    tests: dict[str, list[Result]] = defaultdict(list)
    for one in results:
        tests[one.loinc or f"{_name_key(one.name)}|{unit_key(one.unit)}"].append(one)
    found: list[Series] = []
    for same in tests.values():
        same.sort(key=lambda one: one.day)
        groups: list[Series] = []
        for one in reversed(same):  # the newest value's unit is the one that its doctors use now
            home = next((group for group in groups if _fits(one, group) is not None), None)
            if home is None:
                home = Series(one.name, one.loinc, one.unit)
                groups.append(home)
            home.points.append(_point(one, home))
        for group in groups:
            group.points = list({(p.day, round(p.value, 9)): p for p in reversed(group.points)}.values())
        found += groups
    return sorted(found, key=lambda one: (one.name.casefold(), one.unit))


def _fits(one: Result, group: Series) -> float | None:
    if one.loinc:
        return factor(one.unit, group.unit)
    return 1.0 if unit_key(one.unit) == unit_key(group.unit) else None


def _point(one: Result, group: Series) -> Point:
    by = _fits(one, group) or 1.0
    written = "" if by == 1.0 else f"{one.value:g} {one.unit}"
    low, high = (None if end is None else _tidy(end * by) for end in (one.low, one.high))
    return Point(one.day, _tidy(one.value * by), low, high, one.source, written)


def _tidy(value: float) -> float:
    """Without the noise of binary fractions."""
    return float(f"{value:.10g}")


def _name_key(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", folded(name)).strip()
