"""Every write of the catalogue. A version is never edited: a changed edition is a new version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from portal.catalogue import archive, loader
from portal.catalogue.models import CatalogueVersion
from portal.catalogue.states import VersionState
from portal.core.access import Actor


class NotNew(ValueError):
    """The same content is already stored; `version` is the one that has it."""

    def __init__(self, version: CatalogueVersion) -> None:
        self.version = version
        super().__init__(f"the same content is already version {version.number}")


def install_shipped() -> CatalogueVersion:
    """Store the edition that comes with the software, and publish it unless an administrator published another.

    Runs after every migration and does nothing the second time. After an upgrade the new shipped edition replaces an
    older shipped one; an organisation's own edition stays, and the new one waits as a draft to be compared.
    Raises CatalogueError when the shipped files are broken.
    """
    content = loader.read_folder()
    loader.build(content)
    sha256 = loader.digest(content)
    with transaction.atomic():
        published = _lock_published()
        version = CatalogueVersion.objects.filter(sha256=sha256).first()
        if version is None:
            version = _store(content, sha256, note="Shipped with the software", by=None)
            if version is None:  # another process stored it between the two statements
                return CatalogueVersion.objects.get(sha256=sha256)
            if published is None or published.created_by is None:
                _publish(version, published, by=None)
        elif published is None:
            _publish(version, None, by=None)
    return version


def upload(
    *, archive_file: IO[bytes] | None = None, files: Mapping[str, str] | None = None, note: str = "", by: Actor
) -> CatalogueVersion:
    """Store an uploaded edition (a ZIP of YAML files, or the texts by file name) as a draft.

    Raises:
        CatalogueError: the files are not an edition; every problem names its file and key.
        NotNew: the content is already stored.
    """
    texts = archive.read(archive_file) if archive_file is not None else dict(files or {})
    content = loader.parse_texts(texts)
    loader.build(content)
    sha256 = loader.digest(content)
    with transaction.atomic():
        existing = CatalogueVersion.objects.filter(sha256=sha256).first()
        if existing is not None:
            raise NotNew(existing)
        version = _store(content, sha256, note=note, by=UUID(by.id))
    if version is None:
        raise NotNew(CatalogueVersion.objects.get(sha256=sha256))
    return version


def publish(*, version: CatalogueVersion, by: Actor) -> CatalogueVersion:
    """Make a version the one that new cases start with; the published one is retired. Cases keep the one they name.

    Publishing the published version changes nothing; publishing a retired one brings it back.
    """
    with transaction.atomic():
        published = _lock_published()
        fresh = CatalogueVersion.objects.select_for_update().get(pk=version.pk)
        if published is None or published.pk != fresh.pk:
            _publish(fresh, published, by=UUID(by.id))
    return fresh


def _lock_published() -> CatalogueVersion | None:
    return CatalogueVersion.objects.select_for_update().defer("content").filter(state=VersionState.PUBLISHED).first()


def _store(content: loader.Content, sha256: str, *, note: str, by: UUID | None) -> CatalogueVersion | None:
    """A new draft with the next number, or None when another process stored one at the same moment."""
    last: int = CatalogueVersion.objects.aggregate(last=Max("number"))["last"] or 0
    try:
        with transaction.atomic():
            return CatalogueVersion.objects.create(
                number=last + 1, sha256=sha256, content=content, note=note, created_by=by
            )
    except IntegrityError:
        if CatalogueVersion.objects.filter(sha256=sha256).exists():
            return None
        raise


def _publish(version: CatalogueVersion, published: CatalogueVersion | None, *, by: UUID | None) -> None:
    if published is not None:
        published.state = VersionState.RETIRED
        published.save(update_fields=["state"])
    version.state = VersionState.PUBLISHED
    version.published_at = timezone.now()
    version.published_by = by
    version.save(update_fields=["state", "published_at", "published_by"])
