"""Small files that become huge: refused before they do."""

from __future__ import annotations

import struct
import time
import zlib
from pathlib import Path
from typing import Any

import pytest

from portal.core import jobs, workfolder
from portal.core.models import Job
from records.models import File
from records.sandbox import Limits
from records.states import RecordState
from records.steps import reading
from tests.factories import files
from tests.factories import records as make
from tests.factories.dicom import make_ct_series
from tests.records.helpers import one, run

MUCH = {"a.txt": b"x" * 400_000, "b.txt": b"y" * 400_000}


def test_deflated_bomb_of_two_gigabytes_is_refused_at_once(tmp_path: Path) -> None:
    content = make_ct_series(1, 16, syntax="deflated")[0]
    start = content.index(b"1.2.840.10008.1.2.1.99")
    length = struct.unpack("<I", content[140:144])[0]
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = engine.compress(bytes(16 << 20)) + engine.flush(zlib.Z_FULL_FLUSH)
    bomb = content[: 144 + length] + block * 128
    assert start < 144 + length
    assert len(bomb) < 3 << 20
    began = time.monotonic()
    assert one(bomb, tmp_path).code == "dicom_inflates_too_much"
    assert time.monotonic() - began < 30
    assert list(tmp_path.iterdir()) == []


def test_picture_of_144_megapixels_is_refused(tmp_path: Path) -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    side = 12_000
    picture = zlib.compress(bytes((side // 8 + 1) * side), 9)
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", picture) + chunk(b"IEND", b"")
    assert len(bomb) < 30_000
    assert one(bomb, tmp_path).code == "image_too_large"


def test_archives_of_one_batch_share_what_may_be_extracted(tmp_path: Path) -> None:
    found = run([files.packed_names(MUCH)] * 3, tmp_path, limits=Limits(extracted=1_700_000))
    assert [one.code for one in found] == ["", "", "zip_too_large"]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) == 1_600_000


@pytest.mark.django_db
@pytest.mark.parametrize("child_is_told", [True, False])
def test_archive_that_holds_more_than_the_case_takes_is_refused(
    child_is_told: bool, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MAX_CASE_BYTES = 600_000
    if not child_is_told:  # as when other uploads were promised room meanwhile
        monkeypatch.setattr(reading, "_extractable", lambda *_: 10**9)
    case = make.case()
    make.upload(case, files.packed_names(MUCH), "much.zip")
    make.upload(case, files.packed_names({"a.txt": b"x" * 1000}), "little.zip")
    make.run_jobs()
    sent = {file.name: (file.state, file.code) for file in File.objects.filter(container__isnull=True)}
    assert sent["much.zip"] == (RecordState.REJECTED, "zip_too_large")
    assert sent["little.zip"][0] == RecordState.READY
    assert [file.name for file in File.objects.filter(container__isnull=False)] == ["a.txt"]


@pytest.mark.django_db
def test_full_disk_leaves_an_archive_for_later(monkeypatch: pytest.MonkeyPatch) -> None:
    case = make.case()
    make.upload(case, files.packed_names(MUCH), "much.zip")
    monkeypatch.setattr(workfolder, "room", lambda: 500_000)
    job = Job.objects.get(name="records.process_upload")
    run_of = jobs.claim(job.pk)
    assert run_of is not None
    jobs.execute(run_of)
    job.refresh_from_db()
    assert job.error.startswith("SandboxUnavailable")
    assert File.objects.get().state == RecordState.PROCESSING
    monkeypatch.undo()
    Job.objects.filter(pk=job.pk).update(error="", due_at=job.created_at)
    make.run_jobs()
    assert File.objects.get(name="much.zip").state == RecordState.READY
