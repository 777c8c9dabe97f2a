"""Ordinary papers that look like something else, and conversions: every word that was sent is there to be read."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from records.child.handle import sniff
from records.child.text import characters
from records.dicom.characters import east_asian
from records.structured import cda, hl7
from records.structured.hl7 import Marks
from records.structured.model import UNREADABLE
from records.structured.xmltree import parse
from tests.factories.files import dicom, pdf, photo
from tests.records.helpers import one, run

VALUES = "Name: Testina Example\nDOB: 1 May 1970\nCollected: 11 March\nReceived: 12 March\nHaemoglobin: 7.1 LOW\n\nComment: urgent\n"
ORDINARY = [
    VALUES,
    "Conclusion:\nReceived: chemo\nResult: cancer\n",
    "Content-Type: tissue block\nReceived: 3 of 3\n\nDiagnosis: melanoma\n",
    "Message-ID: ward book 7\nResult: cancer\n",
    "The wide local excision shows clear margins.\n",
    "Pat moov, see below.\nResult: cancer\n",
    "Patient AVI block: first degree.\n",
    "P5 10 2 5 mg prednisolone, then stop.\n",
    "P4 40 38 weeks, all alive.\n",
    "MSH, MLH1: intact.\n",
    "MSH - lost. MLH1 lost.\n",
    "BHS: no recurrence.\n",
    "MSCF of the arm: normal.\n",
    "<Letterhead>\nDear Dr Sample, the biopsy shows cancer.\n",
    "[[Copy]] Dear Dr Sample, the biopsy shows cancer.\n",
    "x" * 125 + "COPD",
    "x" * 128 + "DICM is the mark of such files.\n",
    "Hb 12 13 g/dl\nHb 14 15 g/dl\n",
]


def test_ordinary_papers_are_shown_whole(tmp_path: Path) -> None:
    for text, result in zip(ORDINARY, run([text.encode() for text in ORDINARY], tmp_path), strict=True):
        assert (result.status, result.kind, result.data.get("text")) == ("ready", "text", text)
        assert "about" not in result.data, text


@pytest.mark.parametrize(("head", "found"), [
    (b"\0\0\0\x08wide\0\0\1\0mdat", "video/mp4"),
    (b"\0\1\0\0moov" + bytes(40), "video/mp4"),
    (b"RIFF\x24\0\0\0AVI LIST", "video/mp4"),
    (b"P5\n# made here\n2 2\n255\ndddd", "image/x-portable-anymap"),
    (b"P5 3 2 255 \0\1 \2\3\n", "image/x-portable-anymap"),
    (b"MSCF\0\0\0\0" + bytes(60), "application/octet-stream"),
    (dicom()[:140], "application/dicom"),
])  # fmt: skip
def test_what_is_no_paper_is_still_told(head: bytes, found: str) -> None:
    assert sniff(head)[1] == found


ENGLISH = "The patient’s heart was enlarged. Mr O’Brien’s ECG doesn’t show it."


@pytest.mark.parametrize("text", [
    ENGLISH,
    "It wasn’t so. Temperature 38°, 5µg, ±2. The patient’s wife’s at home.",
    "“Patient’s œdème” – à répéter… l’œil gauche, créée d’été",
    "Größe 1,80 m – wie geht’s? Müßte für Übelkeit dänische Ärzte fragen.",
    "Señor Núñez, ¿qué? ¡Sí! 5 µg ± 1",
])  # fmt: skip
def test_western_letters_are_never_taken_for_chinese_or_japanese(text: str) -> None:
    assert characters(text.encode("cp1252")) == text
    assert east_asian(text.encode("cp1252")) is None
    assert east_asian(text.replace("µ", "u").encode("mac_roman")) is None


@pytest.mark.parametrize(("text", "name"), [
    ("診断書\n所見 異常なし。検査結果は正常でした。", "shift_jis"),
    ("CT検査: 異常なし。MRIは施行せず。PSA 4.1 ng/ml", "shift_jis"),
    ("Hayashi^Jun=林^純", "shift_jis"),
    ("진단서 소견 정상", "euc_kr"),
])  # fmt: skip
def test_letters_of_the_east_are_still_read(text: str, name: str) -> None:
    assert characters(text.encode(name)) == text


def test_a_letter_of_utf_8_with_a_foreign_byte_keeps_its_other_letters() -> None:
    assert characters("Größe ≥ 5 µm, ".encode() + b"patient\x92s") == "Größe ≥ 5 µm, patient’s"


def test_a_page_break_does_not_join_two_values(tmp_path: Path) -> None:
    assert one(b"Hb 7\x0c12 March", tmp_path).data["text"] == "Hb 7\n12 March"


def message(plain: str = "", marked: str = "", **header: str) -> EmailMessage:
    made = EmailMessage()
    for name, value in {
        "From": "Dr Ada Sample <ada@clinic.example>",
        "Message-ID": "<1@clinic.example>",
        **header,
    }.items():
        made[name.replace("_", "-")] = value
    made.set_content(plain) if plain else made.set_content(marked, subtype="html")
    if plain and marked:
        made.add_alternative(marked, subtype="html")
    return made


def shown(made: EmailMessage, work: Path) -> str:
    result = one(made.as_bytes(), work)
    if result.status == "container":
        return (work / result.data["members"][0]["file"]).read_text()
    return str(result.data["text"])


def test_words_that_only_the_marked_up_version_has_are_shown(tmp_path: Path) -> None:
    text = shown(message("Please view this message in HTML", "<p>Biopsy: malignant melanoma</p>"), tmp_path)
    assert "Biopsy: malignant melanoma" in text


def test_the_same_words_are_shown_once(tmp_path: Path) -> None:
    text = shown(message("Biopsy:\nnaevus, 7.1 mm", "<p>Biopsy: <b>naevus</b>, 7.1 mm</p>"), tmp_path)
    assert text.count("naevus") == 1


def test_another_value_in_the_marked_up_version_is_shown(tmp_path: Path) -> None:
    text = shown(message("Hb 7.1, 1 and 7", "<p>Hb 17.1, 1 and 7</p>"), tmp_path)
    assert "Hb 7.1" in text and "Hb 17.1" in text


def test_a_letter_that_was_passed_on_says_whose_it_is_and_when(tmp_path: Path) -> None:
    outer = message("See below", Subject="Fwd")
    outer.add_attachment(
        message("The biopsy shows cancer", Subject="Histology", Date="Thu, 12 Mar 2026 10:00:00 +0000")
    )
    text = shown(outer, tmp_path)
    assert "Subject: Fwd" in text and "Subject: Histology" in text and "12 Mar 2026" in text and "shows cancer" in text


def test_header_lines_that_are_no_machines_are_shown(tmp_path: Path) -> None:
    text = shown(
        message("x", X_ray="fracture", Received="12 March", Cc="ben@clinic.example", X_Spam_Score="1"), tmp_path
    )
    assert "X-ray: fracture" in text and "Received: 12 March" in text and "Cc: ben@" in text
    assert "Spam" not in text and "Message-ID" not in text


def test_words_before_and_behind_the_parts_are_shown(tmp_path: Path) -> None:
    made = message("first", "<p>first</p>")
    made.preamble, made.epilogue = (
        "This is a multi-part message in MIME format.\nCalled the ward.\n",
        "From the next one\n",
    )
    text = shown(made, tmp_path)
    assert "Called the ward." in text and "From the next one" in text and "MIME" not in text


def test_marked_up_words_are_not_split_joined_or_lost(tmp_path: Path) -> None:
    marked = "<head><meta charset=utf-8><body><p>mel<b>an</b>oma 1<i>0</i> mg, 4.1 x10<sup>9</sup>/l</p><s>No</s> cancer<img alt='Hb 7'>"
    text = shown(message(marked=marked), tmp_path)
    assert "melanoma 10 mg, 4.1 x10^9/l" in text and "~~No~~ cancer" in text and "[Hb 7]" in text


def test_a_letter_without_a_character_set_keeps_its_letters(tmp_path: Path) -> None:
    content = b"From: a@clinic.example\nMessage-ID: <1>\nMIME-Version: 1.0\n\nGr\xf6\xdfe: 5 cm\n"
    assert "Größe: 5 cm" in one(content, tmp_path).data["text"]


def test_only_small_pictures_inside_the_words_are_left_out_and_named(tmp_path: Path) -> None:
    made = message(marked="<p>x</p>")
    for side in (20, 200):
        made.add_related(photo(side, side), "image", "jpeg", cid=f"<{side}>", filename=f"{side}.jpg")
    result = one(made.as_bytes(), tmp_path)
    assert [member["name"] for member in result.data["members"]] == ["message.txt", "200.jpg"]
    assert "[20.jpg]" in (tmp_path / result.data["members"][0]["file"]).read_text()


def test_a_paper_inside_the_first_lines_of_mail_does_not_hide_its_words() -> None:
    start = b"Message-ID: <svg7@clinic.example>\nMIME-Version: 1.0\nContent-Type: application/pdf\n\n"
    assert sniff(start + pdf("x"))[1] == "message/rfc822"


def test_a_mark_of_escape_in_a_value_drops_nothing() -> None:
    marks = Marks.of("MSH|^~\\&|x")
    assert marks.plain("0.5\\0.7\\0.9") == "0.5\\0.7\\0.9"
    assert marks.plain("A\\T\\B \\H\\bold\\N\\\\.br\\next \\X41\\") == "A&B bold\nnext A"


def told(segments: str) -> str:
    return str([page.blocks for page in hl7.read("MSH|^~\\&|A|B|||||ORU^R01\r" + segments).pages])


def test_every_coded_answer_of_a_result_is_shown() -> None:
    text = told("OBX|1|CWE|600-7^Bacteria^LN||112283007^E. coli^SCT~^Klebsiella~MRSA")
    assert "E. coli\\nKlebsiella\\nMRSA" in text


@pytest.mark.parametrize("value", ["^application^pdf^Base64^not=base64!", "http://archive.example/1"])
def test_a_file_in_a_message_that_cannot_be_read_is_told(value: str) -> None:
    assert UNREADABLE in told(f"OBX|1|ED|1^Report||{value}")


def test_a_file_in_a_document_that_cannot_be_read_is_told() -> None:
    body = b'<ClinicalDocument><component><nonXMLBody><text representation="B64">no!</text></nonXMLBody></component></ClinicalDocument>'
    assert [page.blocks for page in cda.read(parse(body)[0]).pages] == [[{"p": UNREADABLE}]]
