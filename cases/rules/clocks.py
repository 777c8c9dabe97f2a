"""The five clocks of a case: collecting, waiting (for the patient), triage, specialist, release.

They derive from phase events and holds alone, so that nobody can edit how long something took.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cases.states import ClockSignal, Phase
from portal.core.clock import Interval, merge

CLOCK_OF = {
    Phase.COLLECTING: "collecting",
    Phase.TRIAGE: "triage",
    Phase.MATCHING: "triage",
    Phase.IN_REVIEW: "specialist",
    Phase.RELEASE: "release",
}
CLOCKS = ("collecting", "waiting", "triage", "specialist", "release")


@dataclass(frozen=True)
class PhaseChange:
    """A move of the case: the phase it came to, and when."""

    phase: str
    at: datetime


def clocks(changes: Iterable[PhaseChange], patient_holds: Iterable[Interval], now: datetime) -> dict[str, timedelta]:
    """Elapsed time on each clock. While the patient is asked, only "waiting" runs."""
    totals = dict.fromkeys(CLOCKS, timedelta())
    ordered = sorted(changes, key=lambda one: one.at)
    ends = [*(one.at for one in ordered[1:]), now][: len(ordered)]  # a case that never moved has no clock yet
    pauses = merge(patient_holds)
    for change, end in zip(ordered, ends, strict=True):
        name = CLOCK_OF.get(Phase(change.phase))
        if name is None:
            continue
        inside = (min(end, p.end) - max(change.at, p.start) for p in pauses if p.start < end and p.end > change.at)
        waited = sum(inside, timedelta())
        totals[name] += end - change.at - waited
        totals["waiting"] += waited
    return totals


REACHED = ((1.0, ClockSignal.BREACH), (0.8, ClockSignal.WARN_MOST), (0.5, ClockSignal.WARN_HALF))


def signal(share: float, said: str) -> ClockSignal | None:
    """What to say now that `share` of the promised time is used, given what was said already; each is said once, in order."""
    order = ["", *ClockSignal.values]
    reached = next((one for limit, one in REACHED if share >= limit), None)
    if reached is None or order.index(reached) <= order.index(said):
        return None
    return reached
