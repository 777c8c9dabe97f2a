"""Files broken at random, and what must hold for each of them: used by the suite (300) and by `make fuzz` (10,000)."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from records.child.protocol import REFUSALS
from records.sandbox import ChildInput, FileResult, Limits, run_batch
from tests.factories.dicom import make_cr, make_ct_series, make_us_cine, with_depth
from tests.factories.documents import make_image, make_pdf

MEMORY = 1024**3
SECONDS = 30
BATCH = 50
LENGTHS = (
    b"\0\0\0\0",
    b"\xff\xff\xff\xff",
    b"\xff\xff\xff\x7f",
    b"\xff\xff",
    b"\0\0\1\0",
    b"\xfe\xff\x00\xe0",
    b"\xfe\xff\xdd\xe0",
)


def seeds() -> list[bytes]:
    """One good file of each kind that a disc carries, small."""
    ct = [
        make_ct_series(1, 32, syntax=syntax)[0]
        for syntax in ("", "implicit", "big-endian", "deflated", "rle", "jpeg2000", "jpeg-ls")
    ]
    images = [make_image(kind, (24, 16)) for kind in ("JPEG", "PNG", "TIFF")]
    return [*ct, make_us_cine(2, rows=12, columns=16), make_cr(16), with_depth(5), make_pdf(), *images]


def mutant(seed: bytes, chance: random.Random) -> bytes:
    """One to six changes: bits, lengths, runs doubled, dropped or moved, the end cut off, noise put in."""
    content = bytearray(seed)
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(content)) if len(content) else 0
        size = min(chance.choice((1, 2, 4, 8, 64, 512)), max(0, len(content) - place))
        match chance.randrange(7):
            case 0:
                if content:
                    content[place] ^= 1 << chance.randrange(8)
            case 1:
                content[place : place + 4] = chance.choice(LENGTHS)
            case 2:
                content[place:place] = content[place : place + size]
            case 3:
                del content[place : place + size]
            case 4:
                content[place : place + size] = chance.randbytes(size)
            case 5:
                other = chance.randrange(len(content)) if content else 0
                content[place : place + size] = content[other : other + size]
            case 6:
                if chance.random() < 0.3:
                    del content[place:]
    return bytes(content)


def zzuf(seed: bytes, number: int) -> bytes | None:
    """The same by zzuf, where it is installed: bits flipped at a rate of 0.01 % to 2 %."""
    program = shutil.which("zzuf")
    if program is None:
        return None
    done = subprocess.run(
        [program, "-q", f"-s{number}", "-r0.0001:0.02"], input=seed, capture_output=True, check=False, timeout=30
    )
    return done.stdout if done.returncode == 0 else None


def check(contents: Sequence[bytes], *, seconds: float = SECONDS) -> Counter[str]:
    """Give the files to a confined child and hold it to its promises. Raises AssertionError; returns how the files ended."""
    ends: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        descriptors = [_file(content) for content in contents]
        try:
            began = time.monotonic()
            inputs = [ChildInput(str(n), fd, thumbnail=True) for n, fd in enumerate(descriptors)]
            results = run_batch(inputs, work=Path(folder), limits=Limits(memory=MEMORY, wall=seconds, cpu=int(seconds)))
            assert time.monotonic() - began < seconds * max(2, len(contents)), "slower than a file may be"
            for result, descriptor, content in zip(results, descriptors, contents, strict=True):
                assert hashlib.sha256(_bytes(descriptor)).digest() == hashlib.sha256(content).digest(), (
                    "the original changed"
                )
                assert ended(result), result
                ends[f"{result.status} {result.code}".strip()] += 1
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
    return ends


def ended(result: FileResult) -> bool:
    """Accepted, set aside, or refused with a reason that has words; never for want of a verdict."""
    if result.status in ("rejected", "quarantined", "needs_password"):
        return result.code in REFUSALS and result.code != "unsafe_time"
    return result.status in ("ready", "container", "left_out")


def _file(content: bytes) -> int:
    descriptor = os.memfd_create("mutant")
    os.write(descriptor, content)
    return descriptor


def _bytes(descriptor: int) -> bytes:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)


__all__ = ["check", "mutant", "seeds", "zzuf"]
