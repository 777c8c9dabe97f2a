"""When a case takes files, and how much."""

from __future__ import annotations

from cases.states import Phase

TAKES_FILES = frozenset({Phase.DRAFT, Phase.COLLECTING, Phase.TRIAGE, Phase.MATCHING, Phase.IN_REVIEW})
"""Once the opinion is signed, new records would change what was reviewed."""
MAX_UPLOADS = 50_000
"""Files a case may hold: a whole disc has some 5,000."""


def takes_files(phase: str) -> bool:
    return phase in TAKES_FILES


def too_much(*, used_bytes: int, used_files: int, size: int, limit_bytes: int) -> str | None:
    """Why a file of `size` bytes does not fit into the case any more, or None."""
    if used_bytes + size > limit_bytes:
        return "case_full"
    if used_files >= MAX_UPLOADS:
        return "too_many_files"
    return None
