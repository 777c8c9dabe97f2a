"""Documents that name a file must name one that exists: a hazard's control cannot point into the void."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
OURS = r"(?:portal|cases|records|specialists|templates|static|tests|docs|deploy|\.ci)"
CODE_PATH = re.compile(rf"`({OURS}/[\w./-]*|[\w-]+\.(?:md|toml|yml|txt))`")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")
GENERATED = ("static/dist",)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_document_names_only_files_that_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    named = {ROOT / path for path in CODE_PATH.findall(text) if not path.startswith(GENERATED)}
    linked = {document.parent / path for path in LINK.findall(text)}
    missing = sorted(str(path.relative_to(ROOT)) for path in named | linked if not path.exists())
    assert missing == []


def test_hazard_log_estimates_add_up() -> None:
    rows = [
        line.split("|")
        for line in (ROOT / "docs/safety/hazard-log.md").read_text().splitlines()
        if line.startswith("| H")
    ]
    assert len(rows) >= 20
    assert [row[1].strip() for row in rows] == [f"H{number}" for number in range(1, len(rows) + 1)]
    for row in rows:
        severity, likelihood, residual = int(row[5]), int(row[8]), row[9].strip()
        assert residual.startswith(str(severity * likelihood)), row[1]
