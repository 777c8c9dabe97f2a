"""The shipped edition of the catalogue, read once a test process."""

from __future__ import annotations

import uuid
from functools import cache

from django.utils import timezone

from portal.catalogue import loader
from portal.catalogue.models import CatalogueVersion
from portal.catalogue.states import VersionState

ID = uuid.UUID("5ec0d0c0-0000-4000-8000-000000000001")
"""The same in every test, so that the process's cache of editions serves all of them."""


@cache
def _shipped() -> tuple[loader.Content, str]:
    content = loader.read_folder()
    return content, loader.digest(content)


def published_catalogue() -> CatalogueVersion:
    """The published version; the shipped one where the test has none."""
    found = CatalogueVersion.objects.defer("content").filter(state=VersionState.PUBLISHED).first()
    if found is not None:
        return found
    content, sha256 = _shipped()
    return CatalogueVersion.objects.create(
        id=ID, number=1, sha256=sha256, content=content, state=VersionState.PUBLISHED, published_at=timezone.now()
    )
