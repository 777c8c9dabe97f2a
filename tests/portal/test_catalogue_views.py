"""Administrators look, upload, compare, publish and download; nobody else gets in."""

from __future__ import annotations

import io
import uuid
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.catalogue import actions, archive, checks, loader, queries
from portal.catalogue.models import CatalogueVersion
from portal.core.models import AuditEntry
from tests.factories.accounts import (
    AdministratorFactory,
    CoordinatorFactory,
    SpecialistFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_cached_editions() -> None:
    queries.edition.cache_clear()


@pytest.fixture
def administrator(client: Client, settings: object) -> Client:
    settings.STAFF_SECOND_FACTOR_WAIVED = True  # type: ignore[attr-defined]
    client.force_login(AdministratorFactory())
    return client


def upload(blob: bytes) -> dict[str, object]:
    return {"archive": SimpleUploadedFile("ours.zip", blob, "application/zip"), "note": "Ours"}


def edited(**changes: str) -> bytes:
    texts = loader.to_texts(loader.read_folder())
    return archive.write({**texts, **{f"{file}.yaml": text for file, text in changes.items()}})


def own_title() -> bytes:
    title = loader.to_texts(loader.read_folder())["edition.yaml"].replace("Shipped edition", "Our edition")
    return edited(edition=title)


def test_edition_goes_round_by_download_upload_preview_and_publish(administrator: Client) -> None:
    shipped = actions.install_shipped()
    answer = administrator.get(reverse("catalogue:download", args=[shipped.pk]))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="catalogue-1.zip"'
    assert "specialties/cardiology.yaml" in zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    answer = administrator.post(reverse("catalogue:upload"), upload(own_title()))
    draft = CatalogueVersion.objects.get(number=2)
    assert answer.url == reverse("catalogue:version", args=[draft.pk])
    page = administrator.get(answer.url).content.decode()
    assert "Our edition" in page and "Shipped edition" in page and "0 added, 0 removed, 1 changed" in page
    assert "Not signed off yet" in page
    assert queries.current().pk == shipped.pk
    answer = administrator.post(reverse("catalogue:publish", args=[draft.pk]))
    assert answer.url == reverse("catalogue:list")
    assert queries.current().pk == draft.pk
    page = administrator.get(answer.url).content.decode()
    assert "Published" in page and "Retired" in page
    assert AuditEntry.objects.filter(action="POST catalogue:publish").count() == 1


def test_upload_shows_every_problem_by_file_and_key(administrator: Client) -> None:
    answer = administrator.post(
        reverse("catalogue:upload"), upload(edited(languages="languages: []\nmore: 1", reasons="reasons: 3"))
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "2 things to change" in page
    assert "languages.yaml" in page and "is not a known key here" in page and "must be a list" in page
    assert not CatalogueVersion.objects.exists()


def test_upload_of_the_same_edition_says_which_version_it_is(administrator: Client) -> None:
    actions.install_shipped()
    answer = administrator.post(reverse("catalogue:upload"), upload(edited()))
    assert answer.status_code == 422
    assert "This is exactly version 1." in answer.content.decode()


def test_upload_of_a_large_file_is_refused_before_it_is_read(administrator: Client) -> None:
    answer = administrator.post(reverse("catalogue:upload"), upload(b"x" * (archive.MAX_ARCHIVE_BYTES + 1)))
    assert "larger than 2 MB" in answer.content.decode()


def test_upload_without_a_file_says_what_to_do(administrator: Client) -> None:
    page = administrator.post(reverse("catalogue:upload"), {}).content.decode()
    assert "Choose a ZIP file" in page and "Say in one line what is new" in page


def test_list_page_asks_the_same_queries_at_one_and_three_versions(administrator: Client) -> None:
    actions.install_shipped()
    administrator.get(reverse("catalogue:list"))  # the session notes the first visit
    counts = []
    for more in (0, 2):
        for n in range(more):
            CatalogueVersion.objects.create(number=n + 2, sha256=str(n) * 64, content={})
        with CaptureQueriesContext(connection) as captured:
            administrator.get(reverse("catalogue:list"))
        counts.append(len(captured))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("factory", [UserFactory, CoordinatorFactory, SpecialistFactory])
def test_catalogue_is_for_administrators_only(factory: type, client: Client, settings: object) -> None:
    settings.STAFF_SECOND_FACTOR_WAIVED = True  # type: ignore[attr-defined]
    version = actions.install_shipped()
    client.force_login(factory())
    for name in ("list", "upload"):
        assert client.get(reverse(f"catalogue:{name}")).status_code == 403
    for name in ("version", "download"):
        assert client.get(reverse(f"catalogue:{name}", args=[version.pk])).status_code == 403
    assert client.post(reverse("catalogue:publish", args=[version.pk])).status_code == 403


def test_a_version_that_does_not_exist_is_not_found(administrator: Client) -> None:
    assert administrator.get(reverse("catalogue:version", args=[uuid.uuid4()])).status_code == 404


def test_check_lists_the_scales_nobody_signed_off() -> None:
    actions.install_shipped()
    found = checks.scales_are_signed_off()
    assert {message.id for message in found} == {"catalogue.W001"}
    assert any("nyha (AHA/ACC/HFSA, 2022)" in str(message.msg) for message in found)


def test_check_names_each_problem_of_the_shipped_files(monkeypatch: pytest.MonkeyPatch) -> None:
    content = {**loader.read_folder(), "reasons.yaml": {"reasons": 3}}
    monkeypatch.setattr(loader, "read_folder", lambda: content)
    [error] = checks.shipped_content_loads()
    assert (error.id, error.msg) == ("catalogue.E001", "reasons.yaml: reasons: must be a list")


def test_check_finds_a_row_that_was_edited_by_hand() -> None:
    version = actions.install_shipped()
    CatalogueVersion.objects.filter(pk=version.pk).update(content={})
    assert [message.id for message in checks.scales_are_signed_off()] == ["catalogue.E002"]
