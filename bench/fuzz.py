"""`make fuzz`: thousands of broken files through the confined child; each must end with a verdict. COUNT=10000 FUZZ_SEED=… TEST_DATA=…

Mutations of our own generators and, with TEST_DATA, of the small real and hostile files; every fifth by zzuf where it is installed.
Prints how the files ended and stops with the seed at the first broken promise.
"""

from __future__ import annotations

import os
import random
import resource
import sys
import time
from collections import Counter
from pathlib import Path

import django

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.test")
django.setup()

from tests.factories import discs, documents, files, health  # noqa: E402
from tests.records import mutants  # noqa: E402

BATCH = 200
REAL = 200_000  # bytes; larger files say nothing new and take long


def seeds() -> list[bytes]:
    found = [*mutants.seeds(), *packed()]
    if root := os.environ.get("TEST_DATA"):
        for path in sorted(Path(root).rglob("*")):
            if path.is_file() and 0 < path.stat().st_size < REAL and "TINY_" not in str(path):
                found.append(path.read_bytes())
    return found


def packed() -> list[bytes]:
    """Discs, archives and papers with something inside, and text in two bytes a letter."""
    inside = {"DICOM/IM1": files.dicom(size=16), "letter.txt": b"words of a letter", "report.pdf": files.pdf("Report")}
    archive, record = files.packed_names(inside), health.ccda()
    found = [discs.make_iso(inside), discs.make_udf(inside, alone=True), discs.make_udf(inside, alone=False), archive]
    found += [b"MZ\x90\0" + bytes(500) + archive, documents.with_attached(*inside.items(), note=("note.txt", b"words"))]
    return [*found, record, record.decode().encode("utf-16")]


def main() -> int:
    count, number = int(os.environ.get("COUNT") or 10_000), int(os.environ.get("FUZZ_SEED") or random.randrange(2**32))
    chance, sources, ends, began = random.Random(number), seeds(), Counter[str](), time.monotonic()
    print(f"{count} mutations of {len(sources)} files, FUZZ_SEED={number}")
    for start in range(0, count, BATCH):
        contents = []
        for n in range(start, min(start + BATCH, count)):
            seed = chance.choice(sources)
            broken = mutants.zzuf(seed, chance.randrange(2**31)) if n % 5 == 0 else None
            contents.append(mutants.mutant(seed, chance) if broken is None else broken)
        try:
            ends += mutants.check(contents)
        except AssertionError as problem:
            print(f"FAILED in files {start} to {start + len(contents)} with FUZZ_SEED={number}: {problem}")
            return 1
        print(f"  {start + len(contents)} done", flush=True)
    for end, times in ends.most_common():
        print(f"{times:>8}  {end}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"{sum(ends.values())} passed, 0 failed. Largest child {peak} MB, {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
