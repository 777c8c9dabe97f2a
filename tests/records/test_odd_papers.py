"""Papers as Windows, portals and hospitals' programs write them, which open elsewhere."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from records.models import Document, File
from records.sandbox import Limits
from tests.factories import files, health
from tests.factories import records as make
from tests.factories.documents import make_form, with_attached
from tests.records.helpers import one, run

WORDS = "Discharge letter of Testina Example. Sodium 140 mmol/l. Müller's test negative.\r\n"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", ["\ufeff", ""])
def test_text_in_utf_16_is_read_with_its_mark_and_without(encoding: str, mark: str, tmp_path: Path) -> None:
    result = one((mark + WORDS * 3).encode(encoding), tmp_path)
    assert (result.status, result.media_type) == ("ready", "text/plain")
    assert result.data["text"].strip() == (WORDS * 3).replace("\r\n", "\n").strip()


@pytest.mark.parametrize("said", ["utf-16", "utf-8"])
def test_health_record_in_utf_16_is_read_whatever_its_declaration_says(said: str, tmp_path: Path) -> None:
    narrow = one(health.ccda(), tmp_path)
    text = health.ccda().decode().partition("?>")[2] if health.ccda().startswith(b"<?xml") else health.ccda().decode()
    wide = one(("\ufeff" + f'<?xml version="1.0" encoding="{said}"?>' + text).encode("utf-16-le"), tmp_path)
    assert (wide.status, wide.media_type) == ("ready", "application/cda+xml")
    assert wide.data["facts"] == narrow.data["facts"] != []


def results() -> list[bytes]:
    bundle = health.bundle(
        health.observation("2026-01-02", 5.1, "mmol/L"), health.observation("2026-02-02", 6.1, "mmol/L")
    )
    return [json.dumps(entry["resource"]).encode() for entry in json.loads(bundle)["entry"]]


@pytest.mark.parametrize("kind", ["lines", "list", "utf-16"])
def test_fhir_resources_one_a_line_or_in_a_list_are_read_like_a_bundle(kind: str, tmp_path: Path) -> None:
    whole = b"[" + b",".join(results()) + b"]"
    content = {"lines": b"\n".join(results()) + b"\n", "list": whole, "utf-16": whole.decode().encode("utf-16")}[kind]
    result = one(content, tmp_path)
    assert (result.status, result.code, result.media_type) == ("ready", "", "application/fhir+json")
    assert [fact["number"] for fact in result.data["facts"] if fact["number"]] == [5.1, 6.1]


def test_lines_of_which_one_is_broken_are_no_record(tmp_path: Path) -> None:
    first, second = results()[:2]
    result = one(first + b"\n" + second[:-5] + b"\n", tmp_path)
    assert (result.status, result.code) == ("rejected", "json_damaged")


def test_program_that_unpacks_scans_is_opened_like_a_zip(tmp_path: Path) -> None:
    inside = files.packed_names({"DATA/IM1": files.dicom(), "viewer.exe": b"MZ" + bytes(200)})
    result = one(b"MZ\x90\0" + bytes(3000) + inside, tmp_path)
    assert (result.status, result.kind) == ("container", "archive")
    assert [member["name"] for member in result.data["members"]] == ["DATA/IM1", "viewer.exe"]


@pytest.mark.parametrize(
    "inside", [{"setup.dll": b"MZ" + bytes(200), "readme.txt": b"words"}, {}], ids=["setup", "none"]
)
def test_program_without_scans_stays_a_program(inside: dict[str, bytes], tmp_path: Path) -> None:
    result = one(b"MZ\x90\0" + bytes(3000) + (files.packed_names(inside) if inside else b""), tmp_path)
    assert (result.status, result.code) == ("left_out", "viewer_program")


@pytest.mark.parametrize("drawn", [True, False], ids=["with its looks", "without"])
def test_what_was_filled_into_a_form_is_on_the_page_and_among_its_words(drawn: bool, tmp_path: Path) -> None:
    results = run([make_form(value, drawn=drawn) for value in ("", "Adenocarcinoma")], tmp_path)
    empty, filled = (result.data["pages"][0] for result in results)
    assert (empty["text"].strip(), filled["text"].strip()) == ("", "Adenocarcinoma")
    ink = [sum(Image.open(tmp_path / page["image"]).convert("L").histogram()[:128]) for page in (empty, filled)]
    assert ink[1] > ink[0] + 100


def test_files_attached_to_a_pdf_are_taken_out_and_not_in_the_safe_copy(tmp_path: Path) -> None:
    inside = {"report.pdf": files.pdf("Diagnosis"), "IM1": files.dicom(), "lab.csv": b"Na;140\nK;4\n"}
    content = with_attached(*list(inside.items())[:2], note=("../lab.csv", inside["lab.csv"]))
    result = one(content, tmp_path)
    assert (result.status, result.flags) == ("ready", ())
    found = {at["name"]: (tmp_path / at["file"]).read_bytes() for at in result.data["attachments"]}
    assert found == inside
    assert b"EmbeddedFile" not in (tmp_path / result.data["view_copy"]).read_bytes().replace(b"/EmbeddedFiles", b"")


def test_attachment_that_unpacks_to_too_much_is_told_and_stays_in_the_original(tmp_path: Path) -> None:
    result = one(with_attached(("zeros.bin", bytes(64 * 1024**2)), ("a.txt", b"words")), tmp_path)
    assert (result.status, result.flags) == ("ready", ("pdf_attachments",))
    assert [at["name"] for at in result.data["attachments"]] == ["a.txt"]


@pytest.mark.django_db
def test_attached_report_is_a_paper_of_its_own_and_a_part_that_is_not_shown_is_told(client: Client) -> None:
    case = make.case()
    make.upload(case, with_attached(("report.pdf", files.pdf("Spirometry", "FEV1 2.1 L"))), "letter.pdf")
    make.run_jobs()
    assert sorted(File.objects.values_list("name", "state")) == [
        ("letter report.pdf", "ready"),
        ("letter.pdf", "ready"),
    ]
    letter = Document.objects.get(file__name="letter.pdf")
    client.force_login(case.opened_by)
    address = reverse("records:document", args=[letter.pk])
    sentence = "This file has more in it than we show here"
    assert sentence not in client.get(address).content.decode()
    File.objects.filter(pk=letter.file_id).update(warnings=["pdf_pages_not_shown"])
    assert sentence in client.get(address).content.decode()


def test_page_that_takes_too_long_is_refused_and_the_next_file_is_read(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.effect_noise((3000, 3000), 90).save(out, "PDF")
    first, second = run([out.getvalue(), b"words of a letter"], tmp_path, limits=Limits(page_seconds=0.01))
    assert (first.status, first.code) == ("rejected", "pdf_damaged")
    assert second.status == "ready"
    assert one(out.getvalue(), tmp_path).status == "ready", "within its time"
