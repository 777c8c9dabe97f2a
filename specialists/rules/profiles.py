"""What a specialist's profile must hold before matching may rely on it. Plain values in, reason codes out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

CAPACITY_LEAST, CAPACITY_MOST = 1, 20
"""Open cases at one time. Who takes none is away or not active."""


def availability_refused(capacity: int, away_from: date | None, away_until: date | None) -> str:
    """Why these cannot be saved: "capacity_range" or "away_order"; "" when they can. Both days of an absence count."""
    if not CAPACITY_LEAST <= capacity <= CAPACITY_MOST:
        return "capacity_range"
    if away_from and away_until and away_until < away_from:
        return "away_order"
    return ""


def skills_refused(specialties: Sequence[str], languages: Sequence[str]) -> str:
    """Why nobody could ever be matched with these: "specialty_missing" or "language_missing"; "" when they could."""
    if not specialties:
        return "specialty_missing"
    return "" if languages else "language_missing"


def region(country: str, state: str) -> str:
    """The state as a licence keeps it: "US-CA" and "ca" are "CA"."""
    return state.upper().removeprefix(f"{country.upper()}-")


def same_licence(one: tuple[str, str, str], other: tuple[str, str, str]) -> bool:
    """Whether two (country, state, number) are one licence: signs, spaces and case of the number do not count."""

    def plain(licence: tuple[str, str, str]) -> tuple[str, str, str]:
        country, state, number = licence
        return country.upper(), region(country, state), "".join(filter(str.isalnum, number)).casefold()

    return plain(one) == plain(other)
