"""Uploads through real web processes that are really killed: every file arrives whole. `make bench-upload` does it with 200."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from bench import tus
from tests import prepared

UPLOADS = 12
LARGEST = 2 * 1024**2


@pytest.mark.slow
def test_uploads_that_are_cut_and_whose_server_is_killed_all_arrive(tmp_path: Path) -> None:
    portal = tus.Portal(tmp_path, workers=1)
    prepared.into_file(tmp_path / prepared.NAME)
    target = portal.prepare()
    files = tus.contents(UPLOADS, LARGEST, seed=7)
    with tus.running(portal):
        many = tus.Many(portal, target, files, cuts=4, seed=7)
        many.run(senders=4, kills=2)
    assert many.kills == 2
    expected = {name: hashlib.sha256(content).hexdigest() for name, content in files}
    told = portal.shell(tus.RECEIVED + tus.ORIGINALS)
    for kind in ("upload", "file"):  # as parts, and as originals
        assert {words[1]: words[4] for words in told if words[:1] == [kind]} == expected
    assert sum(count.cuts for count in many.counts) >= UPLOADS
    assert max(count.resent for count in many.counts) <= tus.CHUNK
    refused = {status for count in many.counts for status in count.refused}
    assert refused == {409, 460}
