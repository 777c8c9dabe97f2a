"""Copies of DVDs in UDF, which many hospitals hand out: read like ISO 9660, and as carefully."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from records.child.udf import _tag
from records.sandbox import FileResult
from tests.factories import files
from tests.factories.discs import make_udf
from tests.records.helpers import one, run

SECTOR = 2048
INSIDE = {
    "DICOM/ST1/IM1": files.dicom(),
    "DICOM/Befund – 検査.txt": b"words",
    "EMPTY": b"",
    "LONG": bytes(range(256)) * 100,
}
VOLUME, FILE_SET, NAME, FILE = 6, 256, 257, 261


def members(result: FileResult, folder: Path) -> dict[str, bytes]:
    assert (result.status, result.code) == ("container", "")
    return {one["name"]: (folder / one["file"]).read_bytes() for one in result.data["members"]}


def test_disc_in_udf_alone_is_opened(tmp_path: Path) -> None:
    assert members(one(make_udf(INSIDE, alone=True), tmp_path), tmp_path) == INSIDE


def test_files_that_iso_9660_does_not_name_are_taken_from_udf_and_nothing_is_left_out(tmp_path: Path) -> None:
    note = b"This disc needs a reader for UDF."
    found = members(one(make_udf(INSIDE, alone=False, note=note), tmp_path), tmp_path)
    assert found == {**INSIDE, "README.TXT": note}


def sectors(raw: bytes, kind: int) -> list[int]:
    """Where the descriptors of a kind begin."""
    return [at for at in range(0, len(raw), SECTOR) if _tag(raw[at : at + 16]) == kind]


def with_metadata_partition(raw: bytes) -> bytes:
    """The folders in a partition inside of the partition, as UDF 2.50 has them: its file lies behind everything."""
    made, start = bytearray(raw), 257
    block = len(raw) // SECTOR - start - 1
    entry = bytearray(raw[sectors(raw, FILE)[0] :][:SECTOR])
    extent = struct.pack("<II", block * SECTOR, 0)
    entry[34:36] = b"\0\0"
    struct.pack_into("<Q", entry, 56, block * SECTOR)
    struct.pack_into("<II", entry, 168, 0, len(extent))
    entry[176 : 176 + len(extent)] = extent
    made[-SECTOR:] = entry
    table = b"\2\x40\0\0\0*UDF Metadata Partition".ljust(36, b"\0") + struct.pack("<HHI", 1, 0, block)
    for at in sectors(raw, VOLUME):
        struct.pack_into("<H", made, at + 256, 1)
        struct.pack_into("<I", made, at + 268, 2)
        made[at + 446 : at + 446 + 64] = table.ljust(64, b"\0")
    for at in sectors(raw, FILE_SET):
        struct.pack_into("<H", made, at + 408, 1)
    return bytes(made)


def test_folders_in_a_partition_of_their_own_are_found(tmp_path: Path) -> None:
    raw = make_udf(INSIDE, alone=True) + bytes(SECTOR)
    assert members(one(with_metadata_partition(raw), tmp_path), tmp_path) == INSIDE


def test_disc_that_was_written_in_several_goes_is_refused_in_words(tmp_path: Path) -> None:
    made = bytearray(make_udf(INSIDE, alone=True))
    for at in sectors(made, VOLUME):
        made[at + 440 : at + 504] = (b"\2\x40\0\0\0*UDF Virtual Partition".ljust(36, b"\0") + b"\1\0\0\0").ljust(
            64, b"\0"
        )
    result = one(bytes(made), tmp_path)
    assert (result.status, result.code) == ("rejected", "disc_unsupported")


def test_folder_that_holds_itself_ends_the_disc(tmp_path: Path) -> None:
    made = bytearray(make_udf({"A/B/x": b"words"}, alone=True))
    (set_at,) = sectors(made, FILE_SET)
    root = made[set_at + 404 : set_at + 410]
    for at in sectors(made, NAME):
        place = at
        while _tag(made[place : place + 16]) == NAME:
            if made[place + 18] & 0x0A == 0x02:
                made[place + 24 : place + 30] = root
            place += (38 + made[place + 19] + 3) // 4 * 4
    result = one(bytes(made), tmp_path)
    assert (result.status, result.code) == ("rejected", "disc_loop")


@pytest.mark.parametrize("share", [0.3, 0.7, 0.99])
def test_disc_that_is_cut_is_told(share: float, tmp_path: Path) -> None:
    whole = make_udf({**INSIDE, "BIG": bytes(3_000_000)}, alone=True)
    result = one(whole[: int(len(whole) * share)], tmp_path)
    assert result.status == "rejected" and result.code in ("disc_cut", "disc_damaged", "disc_unsupported")


def test_broken_discs_end_with_a_verdict(tmp_path: Path) -> None:
    whole, chance = make_udf(INSIDE, alone=True), random.Random(5)
    used = [at for at in range(0, len(whole), SECTOR) if _tag(whole[at : at + 16])]
    broken = []
    for _ in range(150):
        made = bytearray(whole)
        for _ in range(chance.randrange(1, 6)):
            made[chance.choice(used) + chance.randrange(16, 460)] = chance.choice([0, 1, 0x7F, 0x80, 0xFF])
        broken.append(bytes(made))
    results = run(broken, tmp_path)
    assert {result.status for result in results} <= {"container", "rejected"}
    assert not {result.code for result in results} & {"unsafe_crash", "unsafe_time", "unsafe_memory", "zip_damaged"}
