"""Papers as Windows, portals and hospitals' programs write them, which open elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.factories import files, health
from tests.records.helpers import one

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
