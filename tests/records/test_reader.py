"""The element walker: agrees with pydicom on good files, refuses bad ones with its own error and nothing else."""

from __future__ import annotations

import contextlib
import io
import json
import warnings

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from records.dicom import validate
from records.dicom.metadata import Values, clean, index_of
from records.dicom.reader import DicomError, DicomFile, read
from tests.factories import files
from tests.factories.dicom import make_cr, make_ct_series, make_us_cine, with_depth, with_preamble

SYNTAXES = ["", "rle", "jpeg2000", "jpeg-ls", "big-endian", "deflated", "implicit"]
CT = make_ct_series(1, 16)[0]


def parse(content: bytes) -> DicomFile:
    return read(io.BytesIO(content), len(content), scratch=io.BytesIO())


def refused(content: bytes) -> str:
    with pytest.raises(DicomError) as caught:
        file = parse(content)
        values = Values(file)
        validate.shape_of(index_of(values), values.numbers(0x00280008), file)
    return caught.value.code


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_read_finds_the_elements_that_pydicom_finds(syntax: str) -> None:
    content = make_ct_series(1, 32, syntax=syntax)[0]
    file = parse(content)
    expected = pydicom.dcmread(io.BytesIO(content))
    assert set(file.elements) | {0x7FE00010} == {int(element.tag) for element in expected}
    assert file.flags == []


@pytest.mark.parametrize("content", [make_ct_series(1, 32)[0], make_us_cine(2), make_cr(32)])
def test_json_equals_that_of_pydicom(content: bytes) -> None:
    expected = pydicom.dcmread(io.BytesIO(content), stop_before_pixels=True).to_json_dict()
    ours = Values(parse(content)).json()
    assert json.loads(json.dumps(ours)) == json.loads(json.dumps(expected))


@pytest.mark.parametrize("name", ["A\\B", "Иванова^Мария".encode().decode("latin-1")])
def test_values_from_memory_are_those_that_were_read_with_their_remarks(name: str) -> None:
    content = files.dicom(StudyDescription="HERE\\THERE", SpecificCharacterSet="ISO_IR 100", PatientName=name)
    first, again = Values(parse(content)), Values(parse(content))
    assert first.json() == again.json()
    assert index_of(first) == index_of(again)
    first.json()["00081030"]["Value"].append("changed by whoever asked")
    assert Values(parse(content)).json() == again.json()
    assert first.file.flags == again.file.flags == (["dicom_charset_guessed"] if name != "A\\B" else [])


def test_index_holds_what_the_header_says() -> None:
    content = make_ct_series(3, 32)[1]
    index = index_of(Values(parse(content)))
    assert index["patient_name"] == "EXAMPLE^TESTINA"
    assert index["study_date"] == "20260312"
    assert index["instance_number"] == 2
    assert index["slice_thickness"] == 1.25
    assert index["image_orientation_patient"] == [1, 0, 0, 0, 1, 0]
    assert index["window_center"] == [-600, 40]
    assert index["transfer_syntax_uid"] == "1.2.840.10008.1.2.1"


@pytest.mark.parametrize("cut", [140, 300, 700, len(CT) - 1])
def test_read_refuses_a_file_cut_short(cut: int) -> None:
    assert refused(CT[:cut]) == "dicom_truncated"


def test_read_refuses_nesting_beyond_the_limit() -> None:
    assert parse(with_depth(10)).pixels is not None
    assert refused(with_depth(60)) == "dicom_too_deep"


def test_read_refuses_another_file_glued_on() -> None:
    glued = CT + b"PK\x03\x04 and a whole archive"
    assert refused(glued) == "dicom_trailing_data"
    found = read(io.BytesIO(glued), len(glued), trailing=True)  # a person has decided so
    assert "dicom_trailing_ignored" in found.flags and found.pixels is not None


def test_read_notes_padding() -> None:
    assert parse(CT + b"\0" * 9).flags == ["dicom_padding"]


def test_read_refuses_a_deflated_bomb() -> None:
    import zlib

    head, _ = make_ct_series(1, 16, syntax="deflated")[0].split(b"1.2.840.10008.1.2.1.99", 1)
    meta = parse(make_ct_series(1, 16, syntax="deflated")[0]).meta
    start = max(element.offset + element.length for element in meta.values())
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = engine.compress(b"\0" * 30_000_000) + engine.flush()
    assert head
    assert refused(make_ct_series(1, 16, syntax="deflated")[0][:start] + bomb) == "dicom_inflates_too_much"


def test_shape_refuses_less_pixel_data_than_rows_and_columns_claim() -> None:
    found = pydicom.dcmread(io.BytesIO(CT))
    found.Rows = found.Columns = 60000
    out = io.BytesIO()
    found.save_as(out)
    assert refused(out.getvalue()) == "dicom_pixel_length"


@pytest.mark.parametrize("uid", ["", "../../etc/passwd", "1." * 40 + "1", "1..2", "1.2 ", "abc"])
def test_check_uid_refuses_what_is_no_uid(uid: str) -> None:
    with pytest.raises(DicomError):
        validate.check_uid(uid, [])


def test_check_uid_notes_a_leading_zero() -> None:
    flags: list[str] = []
    validate.check_uid("1.2.03", flags)
    assert flags == ["dicom_uid_leading_zero"]


@pytest.mark.parametrize(
    ("preamble", "flag"),
    [
        (b"", None),
        (b"MZ\x90", "executable_preamble"),
        (b"\x7fELF", "executable_preamble"),
        (b"<html><script>", "executable_preamble"),
        (b"%PDF-1.4", "executable_preamble"),
        (b"II*\0", "dicom_tiff_preamble"),
    ],
)
def test_preamble_flag_names_what_else_the_file_is(preamble: bytes, flag: str | None) -> None:
    assert validate.preamble_flag(parse(with_preamble(CT, preamble)).preamble) == flag


