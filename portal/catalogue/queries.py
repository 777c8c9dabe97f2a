"""Every read of the catalogue. It holds no person's data: every signed-in person may read what it says."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import QuerySet

from portal.catalogue import loader
from portal.catalogue.models import CatalogueVersion
from portal.catalogue.rules import FileChanges, by_file, changes
from portal.catalogue.states import VersionState
from portal.core.states import Role

if TYPE_CHECKING:
    from portal.catalogue.types import Edition


class NoCatalogue(LookupError):
    """No edition is published: `manage.py load_catalogue` has not run."""


class ContentChanged(RuntimeError):
    """The content of a stored version is not what its SHA-256 says: somebody edited the row."""


def visible_to(user: Any) -> QuerySet[CatalogueVersion]:
    """The versions a person may manage: all for an administrator, none for anybody else."""
    if getattr(user, "is_authenticated", False) and user.role == Role.ADMINISTRATOR:
        return CatalogueVersion.objects.defer("content").order_by("-number")
    return CatalogueVersion.objects.none()


def current() -> CatalogueVersion:
    """The published version, which a new case names. Raises NoCatalogue."""
    version = CatalogueVersion.objects.defer("content").filter(state=VersionState.PUBLISHED).first()
    if version is None:
        raise NoCatalogue("no catalogue is published: run manage.py load_catalogue")
    return version


def current_edition(*, other: bool = False) -> Edition:
    """The edition of the published version. Raises NoCatalogue."""
    return edition(current().pk, other=other)


@lru_cache(maxsize=32)
def edition(version_id: UUID, *, other: bool = False) -> Edition:
    """The edition of a version; for a case see `cases.queries.edition`. `other`: as whoever answers for somebody else reads it.

    Kept in the process by id, because a stored content never changes. Raises CatalogueVersion.DoesNotExist, and
    ContentChanged when the stored content does not match its SHA-256.
    """
    version = CatalogueVersion.objects.only("content", "sha256").get(pk=version_id)
    if loader.digest(version.content) != version.sha256:
        raise ContentChanged(f"catalogue version {version_id} does not match its SHA-256")
    return loader.build(version.content, other=other)


def content(version_id: UUID) -> loader.Content:
    """The stored content, to download or to compare."""
    stored: loader.Content = CatalogueVersion.objects.only("content").get(pk=version_id).content
    return stored


def summary(version: CatalogueVersion) -> dict[str, int]:
    """How much an edition holds, to check an upload at a glance."""
    of = edition(version.pk)
    return {
        "specialties": len(of.specialties),
        "conditions": sum(len(specialty.conditions) for specialty in of.specialties),
        "items": len(of.items),
        "fields": len(of.common_fields) + sum(len(fields) for fields in of.specialty_fields.values()),
        "unreviewed": sum(len(fields) for fields in of.unreviewed().values()),
    }


def what_changes(version: CatalogueVersion) -> list[FileChanges]:
    """What publishing this version would change against the published one; empty for the published one itself."""
    before = CatalogueVersion.objects.filter(state=VersionState.PUBLISHED).first()
    if before is None or before.pk == version.pk:
        return []
    return by_file(changes(before.content, content(version.pk)), limit=100)
