"""What PS3.18 asks of QIDO-RS and WADO-RS, and what another's client makes of it."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import requests
from dicomweb_client import DICOMwebClient
from django.db import transaction
from django.test import Client
from PIL import Image
from pydicom.fileset import FileSet
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from cases.models import Case
from portal.accounts.actions import create_token
from portal.accounts.models import TokenScope
from portal.core.access import Actor
from portal.core.models import AuditEntry
from records.dicomweb import archive, looks, pictures
from records.dicomweb.multipart import Malformed, Reader
from records.dicomweb.negotiate import Offer, choose, syntaxes
from records.dicomweb.qido import study_json
from records.models import Study
from tests.factories import files, records

pytestmark = pytest.mark.django_db
STUDY, SERIES, INSTANCE = files.uid(1), files.uid(1, 1), files.uid(1, 1, 2)
BASE = "/dicomweb"
ADDRESS = f"{BASE}/studies/{STUDY}/series/{SERIES}"


@pytest.fixture(scope="module")
def stored(django_db_setup: None, django_db_blocker: Any) -> Iterator[Case]:
    """Two studies of one person: three slices of a chest, and one of a head."""
    with django_db_blocker.unblock(), transaction.atomic():
        found = records.case()
        for number in (1, 2, 3):
            records.upload(found, files.dicom(instance=number, AccessionNumber="A1"), f"IM{number}")
        head = {"StudyDate": "20250101", "StudyDescription": "MR HEAD", "Modality": "MR", "AccessionNumber": "B2"}
        records.upload(found, files.dicom(study=2, **head), "IM9")
        records.run_jobs()
        yield found
        transaction.set_rollback(True)


@pytest.fixture
def owner(stored: Case) -> Client:
    looks.forget()
    pictures.forget()
    client = Client()
    client.force_login(stored.opened_by)
    return client


def found(answer: Any, tag: str = "0020000D") -> list[Any]:
    return [row[tag]["Value"][0] for row in json.loads(answer.content)] if answer.status_code == 200 else []


@pytest.mark.parametrize(
    ("query", "studies"),
    [
        ("StudyDate=20260312", [1]),
        ("StudyDate=20250101-20251231", [2]),
        ("StudyDate=20250601-", [1]),
        ("StudyDate=-20260312", [1, 2]),
        ("00080020=20260313", []),
        ("StudyTime=1015", [1, 2]),
        ("StudyTime=1016-2359", []),
        ("PatientName=example*", [1, 2]),
        ("PatientName=EX?MPLE^TESTINA", [1, 2]),
        ("PatientName=other*", []),
        ("PatientID=T-1", [1, 2]),
        ("PatientID=t-1", []),
        ("AccessionNumber=A1", [1]),
        ("StudyDescription=*HEAD", [2]),
        ("ModalitiesInStudy=MR", [2]),
        ("StudyInstanceUID={1},{2}", [1, 2]),
        ("StudyInstanceUID={1}\\{3}", [1]),
        ("StudyInstanceUID=", [1, 2]),
    ],
)
def test_studies_are_matched(owner: Client, query: str, studies: list[int]) -> None:
    for number in (1, 2, 3):
        query = query.replace(f"{{{number}}}", files.uid(number))
    assert found(owner.get(f"{BASE}/studies?{query}")) == [files.uid(number) for number in studies]


@pytest.mark.parametrize(
    "query",
    ["StudyDate=2026", "StudyDate=20261399", "StudyTime=99", "limit=x", "offset=-1", "fuzzymatching=maybe",
     "Nonsense=1", "includefield=Nonsense", "StudyInstanceUID=a;b"],
)  # fmt: skip
def test_what_cannot_be_read_is_400(owner: Client, query: str) -> None:
    assert owner.get(f"{BASE}/studies?{query}").status_code == 400


def test_pages_say_how_much_is_left(owner: Client) -> None:
    first = owner.get(f"{BASE}/studies?limit=1")
    assert found(first) == [STUDY]
    assert first.headers["Warning"] == (
        f'299 http://testserver{BASE} "There are 1 additional results that can be requested"'
    )
    last = owner.get(f"{BASE}/studies?limit=1&offset=1")
    assert (found(last), "Warning" in last.headers) == ([files.uid(2)], False)


def test_fuzzy_matching_and_unmatched_attributes_are_said_in_a_warning(owner: Client) -> None:
    answer = owner.get(f"{BASE}/studies?fuzzymatching=true&Manufacturer=Sample")
    assert answer.status_code == 200
    assert "fuzzymatching parameter is not supported" in answer.headers["Warning"]
    assert "not matched: Manufacturer" in answer.headers["Warning"]


def test_more_attributes_come_when_asked_for(owner: Client) -> None:
    address = f"{ADDRESS}/instances"
    plain, one, every = (
        json.loads(owner.get(f"{address}?limit=1{more}").content)[0]
        for more in ("", "&includefield=PixelSpacing,00180050", "&includefield=all")
    )
    assert "00280030" not in plain
    assert (one["00280030"]["Value"], one["00180050"]["Value"]) == ([0.7, 0.7], [1.0])
    assert "00281050" not in one
    assert every["00281050"]["Value"] == [40.0]
    study = json.loads(owner.get(f"{BASE}/studies?includefield=all&StudyInstanceUID={STUDY}").content)[0]
    assert "00281050" not in study, "what differs from image to image says nothing about a study"


def test_searches_below_no_study_tell_what_lies_above(owner: Client) -> None:
    series = json.loads(owner.get(f"{BASE}/series?Modality=MR").content)
    assert [row["00100020"]["Value"] for row in series] == [["T-1"]]
    instances = json.loads(owner.get(f"{BASE}/instances?SOPInstanceUID={INSTANCE}").content)
    assert instances[0]["00080060"]["Value"] == ["CT"]
    assert instances[0]["00081190"]["Value"] == [f"http://testserver{ADDRESS}/instances/{INSTANCE}"]


def test_originals_of_a_series_come_by_transfer_syntax(owner: Client) -> None:
    kind = 'multipart/related; type="application/dicom"; transfer-syntax='
    whole = owner.get(ADDRESS, headers={"Accept": f"{kind}*"})
    assert (whole.status_code, whole.getvalue().count(b"DICM")) == (200, 3)
    assert owner.get(ADDRESS, headers={"Accept": f"{kind}1.2.840.10008.1.2.1"}).status_code == 200
    assert owner.get(ADDRESS, headers={"Accept": f"{kind}1.2.840.10008.1.2.4.90"}).status_code == 406
    single = owner.get(f"{ADDRESS}/instances/{INSTANCE}", headers={"Accept": "application/dicom"})
    assert single.getvalue() == files.dicom(instance=2, AccessionNumber="A1")


def test_a_study_comes_as_a_zip_that_unpacks(owner: Client) -> None:
    answer = owner.get(f"{BASE}/studies/{STUDY}?accept=application/zip")
    body = answer.getvalue()
    assert len(body) == int(answer.headers["Content-Length"])
    with zipfile.ZipFile(io.BytesIO(body)) as opened:
        assert opened.testzip() is None
        names = [f"IMAGES/SE00001/IM0000{n}" for n in (1, 2, 3)]
        assert opened.namelist() == ["README.TXT", "DICOMDIR", *names]
        assert opened.read(names[1]) == files.dicom(instance=2, AccessionNumber="A1")


def test_an_unpacked_study_is_a_disc_that_others_read(owner: Client, tmp_path: Path) -> None:
    body = owner.get(f"{BASE}/studies/{STUDY}?accept=application/zip").getvalue()
    zipfile.ZipFile(io.BytesIO(body)).extractall(tmp_path)
    found = FileSet(tmp_path / "DICOMDIR")
    assert [one.SOPInstanceUID for one in found.find(SeriesInstanceUID=SERIES)] == [
        files.uid(1, 1, n) for n in (1, 2, 3)
    ]
    assert [one.load().pixel_array.shape for one in found] == [(32, 32)] * 3
    assert found.find_values("StudyInstanceUID") == [STUDY]
    found._stage["t"].cleanup()
    if shutil.which("dcmdump") is None:
        pytest.skip("needs DCMTK's dcmdump")
    for file in (tmp_path / "DICOMDIR", tmp_path / "IMAGES" / "SE00001" / "IM00002"):
        subprocess.run(["dcmdump", "-q", "+E", file], check=True, stdout=subprocess.DEVNULL)


def test_a_zip_of_huge_files_has_the_longer_fields() -> None:
    huge = archive.Member(b"IM1", 5 * 1024**3)
    local, central = archive._local(huge, 1), archive._central(huge, 1, 6 * 1024**3)
    assert (5 * 1024**3).to_bytes(8, "little") in local
    assert (6 * 1024**3).to_bytes(8, "little") in central
    assert archive._end(70_000, 10, 10).startswith(b"PK\x06\x06")
    several, heads, offset = [archive.made(b"A", b"a"), huge, huge, archive.Member(b"IM2", 9)], 0, 0
    for one in several:
        heads += len(archive._local(one, 1)) + len(archive._central(one, 1, offset))
        offset += len(archive._local(one, 1)) + one.size
    sizes = sum(one.size for one in several)
    assert archive.length(several) == sizes + heads + len(archive._end(4, heads, offset))


def test_bulk_data_lies_where_metadata_says(owner: Client) -> None:
    one = json.loads(owner.get(f"{ADDRESS}/instances/{INSTANCE}/metadata").content)[0]
    series = json.loads(owner.get(f"{ADDRESS}/metadata").content)[1]
    address = one["7FE00010"]["BulkDataURI"]
    assert (
        address
        == series["7FE00010"]["BulkDataURI"]
        == f"http://testserver{ADDRESS}/instances/{INSTANCE}/bulkdata/7FE00010"
    )
    pixels = owner.get(address, headers={"Accept": "application/octet-stream"}).getvalue()
    assert pixels == pydicom.dcmread(io.BytesIO(files.dicom(instance=2))).PixelData
    assert owner.get(f"{ADDRESS}/instances/{INSTANCE}/bulkdata/00420011").status_code == 404


def test_pictures_follow_viewport_and_format(owner: Client) -> None:
    address = f"{ADDRESS}/instances/{INSTANCE}"
    small = owner.get(f"{address}/rendered?viewport=16,20", headers={"Accept": "image/png"})
    assert (Image.open(io.BytesIO(small.content)).size, small.headers["Content-Type"]) == ((16, 16), "image/png")
    part = owner.get(f"{address}/rendered?viewport=8,8,0,0,16,16&quality=50")
    assert Image.open(io.BytesIO(part.content)).size == (8, 8)
    assert "not supported" in owner.get(f"{address}/rendered?annotation=patient").headers["Warning"]
    whole = np.asarray(
        Image.open(io.BytesIO(owner.get(f"{address}/rendered?viewport=8,8,,,8,8&accept=image/png").content))
    )
    turned = owner.get(f"{address}/rendered?viewport=8,8,0.2,0,-8,8.0&accept=image/png")
    assert (np.asarray(Image.open(io.BytesIO(turned.content))) == whole[:, ::-1]).all(), "PS3.18 8.3.5.1.3: mirrored"
    for wrong in (
        "viewport=0,5",
        "viewport=1",
        "viewport=8,8,-1,0,8,8",
        "viewport=8,8,0,0,0.2,8",
        "quality=0",
        "window=40,80,wrong",
    ):
        assert owner.get(f"{address}/rendered?{wrong}").status_code == 400, wrong
    every = owner.get(f"{ADDRESS}/rendered").getvalue()
    assert every.count(b"Content-Type: image/jpeg") == 3
    assert owner.get(f"{BASE}/studies/{STUDY}/thumbnail").headers["Content-Type"] == "image/jpeg"


def test_pictures_of_a_study_and_of_named_frames_come_as_parts(owner: Client) -> None:
    study = owner.get(f"{BASE}/studies/{STUDY}/rendered?viewport=8,8")
    assert study.headers["Content-Type"].startswith('multipart/related; type="image/jpeg"')
    assert study.getvalue().count(b"Content-Type: image/jpeg") == 3
    assert owner.get(f"{BASE}/studies/{STUDY}/rendered", headers={"Accept": "image/jpeg"}).status_code == 406
    assert owner.get(f"{BASE}/studies/{files.uid(8)}/rendered").status_code == 404
    frames = f"{ADDRESS}/instances/{INSTANCE}/frames"
    assert owner.get(f"{frames}/1,1/rendered?accept=image/png").status_code == 406
    assert owner.get(f"{frames}/1,1/rendered").getvalue().count(b"Content-Type: image/jpeg") == 2
    assert owner.get(f"{frames}/1,2/rendered").status_code == 404
    one = owner.get(f"{frames}/1/rendered", headers={"Accept": 'multipart/related; type="image/png"'}).getvalue()
    assert one.count(b"Content-Type: image/png") == 1


@pytest.mark.parametrize("of", [f"{BASE}/studies/{STUDY}", ADDRESS, f"{ADDRESS}/instances/{INSTANCE}/frames/1"])
def test_thumbnails_follow_viewport_and_format(owner: Client, of: str) -> None:
    small = owner.get(f"{of}/thumbnail?viewport=8,12", headers={"Accept": "image/png"})
    shown = Image.open(io.BytesIO(small.content))
    assert (shown.size, shown.format, small.headers["Content-Type"]) == ((8, 8), "PNG", "image/png")
    assert owner.get(f"{of}/thumbnail?viewport=0,8").status_code == 400
    assert Image.open(io.BytesIO(owner.get(f"{of}/thumbnail").content)).format == "JPEG"


def test_a_study_without_a_modality_does_not_say_so_by_an_empty_list() -> None:
    """OHIF 3.13 shows no study at all when one row has an empty ModalitiesInStudy."""
    assert "00080061" not in study_json(Study(uid="1.2"), "") and study_json(Study(modalities=["CT"]), "")["00080061"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{ADDRESS}/instances/{INSTANCE}/frames/abc", 400),
        (f"{ADDRESS}/instances/{INSTANCE}/frames/1,", 400),
        (f"{ADDRESS}/instances/{INSTANCE}/frames/abc/rendered", 400),
        (f"{ADDRESS}/instances/{INSTANCE}/frames/1,1/thumbnail", 400),
        (f"{BASE}/studies/abc", 404),
        (f"{BASE}/patients", 404),
        (f"{BASE}/cases/XXX-XXX/nothing", 404),
    ],
)
def test_an_address_that_is_none_is_said_as_to_programs(owner: Client, path: str, status: int) -> None:
    answer = owner.get(path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/json")
    assert json.loads(answer.content)["error"]
    assert Client().get(path).status_code == 401


def test_looking_is_on_record_before_the_first_byte_and_image_by_image_after(owner: Client, stored: Case) -> None:
    answer = owner.get(f"{ADDRESS}/instances/{INSTANCE}/frames/1")
    opening = AuditEntry.objects.filter(cases=[str(stored.pk)]).latest("id")
    assert opening.action == "GET dicomweb:frames", "before anything was read from the answer"
    answer.getvalue()
    owner.get(f"{ADDRESS}/instances/{files.uid(1, 1, 3)}/rendered")
    assert looks.flush() == 1
    row = AuditEntry.objects.filter(action=looks.ACTION).get()
    assert (row.actor_id, row.cases, len(row.subjects)) == (str(stored.opened_by_id), [str(stored.pk)], 2)
    assert looks.flush() == 0


def test_a_row_of_images_that_cannot_be_written_waits_for_the_next_turn(owner: Client, monkeypatch: Any) -> None:
    owner.get(f"{ADDRESS}/instances/{INSTANCE}/rendered")

    def broken(**_: Any) -> None:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr("portal.core.audit.record", broken)
        with pytest.raises(OSError):
            looks.flush()
    assert looks.flush() == 1


def test_at_most_a_minute_of_looking_is_lost() -> None:
    from portal.settings import base

    assert 0 < (base.LOOKS_FLUSH_SECONDS or 0) <= 60


OFFERS = [Offer("application/dicom", multipart=True), Offer("application/zip")]


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", 0),
        ("*/*", 0),
        ('multipart/related; type="application/dicom"', 0),
        ("multipart/related; type=application/dicom; transfer-syntax=*", 0),
        ("application/zip", 1),
        ('application/zip;q=0.5, multipart/related;type="application/dicom";q=0.9', 0),
        ("application/*", 1),
        ("application/zip;q=0", None),
        ("application/dicom", None),
        ("text/html", None),
    ],
)
def test_the_most_wanted_offer_is_chosen(accept: str, chosen: int | None) -> None:
    assert choose(accept, OFFERS) == (None if chosen is None else OFFERS[chosen])


def test_transfer_syntaxes_are_read_with_and_without_quotes() -> None:
    kind = 'multipart/related; type="application/dicom"; transfer-syntax='
    assert syntaxes(f'{kind}1.2.3, {kind}"1.2.4"', OFFERS[0]) == {"1.2.3", "1.2.4"}
    assert syntaxes(f"{kind}1.2.3, {kind}*", OFFERS[0]) is None


def pieces(body: bytes, size: int) -> Callable[[memoryview], int]:
    source = io.BytesIO(body)
    return lambda view: source.readinto(view[:size])


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_a_multipart_body_is_read_in_pieces_of_any_size(size: int) -> None:
    body = b"preamble\r\n--x\r\nContent-Type: a/b\r\n\r\none\r\n--y\r\n--x\r\n\r\n\r\n--x--\r\nend"
    parts = [(head, b"".join(map(bytes, piece))) for head, piece in Reader(pieces(body, size), "x").parts()]
    assert parts == [({"content-type": "a/b"}, b"one\r\n--y"), ({}, b"")]
    with pytest.raises(Malformed):
        for _, piece in Reader(pieces(body[:40], size), "x").parts():
            b"".join(map(bytes, piece))


class Wire(HTTPAdapter):
    """Carries the client's requests to the portal's views, and the whole answers back."""

    def send(self, request: Any, *_: Any, **__: Any) -> Any:
        headers = {
            name: value for name, value in request.headers.items() if name not in {"Content-Length", "Content-Type"}
        }
        body = request.body if isinstance(request.body, bytes | None) else b"".join(request.body)
        kind = request.headers.get("Content-Type", "")
        found = Client().generic(request.method, request.path_url, body or b"", content_type=kind, headers=headers)
        sent = found.getvalue() if found.streaming else found.content  # type: ignore[attr-defined]
        raw = HTTPResponse(
            io.BytesIO(sent), headers=dict(found.headers), status=found.status_code, preload_content=False
        )
        return self.build_response(request, raw)


def test_anothers_client_finds_reads_and_stores() -> None:
    """`dicomweb-client` (PyPI) with a token that is bound to one case."""
    case = records.case()
    _, secret = create_token(
        user=case.opened_by, scope=TokenScope.DICOMWEB, case_id=case.pk, days=1, by=Actor.job("test")
    )
    session = requests.Session()
    session.mount("http://", Wire())
    client = DICOMwebClient(f"http://testserver{BASE}", session=session, headers={"Authorization": f"Bearer {secret}"})
    sent = [pydicom.dcmread(io.BytesIO(files.dicom(instance=n))) for n in (1, 2, 3)]
    stored = client.store_instances(sent)
    assert len(stored.ReferencedSOPSequence) == 3
    records.run_jobs()
    (study,) = client.search_for_studies(search_filters={"PatientID": "T-1"}, limit=5)
    assert study["00201208"]["Value"] == [3]
    assert len(client.search_for_series(STUDY)) == 1
    assert len(client.search_for_instances(STUDY, SERIES, limit=2)) == 2
    metadata = client.retrieve_series_metadata(STUDY, SERIES)
    assert pydicom.Dataset.from_json(metadata[0], lambda uri: b"").Rows == 32
    whole = client.retrieve_series(STUDY, SERIES)
    assert [one.pixel_array.tolist() for one in whole] == [one.pixel_array.tolist() for one in sent]
    (frame,) = client.retrieve_instance_frames(STUDY, SERIES, INSTANCE, [1])
    assert frame == sent[1].PixelData
    picture = client.retrieve_instance_rendered(STUDY, SERIES, INSTANCE, media_types=("image/jpeg",))
    assert Image.open(io.BytesIO(picture)).size == (32, 32)
    (pixels,) = client.retrieve_bulkdata(metadata[1]["7FE00010"]["BulkDataURI"])
    assert pixels == sent[1].PixelData
