"""Small files that become huge: refused before they do."""

from __future__ import annotations

import struct
import time
import zlib
from pathlib import Path

from tests.factories.dicom import make_ct_series
from tests.records.helpers import one


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
