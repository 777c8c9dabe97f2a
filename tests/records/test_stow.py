"""STOW-RS: what a hospital's system pushes goes the same way as every upload."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from cases.models import Case, Grant
from cases.states import GrantScope, Phase
from portal.accounts.actions import create_token, revoke_token
from portal.accounts.models import TokenScope, User
from portal.core import storage
from portal.core.access import Actor
from portal.core.backends import LocalFolder
from portal.core.bodies import Fill
from portal.core.models import AuditEntry, Event, StoredObject
from portal.core.states import Role
from records.dicomweb import store as stow
from records.models import File, Instance, Upload
from records.states import UploadState
from tests.factories import files, records

pytestmark = pytest.mark.django_db
KIND = 'multipart/related; type="application/dicom"; boundary=cut'


def multipart(bodies: Sequence[bytes], kind: str = "application/dicom") -> bytes:
    head = f"--cut\r\nContent-Type: {kind}\r\n\r\n".encode()
    return b"".join(head + one + b"\r\n" for one in bodies) + b"--cut--\r\n"


def bearer(user: User, case: Case | None, scope: TokenScope = TokenScope.DICOMWEB) -> tuple[UUID, dict[str, str]]:
    made, secret = create_token(user=user, scope=scope, case_id=case.pk if case else None, days=1, by=Actor.job("test"))
    return made.pk, {"Authorization": f"Bearer {secret}"}


def store(headers: dict[str, str], body: bytes, address: str = "/dicomweb/studies", kind: str = KIND) -> Any:
    return Client().post(address, body, content_type=kind, headers=headers)


@pytest.fixture
def token(case: Case) -> dict[str, str]:
    return bearer(case.opened_by, case)[1]


def test_pushed_images_are_accepted_then_read_like_any_upload(case: Case, token: dict[str, str]) -> None:
    bodies = [files.dicom(instance=n) for n in (1, 2)]
    answer = store(token, multipart(bodies))
    assert answer.status_code == 202, "accepted for processing, and nothing more"
    listed = json.loads(answer.content)["00081199"]["Value"]
    assert [one["00081155"]["Value"][0] for one in listed] == [files.uid(1, 1, 1), files.uid(1, 1, 2)]
    assert not Instance.objects.exists(), "nothing is shown before the child has read it"
    assert list(Upload.objects.values_list("state", flat=True)) == [UploadState.RECEIVED] * 2
    assert Event.objects.filter(subject_kind="upload", name="receive", actor_kind="token").count() == 2
    assert AuditEntry.objects.filter(actor_kind="token", cases=[str(case.pk)]).count() == 1
    records.run_jobs()
    assert Instance.objects.count() == 2
    assert {one.sha256 for one in File.objects.all()} == set(
        StoredObject.objects.filter(kind="original").values_list("sha256", flat=True)
    )


@pytest.mark.parametrize("forged", [True, False])
def test_a_session_pushes_only_from_a_page_of_ours(case: Case, forged: bool) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(case.opened_by)
    for _ in range(2):  # from the second on it is known that somebody is there, and the short way is taken
        client.get("/dicomweb/studies")
    client.cookies["csrftoken"] = "c" * 32
    headers = {} if forged else {"X-CSRFToken": "c" * 32}
    answer = client.post(
        f"/dicomweb/cases/{case.ref}/studies", multipart([files.dicom()]), content_type=KIND, headers=headers
    )
    assert (answer.status_code, Upload.objects.count()) == ((403, 0) if forged else (202, 1))


def test_requests_that_begin_side_by_side_are_one_batch(case: Case, token: dict[str, str], monkeypatch: Any) -> None:
    monkeypatch.setattr("records.actions.pushed.first_of", lambda *_: None)  # none sees what another has not committed
    for number in (1, 2):
        store(token, multipart([files.dicom(instance=number)]))
    assert len(set(Upload.objects.values_list("batch", flat=True))) == 1


def test_images_of_another_person_are_set_aside(case: Case, token: dict[str, str]) -> None:
    store(token, multipart([files.dicom(PatientName="OTHERWISE^PERSONA", PatientBirthDate="19900101")]))
    records.run_jobs()
    assert Instance.objects.get().series.study.state == "quarantined"
    assert Client().get("/dicomweb/studies", headers=token).status_code == 204


def test_what_is_not_understood_is_told_part_by_part(case: Case, token: dict[str, str]) -> None:
    answer = store(token, multipart([b"no image", files.dicom()]))
    found = json.loads(answer.content)
    assert answer.status_code == 202
    assert found["00081198"]["Value"] == [{"00081197": {"vr": "US", "Value": [0xC000]}}]
    assert len(found["00081199"]["Value"]) == 1
    nothing = store(token, multipart([b"no image"]))
    assert nothing.status_code == 409
    assert "00081199" not in json.loads(nothing.content)


def test_an_image_of_another_study_than_the_address_says_fails(case: Case, token: dict[str, str]) -> None:
    answer = store(token, multipart([files.dicom(study=2), files.dicom()]), f"/dicomweb/studies/{files.uid(1)}")
    (failed,) = json.loads(answer.content)["00081198"]["Value"]
    assert failed["00081197"]["Value"] == [0xA900]
    assert failed["00081155"]["Value"] == [files.uid(2, 1, 1)]
    assert Upload.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/dicom", files.dicom(), 415),
        ('multipart/related; type="application/dicom+json"; boundary=cut', multipart([b"{}"]), 415),
        (KIND, multipart([files.dicom()])[:-60], 400),
        (KIND, b"--cut--\r\n", 400),
    ],
)
def test_a_wrong_request_leaves_nothing(token: dict[str, str], kind: str, body: bytes, status: int) -> None:
    before = StoredObject.objects.count()
    assert store(token, body, kind=kind).status_code == status
    assert (Upload.objects.count(), StoredObject.objects.count()) == (0, before)


def test_a_chunked_body_that_breaks_off_leaves_nothing(
    token: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Gunicorn raises an OSError of its own when the sender of chunks hangs up; the images before it were sealed already."""
    folder = LocalFolder(tmp_path / "sealed")
    monkeypatch.setattr(storage, "backend", lambda: folder)
    body = multipart([files.dicom(instance=n) for n in (1, 2, 3)])
    sealed: list[int] = []

    def breaking(_request: Any, _room: int, _full: str) -> Fill:
        source = io.BytesIO(body[: -len(body) // 4])

        def read(view: memoryview) -> int:
            count = source.readinto(view)
            if not count:
                sealed.append(sum(path.is_file() for path in tmp_path.rglob("*")))
                raise ConnectionResetError
            return count

        return read

    monkeypatch.setattr(stow, "_bounded", breaking)
    with pytest.raises(ConnectionResetError):
        store(token, body)
    assert sealed[0] >= 1
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not Upload.objects.exists()


def test_a_case_that_takes_no_files_says_so() -> None:
    case = records.case(phase=Phase.RELEASE)
    answer = store(bearer(case.opened_by, case)[1], multipart([files.dicom()]))
    assert (answer.status_code, Upload.objects.count()) == (409, 0)


def test_a_push_leaves_the_disk_its_reserve(
    token: dict[str, str], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DISK_RESERVE_BYTES = 2**60
    assert store(token, multipart([files.dicom()])).status_code == 507
    monkeypatch.setattr(storage, "spare", lambda: 500_000)
    body = multipart([files.dicom(size=512), files.dicom(instance=2, size=512)])
    assert store(token, body).status_code == 507
    assert not StoredObject.objects.exists() and not Upload.objects.exists()


def test_a_token_opens_its_one_case_and_no_other(case: Case) -> None:
    other = records.case(by=case.opened_by)
    _, headers = bearer(case.opened_by, case)
    assert store(headers, multipart([files.dicom()]), f"/dicomweb/cases/{other.ref}/studies").status_code == 404
    store(headers, multipart([files.dicom()]))
    store(bearer(case.opened_by, other)[1], multipart([files.dicom(study=2)]))
    records.run_jobs()
    found = json.loads(Client().get("/dicomweb/studies", headers=headers).content)
    assert [one["0020000D"]["Value"] for one in found] == [[files.uid(1)]]
    assert Client().get(f"/dicomweb/studies/{files.uid(2)}/metadata", headers=headers).status_code == 404


def test_a_token_that_may_only_store_reads_nothing(case: Case) -> None:
    _, headers = bearer(case.opened_by, case, TokenScope.DICOMWEB_STORE)
    assert store(headers, multipart([files.dicom()])).status_code == 202
    assert Client().get("/dicomweb/studies", headers=headers).status_code == 403


def test_a_token_without_a_case_has_to_name_one(case: Case) -> None:
    _, headers = bearer(case.opened_by, None)
    assert store(headers, multipart([files.dicom()])).status_code == 400
    assert store(headers, multipart([files.dicom()]), f"/dicomweb/cases/{case.ref}/studies").status_code == 202


def test_a_revoked_token_or_a_closed_account_opens_nothing(case: Case) -> None:
    pk, headers = bearer(case.opened_by, case)
    assert Client().get("/dicomweb/studies", headers=headers).status_code == 204
    revoke_token(token_id=pk, by=Actor.job("test"))
    refused = Client().get("/dicomweb/studies", headers=headers)
    assert (refused.status_code, refused.headers["WWW-Authenticate"][:6]) == (401, "Bearer")
    _, headers = bearer(case.opened_by, case)
    User.objects.filter(pk=case.opened_by_id).update(is_active=False)
    assert Client().get("/dicomweb/studies", headers=headers).status_code == 401


@pytest.mark.parametrize("how", ["token", "grant"])
def test_a_push_whose_token_or_case_is_taken_back_meanwhile_leaves_nothing(
    case: Case, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    pk, headers = bearer(case.opened_by, case)
    before = {one.name for one in storage.backend().listed()}

    def take_back() -> None:
        if how == "token":
            revoke_token(token_id=pk, by=Actor.job("test"))
        else:
            Grant.objects.filter(case=case, user=case.opened_by).update(revoked_at=timezone.now())

    monkeypatch.setattr(stow.at_once, "prepare", take_back)  # after the gate, before the body
    assert store(headers, multipart([files.dicom()])).status_code == 401
    assert not Upload.objects.exists() and not StoredObject.objects.exists()
    assert {one.name for one in storage.backend().listed()} == before


def test_a_specialist_stores_nothing(case: Case, settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR_WAIVED = True
    reader = records.user(Role.SPECIALIST)
    Grant.objects.create(case=case, user=reader, scope=GrantScope.FULL, granted_by="test")
    _, headers = bearer(reader, case)
    assert store(headers, multipart([files.dicom()])).status_code == 403
    assert not Upload.objects.exists()
