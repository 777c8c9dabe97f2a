"""Compressed frames leave as they lie in the original, when the caller names their transfer syntax or media type."""

from __future__ import annotations

import email
import io
import json
import struct
from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import pydicom
import pytest
from django.db import transaction
from django.test import Client
from pydicom.encaps import encapsulate, encapsulate_extended, generate_frames
from pydicom.uid import JPEGLSLossless

from cases.models import Case, Grant
from portal.core import storage
from portal.core.models import StoredObject
from portal.pages.demo.synthetic import Person
from records.dicom import encapsulated
from records.dicomweb import looks
from records.dicomweb import stored as stored_frames
from records.dicomweb.stored import Compressed, preferred, welcome
from records.models import Instance
from tests.factories import records
from tests.factories.dicom import make_ct_series, make_us_cine

PERSON = Person("EXAMPLE^TESTINA", "TEST-0001", date(1961, 5, 4), "F")
"""The patient of `records.case`."""


def grey_loop() -> bytes:
    found = pydicom.dcmread(io.BytesIO(make_us_cine(3, PERSON)))
    found.PixelData = np.ascontiguousarray(found.pixel_array[..., 0]).tobytes()
    found.SamplesPerPixel, found.PhotometricInterpretation = 1, "MONOCHROME2"
    del found.PlanarConfiguration
    found.compress(JPEGLSLossless, generate_instance_uid=False)
    out = io.BytesIO()
    found.save_as(out)
    return out.getvalue()


LOOP = grey_loop()
CINE = pydicom.dcmread(io.BytesIO(LOOP))
FRAMES = list(generate_frames(CINE.PixelData, number_of_frames=3))
JLS = str(CINE.file_meta.TransferSyntaxUID)
ADDRESS = f"/dicomweb/studies/{CINE.StudyInstanceUID}/series/{CINE.SeriesInstanceUID}"
FRAME = f"{ADDRESS}/instances/{CINE.SOPInstanceUID}/frames"


def written(pixels: bytes, **more: Any) -> bytes:
    found = pydicom.dcmread(io.BytesIO(LOOP))
    found.PixelData = pixels
    for name, value in more.items():
        setattr(found, name, value)
    out = io.BytesIO()
    found.save_as(out)
    return out.getvalue()


def split(content: bytes, count: int) -> list[bytes]:
    """Frames by their places, without the byte that makes a fragment's length even."""
    found = encapsulated.frames(io.BytesIO(content), len(content), count)
    return [b"".join(content[offset : offset + length] for offset, length in pieces) for pieces in found]


@pytest.mark.parametrize("table", [True, False])
def test_a_frame_in_one_fragment_is_found(table: bool) -> None:
    content = written(encapsulate(FRAMES, has_bot=table))
    assert [one[: len(FRAMES[n])] for n, one in enumerate(split(content, 3))] == FRAMES


def test_frames_in_several_fragments_are_told_apart_by_the_offset_table() -> None:
    found = split(written(encapsulate(FRAMES, fragments_per_frame=2)), 3)
    assert [one[: len(FRAMES[n])] for n, one in enumerate(found)] == FRAMES
    assert split(written(encapsulate(FRAMES, fragments_per_frame=2, has_bot=False)), 3) == []


def test_the_extended_offset_table_counts_first() -> None:
    pixels, offsets, lengths = encapsulate_extended(FRAMES)
    content = written(pixels, ExtendedOffsetTable=offsets, ExtendedOffsetTableLengths=lengths)
    assert [one[: len(FRAMES[n])] for n, one in enumerate(split(content, 3))] == FRAMES


@pytest.mark.parametrize("content", [make_ct_series(1, 32)[0], LOOP[:-400], b"no image"])
def test_what_is_not_compressed_or_broken_has_no_such_frames(content: bytes) -> None:
    assert encapsulated.frames(io.BytesIO(content), len(content), 3) == []


def items(*contents: bytes) -> bytes:
    """Encapsulated pixels: an empty offset table, then these fragments."""
    return b"".join(b"\xfe\xff\x00\xe0" + len(one).to_bytes(4, "little") + one for one in (b"", *contents))


def test_empty_pieces_are_no_pieces_and_too_many_are_not_as_stored() -> None:
    frame, closed = FRAMES[0] + b"\0" * (len(FRAMES[0]) % 2), b"\xfe\xff\xdd\xe0\0\0\0\0"

    def places(*fragments: bytes) -> list[encapsulated.Pieces]:
        content = written(items(*fragments) + closed, NumberOfFrames=1)
        return encapsulated.frames(io.BytesIO(content), len(content), 1)

    ((piece,),) = places(b"", frame, *[b""] * 3000)
    assert piece[1] == len(frame)
    cut = [frame[at : at + 2] for at in range(0, 2 * encapsulated.MAX_PIECES, 2)]
    assert len(places(*cut)[0]) == encapsulated.MAX_PIECES
    assert places(*cut, b"..") == []
    assert places(b"", b"") == []


