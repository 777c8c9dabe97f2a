"""Versions are stored once, published one at a time, and never edited."""

from __future__ import annotations

import io
import uuid

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from portal.catalogue import actions, archive, loader, queries
from portal.catalogue.models import CatalogueVersion
from portal.catalogue.reading import CatalogueError
from portal.catalogue.states import VersionState
from portal.core.access import Actor
from portal.core.states import Role

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_cached_editions() -> None:
    queries.edition.cache_clear()


@pytest.fixture
def administrator() -> Actor:
    return Actor("user", str(uuid.uuid4()), Role.ADMINISTRATOR)


def changed_texts(title: str = "Our own edition") -> dict[str, str]:
    texts = loader.to_texts(loader.read_folder())
    return {**texts, "edition.yaml": texts["edition.yaml"].replace("title: Shipped edition", f"title: {title}")}


def test_install_shipped_twice_makes_one_published_version() -> None:
    first = actions.install_shipped()
    call_command("load_catalogue", verbosity=0)
    assert CatalogueVersion.objects.count() == 1
    assert queries.current().pk == first.pk
    assert queries.current_edition().sha256 == first.sha256


def test_current_says_what_to_do_when_nothing_is_published() -> None:
    with pytest.raises(queries.NoCatalogue, match="load_catalogue"):
        queries.current()


def test_downloaded_edition_uploads_as_the_same_content(administrator: Actor) -> None:
    version = actions.install_shipped()
    blob = archive.write(loader.to_texts(queries.content(version.pk)))
    with pytest.raises(actions.NotNew) as refused:
        actions.upload(archive_file=io.BytesIO(blob), by=administrator)
    assert refused.value.version.pk == version.pk


def test_publish_retires_the_old_version_and_a_case_can_still_read_it(administrator: Actor) -> None:
    old = actions.install_shipped()
    draft = actions.upload(files=changed_texts(), note="Ours", by=administrator)
    assert draft.state == VersionState.DRAFT and queries.current().pk == old.pk
    [file] = queries.what_changes(draft)
    [change] = file.named
    assert (change.kind, change.file, change.path, change.after) == (
        "changed",
        "edition.yaml",
        "title",
        "Our own edition",
    )
    actions.publish(version=draft, by=administrator)
    old.refresh_from_db()
    assert old.state == VersionState.RETIRED
    assert queries.current_edition().title == "Our own edition"
    assert queries.edition(old.pk).title == "Shipped edition"


def test_publish_brings_a_retired_version_back(administrator: Actor) -> None:
    old = actions.install_shipped()
    actions.publish(version=actions.upload(files=changed_texts(), by=administrator), by=administrator)
    actions.publish(version=old, by=administrator)
    assert queries.current().pk == old.pk


def test_install_shipped_leaves_the_organisations_own_edition_published(administrator: Actor) -> None:
    own = actions.upload(files=changed_texts(), by=administrator)
    actions.publish(version=own, by=administrator)
    assert actions.install_shipped().state == VersionState.DRAFT
    assert queries.current().pk == own.pk


def test_upload_of_broken_files_stores_nothing(administrator: Actor) -> None:
    with pytest.raises(CatalogueError):
        actions.upload(files={**changed_texts(), "reasons.yaml": "reasons: 3"}, by=administrator)
    assert not CatalogueVersion.objects.exists()


def test_edition_refuses_a_row_that_was_edited_by_hand() -> None:
    version = actions.install_shipped()
    CatalogueVersion.objects.filter(pk=version.pk).update(content={**version.content, "languages.yaml": {}})
    with pytest.raises(queries.ContentChanged):
        queries.edition(version.pk)


def test_database_refuses_two_published_versions(administrator: Actor) -> None:
    actions.install_shipped()
    draft = actions.upload(files=changed_texts(), by=administrator)
    with pytest.raises(IntegrityError), transaction.atomic():
        CatalogueVersion.objects.filter(pk=draft.pk).update(
            state=VersionState.PUBLISHED, published_at="2026-01-01T00:00Z"
        )
