"""The receipt: every series with what seems to be missing, every refusal with what to do, as a page and as a file."""

from __future__ import annotations

import io
import zipfile
from typing import Any
from uuid import uuid4

import pikepdf
import pytest
from django.test import Client

from records import office
from records.models import Document, File, Receipt
from records.rules.gaps import gaps
from records.views.receipts import gap_sentence
from tests.factories import files
from tests.factories import records as make


def numbered(*runs: tuple[int, int], step: float | None = 1.0) -> list[tuple[int | None, Any]]:
    """Images with these numbers; `step` mm apart, or without places."""
    numbers = [n for first, last in runs for n in range(first, last + 1)]
    return [(n, None if step is None else (0.0, 0.0, n * step)) for n in numbers]


@pytest.mark.parametrize("step", [1.0, None, 0.0])
def test_gap_in_the_numbers_is_found(step: float | None) -> None:
    assert gaps(numbered((1, 120), (140, 212), step=step)) == ([(1, 120), (140, 212)], 19)


def test_whole_series_has_no_gaps_wherever_it_begins() -> None:
    assert gaps(numbered((1, 50))) is None
    assert gaps(numbered((513, 700))) is None
    assert gaps([(n, None) for n in range(1, 400, 5)]) is None


def test_numbers_that_jump_while_the_places_go_on_are_no_gap() -> None:
    rows = [(n if n <= 20 else n + 980, (0.0, 0.0, float(n))) for n in range(1, 41)]
    assert gaps(rows) is None


def test_second_stack_is_no_gap() -> None:
    rows = [(n, (0.0, 0.0, float(n))) for n in range(1, 21)] + [(n + 30, (0.0, 0.0, float(n))) for n in range(1, 21)]
    assert gaps(rows) is None


def test_images_without_numbers_or_order_say_nothing() -> None:
    assert gaps([(None, None)] * 30) is None
    assert gaps([(n * n, None) for n in range(1, 30)]) is None
    assert gaps(numbered((1, 2))) is None


def test_gap_is_said_in_a_sentence() -> None:
    part = {"runs": [[1, 120], [140, 212]], "missing": 19}
    assert gap_sentence(part) == "Images 1–120 and 140–212: 19 seem to be missing between them."
    assert gap_sentence({"runs": [[1, 4], [6, 6], [8, 9]], "missing": 1}).startswith("Images 1–4, 6 and 8–9: 1 seems")


@pytest.mark.django_db
def test_receipt_lists_series_gaps_and_refusals_as_page_and_file() -> None:
    case, batch = make.case(), uuid4()
    client = Client()
    client.force_login(case.opened_by)
    for n in (1, 2, 3, 4, 7, 8):
        make.upload(case, files.dicom(instance=n), f"IM{n}", folder="CD", batch=batch)
    make.upload(case, files.dicom(instance=9)[:700], "IM9", folder="CD", batch=batch)
    make.upload(case, files.pdf("x", password="secret"), "letter.pdf", batch=batch)
    make.run_jobs()
    address = f"/cases/{case.ref}/records/sent/{batch}/"
    page = client.get(address).content.decode()
    assert "Images 1–4 and 7–8: 2 seem to be missing" in page
    assert "Part of this file is missing." in page and "1 file needs a password" in page
    counts = Receipt.objects.get().document["counts"]
    assert (counts["records"], counts["refused"], counts["locked"]) == (6, 1, 1)
    for number in ("²", "9" * 5000, "0", "-1"):
        assert client.get(address, {"page": number}).status_code == 200
    answer = client.get(f"{address}pdf/")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    with pikepdf.open(io.BytesIO(answer.content)) as document:
        assert str(document.Root.Lang) and document.Root.MarkInfo.Marked

    for n in (5, 6):  # what was missing comes later: the old receipt says so too
        make.upload(case, files.dicom(instance=n), f"IM{n}")
    make.run_jobs()
    assert "missing" not in client.get(address).content.decode().split("Part of this file")[0]


LETTER = (
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r>'
    "<w:t>Impression: nodule of 14 mm.</w:t></w:r></w:p></w:body></w:document>"
)


def docx() -> bytes:
    out = io.BytesIO()
    word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType='
            '"application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/word/document.xml" ContentType="{word}"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="r1" Type="{relations}" Target="word/document.xml"/></Relationships>',
        )
        archive.writestr("word/document.xml", LETTER)
    return out.getvalue()


@pytest.mark.django_db
def test_letter_without_libreoffice_is_kept_and_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office, "program", lambda: "")
    case = make.case()
    make.upload(case, b"{\\rtf1 Dear colleague}", "letter.rtf")
    make.run_jobs()
    assert (File.objects.get().state, File.objects.get().code) == ("ready", "office_not_shown")
    assert Document.objects.get().page_count == 0


@pytest.mark.django_db
def test_letters_are_shown_through_libreoffice() -> None:
    if not office.program():
        pytest.skip("LibreOffice is not installed: letters are kept and not shown here")
    case = make.case()
    make.upload(case, docx(), "letter.docx")
    make.upload(case, b"{\\rtf1 Impression: nodule of 14 mm.}", "letter.rtf")
    make.run_jobs()
    assert {one.kind for one in File.objects.all()} == {"office"}
    assert [(one.page_count, one.view_copy is not None) for one in Document.objects.all()] == [(1, True)] * 2