@pytest.mark.parametrize(
    ("syntax", "colours", "as_stored"),
    [
        ("jpeg-ls", "RGB", False),
        ("rle", "RGB", False),
        ("jpeg2000", "RGB", True),
        ("rle", "PALETTE COLOR", False),
        ("jpeg2000", "PALETTE COLOR", False),
        ("jpeg-ls", "MONOCHROME2", True),
    ],
)
def test_colours_that_the_metadata_would_tell_wrong_are_not_as_stored(
    syntax: str, colours: str, as_stored: bool
) -> None:
    found = pydicom.dcmread(io.BytesIO(make_us_cine(3, PERSON, syntax=syntax)))
    if colours != "RGB":
        found.SamplesPerPixel, found.PhotometricInterpretation = 1, colours
    out = io.BytesIO()
    found.save_as(out)
    assert bool(split(out.getvalue(), 3)) == as_stored


@pytest.mark.parametrize("problem", [struct.error("short"), ValueError("range"), KeyError(1), RecursionError()])
def test_what_reading_stumbles_over_is_not_as_stored(problem: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumbles(*_: Any) -> Any:
        raise problem

    monkeypatch.setattr(encapsulated, "_offsets", stumbles)
    assert split(written(encapsulate(FRAMES, fragments_per_frame=2)), 3) == []


def test_a_frame_in_pieces_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    content, asked = bytes(range(100)), list[tuple[int, int]]()

    def read_range(_stored: StoredObject, start: int, stop: int) -> Iterator[bytes]:
        asked.append((start, stop))
        return (content[at : min(at + 7, stop)] for at in range(start, stop, 7))

    monkeypatch.setattr(storage, "read_range", read_range)
    pieces = ((10, 3), (13, 1), (20, 30), (58, 2), (70, 9))
    found = Compressed(JLS, StoredObject(size=100), (((0, 5),), pieces))
    assert b"".join(found.body(2)) == b"".join(content[start : start + length] for start, length in pieces)
    assert len(b"".join(found.body(2))) == found.length(2)
    assert b"".join(found.body(1)) == content[:5]
    assert asked == [(10, 79), (10, 79), (0, 5)]


def test_what_is_remembered_is_bounded_by_its_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_frames, "_known", type(stored_frames._known)())
    monkeypatch.setattr(stored_frames, "_held", 0)
    monkeypatch.setattr(stored_frames, "REMEMBERED", 500)
    walked = list[int]()

    def walk(_source: Any, size: int, frames: int) -> list[encapsulated.Pieces]:
        walked.append(size)
        return [((0, 1),)] * frames

    monkeypatch.setattr(encapsulated, "frames", walk)
    objects = [StoredObject(size=n) for n in range(4)]
    for one in [*objects[:3], objects[0], objects[3], objects[0], objects[1]]:
        assert len(stored_frames._pieces(Instance(frames=100), one)) == 100
        assert stored_frames._held == sum(150 for _ in stored_frames._known) <= 500
    assert walked == [0, 1, 2, 3, 1], "those unused for longest are walked again"


@pytest.mark.parametrize(
    ("accept", "looked_up", "as_stored"),
    [
        ("", False, False),
        ("*/*", False, False),
        ('multipart/related; type="application/octet-stream"; transfer-syntax=*', False, False),
        (f'multipart/related; type="application/octet-stream"; transfer-syntax={JLS}', True, True),
        ('multipart/related; type="image/jls"', True, True),
        ("image/jls", True, True),
        ('multipart/related; type="image/jp2"', True, False),
        ("image/jls;q=0.5, application/octet-stream", True, False),
        ("image/jls, application/octet-stream;q=0.5", True, True),
    ],
)
def test_decoded_frames_leave_unless_the_stored_ones_are_asked_for(
    accept: str, looked_up: bool, as_stored: bool
) -> None:
    assert welcome(accept) == looked_up
    assert (preferred(accept, JLS) is not None) == as_stored


@pytest.fixture(scope="module")
def stored(django_db_setup: None, django_db_blocker: Any) -> Iterator[Case]:
    with django_db_blocker.unblock(), transaction.atomic():
        found = records.case()
        records.upload(found, LOOP, "IM1")
        records.run_jobs()
        yield found
        transaction.set_rollback(True)


