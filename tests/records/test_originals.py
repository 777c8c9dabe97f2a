"""Uploads become originals: while that takes long, and when two of them are the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from portal.core import storage
from portal.core.jobs import Run
from records.models import File, Receipt
from records.states import RecordState
from tests.factories import files
from tests.factories import records as make

pytestmark = pytest.mark.django_db


def test_lease_is_kept_while_a_large_file_is_put_together_and_handed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A store may give 10 MB in a second, and a file may have gigabytes: the job must not seem dead meanwhile."""
    told: list[str] = []
    real_range, real_renew = storage.read_range, Run.renew
    monkeypatch.setattr(
        Run, "renew", lambda run, *args, **given: (told.append("renew"), real_renew(run, *args, **given))[1]
    )

    def read_range(*args: Any, **given: Any) -> Iterator[bytes]:
        for piece in real_range(*args, **given):
            told.append("piece")
            yield piece

    monkeypatch.setattr(storage, "read_range", read_range)
    case = make.case()
    make.upload(case, b"words of a letter " * 20_000, "long.txt")
    make.run_jobs()
    assert File.objects.get().state == RecordState.READY
    assert told.count("piece") > 8
    between = " ".join(told).split("renew")
    assert max(words.count("piece") for words in between) == 1


def test_copy_of_a_file_that_is_refused_is_refused_with_it() -> None:
    """Two files of the same bytes in one go: the second is no copy "that we have already"."""
    case, batch = make.case(), uuid4()
    for name in ("letter.pdf", "letter (1).pdf"):
        make.upload(case, files.pdf("words")[:200], name, batch=batch)
    make.run_jobs()
    receipt = Receipt.objects.get(batch=batch).document
    assert (receipt["counts"]["refused"], receipt["counts"]["duplicates"]) == (2, 0)
    assert {(one["name"], one["code"]) for one in receipt["refused"]} == {
        ("letter.pdf", "pdf_damaged"),
        ("letter (1).pdf", "pdf_damaged"),
    }


def test_damaged_table_of_contents_is_left_out_and_troubles_nobody() -> None:
    case = make.case()
    make.upload(case, bytes(128) + b"DICM" + b"garbage", "DICOMDIR")
    make.run_jobs()
    assert (File.objects.get().state, File.objects.get().code) == (RecordState.READY, "dicomdir")
