"""300 broken files: each is accepted, set aside or refused with a reason, in time, within its memory, its original untouched."""

from __future__ import annotations

import os
import random
from collections import Counter

from tests.records import mutants

COUNT = 300


def test_mutants_end_with_a_verdict() -> None:
    """The seed is printed on failure; FUZZ_SEED repeats it. `make fuzz` tries 10,000, of real files too."""
    number = int(os.environ.get("FUZZ_SEED") or random.randrange(2**32))
    chance, seeds = random.Random(number), mutants.seeds()
    ends: Counter[str] = Counter()
    try:
        for start in range(0, COUNT, 100):
            ends += mutants.check([mutants.mutant(seeds[n % len(seeds)], chance) for n in range(start, start + 100)])
    except AssertionError as problem:
        raise AssertionError(f"FUZZ_SEED={number}: {problem}") from None
    assert sum(ends.values()) == COUNT
    assert sum(count for end, count in ends.items() if not end.startswith("ready")) > COUNT // 10, "nothing was broken"
