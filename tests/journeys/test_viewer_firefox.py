"""The viewer in Debian's Firefox, by the protocol that Firefox speaks itself (WebDriver BiDi); playwright wants a build of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from cases.models import Case
from tests.factories import files
from tests.journeys.test_viewer import SLICES, SPACING, STATIC, append_only_tables_are_emptied, case  # noqa: F401

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")

pytestmark = [
    pytest.mark.journey,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(FIREFOX is None, reason="no Firefox: install Debian's firefox-esr"),
    pytest.mark.skipif(shutil.which("node") is None, reason="no node"),
    pytest.mark.skipif(not (STATIC / "dist/.vite/manifest.json").exists(), reason="no front end: run `make build`"),
]


def test_firefox_shows_scrolls_and_measures(case: Case, live_server: Any, tmp_path: Path) -> None:  # noqa: F811
    client = Client()
    client.force_login(case.opened_by)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    address = f"{live_server.url}/viewer/{case.ref}/?study={files.uid(1)}"
    command = ["node", "--no-warnings", "--experimental-websocket", str(Path(__file__).with_name("firefox.mjs"))]
    done = subprocess.run(
        [*command, str(FIREFOX), str(tmp_path), address, settings.SESSION_COOKIE_NAME, cookie],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    for words in ("EXAMPLE, TESTINA", "12 Mar 2026", f"Image {found['first'] + 2} of {SLICES}"):
        assert words in found["words"]
    assert found["letters"] == ["A", "L", "P", "R"]
    assert found["length"] == pytest.approx(80 * 64 * SPACING / found["height"], rel=0.02)
    assert found["errors"] == []
