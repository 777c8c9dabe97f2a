"""Papers, photos and archives in the child."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from portal.pages.demo.synthetic import Letter, letter_pdf
from records.sandbox import Limits
from tests.factories.dicom import make_ct_series
from tests.factories.documents import make_cda, make_image, make_pdf, make_tiff, make_zip
from tests.records.helpers import one, run


def test_pdf_gives_pages_and_text(tmp_path: Path) -> None:
    result = one(make_pdf(pages=2), tmp_path)
    assert (result.status, result.kind, result.data["page_count"]) == ("ready", "pdf", 2)
    assert "nodule of 14 mm" in result.data["pages"][1]["text"]
    with Image.open(tmp_path / result.data["pages"][0]["image"]) as image:
        assert image.size == (result.data["pages"][0]["width"], result.data["pages"][0]["height"])
        assert 900 < image.size[0] < 920  # 595 points at 110 dpi
    assert result.flags == () and result.data["view_copy"] is None


def test_letter_of_the_demo_can_be_read(tmp_path: Path) -> None:
    result = one(letter_pdf(Letter(title="Pathology report")), tmp_path)
    assert "second opinion" in result.data["pages"][0]["text"].replace("\n", " ")
    assert result.data["title"] == "Pathology report"


def test_locked_pdf_asks_for_the_password(tmp_path: Path) -> None:
    content = make_pdf(password="secret")
    assert (one(content, tmp_path).status, one(content, tmp_path).code) == ("needs_password", "pdf_password")
    assert one(content, tmp_path, password="wrong").code == "pdf_password_wrong"
    opened = one(content, tmp_path, password="secret")
    assert (opened.status, opened.code) == ("container", "unlocked")
    with pikepdf.open(tmp_path / opened.data["members"][0]["file"]) as document:
        assert not document.is_encrypted


def test_pdf_with_javascript_gets_a_view_copy_without(tmp_path: Path) -> None:
    result = one(make_pdf(javascript=True), tmp_path)
    assert set(result.flags) == {"pdf_javascript", "pdf_automatic_action"}
    copy = (tmp_path / result.data["view_copy"]).read_bytes()
    with pikepdf.open(io.BytesIO(copy)) as document:
        assert "/OpenAction" not in document.Root
    assert b"app.alert" not in copy


def test_pages_beyond_the_limit_are_told(tmp_path: Path) -> None:
    (result,) = run([make_pdf(pages=5)], tmp_path, limits=Limits(pages=2))
    assert (len(result.data["pages"]), result.data["page_count"]) == (2, 5)
    assert "pdf_pages_not_shown" in result.flags


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP", "BMP", "GIF", "HEIF"])
def test_image_becomes_an_upright_page(form: str, tmp_path: Path) -> None:
    result = one(make_image(form), tmp_path)
    assert (result.status, result.kind) == ("ready", "image")
    assert result.media_type == ("image/heic" if form == "HEIF" else f"image/{form.lower()}")
    (page,) = result.data["pages"]
    assert (page["width"], page["height"]) == (320, 200)


def test_photo_is_turned_and_loses_its_metadata(tmp_path: Path) -> None:
    result = one(make_image(orientation=6), tmp_path)
    (page,) = result.data["pages"]
    assert (page["width"], page["height"]) == (200, 320)
    copy = (tmp_path / page["image"]).read_bytes()
    assert b"SECRET CAMERA NOTE" not in copy and b"Exif" not in copy


def test_scan_gives_all_its_pages(tmp_path: Path) -> None:
    assert one(make_tiff(3), tmp_path).data["page_count"] == 3


def test_image_beyond_the_limit_is_refused_before_decoding(tmp_path: Path) -> None:
    (result,) = run([make_image("PNG")], tmp_path, limits=Limits(image_pixels=1000))
    assert (result.status, result.code) == ("rejected", "image_too_large")


def test_zip_gives_every_member(tmp_path: Path) -> None:
    ct, pdf = make_ct_series(1, 16)[0], make_pdf()
    result = one(make_zip({"DICOM/IM1": ct, "letter.pdf": pdf, "__MACOSX/._x": b"x", "empty.txt": b""}), tmp_path)
    assert result.status == "container"
    assert [(m["name"], m["size"]) for m in result.data["members"]] == [
        ("DICOM/IM1", len(ct)),
        ("letter.pdf", len(pdf)),
        ("empty.txt", 0),
    ]
    assert (tmp_path / result.data["members"][1]["file"]).read_bytes() == pdf
    assert result.data["left_out"] == ["__MACOSX/._x"]


def test_two_members_of_one_name_are_both_kept(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("a.txt", "one")
        archive.writestr("a.txt", "two")
    assert [m["name"] for m in one(out.getvalue(), tmp_path).data["members"]] == ["a.txt", "a.txt (2)"]


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/x", "C:\\x", "a\\..\\..\\x"])
def test_archive_with_a_path_that_leads_out_is_refused(name: str, tmp_path: Path) -> None:
    result = one(make_zip({"good.txt": b"good", name: b"bad"}), tmp_path)
    assert (result.status, result.code, result.outputs) == ("rejected", "zip_unsafe_path", ())
    assert list(tmp_path.iterdir()) == []


def test_archive_that_unpacks_to_far_more_is_refused(tmp_path: Path) -> None:
    assert one(make_zip({"zeros": bytes(60_000_000)}), tmp_path).code == "zip_bomb"
    assert list(tmp_path.iterdir()) == []


def test_tar_gz_gives_its_members(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        entry = tarfile.TarInfo("folder/a.txt")
        entry.size = 5
        archive.addfile(entry, io.BytesIO(b"hello"))
    (member,) = one(out.getvalue(), tmp_path).data["members"]
    assert (member["name"], (tmp_path / member["file"]).read_bytes()) == ("folder/a.txt", b"hello")


@pytest.mark.parametrize(
    ("content", "status", "kind", "media_type"),
    [
        (b"MZ\x90\0" + bytes(200), "left_out", "viewer_program", "application/octet-stream"),
        (b"[autorun]\r\nopen=viewer.exe\r\n", "left_out", "viewer_program", "text/plain"),
        (b"Dear colleague,\nthank you.\n", "ready", "text", "text/plain"),
        ("Befund: unauffällig\n".encode("cp1252"), "ready", "text", "text/plain"),
        (b"date,value\n2026-01-01,5\n", "ready", "text", "text/csv"),
        (make_cda(), "ready", "xml", "application/cda+xml"),
        (b'{"resourceType": "Patient"}', "ready", "json", "application/fhir+json"),
        (b"{\\rtf1 hello}", "ready", "office", "application/rtf"),
        (make_zip({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"}), "ready", "office",
         "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "rejected", "other", "image/svg+xml"),
        (b"", "rejected", "other", "application/octet-stream"),
    ],
)  # fmt: skip
def test_kind_is_found_by_content(content: bytes, status: str, kind: str, media_type: str, tmp_path: Path) -> None:
    result = one(content, tmp_path)
    assert (result.status, result.kind, result.media_type) == (status, kind, media_type)


def test_text_is_cleaned_for_display(tmp_path: Path) -> None:
    assert one("one\r\ntwo\u202e\x07\n".encode(), tmp_path).data["text"] == "one\ntwo\n"
