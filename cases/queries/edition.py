"""The edition of the catalogue that a case names."""

from __future__ import annotations

from cases.models import Case
from portal.catalogue import queries as catalogue
from portal.catalogue.types import Edition


def edition_of(case: Case) -> Edition:
    """The edition a case was opened with, and keeps. It speaks of the patient where somebody else asks for them."""
    return catalogue.edition(case.catalogue_id, other=not case.own)


def current_edition(*, other: bool = False) -> Edition:
    """The edition that a case opened now is given. `other`: as whoever asks for somebody else reads it."""
    return catalogue.current_edition(other=other)
