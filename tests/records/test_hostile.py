"""The hostile set of TEST_DATA: every file ends accepted, set aside or refused with its reason, inside the limits."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from cases.states import Phase
from portal.core.states import Role
from records.models import File, Study
from records.sandbox import FileResult
from tests.factories import records as make
from tests.factories.cases import make_case
from tests.records.helpers import run

EXPECTED = {
    "dicom/control_good.dcm": "ready",
    "dicom/polyglot_mz_preamble.dcm": "ready +executable_preamble",
    "dicom/polyglot_elf_preamble.dcm": "ready +executable_preamble",
    "dicom/polyglot_html_preamble.dcm": "ready +executable_preamble",
    "dicom/polyglot_pdf_preamble.dcm": "ready +executable_preamble",
    "dicom/polyglot_tiff_preamble_ok.dcm": "ready +dicom_tiff_preamble",
    "dicom/polyglot_zip_appended.dcm": "quarantined dicom_trailing_data",
    "dicom/truncated_64.dcm": "rejected type_unsupported",
    "dicom/truncated_130.dcm": "rejected dicom_truncated",
    "dicom/truncated_200.dcm": "rejected dicom_truncated",
    "dicom/truncated_551.dcm": "rejected dicom_truncated",
    "dicom/truncated_1101.dcm": "rejected dicom_truncated",
    "dicom/vl_4gb.dcm": "rejected dicom_truncated",
    "dicom/vl_short_overrun.dcm": "rejected dicom_truncated",
    "dicom/group_length_wrong.dcm": "ready +dicom_group_length",
    "dicom/no_preamble.dcm": "ready +dicom_preamble_missing",
    "dicom/not_dicom.dcm": "rejected image_damaged",
    "dicom/empty.dcm": "rejected empty",
    "dicom/only_dicm.dcm": "rejected dicom_truncated",
    "dicom/nested_sq_200.dcm": "rejected dicom_too_deep",
    "dicom/nested_sq_200_closed.dcm": "rejected dicom_too_deep",
    "dicom/many_elements.dcm": "rejected dicom_too_many_elements",
    "dicom/rows_cols_65535_tiny_pixels.dcm": "rejected dicom_pixel_length",
    "dicom/frames_2e31.dcm": "rejected dicom_pixel_length",
    "dicom/frames_negative.dcm": "rejected dicom_frame_count",
    "dicom/rle_bomb_30000.dcm": "rejected image_too_large",
    "dicom/j2k_header_60000_vs_16.dcm": "rejected dicom_codestream_size",
    "dicom/deflated_bomb_20MB.dcm": "rejected dicom_inflates_too_much",
    "dicom/encapsulated_zero_fragments.dcm": "rejected dicom_no_pixels",
    "dicom/unknown_transfer_syntax.dcm": "rejected transfer_syntax_unsupported",
    "dicom/inj_uid_path_traversal.dcm": "rejected dicom_uid_invalid",
    "dicom/inj_uid_abs_path.dcm": "rejected dicom_uid_invalid",
    "dicom/inj_uid_too_long.dcm": "rejected dicom_uid_invalid",
    "dicom/inj_uid_leading_zero.dcm": "ready +dicom_uid_leading_zero",
    "dicom/inj_name_xss.dcm": "ready",
    "dicom/inj_name_sql.dcm": "ready",
    "dicom/inj_id_formula.dcm": "ready",
    "dicom/inj_name_template.dcm": "ready",
    "dicom/inj_name_bidi.dcm": "ready",
    "dicom/inj_name_64k.dcm": "ready +dicom_text_shortened",
    "dicom/inj_name_crlf.dcm": "ready",
    "dicom/inj_charset_bogus.dcm": "ready +dicom_charset_unknown",
    "dicom/inj_desc_backslashes.dcm": "ready",
    "dicom/inj_date_bogus.dcm": "ready +dicom_date_invalid",
    "dicom/inj_log4j_style.dcm": "ready",
    "dicom/mixup/a.dcm": "ready",
    "dicom/mixup/b.dcm": "ready",
    "dicom/dup/1.dcm": "ready",
    "dicom/dup/2.dcm": "ready",
    "dicom/encapsulated_html_as_pdf.dcm": "rejected encapsulated_type_mismatch",
    "pdf/js_openaction.pdf": "ready +pdf_automatic_action +pdf_javascript",
    "pdf/js_page_aa.pdf": "ready +pdf_automatic_action +pdf_javascript",
    "pdf/launch.pdf": "ready +pdf_automatic_action +pdf_launch",
    "pdf/submitform_uri.pdf": "ready +pdf_automatic_action",
    "pdf/remote_xobject.pdf": "ready",
    "pdf/page_loop.pdf": "rejected pdf_damaged",
    "pdf/count_lie.pdf": "ready",
    "pdf/flate_bomb_double.pdf": "ready",
    "pdf/huge_mediabox.pdf": "ready +pdf_page_shrunk",
    "pdf/truncated.pdf": "rejected pdf_damaged",
    "pdf/html_polyglot.pdf": "rejected type_unsupported",
    "pdf/password_user.pdf": "needs_password pdf_password",
    "pdf/password_owner_only.pdf": "ready",
    "archive/bomb_50MB.zip": "rejected zip_bomb",
    "archive/bomb_nested_1GB.zip": "container",
    "archive/bomb_overlap_200x5MB.zip": "rejected zip_overlap",
    "archive/many_entries_5000.zip": "rejected archive_empty",
    "archive/traversal.zip": "rejected zip_unsafe_path",
    "archive/symlink.zip": "rejected zip_symlink",
    "archive/odd_names.zip": "container",
    "archive/encrypted_flag.zip": "needs_password zip_password",
    "archive/truncated.zip": "rejected zip_damaged",
    "archive/size_lie.zip": "rejected zip_size_mismatch",
    "archive/traversal.tar.gz": "rejected zip_unsafe_path",
    "archive/bomb.gz": "rejected zip_bomb",
    "image/png_bomb_30000.png": "rejected image_too_large",
    "image/png_dims_2e31.png": "rejected image_too_large",
    "image/svg_script.svg": "rejected type_unsupported",
    "image/svg_named_png.png": "rejected type_unsupported",
    "image/svg_xxe.svg": "rejected type_unsupported",
    "image/jpeg_exif_xss.jpg": "ready",
    "image/jpeg_html_trailer.jpg": "ready",
    "xml/cda_xxe_file.xml": "rejected xml_dtd",
    "xml/cda_xxe_http.xml": "rejected xml_dtd",
    "xml/cda_param_entity.xml": "rejected xml_dtd",
    "xml/cda_billion_laughs.xml": "rejected xml_dtd",
    "xml/cda_quadratic.xml": "rejected xml_dtd",
    "xml/cda_xinclude.xml": "ready kept_not_shown",
    "xml/cda_stylesheet_pi.xml": "ready kept_not_shown",
    "xml/cda_html_nonxmlbody.xml": "ready",
    "xml/cda_narrative_xss.xml": "ready +html_narrative",
    "xml/deep_10000.xml": "rejected xml_too_deep",
    "json/fhir_deep_50000.json": "rejected json_too_deep",
    "json/fhir_dup_keys.json": "rejected json_damaged",
    "json/fhir_nan_bigint.json": "rejected json_damaged",
    "json/fhir_xhtml_script.json": "ready kept_not_shown +html_narrative",
    "json/proto.json": "ready kept_not_shown",
    "hl7/bad_delims.hl7": "rejected hl7_damaged",
    "hl7/huge_field.hl7": "ready +text_shortened",
    "hl7/inj.hl7": "ready",
    "csv/formula.csv": "ready",
    "office/docx_remote_template.docx": "ready office_not_shown",
    "html/report_ssrf.html": "rejected xml_damaged",
}
"""File: status, code and +flags. Judged one by one against EXPECTED.csv; what needs a second file (dup, mixup) is the pipeline's."""


