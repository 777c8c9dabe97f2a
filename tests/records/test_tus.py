"""tus 1.0.0 as our server speaks it: what arrived is kept, twice is once, strangers learn nothing."""

from __future__ import annotations

import base64
import hashlib
import io
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from cases.states import Phase
from portal.core import storage
from portal.core.access import Actor
from portal.core.models import Event, Job, StoredObject
from portal.core.states import ObjectState, Role
from records.actions import uploads
from records.actions.files import remove
from records.models import File, Upload, UploadPart
from records.queries.uploads import used
from records.states import UploadState
from tests.factories import records as make
from tests.records.helpers import OCTETS, TUS, patch

pytestmark = pytest.mark.django_db


def told(**pairs: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())


@pytest.fixture
def case() -> Any:
    return make.case()


@pytest.fixture
def client(case: Any) -> Client:
    client = Client()
    client.force_login(case.opened_by)
    return client


def create(client: Client, case: Any, size: int, body: bytes | None = None, **pairs: str) -> HttpResponse:
    headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": told(**{"filename": "letter.pdf", **pairs})}
    if body is None:
        return client.post(f"/uploads/{case.ref}/", headers=headers)
    return client.post(f"/uploads/{case.ref}/", body, content_type=OCTETS, headers=headers)


def content(upload: Upload) -> bytes:
    parts = UploadPart.objects.filter(upload=upload).order_by("start").select_related("object__key")
    return b"".join(piece for part in parts for piece in storage.read_range(part.object))


def test_options_tells_what_is_offered(client: Client, case: Any) -> None:
    answer = client.options(f"/uploads/{case.ref}/")
    assert answer.status_code == 204
    assert answer["Tus-Version"] == "1.0.0"
    assert answer["Tus-Extension"] == "creation,creation-with-upload,termination,expiration,checksum"
    assert answer["Tus-Checksum-Algorithm"] == "sha256,sha1"


def test_create_and_append_receives_the_file_and_queues_its_processing(client: Client, case: Any) -> None:
    answer = create(client, case, 10, relativePath="CT/disc 1/letter.pdf", fingerprint="ab12")
    assert answer.status_code == 201
    url = answer["Location"]
    assert patch(client, url, 0, b"01234")["Upload-Offset"] == "5"
    assert client.head(url, headers=TUS)["Upload-Offset"] == "5"
    assert client.head(url, headers=TUS)["Upload-Length"] == "10"
    last = patch(client, url, 5, b"56789")
    assert (last.status_code, last["Upload-Offset"]) == (204, "10")
    upload = Upload.objects.get()
    assert (upload.state, upload.name, upload.folder) == (UploadState.RECEIVED, "letter.pdf", "CT/disc 1")
    assert content(upload) == b"0123456789"
    assert File.objects.get().upload == upload
    assert Event.objects.get(name="receive").subject_id == upload.pk
    assert Job.objects.get(name="records.process_upload").case_id == case.pk


def test_create_with_upload_takes_the_first_bytes_at_once(client: Client, case: Any) -> None:
    answer = create(client, case, 3, b"abc")
    assert (answer.status_code, answer["Upload-Offset"]) == (201, "3")
    assert content(Upload.objects.get()) == b"abc"


def test_create_asked_again_gives_the_same_upload_with_what_it_holds(client: Client, case: Any) -> None:
    pairs = {"batch": "0f9c1f6e-6c8e-4d5e-9d3f-0123456789ab", "fingerprint": "ff"}
    first = create(client, case, 5, b"ab", **pairs)
    again = create(client, case, 5, b"ab", **pairs)
    assert again["Location"] == first["Location"]
    assert again["Upload-Offset"] == "2"
    assert content(Upload.objects.get()) == b"ab"


def test_empty_file_is_received_at_once_so_that_it_can_be_told_about(client: Client, case: Any) -> None:
    assert create(client, case, 0).status_code == 201
    assert Upload.objects.get().state == UploadState.RECEIVED


