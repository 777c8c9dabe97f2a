"""How well papers are told apart: precision and recall on TEST_DATA/documents against labels made by reading each file.

`make bench-documents` prints the table and writes build/bench/documents.json. Scans are read by Tesseract where it is installed.
"""

from __future__ import annotations

import csv
import json
import os
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.test")
django.setup()

from portal.catalogue import loader  # noqa: E402
from records.child.protocol import ChildInput, FileResult, Limits  # noqa: E402
from records.rules import documents  # noqa: E402
from records.rules.language import language  # noqa: E402
from records.sandbox import run_batch  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
LABELS = ROOT / "tests" / "records" / "document_labels.csv"
TODAY = date(2026, 11, 22)
AT_ONCE = 12
READ_PAGES = 2


@dataclass(frozen=True)
class Told:
    """What the portal says of one file."""

    klass: str
    confidence: float
    day: str
    language: str


def child(paths: list[Path], **options: Any) -> list[FileResult]:
    with TemporaryDirectory() as folder:
        opened = [path.open("rb") for path in paths]
        try:
            inputs = [ChildInput(str(n), file.fileno(), thumbnail=False, **options) for n, file in enumerate(opened)]
            return run_batch(inputs, work=Path(folder), limits=Limits(cpu=300, wall=300))
        finally:
            for file in opened:
                file.close()


def texts_of(path: Path, result: FileResult) -> list[str]:
    """The words of a file as the portal has them after the scan was read."""
    pages = [str(page.get("text", "")) for page in result.data.get("pages", [])]
    pages = pages or [str(result.data.get("text", ""))]
    waiting = [
        n
        for n, page in enumerate(result.data.get("pages", []), 1)
        if page.get("image") and documents.unread(pages[n - 1])
    ]
    if waiting and result.kind in ("pdf", "image"):
        first = waiting[0]
        (read,) = child([path], words=(first, first + READ_PAGES - 1, "eng"))
        for number, text in read.data.get("read", []):
            if number in waiting:
                pages[number - 1] = text
    return pages


def told(path: Path, result: FileResult) -> Told:
    edition = loader.shipped()
    about = result.data.get("about") or {}
    title = str(result.data.get("title") or "") or path.stem
    texts = texts_of(path, result)
    klass = documents.by_code(edition.documents, about.get("loinc", ""), about.get("klass", ""), title)
    sure = 0.95
    if not klass:
        words = [] if about.get("loinc") or about.get("klass") else texts
        klass, sure = documents.classify(words, f"{title} {path.name}", edition.documents, edition.not_result)
    written = about.get("date", "")
    day = documents.service_date("\n".join(texts), today=TODAY, birth=None)
    found = written if len(written) == 10 else "" if written else str(day or "")
    return Told(klass, sure, found, about.get("language") or language("\n".join(texts)))


def row(name: str, ours: float, unit: str, target: float | None) -> dict[str, Any]:
    met = None if target is None else ours >= target
    return {
        "name": name,
        "ours": round(ours, 3),
        "peer": None,
        "unit": unit,
        "ratio": None,
        "target": target,
        "met": met,
    }


def main() -> int:
    root = Path(os.environ.get("TEST_DATA", ROOT.parent / "shared" / "data")) / "documents"
    if not root.is_dir():
        print(f"TEST_DATA names no folder with documents: {root}", file=sys.stderr)
        return 2
    with LABELS.open(newline="") as stream:
        labels = [label for label in csv.DictReader(stream) if (root / label["file"]).is_file()]
    started = time.monotonic()
    found: dict[str, Told] = {}
    for start in range(0, len(labels), AT_ONCE):
        paths = [root / label["file"] for label in labels[start : start + AT_ONCE]]
        for label, path, result in zip(labels[start:], paths, child(paths), strict=False):
            if result.status == "ready":
                found[label["file"]] = told(path, result)
    rows = scores(labels, found)
    out = ROOT / "build" / "bench" / "documents.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(rows, indent=1) + "\n")
    print(
        f"{len(found)} of {len(labels)} files read in {time.monotonic() - started:.0f} s; written to {out.relative_to(ROOT)}"
    )
    return 0


def scores(labels: list[dict[str, str]], found: dict[str, Told]) -> list[dict[str, Any]]:
    """Prints the table by class and what was mistaken; returns the rows for the file."""
    right: dict[str, int] = defaultdict(int)
    said: dict[str, int] = defaultdict(int)
    there: dict[str, int] = defaultdict(int)
    for label in labels:
        one = found.get(label["file"])
        there[label["class"]] += 1
        if one is not None:
            said[one.klass] += 1
            right[one.klass] += one.klass == label["class"]
    print(f"{'class':22}{'files':>6}{'precision':>11}{'recall':>8}")
    for klass in sorted(there | said):
        precision = right[klass] / said[klass] if said[klass] else float("nan")
        recall = right[klass] / there[klass] if there[klass] else float("nan")
        print(f"{klass:22}{there[klass]:6}{precision:11.2f}{recall:8.2f}")
    kinds = [klass for klass in there | said if klass != "other"]
    medical = sum(right[klass] for klass in kinds)
    sure = [
        (one, label)
        for label in labels
        if (one := found.get(label["file"])) and one.klass != "other" and one.confidence >= documents.SURE
    ]
    dated = [
        (found[label["file"]].day == label["date"]) for label in labels if label["date"] and label["file"] in found
    ]
    spoken = [
        (found[label["file"]].language == label["language"])
        for label in labels
        if label["language"] and label["file"] in found
    ]
    for label in labels:
        one = found.get(label["file"])
        if one is None or one.klass != label["class"]:
            print(
                f"  {label['file']}: {one.klass if one else 'not read'} ({one.confidence if one else 0}), is {label['class']}"
            )
        elif label["date"] and one.day != label["date"]:
            print(f"  {label['file']}: dated {one.day or 'not at all'}, is {label['date']}")
    return [
        row("class, precision (all kinds but other)", medical / max(1, sum(said[k] for k in kinds)), "share", 0.9),
        row("class, recall (all kinds but other)", medical / max(1, sum(there[k] for k in kinds)), "share", 0.9),
        row(
            "class, precision where said without a question mark",
            sum(a.klass == b["class"] for a, b in sure) / max(1, len(sure)),
            "share",
            0.95,
        ),
        row("other, recall", right["other"] / max(1, there["other"]), "share", 0.9),
        row("date of service right", sum(dated) / max(1, len(dated)), "share", 0.9),
        row("language right", sum(spoken) / max(1, len(spoken)), "share", 0.9),
    ]


if __name__ == "__main__":
    sys.exit(main())