@pytest.fixture
def owner(stored: Case) -> Client:
    looks.forget()
    client = Client()
    client.force_login(stored.opened_by)
    return client


def parts(answer: Any) -> list[tuple[str, bytes]]:
    raw = f"Content-Type: {answer.headers['Content-Type']}\r\n\r\n".encode() + answer.getvalue()
    return [(p["Content-Type"], p.get_payload(decode=True)) for p in email.message_from_bytes(raw).get_payload()]


@pytest.mark.django_db
def test_frames_come_as_they_lie_to_who_names_their_syntax(owner: Client, stored: Case) -> None:
    accept = f'multipart/related; type="image/jls"; transfer-syntax={JLS}'
    answer = owner.get(f"{FRAME}/3,1", headers={"Accept": accept})
    assert [(kind, body[: len(FRAMES[n])]) for (kind, body), n in zip(parts(answer), (2, 0), strict=True)] == [
        (f"image/jls; transfer-syntax={JLS}", FRAMES[2]),
        (f"image/jls; transfer-syntax={JLS}", FRAMES[0]),
    ]
    alone = owner.get(f"{FRAME}/2", headers={"Accept": "image/jls"})
    assert alone.getvalue()[: len(FRAMES[1])] == FRAMES[1]
    assert owner.get(f"{FRAME}/4", headers={"Accept": "image/jls"}).status_code == 404
    assert owner.get(f"{FRAME}/1", headers={"Accept": "image/jp2"}).status_code == 406
    Grant.objects.filter(case=stored, user=stored.opened_by).update(revoked_at="2026-01-01T00:00Z")
    assert owner.get(f"{FRAME}/2", headers={"Accept": "image/jls"}).status_code in {404, 406}


@pytest.mark.django_db
@pytest.mark.parametrize("behind", [True, False])
def test_where_frames_lie_is_read_from_what_the_child_wrote(
    owner: Client, behind: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_frames, "_known", type(stored_frames._known)())
    walked = list[int]()
    monkeypatch.setattr(encapsulated, "frames", lambda _source, size, count: walked.append(size) or [((0, 9),)] * count)
    if not behind:  # an image that came before the child wrote it
        monkeypatch.setattr(encapsulated, "indexed", lambda *_: None)
    answer = owner.get(f"{FRAME}/2", headers={"Accept": "image/jls"}).getvalue()
    assert (answer[: len(FRAMES[1])] == FRAMES[1], walked) == ((True, []) if behind else (False, [len(LOOP)]))


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b"[]", []),
        (b"[[10,5,23,7],[40,2]]", [((10, 5), (23, 7)), ((40, 2),)]),
        (b"[[10,5]]", None),
        (b"[[10,5,23,7],[99,2]]", None),
        (b"[[23,7,10,5],[40,2]]", None),
        (b"[[10,-5],[40,2]]", None),
        (b"[[10,5.0],[40,2]]", None),
        (b"[[10],[40,2]]", None),
        (b"[[],[40,2]]", None),
        (b"[[10,true],[40,2]]", None),
        (b'{"a":1}', None),
        (b"7", None),
        (b"\xff", None),
    ],
)
def test_a_kept_index_is_believed_only_as_far_as_the_original_goes(raw: bytes, found: list[Any] | None) -> None:
    assert encapsulated.indexed(raw, 100, 2) == found
    assert not found or encapsulated.index(found) == raw


@pytest.mark.django_db
@pytest.mark.parametrize("named", [True, False])
def test_a_pack_holds_compressed_frames_for_who_names_their_syntax(owner: Client, named: bool) -> None:
    accept = "application/vnd.consilium.frames" + (f"; transfer-syntax={JLS}" if named else "")
    answer = owner.get(f"{ADDRESS}/pack?first=2&count=2", headers={"Accept": accept})
    body = answer.getvalue()
    assert len(body) == int(answer.headers["Content-Length"])
    length = int.from_bytes(body[:4], "little")
    head, data = json.loads(body[4 : 4 + length]), body[4 + length :]
    assert [one["encoding"] for one in head["frames"]] == [JLS if named else "identity"] * 2
    for number, one in enumerate(head["frames"], 1):
        frame = data[one["offset"] : one["offset"] + one["length"]]
        if named:
            assert frame[: len(FRAMES[number])] == FRAMES[number]
        else:
            assert np.array_equal(np.frombuffer(frame, np.uint8), CINE.pixel_array[number].ravel())
