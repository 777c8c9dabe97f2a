"""What is told from the beginning of a file is what the whole file tells, or nothing: no image is filed by bytes of another."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from records.child.handle import handle
from records.child.protocol import Limits
from records.dicom import peek
from records.models import File, Instance, Study
from tests.factories import files, records
from tests.records.test_stow import bearer, multipart, store

MARK = peek.PIXELS + b"OW\0\0"
NUMBERS = struct.pack(">110000I", *range(110_000))
OTHER = {"PatientName": "OTHERWISE^PERSONA", "PatientBirthDate": "19900101"}


def stuffed(body: bytes, size: int, **elements: Any) -> bytes:
    """The image with `size` private bytes before its patient."""
    data = pydicom.dcmread(io.BytesIO(body))
    data.private_block(0x0009, "X", create=True).add_new(1, "OB", bytes(size))
    for keyword, value in elements.items():
        setattr(data, keyword, value)
    return saved(data)


def saved(data: Dataset) -> bytes:
    out = io.BytesIO()
    data.save_as(out, enforce_file_format=True)
    return out.getvalue()


def beginning(body: bytes, chunk: int) -> bytes:
    look = peek.Peek()
    assert b"".join(look.through(body[at : at + chunk] for at in range(0, len(body), chunk))) == body
    return look.beginning()


def told(body: bytes, work: Path, held: bytes | None = None) -> dict[str, Any]:
    entry = {"i": 0, "password": None, "depth": 0, "thumbnail": False, "trailing": False}
    if held is not None:
        return handle({**entry, "beginning": held, "size": len(body)}, work, Limits())
    with (work / "whole").open("wb+") as file:
        file.write(body)
        file.flush()
        return handle({**entry, "fd": file.fileno()}, work, Limits())


@pytest.mark.parametrize("chunk", [40 * 1024, 64 * 1024, 100 * 1024, 256 * 1024])
@pytest.mark.parametrize("front", [0, 60_000, 65_400, 100_000, 200_000, 300_000])
def test_a_beginning_is_how_the_stream_begins(chunk: int, front: int) -> None:
    body = stuffed(files.dicom(size=512), front)
    found = beginning(body, chunk)
    assert body.startswith(found)
    assert len(found) <= peek.LARGE_WINDOW
    if front < 200_001:
        assert found.endswith(struct.pack("<I", 512 * 512 * 2)), "up to where the pixels begin"


@given(
    chunks=st.lists(st.integers(1, 300_000), min_size=1, max_size=12),
    marks=st.lists(st.integers(0, 400_000), max_size=4),
)
def test_however_a_stream_is_cut_its_beginning_is_how_it_begins(chunks: list[int], marks: list[int]) -> None:
    stream = bytearray(NUMBERS)
    for place in marks:
        stream[place : place + 4] = peek.PIXELS
    look, at, parts = peek.Peek(), 0, []
    for size in chunks:
        parts.append(bytes(stream[at : at + size]))
        at += size
    b"".join(look.through(parts))
    assert stream.startswith(look.beginning())
    assert bytes(stream).startswith(bytes(look._kept))


def odd() -> list[bytes]:
    """Images that say how pixels begin before their own pixels do, or whose patient stands in two places."""
    body = files.dicom(size=24)
    icon = Dataset()
    icon.Rows = icon.Columns = 4
    icon.BitsAllocated, icon.PixelData = 8, bytes(16)
    private = pydicom.dcmread(io.BytesIO(body))
    private.private_block(0x0009, "X", create=True).add_new(1, "OB", MARK + struct.pack("<I", 9) + MARK + bytes(20))
    drawn = files.dicom(size=24, BitsStored=12, HighBit=11)
    hidden = pydicom.dcmread(io.BytesIO(drawn))
    hidden.add_new(0x60000010, "US", 24)
    hidden.add_new(0x60000011, "US", 24)
    hidden.add_new(0x60000102, "US", 15)
    inside = pydicom.dcmread(io.BytesIO(body))
    inside.PixelData = inside.PixelData[:500] + MARK + inside.PixelData[508:]
    hidden.PixelData = inside.PixelData
    name = struct.pack("<HH2sH", 0x10, 0x10, b"PN", 18) + b"OTHERWISE^PERSONA "
    at = body.rindex(peek.PIXELS)
    behind = pydicom.dcmread(io.BytesIO(body))
    behind.add_new(0x7FE10010, "LO", "X")
    behind.add_new(0x7FE11010, "PN", "OTHERWISE^PERSONA")
    with_icon = pydicom.dcmread(io.BytesIO(body))
    with_icon.IconImageSequence = [icon]
    return [
        *map(saved, (with_icon, private, hidden, inside, behind)),
        body[:at] + name + body[at:],
        body + name,
        body + MARK + name,
    ]


@pytest.mark.parametrize("number", range(8))
def test_wherever_a_file_is_cut_the_child_says_what_the_whole_file_says_or_refuses(number: int, tmp_path: Path) -> None:
    body = odd()[number]
    whole = told(body, tmp_path)
    whole["data"].pop("digest", None)
    own = len(beginning(body, 100))
    answers = 0
    for cut in sorted({*range(100, 140), *range(200, len(body), 61), *range(own - 40, own + 20), len(body)}):
        found = told(body, tmp_path, body[:cut])
        if found["status"] == "ready":
            answers += 1
            assert found["data"].pop("digest") == ""
            assert found == whole
    assert answers or number in (6, 7), "some cut is enough"


def with_a_hole(chunk: int) -> bytes:
    """An image of somebody else whose pixels hold the header of the case's patient, in the place where it would follow the first bytes
    if what comes between the first window and the end of its chunk were left out."""
    front, size = 100 * 1024, 1200 * 1024
    data = pydicom.dcmread(io.BytesIO(stuffed(files.dicom(), 0)))
    data.PixelData = b""
    head = saved(data)
    at = head.index(struct.pack("<HH2s", 0x10, 0x10, b"PN"))
    own = head[at:]
    for keyword, value in OTHER.items():
        setattr(data, keyword, value)
    strange = saved(data)[at:]
    private = head[: at - 12] + struct.pack("<HH2sHI", 0x09, 0x1001, b"OB", 0, front - at)
    body = bytearray(private.ljust(front, b"\0") + strange[:-4] + struct.pack("<I", size - front - len(strange)))
    body += bytes(size - len(body))
    gap = -(-peek.WINDOW // chunk) * chunk - peek.WINDOW
    body[front + gap : front + gap + len(own)] = own[:-4] + struct.pack("<I", size - front - len(own))
    return bytes(body)


@pytest.mark.django_db
def test_an_image_is_never_filed_by_the_header_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    body, chunk, through = with_a_hole(256 * 1024), 256 * 1024, peek.Peek.through

    def cut(self: peek.Peek, parts: Any) -> Any:
        whole = b"".join(map(bytes, parts))
        return through(self, (whole[at : at + chunk] for at in range(0, len(whole), chunk)))

    monkeypatch.setattr(peek.Peek, "through", cut)
    assert pydicom.dcmread(io.BytesIO(body)).PatientName == OTHER["PatientName"]
    case = records.case()
    store(bearer(case.opened_by, case)[1], multipart([body, files.dicom(instance=2), files.dicom(instance=3)]))
    study = Study.objects.get()
    assert (study.state, study.code) == ("quarantined", "two_patients")
    records.run_jobs()
    assert Instance.objects.filter(file__in=File.objects.filter(size=len(body))).count() == 1
