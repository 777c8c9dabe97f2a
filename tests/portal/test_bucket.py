"""Sealed objects in a bucket, against a real S3 server: what the local folder promises holds there too."""

from __future__ import annotations

import copy
import hashlib
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from portal.core import backends, checks, storage, sweep
from portal.core.access import Actor
from portal.core.backends import BUCKET_PART, Bucket
from portal.core.models import Job, StoredObject
from portal.core.states import JobState, ObjectState
from records.actions import uploads
from records.models import File, Upload, UploadPart
from records.rules.tus import Described
from tests.factories import bucket
from tests.factories import records as make

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("s3")]


BEGUN: list[Bucket] = []


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Connections are left open on purpose in a portal, and closed after a test."""
    yield
    while BEGUN:
        BEGUN.pop().client.close()


def use(settings: Any, options: dict[str, Any]) -> None:
    changed = copy.deepcopy(settings.STORAGES)
    changed["sealed"] = {"BACKEND": "portal.core.backends.Bucket", "OPTIONS": options}
    settings.STORAGES = changed
    BEGUN.append(cast(Bucket, storage.backend()))


@pytest.fixture
def place(s3: bucket.Server, settings: Any) -> Bucket:
    use(settings, s3.options())
    storage.make_place()
    found = storage.backend()
    assert isinstance(found, Bucket)
    return found


def pattern(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def write(plain: bytes, kind: str = "original") -> StoredObject:
    return storage.write_stream([plain], case_id=uuid4(), kind=kind)


@pytest.mark.parametrize("size", [0, 1, storage.SEGMENT, 3 * storage.SEGMENT + 17])
def test_bucket_gives_back_every_byte_and_any_range(place: Bucket, size: int) -> None:
    stored = write(pattern(size))
    assert b"".join(storage.read_range(stored)) == pattern(size)
    start, stop = size // 3, size - size // 5
    assert b"".join(storage.read_range(stored, start, stop)) == pattern(size)[start:stop]
    assert storage.is_here(stored)
    assert b"".join(storage.read_sealed(stored)) != pattern(size)


def test_large_object_goes_part_by_part_and_never_as_a_whole(place: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    real = place.client.upload_part

    def upload_part(**given: Any) -> Any:
        sent.append(len(given["Body"]))
        return real(**given)

    monkeypatch.setattr(place.client, "upload_part", upload_part)
    monkeypatch.setattr(storage, "backend", lambda: place)
    megabyte, count = pattern(1024**2), 2 * BUCKET_PART // 1024**2 + 3
    stored = storage.write_stream((megabyte for _ in range(count)), case_id=uuid4(), kind="original")
    assert stored.size == count * 1024**2
    assert [size == BUCKET_PART for size in sent] == [True, True, False]
    assert max(sent) <= BUCKET_PART
    at = BUCKET_PART - 100
    assert b"".join(storage.read_range(stored, at, at + 200)) == pattern(1024**2)[-100:] + megabyte[:100]


class Swallowing(Bucket):
    """A bucket whose far end takes everything and keeps nothing."""

    client = SimpleNamespace(
        create_multipart_upload=lambda **_given: {"UploadId": "1"},
        upload_part=lambda **_given: {"ETag": "e"},
        complete_multipart_upload=lambda **_given: None,
    )


def test_memory_of_a_large_object_does_not_grow_with_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Putting the parts of an upload together holds a few parts of the bucket, whether it has 4 of them or 24 (384 MiB)."""
    place = Swallowing(bucket_name="none", endpoint_url="http://127.0.0.1:1", access_key="x", secret_key="x")
    monkeypatch.setattr(storage, "backend", lambda: place)
    megabyte, case = bytes(1024**2), uuid4()

    def peak(parts: int) -> int:
        tracemalloc.reset_peak()
        pieces = (megabyte for _ in range(parts * BUCKET_PART // 1024**2))
        assert storage.write_stream(pieces, case_id=case, kind="original").size == parts * BUCKET_PART
        return tracemalloc.get_traced_memory()[1]

    tracemalloc.start()
    try:
        few, many = peak(4), peak(24)
    finally:
        tracemalloc.stop()
    assert many < 4 * BUCKET_PART
    assert many - few < BUCKET_PART // 8


def test_write_that_breaks_leaves_neither_object_nor_parts(place: Bucket) -> None:
    def broken() -> Iterator[bytes]:
        for _ in range(BUCKET_PART // 1024**2 + 2):
            yield pattern(1024**2)
        raise ConnectionResetError

    before = {one.name for one in place.listed()}
    with pytest.raises(ConnectionResetError):
        storage.write_stream(broken(), case_id=uuid4(), kind="original")
    assert {one.name for one in place.listed()} == before
    assert not StoredObject.objects.exists()


@pytest.mark.parametrize("size", [10, BUCKET_PART + 10])
def test_a_name_is_never_written_twice(place: Bucket, size: int) -> None:
    name = uuid4().hex
    place.put(name, [b"a" * size])
    with pytest.raises(FileExistsError):
        place.put(name, [b"b" * size])
    assert b"".join(place.get(name, 0, 3)) == b"aaa"
    place.put(name, [b"c" * size], replace=True)
    assert b"".join(place.get(name, 0, 3)) == b"ccc"


def test_damaged_missing_and_erased_objects_are_told(place: Bucket) -> None:
    stored = write(pattern(200_000))
    raw = bytearray(b"".join(storage.read_sealed(stored)))
    raw[150_000] ^= 1
    place.put(stored.name, [bytes(raw)], replace=True)
    assert len(b"".join(storage.read_range(stored, 0, storage.SEGMENT))) == storage.SEGMENT
    with pytest.raises(storage.Damaged):
        b"".join(storage.read_range(stored))
    place.put(stored.name, [bytes(raw[:-20])], replace=True)
    with pytest.raises(storage.Damaged):
        b"".join(storage.read_range(stored, 190_000))
    place.delete(stored.name)
    assert not storage.is_here(stored)
    with pytest.raises(storage.Damaged):
        b"".join(storage.read_range(stored))
    picture = write(b"a thumbnail", kind="derived")
    place.delete(picture.name)
    with pytest.raises(storage.NotReady):
        b"".join(storage.read_range(picture))
    gone = write(b"abc")
    storage.erase(gone)
    storage.erase(gone)
    gone.refresh_from_db()
    with pytest.raises(storage.Erased):
        b"".join(storage.read_range(gone))


def test_unfinished_multipart_uploads_are_listed_and_cleared(place: Bucket) -> None:
    place.client.create_multipart_upload(Bucket=place.s3.bucket_name, Key=uuid4().hex)
    left = [one for one in place.listed() if not one.whole]
    assert len(left) == 1
    place.clear_away(left[0])
    assert all(one.whole for one in place.listed())


def said(settings: Any) -> list[str]:
    settings.PRODUCTION = True
    return [str(one.id) for one in checks.records_have_a_place()]


def test_start_is_refused_in_words_when_the_bucket_does_not_answer(
    place: Bucket, s3: bucket.Server, settings: Any
) -> None:
    assert said(settings) == []
    use(settings, s3.options("nobody-made-this"))
    assert said(settings) == ["portal.records_missing"]
    use(settings, s3.options() | {"secret_key": "another"})
    assert said(settings) == ["portal.records_refused"]
    (port,) = bucket.ports(1)
    use(settings, s3.options() | {"endpoint_url": f"http://127.0.0.1:{port}"})
    assert said(settings) == ["portal.records_silent"]


def test_create_bucket_makes_it_once(s3: bucket.Server, settings: Any) -> None:
    use(settings, s3.options(f"made-{uuid4().hex[:8]}"))
    first, again = StringIO(), StringIO()
    call_command("create_bucket", stdout=first)
    call_command("create_bucket", stdout=again)
    assert ("is made" in first.getvalue(), "already" in again.getvalue()) == (True, True)
    use(settings, s3.options() | {"secret_key": "another"})
    with pytest.raises(CommandError, match="refused"):
        call_command("create_bucket", stdout=StringIO())


def test_upload_of_many_parts_becomes_one_object_of_the_bucket(place: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts are read, and the original is written, piece by piece: no request and no step holds it whole."""
    monkeypatch.setattr(backends, "BUCKET_PART", 5 * 1024**2)  # the least that S3 takes
    case = make.case()
    whole = pattern(12 * 1024**2 + 345)
    sent = uploads.create(case=case, described=Described("large.bin", "", None, ""), size=len(whole), by=case.opened_by)
    actor = Actor.of(case.opened_by)
    for start in range(0, len(whole), uploads.PART_BYTES):
        piece = whole[start : start + uploads.PART_BYTES]
        uploads.append(upload=sent, parts=[uploads.seal(sent, [piece])], by=actor)
    bodies: list[int] = []
    real = place.client.upload_part
    monkeypatch.setattr(
        place.client, "upload_part", lambda **given: (bodies.append(len(given["Body"])), real(**given))[1]
    )
    monkeypatch.setattr(storage, "backend", lambda: place)
    make.run_jobs()
    file = File.objects.select_related("object__key").get()
    assert file.object is not None
    assert (file.size, file.sha256) == (len(whole), hashlib.sha256(whole).hexdigest())
    assert bodies == [5 * 1024**2, 5 * 1024**2, storage.sealed_size(file.object) - 10 * 1024**2]
    assert b"".join(storage.read_range(file.object, 6_000_000, 6_000_100)) == whole[6_000_000:6_000_100]
    left = set(StoredObject.objects.filter(state=ObjectState.STORED).values_list("name", flat=True))
    assert {one.name for one in place.listed() if place.size(one.name)} >= left
    assert not StoredObject.objects.filter(kind="part", state=ObjectState.STORED).exists()
    assert all(
        place.size(name) is None for name in StoredObject.objects.filter(kind="part").values_list("name", flat=True)
    )


def test_upload_that_is_broken_off_leaves_nothing_in_the_bucket(place: Bucket, settings: Any) -> None:
    """Parts are objects of their own, so no multipart upload is open while a person sends; giving up erases them."""
    case = make.case()
    actor = Actor.of(case.opened_by)
    before = {one.name for one in place.listed()}
    sent = []
    for name in ("cancelled.bin", "forgotten.bin"):
        one = uploads.create(case=case, described=Described(name, "", None, ""), size=3 * 1024**2, by=case.opened_by)
        sent.append(uploads.append(upload=one, parts=[uploads.seal(one, [pattern(1024**2)])], by=actor))
    assert len(there := [one for one in place.listed() if one.name not in before]) == 2
    assert all(one.whole for one in there)
    uploads.cancel(upload=sent[0], by=actor)
    Upload.objects.filter(pk=sent[1].pk).update(expires_at=timezone.now())
    assert uploads.expire(upload_id=sent[1].pk, by=Actor.job("records.expire_uploads"))
    assert {one.name for one in place.listed()} == before
    assert not UploadPart.objects.exists()


def test_worker_that_dies_while_it_puts_parts_together_is_followed_by_one_that_does(
    place: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backends, "BUCKET_PART", 5 * 1024**2)
    case = make.case()
    whole = pattern(11 * 1024**2)
    make.upload(case, whole, "large.bin")
    real, died = Bucket.client.fget, []  # type: ignore[attr-defined]

    class Killed(BaseException):
        """Nothing of ours runs after it: no abort either."""

    def upload_part(**_given: Any) -> Any:
        died.append(1)
        raise Killed

    dying = SimpleNamespace(
        create_multipart_upload=lambda **given: real(place).create_multipart_upload(**given),
        upload_part=upload_part,
        abort_multipart_upload=lambda **_given: None,
    )
    with monkeypatch.context() as once:
        once.setattr(Bucket, "client", property(lambda _self: dying))
        with pytest.raises(Killed):
            make.run_jobs()
    assert died and [one for one in place.listed() if not one.whole]
    Job.objects.filter(state=JobState.RUNNING).update(lease_until=None, state=JobState.QUEUED)
    make.run_jobs()
    file = File.objects.select_related("object__key").get()
    assert file.sha256 == hashlib.sha256(whole).hexdigest()
    sweep.sweep(remove=True, older_than=timezone.now() + timedelta(days=1), anyway=True)
    assert all(one.whole for one in place.listed())
    assert b"".join(storage.read_range(cast(StoredObject, file.object))) == whole
