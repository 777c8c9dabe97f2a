"""The edition of the catalogue that a case names."""

from __future__ import annotations

from cases.models import Case
from portal.catalogue import queries as catalogue
from portal.catalogue.types import Edition


def edition_of(case: Case) -> Edition:
    """The edition a case was opened with, and keeps."""
    return catalogue.edition(case.catalogue_id)


def current_edition() -> Edition:
    """The edition that a case opened now is given."""
    return catalogue.current_edition()
