"""Lines of the table: what was measured, what it is compared with, and whether that meets the target."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line: `ratio` says how we compare (above 1 is better for `at least`, below for `at most`)."""

    name: str
    ours: float | None
    peer: float | None
    unit: str
    ratio: float | None
    target: str
    met: bool | None


def compared(name: str, ours: float, peer: float, unit: str, *, at_most: float = 0, at_least: float = 0) -> Row:
    ratio = ours / peer if peer else 0.0
    met = ratio <= at_most if at_most else ratio >= at_least
    target = f"≤ {at_most:g} ×" if at_most else f"≥ {at_least:g} ×"
    return Row(name, round(ours, 4), round(peer, 4), unit, round(ratio, 3), target, met)


def bounded(name: str, ours: float, unit: str, most: float) -> Row:
    return Row(name, round(ours, 3), None, unit, None, f"≤ {most:g} {unit}", ours <= most)
