"""Which images of a series seem to be missing, told from their numbers and places.

InstanceNumber (0020,0013) need not begin at 1 nor rise by 1, and some devices number stacks and phases apart. So a jump in the numbers
counts as a gap only when the series otherwise rises evenly and, where places in the body are known (0020,0032), the way across the jump
is as long as the missing images would take.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

Place = Sequence[float]
FEW = 4
"""Below so many images nothing can be said."""
EVEN = 0.8
"""So much of a series must rise by the same step."""


class Gaps(NamedTuple):
    """Runs of numbers that are here, as (first, last), and how many seem to be missing between them."""

    runs: list[tuple[int, int]]
    missing: int


def gaps(images: Sequence[tuple[int | None, Place | None]]) -> Gaps | None:
    """For the (number, place in mm) of each image of a series; None when it seems whole or nothing can be said."""
    places: dict[int, Place | None] = {number: place for number, place in images if number is not None}
    numbers = sorted(places)
    if len(numbers) < FEW:
        return None
    steps = Counter(after - before for before, after in pairwise(numbers))
    step, often = steps.most_common(1)[0]
    if often < EVEN * (len(numbers) - 1):
        return None
    lengths = [_between(places[a], places[b]) for a, b in pairwise(numbers) if b - a == step]
    known = [one for one in lengths if one is not None]
    usual = median(known) if len(known) >= FEW - 1 else None
    runs, missing = [[numbers[0], numbers[0]]], 0
    for before, after in pairwise(numbers):
        lost = (after - before) // step - 1
        if lost > 0 and _as_long(_between(places[before], places[after]), usual, lost + 1):
            missing += lost
            runs.append([after, after])
        runs[-1][1] = after
    if not missing or missing > 3 * len(numbers):
        return None
    return Gaps([(first, last) for first, last in runs], missing)


def _between(one: Place | None, other: Place | None) -> float | None:
    if one is None or other is None or len(one) != 3 or len(other) != 3:
        return None
    return math.dist(one, other)


def _as_long(way: float | None, usual: float | None, steps: int) -> bool:
    """Whether the way across a jump fits to `steps` usual ones; where no places are known the numbers alone are believed."""
    if way is None or usual is None:
        return True
    if usual < 0.01:  # all in one place: phases of one slice
        return way < 0.01
    return abs(way - steps * usual) <= max(0.5 * usual, 0.05 * steps * usual)
