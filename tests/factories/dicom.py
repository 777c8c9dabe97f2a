"""Synthetic DICOM files for tests: the demo's generator with short names, and ways to break a good file."""

from __future__ import annotations

import struct
from datetime import date

from portal.pages.demo.synthetic import Examination, Person, chest_radiograph, ct_series, us_cine

TESTINA = Person("EXAMPLE^TESTINA", "TEST-0001", date(1962, 3, 14), "F")
TOBIAS = Person("EXAMPLE^TOBIAS", "TEST-0002", date(1955, 7, 2), "M")


def make_ct_series(
    n: int = 3,
    size: int = 64,
    patient: Person = TESTINA,
    *,
    on: date = date(2026, 3, 12),
    syntax: str = "",
    **options: object,
) -> list[bytes]:
    """`n` slices of a chest CT. `syntax`: "", "rle", "jpeg2000", "jpeg-ls", "big-endian", "deflated" or "implicit"."""
    examination = Examination(patient, on, "CT Chest", seed=str(options.pop("seed", "")))
    return ct_series(n, size, examination, syntax=syntax, **options)  # type: ignore[arg-type]


def make_us_cine(
    frames: int = 4, patient: Person = TESTINA, *, rows: int = 60, columns: int = 80, syntax: str = ""
) -> bytes:
    return us_cine(
        frames, rows, columns, Examination(patient, date(2026, 3, 13), "Echocardiography transthoracic"), syntax=syntax
    )


def make_cr(size: int = 64, patient: Person = TESTINA, *, syntax: str = "") -> bytes:
    return chest_radiograph(size, Examination(patient, date(2026, 3, 11), "Chest X-ray PA"), syntax=syntax)


def with_preamble(content: bytes, preamble: bytes) -> bytes:
    return preamble.ljust(128, b"\0")[:128] + content[128:]


def with_depth(levels: int) -> bytes:
    """A file whose private sequence is nested `levels` times, each with undefined length and properly closed."""
    start, end = make_ct_series(1, 16)[0].split(struct.pack("<HH2s", 0x7FE0, 0x0010, b"OW"), 1)
    undefined = b"\xff\xff\xff\xff"
    opened = (struct.pack("<HH", 0x0029, 0x1010) + b"SQ\0\0" + undefined + b"\xfe\xff\x00\xe0" + undefined) * levels
    closed = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0" * levels
    return start + opened + closed + struct.pack("<HH2s", 0x7FE0, 0x0010, b"OW") + end
