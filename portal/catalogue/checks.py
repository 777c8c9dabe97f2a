"""System checks: broken shipped content is an error; scales that no clinician signed off are listed in production."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register
from django.db import DatabaseError

from portal.catalogue import loader, queries
from portal.catalogue.reading import CatalogueError
from portal.catalogue.types import Edition


@register("catalogue")
def shipped_content_loads(**kwargs: Any) -> list[CheckMessage]:
    """E001 for each problem of the files that come with the software, naming file and key."""
    try:
        loader.shipped()
    except CatalogueError as error:
        return [Error(str(problem), id="catalogue.E001") for problem in error.problems]
    return []


@register("catalogue", deploy=True)
def scales_are_signed_off(**kwargs: Any) -> list[CheckMessage]:
    """W001 lists the opinion fields of the published edition that no clinician of the organisation signed off."""
    try:
        edition = _in_use()
    except CatalogueError:
        return []  # E001 says it
    except queries.ContentChanged as error:
        return [Error(str(error), hint="Restore the database, or publish another version.", id="catalogue.E002")]
    return unreviewed(edition)


def unreviewed(edition: Edition) -> list[CheckMessage]:
    """One warning for each specialty, naming every scale with its source."""
    return [
        Warning(
            f"{specialty}: no clinician has signed off "
            + ", ".join(f"{field.key} ({field.source}, {field.year})" for field in fields),
            hint="An administrator downloads the edition, fills in reviewed_by and reviewed_on, uploads and publishes it.",
            id="catalogue.W001",
        )
        for specialty, fields in edition.unreviewed().items()
    ]


def _in_use() -> Edition:
    """The published edition, or the shipped one before the first migration."""
    try:
        return queries.current_edition()
    except (queries.NoCatalogue, DatabaseError):
        return loader.shipped()