def test_clean_takes_out_what_deceives_the_eye() -> None:
    assert clean("EXAMPLE\u202e^ANITSET\r\n\x1b[31m") == "EXAMPLE^ANITSET[31m"
    assert clean("one\ntwo\x00", lines=True) == "one\ntwo"


def _bogus(tag: int, vr: str, value: object) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = pydicom.dcmread(io.BytesIO(CT))
        found.add_new(tag, vr, value)
        out = io.BytesIO()
        found.save_as(out)
    return out.getvalue()


def test_index_notes_an_impossible_date() -> None:
    values = Values(parse(CT.replace(b"20260312", b"20269912")))
    assert index_of(values)["study_date"] == ""
    assert "dicom_date_invalid" in values.file.flags


def test_index_notes_an_unknown_character_set() -> None:
    values = Values(parse(CT.replace(b"ISO_IR 192", b"ISO_IR 999")))
    assert index_of(values)["patient_name"] == "EXAMPLE^TESTINA"
    assert "dicom_charset_unknown" in values.file.flags


def test_index_reads_a_name_in_its_character_set() -> None:
    content = _bogus(0x00100010, "PN", "Иванова^Мария")
    assert index_of(Values(parse(content)))["patient_name"] == "Иванова^Мария"


SEEDS = [make_ct_series(1, 16, syntax=s)[0] for s in ("", "rle", "implicit", "big-endian", "deflated")] + [
    with_depth(5)
]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 3000), st.binary(min_size=1, max_size=6)), min_size=1, max_size=4),
    st.integers(0, 400),
)
def test_read_raises_nothing_but_its_own_error(seed: bytes, changes: list[tuple[int, bytes]], cut: int) -> None:
    content = bytearray(seed)
    for place, value in changes:
        place = 120 + place % (len(content) - 130)
        content[place : place + len(value)] = value
    content = content[: len(content) - cut] if cut < 200 else content
    try:
        file = parse(bytes(content))
        values = Values(file)
        index = index_of(values)
        json.dumps(values.json(), allow_nan=False)
        validate.shape_of(index, values.numbers(0x00280008), file)
    except DicomError:
        pass


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_read_survives_noise_behind_a_good_beginning(noise: bytes) -> None:
    with contextlib.suppress(DicomError):
        json.dumps(Values(parse(CT[:400] + noise)).json(), allow_nan=False)


@pytest.mark.parametrize(
    ("charset", "name", "expected", "flag"),
    [
        ("", "Müller^Jörg".encode(), "Müller^Jörg", "dicom_charset_guessed"),  # UTF-8 that is not declared
        ("ISO_IR 100", "Иванова^Мария".encode(), "Иванова^Мария", "dicom_charset_guessed"),  # declared as Latin
        ("ISO_IR 192", "Müller^Jörg".encode("latin-1"), "Müller^Jörg", "dicom_charset_guessed"),  # the other way round
        ("", "张伟^王芳".encode("gb2312"), "张伟^王芳", "dicom_charset_guessed"),
        ("", "홍^길동".encode("euc_kr"), "홍^길동", "dicom_charset_guessed"),
        ("\\ISO 2022 IR 149", "홍^길동".encode("euc_kr"), "홍^길동", "dicom_charset_guessed"),  # without the escapes
        ("", "山田^太郎".encode("shift_jis"), "山田^太郎", "dicom_charset_guessed"),
        (
            "",
            b"Yamada^Tarou=" + "山田^太郎".encode("iso2022_jp"),
            "Yamada^Tarou=山田^太郎",
            "dicom_charset_guessed",
        ),
        ("ISO_IR 100", "Müller^Jörg".encode("latin-1"), "Müller^Jörg", ""),
        ("ISO_IR 144", "Иванова".encode("iso8859-5"), "Иванова", ""),
        ("GB18030", "王^小东".encode("gb18030"), "王^小东", ""),
        ("\\ISO 2022 IR 58", b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab", "Zhang^XiaoDong=张^小东", ""),
        ("", "Müller^Jörg".encode("latin-1"), "Müller^Jörg", ""),
    ],
)
def test_names_are_read_in_their_letters(charset: str, name: bytes, expected: str, flag: str) -> None:
    """Declared, undeclared or wrongly declared character sets."""
    found = pydicom.dcmread(io.BytesIO(CT))
    marker = b"N" * (len(name) + len(name) % 2)
    found.SpecificCharacterSet, found.PatientName = "ISO_IR 100" if not charset else "C" * 16, marker.decode()
    if not charset:
        del found.SpecificCharacterSet
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found.save_as(out)
    content = out.getvalue().replace(b"C" * 16, charset.ljust(16).encode()).replace(marker, name.ljust(len(marker)))
    values = Values(parse(content))
    assert index_of(values)["patient_name"] == expected
    assert (flag in values.file.flags) if flag else not [f for f in values.file.flags if "charset" in f]


@pytest.mark.parametrize("syntax", ["", "implicit", "deflated", "rle"])
def test_every_cut_is_noticed(syntax: str) -> None:
    """pydicom returns a part of a header cut short without a word; here no beginning of a file passes for the whole."""
    content = make_ct_series(1, 16, syntax=syntax)[0]
    whole = len(content) - (
        8 if syntax == "rle" else 0
    )  # the last eight bytes of encapsulated pixels only say that they end
    for cut in range(132, whole):
        with pytest.raises(DicomError):
            file = parse(content[:cut])
            values = Values(file)
            if validate.shape_of(index_of(values), values.numbers(0x00280008), file) is None:
                raise DicomError("no image")
