"""Shapes of real files that were refused or misread when they came for the first time; made here, of nobody."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from datetime import date
from email.message import EmailMessage
from pathlib import Path

import pytest
from PIL import Image

from portal.catalogue import loader
from records.child.archive import FREE
from records.refusals import words
from records.rules import documents
from tests.factories.files import dicom, packed_names, pdf, photo
from tests.records.helpers import one

LETTER = "Dear Dr Sample,\nI saw Testina Example on 12 March 2026.\nKind regards"


@pytest.mark.parametrize(
    "start",
    [
        "BMI: 27.1\n",
        "BMP of 12 March 2026: sodium 140\n",
        "MSH2 mutation found.\n",
        "[Letterhead]\n",
        "{copy} ",
        "MZ twins. ",
        "<< Copy >>\n",
    ],
)
def test_notes_that_begin_like_another_format_are_read_as_text(start: str, tmp_path: Path) -> None:
    result = one((start + LETTER).encode(), tmp_path)
    assert (result.status, result.kind) == ("ready", "text")
    assert "Testina Example" in result.data["text"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("診断書\n所見 異常なし。検査結果は正常でした。", "shift_jis"),
        ("Выписной эпикриз\nДиагноз: пневмония", "cp1251"),
        ("Müller, Größe", "cp1252"),
    ],
)
def test_text_in_an_old_character_set_is_shown_right(text: str, name: str, tmp_path: Path) -> None:
    assert one(text.encode(name), tmp_path).data["text"] == text


@pytest.mark.parametrize(
    "start", [b'\x1b%-12345X@PJL JOB NAME="letter"\r\n@PJL ENTER LANGUAGE=PDF\r\n', b"GPL Ghostscript 10.0\n"]
)
def test_pdf_behind_lines_of_a_printer_is_read(start: bytes, tmp_path: Path) -> None:
    result = one(start + pdf("Clinic letter"), tmp_path)
    assert result.status == "ready" and "Clinic letter" in result.data["pages"][0]["text"]


@pytest.mark.parametrize("start", [b"<html><script>1</script>\n", b"\0\5\x16\0"])
def test_pdf_behind_something_else_is_refused(start: bytes, tmp_path: Path) -> None:
    assert one(start + pdf("Clinic letter"), tmp_path).status == "rejected"


def picture(mode: str, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((60, 40)).convert(mode).save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize(("content", "media_type"), [
    (picture("RGB", "JPEG2000"), "image/jp2"),
    (picture("L", "PPM"), "image/x-portable-anymap"),
    (picture("RGB", "TIFF", big_tiff=True), "image/tiff"),
])  # fmt: skip
def test_rarer_pictures_are_shown(content: bytes, media_type: str, tmp_path: Path) -> None:
    result = one(content, tmp_path)
    assert (result.status, result.media_type, result.data["pages"][0]["width"]) == ("ready", media_type, 60)


def test_scan_of_16_bits_big_endian_keeps_its_range(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.frombytes("I;16B", (2, 1), struct.pack(">HH", 100, 900)).save(out, "TIFF")
    result = one(out.getvalue(), tmp_path)
    with Image.open(tmp_path / result.data["pages"][0]["image"]) as shown:
        assert shown.getextrema() == (0, 255)


def test_photo_whose_second_picture_was_cut_off_is_shown(tmp_path: Path) -> None:
    out = io.BytesIO()
    with Image.open(io.BytesIO(photo())) as first:
        first.save(out, "MPO", save_all=True, append_images=[first])
    whole = out.getvalue()
    second = whole.rindex(b"\xff\xd8\xff")
    result = one(whole[:second], tmp_path)
    assert result.status == "ready" and len(result.data["pages"]) == 1


def test_video_of_a_phone_is_called_a_video(tmp_path: Path) -> None:
    result = one(struct.pack(">I4s4sI4s", 20, b"ftyp", b"qt  ", 0, b"qt  ") + bytes(2000), tmp_path)
    assert (result.status, result.code) == ("rejected", "video_unsupported")
    assert "video" in str(words(result.code).what)


def mail(*, attached: bool) -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "Dr Ada Sample <ada@clinic.example>", "Your echo report"
    message["Received"] = "from mail.clinic.example"
    message.set_content(LETTER)
    message.add_alternative(f"<html><body><p>{LETTER}</p></body></html>", subtype="html")
    if attached:
        message.add_attachment(pdf("Echo report"), maintype="application", subtype="pdf", filename="Befund ä.pdf")
        message.add_attachment(photo(2, 2), maintype="image", subtype="jpeg", filename="../logo.jpg")
    return message.as_bytes()


def test_mail_gives_its_words_and_what_is_attached(tmp_path: Path) -> None:
    result = one(mail(attached=True), tmp_path)
    assert result.status == "container"
    assert [member["name"] for member in result.data["members"]] == ["message.txt", "Befund ä.pdf", "_logo.jpg"]
    letter = (tmp_path / result.data["members"][0]["file"]).read_text()
    assert "Subject: Your echo report" in letter and LETTER in letter
    assert (tmp_path / result.data["members"][1]["file"]).read_bytes().startswith(b"%PDF-")


def test_each_letter_of_a_mailbox_is_read(tmp_path: Path) -> None:
    """A line that only looks like the beginning of a letter ends none."""
    plain = mail(attached=False).rstrip(b"\n") + b"\n\nFrom the ward\nNote: no fever\n\n>From here on\n"
    line = b"From a@clinic.example Mon Sep 01 10:20:30 2025\n"
    result = one(line + mail(attached=True) + b"\n" + line + plain, tmp_path)
    found = {member["name"]: (tmp_path / member["file"]).read_bytes() for member in result.data["members"]}
    assert set(found) == {"mail 1/message.txt", "mail 1/Befund ä.pdf", "mail 1/_logo.jpg", "mail 2/message.txt"}
    assert b"Note: no fever\n\nFrom here on" in found["mail 2/message.txt"]


def test_mail_without_attachments_is_a_letter(tmp_path: Path) -> None:
    result = one(mail(attached=False), tmp_path)
    assert (result.status, result.kind) == ("ready", "text")
    assert LETTER in result.data["text"] and "<p>" not in result.data["text"]


def test_web_page_saved_as_one_file_gives_its_words(tmp_path: Path) -> None:
    page = "<html><head><style>p {}</style><script>evil()</script></head><body><p>Hemoglobin</p><p>13.1 g/dl</p></body></html>"
    saved = f"From: <Saved by a browser>\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n{page}".encode()
    text = one(saved, tmp_path).data["text"]
    assert "Hemoglobin\n13.1 g/dl" in text and "evil" not in text


def test_letter_that_begins_with_from_and_to_stays_whole(tmp_path: Path) -> None:
    text = "From: Dr Ada Sample\nTo: Dr Ben Sample\nMRN: T-1\n\nDear Ben"
    assert one(text.encode(), tmp_path).data["text"] == text


def test_document_of_pages_is_kept_whole(tmp_path: Path) -> None:
    result = one(packed_names({"Index/Document.iwa": b"\0abc", "preview.jpg": photo()}), tmp_path)
    assert (result.status, result.kind, result.code) == ("ready", "office", "kept_not_shown")


def unsaid(name: bytes, body: bytes) -> bytes:
    """A ZIP with one member whose name does not say its character set."""
    crc, size = zlib.crc32(body), len(body)
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 0x5C6C, crc, size, size, len(name), 0) + name + body
    entry = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 0x5C6C, crc, size, size, len(name), 0, 0, 0, 0, 0, 0)
    return local + entry + name + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(entry + name), len(local), 0)


@pytest.mark.parametrize("encoding", ["utf-8", "cp437"])
def test_names_in_a_zip_are_read_as_they_were_written(encoding: str, tmp_path: Path) -> None:
    result = one(unsaid("Röntgen Müller.pdf".encode(encoding), pdf("Befund")), tmp_path)
    assert [member["name"] for member in result.data["members"]] == ["Röntgen Müller.pdf"]


def test_gzipped_image_that_is_mostly_black_is_unpacked(tmp_path: Path) -> None:
    content = dicom() + bytes(24_000_000)
    assert len(content) < FREE
    assert one(gzip.compress(content), tmp_path).status == "container"
    assert one(gzip.compress(bytes(FREE + 1)), tmp_path).code == "zip_bomb"


@pytest.mark.filterwarnings("ignore:.*for VR UI:UserWarning")
@pytest.mark.parametrize("uid", ["1.2.826.0.1.3680043.2.1143." + "7" * 41 + ".11", "REM SAMPLES 1" + " " * 50, "1..2"])
def test_uid_of_an_old_device_is_replaced_by_a_made_one(uid: str, tmp_path: Path) -> None:
    made = one(dicom(SeriesInstanceUID=uid), tmp_path)
    again = one(dicom(SeriesInstanceUID=uid, instance=2), tmp_path)
    assert made.status == "ready" and "dicom_uid_made" in made.flags
    found = [result.data["index"]["series_instance_uid"] for result in (made, again)]
    assert found[0] == found[1] and found[0].startswith("2.25.")


@pytest.mark.filterwarnings("ignore:.*for VR UI:UserWarning")
@pytest.mark.parametrize("uid", ["../../etc/passwd", "/etc/passwd", "1.2." + "3" * 200, "..", "1.2<script>"])
def test_uid_that_tries_something_is_refused(uid: str, tmp_path: Path) -> None:
    assert one(dicom(SeriesInstanceUID=uid), tmp_path).code == "dicom_uid_invalid"


def test_names_are_kept_in_zip_entries_that_say_utf_8(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("診断書.pdf", pdf("x"))
    assert one(out.getvalue(), tmp_path).data["members"][0]["name"] == "診断書.pdf"


@pytest.mark.parametrize(("text", "kind"), [
    ("Compte rendu d'hospitalisation\nHospitalisée du 31/01/2026 au 06/02/2026\nTraitement de sortie: bronchodilatateurs", "discharge"),
    ("Verbale operatorio\nChirurgo: Dott. Esempio\nIntervento: appendicectomia", "operation"),
    ("Laboratório de Análises Clínicas\nHemoglobina 12,7 g/dL\nPlaquetas 250\nValores de referência", "laboratory"),
    ("MRI knie rechts\nVerslag: intacte kruisbanden\nDr. A. Voorbeeld, radioloog", "image_report"),
    ("CHIEF COMPLAINT: Hip pain. HISTORY OF PRESENT ILLNESS: 32-year-old seen for hip pain. PHYSICAL EXAMINATION: limps.", "letter"),
    ("EXAM: MRI LEFT KNEE. FINDINGS: bone marrow edema of the femoral condyle. IMPRESSION: meniscal tear.", "image_report"),
    ("Hôtel du Lac\nFacture: 2 nuitées, chambre double 180,00 €", "other"),
])  # fmt: skip
def test_papers_in_other_languages_and_dictations_are_told_apart(text: str, kind: str) -> None:
    edition = loader.shipped()
    assert documents.classify([text], "scan 1", edition.documents, edition.not_result)[0] == kind


@pytest.mark.parametrize(("text", "day"), [
    ("Collected: 01-Mar-2026 08:12", "2026-03-01"),
    ("Le 14 juillet 2025", "2025-07-14"),
    ("le 1er juin 2025", "2025-06-01"),
    ("Verslag 10-02-2026", "2026-10-02"),
    ("Befund vom 05.02.2026", "2026-02-05"),
    ("Musterstadt, den 22.01.26", "2026-01-22"),
    ("15 maggio 2025", "2025-05-15"),
    ("3 de dezembro de 2025", "2025-12-03"),
    ("L4-5: 1.2.34 mm", "None"),
])  # fmt: skip
def test_days_as_other_countries_write_them_are_found(text: str, day: str) -> None:
    assert str(documents.service_date(text, today=date(2026, 11, 22), birth=None)) == day
