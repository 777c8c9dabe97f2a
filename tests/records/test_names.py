"""Names inside archives whose bytes do not say their character set."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest

from records.child.names import OLD_PC, UNIX, encoding_of
from tests.factories.discs import make_iso
from tests.records.helpers import one

JAPANESE, CHINESE = "胸部表ソ/画像01", "检查报告.pdf"


@pytest.mark.parametrize(("encoding", "names"), [
    ("cp932", ["胸部CT/画像01.dcm"]), ("cp932", ["山田太郎"]), ("cp932", ["レポート.pdf"]),
    ("gbk", ["胸部CT"]), ("gbk", [CHINESE]), ("gbk", ["张鑫"]), ("gbk", ["北京协和医院/出院小结"]),
    ("big5", ["檢查報告.pdf"]), ("big5", ["胸部X光", "病歷摘要"]),
    ("cp949", ["검사결과지.pdf"]), ("cp949", ["김철수", "영상"]),
    ("cp866", ["Снимок"]), ("cp1251", ["Выписка.pdf", "КТ груди"]),
    ("cp437", ["Befund Größe.pdf"]), ("cp850", ["São João"]), ("cp1252", ["résumé été", "São João"]),
    ("cp1252", ["ä.txt"]), ("cp1252", ["é.txt"]), ("cp1252", ["Ö.jpg"]), ("cp1252", ["à faire.txt"]), ("cp1252", ["è.txt"]),
    ("cp850", ["Último.pdf"]), ("cp850", ["Leões.jpg"]), ("cp850", ["ä.txt"]), ("cp437", ["é.txt"]), ("cp850", ["Índice 1"]),
])  # fmt: skip
def test_letters_are_worked_out_from_all_names_together(encoding: str, names: list[str]) -> None:
    found = encoding_of([name.encode(encoding) for name in names], OLD_PC)
    assert [name.encode(encoding).decode(found) for name in names] == names


def test_bytes_that_fit_nothing_are_read_as_the_standard_says() -> None:
    assert encoding_of([b"\xb0\xb1\xb2\xa9\xae\xb9\xab"], OLD_PC) == "cp437"
    assert encoding_of([b"M\xfcller"], UNIX) == "cp1252"


def renamed(archive: bytes, *names: tuple[str, bytes]) -> bytes:
    """The archive with the bytes of names put in place of others of the same length."""
    for plain, raw in names:
        assert len(plain) == len(raw)
        archive = archive.replace(plain.encode(), raw)
    return archive


def members(content: bytes, work: Path, password: str | None = None) -> list[str]:
    return [member["name"] for member in one(content, work, password=password).data["members"]]


def stand_in(name: str, encoding: str) -> tuple[str, bytes]:
    raw = name.encode(encoding)
    return "Q" * len(raw), raw


def test_names_in_a_zip_from_japan_and_china_are_read(tmp_path: Path) -> None:
    for name, encoding in ((JAPANESE, "cp932"), (CHINESE, "gbk")):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr(stand_in(name, encoding)[0], b"Findings")
        assert members(renamed(out.getvalue(), stand_in(name, encoding)), tmp_path) == [name]


@pytest.mark.parametrize("right", [True, False])
def test_name_beside_the_name_is_believed_when_it_belongs_to_it(right: bool, tmp_path: Path) -> None:
    """Info-ZIP writes it in UTF-8 in an extra field, with the check sum of the other."""
    entry = zipfile.ZipInfo("QQ")
    raw = "ы.".encode("cp1251")
    beside = struct.pack("<BI", 1, zlib.crc32(raw) ^ (not right)) + "Снимок".encode()
    entry.extra = struct.pack("<HH", 0x7075, len(beside)) + beside
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(entry, b"Findings")
    assert (members(renamed(out.getvalue(), ("QQ", raw)), tmp_path) == ["Снимок"]) is right


def test_names_in_tar_and_on_a_disc_are_read(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT, encoding="cp932") as archive:
        entry = tarfile.TarInfo(JAPANESE)
        entry.size = 8
        archive.addfile(entry, io.BytesIO(b"Findings"))
    assert members(out.getvalue(), tmp_path) == [JAPANESE]
    name = JAPANESE.partition("/")[0]
    disc = make_iso({stand_in(name, "cp932")[0]: b"Findings"}, joliet=False, rock_ridge=True)
    assert members(renamed(disc, stand_in(name, "cp932")), tmp_path) == [name]