def test_body_larger_than_a_part_is_sealed_in_parts(client: Client, case: Any) -> None:
    whole = bytes(range(256)) * 9000  # 2.2 MiB
    url = create(client, case, len(whole))["Location"]
    assert patch(client, url, 0, whole).status_code == 204
    assert [p.size for p in UploadPart.objects.order_by("start")] == [1048576, 1048576, len(whole) - 2097152]
    assert content(Upload.objects.get()) == whole


class Cut(io.BytesIO):
    """A connection that breaks after `left` bytes."""

    def __init__(self, content: bytes, left: int) -> None:
        super().__init__(content)
        self.left = left

    def read(self, size: int | None = -1) -> bytes:
        if self.left <= 0:
            raise OSError("connection reset")
        piece = super().read(self.left if size is None or size < 0 else min(size, self.left))
        self.left -= len(piece)
        return piece


@examples(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(cuts=st.lists(st.integers(1, 5000), max_size=6), seed=st.binary(min_size=1, max_size=64))
def test_cut_anywhere_keeps_what_arrived_and_goes_on_from_there(
    client: Client, case: Any, cuts: list[int], seed: bytes
) -> None:
    whole = (seed * 8000)[:7000]
    url = create(client, case, len(whole))["Location"]
    for cut in cuts:
        upload = Upload.objects.get(pk=url.rstrip("/").rsplit("/", 1)[1])
        if upload.offset == len(whole):
            break
        before, rest = upload.offset, whole[upload.offset :]
        with pytest.MonkeyPatch.context() as patched:
            from django.core.handlers.wsgi import WSGIRequest

            source = Cut(rest, cut)
            patched.setattr(WSGIRequest, "read", lambda self, *args, source=source: source.read(*args))
            patch(client, url, before, rest)
        told_now = int(client.head(url, headers=TUS)["Upload-Offset"])
        assert told_now == before + min(cut, len(rest))
    offset = int(client.head(url, headers=TUS)["Upload-Offset"])
    if offset < len(whole):
        assert patch(client, url, offset, whole[offset:]).status_code == 204
    upload = Upload.objects.get(pk=url.rstrip("/").rsplit("/", 1)[1])
    assert upload.state == UploadState.RECEIVED
    assert content(upload) == whole


def test_two_tabs_cannot_both_append(client: Client, case: Any) -> None:
    url = create(client, case, 8)["Location"]
    mine, theirs = Upload.objects.get(), Upload.objects.get()
    part = uploads.seal(mine, [b"abcd"])
    other = uploads.seal(theirs, [b"ABCD"])
    from portal.core.access import Actor

    uploads.append(upload=mine, parts=[part], by=Actor.of(case.opened_by))
    with pytest.raises(uploads.Elsewhere):
        uploads.append(upload=theirs, parts=[other], by=Actor.of(case.opened_by))
    assert not storage.is_here(other)
    assert not StoredObject.objects.filter(pk=other.pk).exists()
    assert patch(client, url, 4, b"efgh").status_code == 204
    assert content(Upload.objects.get()) == b"abcdefgh"


def test_wrong_offset_is_409_and_changes_nothing(client: Client, case: Any) -> None:
    url = create(client, case, 8)["Location"]
    patch(client, url, 0, b"abc")
    assert patch(client, url, 2, b"xxx").status_code == 409
    assert patch(client, url, 4, b"xxx").status_code == 409
    assert content(Upload.objects.get()) == b"abc"


def test_content_type_version_and_length_are_demanded(client: Client, case: Any) -> None:
    url = create(client, case, 8)["Location"]
    wrong = client.patch(url, b"abc", content_type="application/octet-stream", headers={**TUS, "Upload-Offset": "0"})
    assert wrong.status_code == 415
    old = client.patch(url, b"abc", content_type=OCTETS, headers={"Upload-Offset": "0"})
    assert (old.status_code, old["Tus-Version"]) == (412, "1.0.0")
    assert (
        client.post(f"/uploads/{case.ref}/", headers={**TUS, "Upload-Metadata": told(filename="a")}).status_code == 400
    )
    assert patch(client, url, 0, b"123456789").status_code == 413
    assert client.patch(url, b"abc", content_type=OCTETS, headers=TUS).status_code == 400


@pytest.mark.parametrize(
    "header", ["filename !!!", "filename YQ==,filename YQ==", "batch " + base64.b64encode(b"x").decode()]
)
def test_metadata_that_cannot_be_read_is_refused(client: Client, case: Any, header: str) -> None:
    answer = client.post(f"/uploads/{case.ref}/", headers={**TUS, "Upload-Length": "3", "Upload-Metadata": header})
    assert answer.status_code == 400
    assert not Upload.objects.exists()


@pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
def test_checksum_that_differs_is_460_and_keeps_nothing(client: Client, case: Any, algorithm: str) -> None:
    url = create(client, case, 6)["Location"]
    right = base64.b64encode(hashlib.new(algorithm, b"abc").digest()).decode()
    assert patch(client, url, 0, b"abd", **{"Upload-Checksum": f"{algorithm} {right}"}).status_code == 460
    assert client.head(url, headers=TUS)["Upload-Offset"] == "0"
    assert not StoredObject.objects.exists()
    assert patch(client, url, 0, b"abc", **{"Upload-Checksum": f"{algorithm} {right}"}).status_code == 204
    assert patch(client, url, 3, b"def", **{"Upload-Checksum": "md5 AAAA"}).status_code == 400


def test_full_case_is_413_with_words(client: Client, case: Any) -> None:
    with override_settings(MAX_CASE_BYTES=100):
        assert create(client, case, 60).status_code == 201
        answer = create(client, case, 41)
    assert answer.status_code == 413
    assert answer.json()["error"] == "case_full"
    assert answer.json()["message"]


def test_full_disk_is_507_with_words_before_the_first_byte(client: Client, case: Any) -> None:
    with override_settings(DISK_RESERVE_BYTES=2**60):
        answer = create(client, case, 60, b"abc")
    assert (answer.status_code, answer.json()["error"]) == (507, "store_full")
    assert not Upload.objects.exists()
    assert not StoredObject.objects.exists()


def test_small_file_that_comes_with_its_creation_is_one_commit(client: Client, case: Any) -> None:
    create(client, case, 3, b"abc")
    with CaptureQueriesContext(connection) as asked:
        assert create(client, case, 3, b"abc")["Upload-Offset"] == "3"
    writes = [one["sql"].split()[2] for one in asked if one["sql"].startswith("INSERT")]
    assert '"core_storedobject"' in writes
    began = [n for n, one in enumerate(asked) if "SAVEPOINT" in one["sql"] or one["sql"].startswith("BEGIN")]
    outside = [one["sql"] for one in asked.captured_queries[: began[0]] if one["sql"].startswith("INSERT")]
    assert outside == []


def test_small_file_that_is_cut_keeps_what_arrived(client: Client, case: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.core.handlers.wsgi import WSGIRequest

    source = Cut(b"abcdef", 4)
    monkeypatch.setattr(WSGIRequest, "read", lambda self, *args: source.read(*args))
    answer = create(client, case, 6, b"abcdef")
    assert (answer.status_code, answer["Upload-Offset"]) == (201, "4")
    assert content(Upload.objects.get()) == b"abcd"


def test_closed_case_takes_no_files() -> None:
    case = make.case(phase=Phase.DELIVERED, delivered_at=timezone.now())
    client = Client()
    client.force_login(case.opened_by)
    assert create(client, case, 3).status_code == 409


def test_upload_begun_before_the_case_moved_on_is_not_taken(client: Client, case: Any) -> None:
    url = create(client, case, 8)["Location"]
    patch(client, url, 0, b"abc")
    type(case).objects.filter(pk=case.pk).update(phase=Phase.WITHDRAWN)
    for body in (b"d", b"defgh"):
        answer = patch(client, url, 3, body)
        assert (answer.status_code, answer.json()["error"]) == (409, "closed")
    assert Upload.objects.get().offset == 3
    assert not File.objects.exists()
    assert StoredObject.objects.filter(state=ObjectState.STORED).count() == 1


def test_delete_erases_what_arrived(client: Client, case: Any) -> None:
    url = create(client, case, 8)["Location"]
    patch(client, url, 0, b"abc")
    assert client.delete(url, headers=TUS).status_code == 204
    assert client.head(url, headers=TUS).status_code == 410
    assert patch(client, url, 3, b"defgh").status_code == 410
    assert StoredObject.objects.get().state == ObjectState.ERASED
    assert not UploadPart.objects.exists()


def test_file_that_has_arrived_is_removed_as_a_file_and_not_as_an_upload(client: Client, case: Any) -> None:
    url = create(client, case, 3)["Location"]
    patch(client, url, 0, b"abc")
    answer = client.delete(url, headers=TUS)
    assert (answer.status_code, answer.json()["error"]) == (409, "received")
    file = File.objects.get()
    assert file.upload.state == UploadState.RECEIVED
    assert used(case) == (3, 1)
    remove(file=file, by=Actor.of(case.opened_by))
    assert used(case) == (0, 0)
    assert client.head(url, headers=TUS).status_code == 410


def test_strangers_get_404_and_nobody_in_particular_401(client: Client, case: Any, settings: Any) -> None:
    url = create(client, case, 8)["Location"]
    stranger = Client()
    stranger.force_login(make.user())
    assert create(stranger, case, 3).status_code == 404
    assert stranger.head(url, headers=TUS).status_code == 404
    assert patch(stranger, url, 0, b"abc").status_code == 404
    assert stranger.delete(url, headers=TUS).status_code == 404
    settings.STAFF_SECOND_FACTOR_WAIVED = True
    desk = Client()
    desk.force_login(make.user(Role.COORDINATOR))
    assert patch(desk, url, 0, b"abc").status_code == 404
    anonymous = Client()
    for answer in (create(anonymous, case, 3), patch(anonymous, url, 0, b"abc"), anonymous.head(url, headers=TUS)):
        assert answer.status_code == 401
    assert Upload.objects.get().offset == 0


@override_settings(CSRF_FAILURE_VIEW="django.views.csrf.csrf_failure")
def test_upload_needs_the_csrf_token(case: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(case.opened_by)
    assert create(client, case, 3, b"abc").status_code == 403
    assert not Upload.objects.exists()


def test_unfinished_uploads_are_listed_for_the_sender_only(client: Client, case: Any, settings: Any) -> None:
    url = create(client, case, 8, fingerprint="abcd")["Location"]
    create(client, case, 2, b"ok")
    patch(client, url, 0, b"abc")
    listed = client.get(f"/uploads/{case.ref}/").json()["unfinished"]
    assert [(one["url"], one["offset"], one["fingerprint"]) for one in listed] == [(url, 3, "abcd")]
    settings.STAFF_SECOND_FACTOR_WAIVED = True
    desk = Client()
    desk.force_login(make.user(Role.COORDINATOR))
    assert desk.get(f"/uploads/{case.ref}/").json()["unfinished"] == []


def test_abandoned_uploads_expire_and_their_bytes_are_erased(client: Client, case: Any) -> None:
    url = create(client, case, 8)["Location"]
    patch(client, url, 0, b"abc")
    kept = create(client, case, 8)["Location"]
    Upload.objects.filter(pk=url.rstrip("/").rsplit("/", 1)[1]).update(expires_at="2020-01-01T00:00Z")
    Job.objects.create(name="records.expire_uploads", key="records.expire_uploads", every_seconds=3600)
    make.run_jobs("records.expire_uploads")
    assert client.head(url, headers=TUS).status_code == 410
    assert client.head(kept, headers=TUS).status_code == 200
    assert StoredObject.objects.get().state == ObjectState.ERASED