@pytest.fixture(scope="module")
def root(real_files: Path) -> Path:
    found = real_files / "hostile"
    assert (found / "EXPECTED.csv").exists(), "TEST_DATA is set but holds no hostile set"
    return found


def test_every_hostile_file_ends_as_judged(root: Path, tmp_path: Path) -> None:
    with (root / "EXPECTED.csv").open(newline="") as stream:
        names = [row["file"] for row in csv.DictReader(stream)]
    results = run([(root / name).read_bytes() for name in names], tmp_path)
    found = {name: _said(result) for name, result in zip(names, results, strict=True)}
    assert found == EXPECTED


def _said(result: FileResult) -> str:
    return f"{result.status} {result.code}".strip() + "".join(f" +{flag}" for flag in result.flags)


def test_nested_archives_end_at_the_depth_limit(root: Path, tmp_path: Path) -> None:
    """Feed members back as the pipeline does: the gigabyte over three levels never comes out."""
    contents, total = [(root / "archive" / "bomb_nested_1GB.zip").read_bytes()], 0
    for depth in range(6):
        work = tmp_path / str(depth)
        work.mkdir()
        results = run(contents[:3], work, depth=depth)
        contents = [(work / m["file"]).read_bytes() for r in results for m in r.data.get("members", [])]
        total += sum(map(len, contents))
        if not contents:
            assert {r.code for r in results} <= {"zip_nested", "zip_bomb"}
            break
    else:
        pytest.fail("still unpacking")
    assert total < 30_000_000


