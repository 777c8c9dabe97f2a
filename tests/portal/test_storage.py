"""Sealed storage: what is read is what was written, or an error."""

from __future__ import annotations

import itertools
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import override_settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from portal.core import storage
from portal.core.models import DataKey, StoredObject
from portal.settings.env import secrets_from_data_dir

pytestmark = pytest.mark.django_db
SEGMENT = storage.SEGMENT


def sealed_file(stored: StoredObject) -> Path:
    return Path(settings.DATA_DIR) / "sealed" / stored.name[:2] / stored.name


def write(plain: bytes, portion: int = 50_000) -> StoredObject:
    portions = (plain[i : i + portion] for i in range(0, len(plain), portion))
    return storage.write_stream(portions, case_id=uuid4(), kind="original")


def pattern(size: int) -> bytes:
    return bytes(itertools.islice(itertools.cycle(range(251)), size))


@pytest.mark.parametrize("size", [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT, 3 * SEGMENT + 17])
def test_write_stream_gives_back_every_byte(size: int) -> None:
    stored = write(pattern(size))
    assert stored.size == size
    assert b"".join(storage.read_range(stored)) == pattern(size)


def test_write_stream_leaves_nothing_readable_on_disk() -> None:
    stored = write(b"CANARY^PATIENT" * 1000)
    assert b"CANARY" not in sealed_file(stored).read_bytes()


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(data=st.data())
def test_read_range_equals_slice(data: st.DataObject) -> None:
    plain = pattern(2 * SEGMENT + 1234)
    stored = write(plain)
    start = data.draw(st.integers(0, len(plain)))
    stop = data.draw(st.integers(start, len(plain)))
    assert b"".join(storage.read_range(stored, start, stop)) == plain[start:stop]


def test_objects_of_a_batch_lie_in_one_folder_and_are_read_like_any_other() -> None:
    batch = storage.Batch(uuid4())
    made = [batch.seal([pattern(size)], kind="original") for size in (0, 10, SEGMENT + 1)]
    batch.settle()
    for stored in made:
        stored.save(force_insert=True)
    assert len({sealed_file(stored).parent for stored in made}) == 1
    assert len({stored.pk for stored in made}) == len(made) and {stored.pk.version for stored in made} == {4}
    assert [
        b"".join(storage.read_range(one))
        for one in StoredObject.objects.filter(pk__in=[m.pk for m in made]).order_by("size")
    ] == [pattern(size) for size in (0, 10, SEGMENT + 1)]


@pytest.mark.parametrize("place", [0, 100, SEGMENT + 40, -1])
def test_read_range_catches_a_flipped_byte(place: int) -> None:
    stored = write(pattern(2 * SEGMENT))
    path = sealed_file(stored)
    raw = bytearray(path.read_bytes())
    raw[place] ^= 1
    path.write_bytes(bytes(raw))
    with pytest.raises(storage.Damaged):
        b"".join(storage.read_range(stored))


@pytest.mark.parametrize("keep", [0, 10, SEGMENT + 16, 2 * SEGMENT + 31])
def test_read_range_catches_a_cut_file(keep: int) -> None:
    stored = write(pattern(2 * SEGMENT))
    path = sealed_file(stored)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(storage.Damaged):
        b"".join(storage.read_range(stored))


def test_read_range_catches_two_swapped_segments() -> None:
    stored = write(pattern(3 * SEGMENT))
    path, step = sealed_file(stored), SEGMENT + storage.TAG
    raw = path.read_bytes()
    path.write_bytes(raw[step : 2 * step] + raw[:step] + raw[2 * step :])
    with pytest.raises(storage.Damaged):
        b"".join(storage.read_range(stored))


def test_read_range_catches_another_objects_bytes() -> None:
    case_id = uuid4()
    one, two = (storage.write_stream([word * 9], case_id=case_id, kind="original") for word in (b"one", b"two"))
    sealed_file(one).write_bytes(sealed_file(two).read_bytes())
    with pytest.raises(storage.Damaged):
        b"".join(storage.read_range(one))


def test_read_range_catches_a_row_that_claims_a_shorter_file() -> None:
    stored = write(pattern(2 * SEGMENT))
    stored.size = SEGMENT
    with pytest.raises(storage.Damaged):
        b"".join(storage.read_range(stored))


def test_read_range_outside_is_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        b"".join(storage.read_range(write(b"abc"), 0, 4))


def test_another_master_key_reads_nothing() -> None:
    stored = write(b"abc")
    with override_settings(MASTER_KEY="22" * 32), pytest.raises(storage.Damaged, match="another master key"):
        b"".join(storage.read_range(stored))


def test_erasing_a_data_key_erases_the_case() -> None:
    stored = write(b"abc")
    StoredObject.objects.filter(pk=stored.pk).delete()
    DataKey.objects.filter(pk=stored.key_id).delete()
    renewed = DataKey.objects.create(case_id=stored.case_id, wrapped=b"\0" * 40, master_key_id=storage.master_key_id())
    stored.key = renewed
    with pytest.raises(storage.Damaged, match="data key is gone"):
        b"".join(storage.read_range(stored))


def test_erase_drops_the_bytes_and_says_so() -> None:
    stored = write(b"abc")
    storage.erase(stored)
    stored.refresh_from_db()
    assert not sealed_file(stored).exists()
    with pytest.raises(storage.Erased):
        b"".join(storage.read_range(stored))


@pytest.mark.parametrize("size", [3, storage.IN_MEMORY + 1])
def test_open_plain_has_no_name_on_disk(size: int) -> None:
    work = Path(settings.DATA_DIR) / "work"
    work.mkdir(parents=True, exist_ok=True)
    before = set(work.iterdir())
    with storage.open_plain(write(b"a" * size)) as plain:
        assert plain.read() == b"a" * size
        assert set(work.iterdir()) <= before


def test_write_stream_that_breaks_leaves_no_row_and_no_file() -> None:
    def broken():
        yield b"a" * 10
        raise ConnectionResetError

    def files() -> set[Path]:
        return {path for path in (Path(settings.DATA_DIR) / "sealed").rglob("*") if path.is_file()}

    before = files()
    with pytest.raises(ConnectionResetError):
        storage.write_stream(broken(), case_id=uuid4(), kind="original")
    assert files() == before
    assert not StoredObject.objects.exists()


def test_data_folder_of_a_careless_hand_is_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    secrets_from_data_dir(folder)
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "secrets.json").stat().st_mode & 0o077 == 0
