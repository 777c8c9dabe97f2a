"""The built files' names come from the manifest, in both of its shapes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from portal.templatetags import consilium

MANIFEST = {
    "_shared.js": {"file": "assets/shared-1.js", "name": "shared", "css": ["assets/shared-1.css"]},
    "src/app/index.js": {"file": "assets/app-1.js", "name": "app", "isEntry": True, "imports": ["_shared.js"]},
    "src/theme/theme.scss": {
        "file": "assets/theme-1.css",
        "name": "theme",
        "isEntry": True,
        "assets": ["assets/x-latin-wght-n.woff2", "assets/x-greek-wght-n.woff2"],
    },
}


@pytest.fixture(autouse=True)
def dist(settings: Any, tmp_path: Path) -> Any:
    settings.FRONTEND_DIST = tmp_path
    consilium._read.cache_clear()
    yield tmp_path
    consilium._read.cache_clear()


def write(dist: Path) -> None:
    (dist / ".vite").mkdir()
    (dist / ".vite" / "manifest.json").write_text(json.dumps(MANIFEST))


def test_an_entry_brings_its_styles_and_preloads(dist: Path) -> None:
    write(dist)
    assert consilium.asset("app") == (
        '<link rel="stylesheet" href="/static/assets/shared-1.css"><link rel="modulepreload" href="/static/assets/shared-1.js">'
        '<script type="module" src="/static/assets/app-1.js"></script>'
    )


def test_the_theme_preloads_the_one_font_every_page_needs(dist: Path) -> None:
    write(dist)
    assert consilium.asset_css() == (
        '<link rel="preload" as="font" type="font/woff2" crossorigin href="/static/assets/x-latin-wght-n.woff2">'
        '<link rel="stylesheet" href="/static/assets/theme-1.css">'
    )


def test_a_new_build_is_seen_without_a_restart(dist: Path) -> None:
    write(dist)
    consilium.asset_css()
    path = dist / ".vite" / "manifest.json"
    path.write_text(path.read_text().replace("theme-1.css", "theme-2.css"))
    os.utime(path, (1, 1))
    assert "theme-2.css" in consilium.asset_css()


def test_pages_still_render_where_the_front_end_was_never_built(settings: Any) -> None:
    settings.FRONT_END_REQUIRED = False
    assert consilium.asset("app") == ""


def test_production_does_not_serve_pages_without_a_front_end(settings: Any) -> None:
    settings.FRONT_END_REQUIRED = True
    with pytest.raises(ImproperlyConfigured, match="not built"):
        consilium.asset("app")


@pytest.mark.parametrize(
    ("name", "letters"), [("Dr Ada Sample", "AS"), ("Testina", "T"), ("Prof. Max de Muster", "MM"), ("", "")]
)
def test_initials_leave_titles_out(name: str, letters: str) -> None:
    assert consilium.initials(name) == letters


@pytest.mark.parametrize(
    ("sent", "read"),
    [("EXAMPLE^TESTINA", "TESTINA EXAMPLE"), ("Muster^Max^Karl^Dr", "Max Karl Muster"), ("ONE", "ONE"), ("", "")],
)
def test_names_of_images_read_without_carets(sent: str, read: str) -> None:
    assert consilium.dicom_name(sent) == read


@pytest.mark.parametrize(("sent", "read"), [("19620314", "14 Mar 1962"), ("1962", "1962"), ("", "")])
def test_dates_of_images_read_like_all_other_dates(sent: str, read: str) -> None:
    assert consilium.dicom_date(sent) == read


def test_fours_loses_no_letter_of_a_key():
    assert consilium.fours("NHKMTCRUQD") == "NHKM TCRU QD"
    assert consilium.fours("") == ""