@pytest.mark.django_db
def test_hostile_images_do_no_harm_on_the_way_through_the_portal(root: Path, settings: Any) -> None:
    """Sent, read, shown and downloaded: every page answers, every original is the one sent, no preamble leaves the house."""
    settings.STAFF_SECOND_FACTOR_WAIVED = True
    case = make_case(phase=Phase.COLLECTING)
    names = [path.name for path in sorted((root / "dicom").rglob("*.dcm")) if "rle_bomb" not in path.name]
    sent = {name: next((root / "dicom").rglob(name)).read_bytes() for name in names}
    for name, content in sent.items():
        make.upload(case, content, name)
    make.run_jobs()
    clients = []
    for person in (case.opened_by, make.user(Role.COORDINATOR)):
        clients.append(Client(raise_request_exception=False))
        clients[-1].force_login(person)
    patient, desk = clients
    addresses = [f"/cases/{case.ref}/records/", f"/cases/{case.ref}/records/live/"]
    for study in Study.objects.filter(case=case):
        service = f"/dicomweb/cases/{case.ref}/studies/{study.uid}"
        addresses += [f"{service}/metadata", f"{service}/series", f"{service}/instances"]
        addresses += [f"/cases/{case.ref}/records/studies/{study.pk}/release/"]
    for client in clients:
        assert [address for address in addresses if client.get(address).status_code >= 500] == []
    answer = desk.get(f"/desk/cases/{case.ref}/")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "<script>alert" not in page
    assert "\u202e" not in page
    for file in File.objects.filter(case=case):
        assert file.state in ("ready", "quarantined", "rejected")
        assert file.sha256 == hashlib.sha256(sent[file.name]).hexdigest()
        if sent[file.name]:
            body = b"".join(desk.get(f"/files/{file.pk}/download/").streaming_content)  # type: ignore[attr-defined]
            assert body[128:] == sent[file.name][128:]
            assert body[:128] == (bytes(128) if "executable_preamble" in file.warnings else sent[file.name][:128])
    mixed = Study.objects.get(case=case, patient_name__startswith="Mixup")
    assert mixed.state == "quarantined"
