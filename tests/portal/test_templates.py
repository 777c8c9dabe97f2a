"""Pages that must work when little else does, and pages that everybody must be able to read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.template.loader import get_template, render_to_string
from lxml import html

from portal.core.readability import MAX_SENTENCE_WORDS, TARGET_GRADE, read

TEXTS = ("privacy", "terms", "imprint", "accessibility", "help")
ERRORS = ("404", "403", "errors/csrf", "errors/expired_link")
STANDALONE = ("500", "errors/maintenance", "errors/preparing")
TEMPLATES = Path(settings.BASE_DIR) / "templates"


def request_of_nobody(rf: Any) -> HttpRequest:
    request: HttpRequest = rf.get("/")
    request.user = AnonymousUser()
    return request


def words_of(page: str) -> str:
    main = html.fromstring(page).xpath("//main")[0]
    for away in main.xpath(".//*[contains(@class, 'co-version')] | .//script"):
        away.drop_tree()
    for block in main.iter("p", "li", "h1", "h2", "dt", "dd", "summary", "br"):
        block.tail = "\n" + (block.tail or "")
    return re.sub(r"[ \t]+", " ", main.text_content())


@pytest.mark.parametrize("name", STANDALONE)
def test_a_page_for_bad_times_needs_neither_request_nor_database(name: str) -> None:
    page = render_to_string(f"{name}.html")
    assert settings.PRODUCT["phone"] in page
    assert settings.PRODUCT["name"] in html.fromstring(page).xpath("//title")[0].text


@pytest.mark.parametrize("name", [*ERRORS, *(f"pages/{text}" for text in TEXTS)])
def test_a_page_has_one_heading_a_title_and_a_way_to_a_person(name: str, rf: Any) -> None:
    page = html.fromstring(render_to_string(f"{name}.html", request=request_of_nobody(rf)))
    assert len(page.xpath("//h1")) == 1
    assert len(page.xpath("//main[@id='maincontent']")) == 1
    assert page.xpath("//title")[0].text.strip(" –") != settings.PRODUCT["name"]
    assert page.xpath("//a[starts-with(@href, 'tel:') or starts-with(@href, '/help/')]")


@pytest.mark.parametrize("name", [*ERRORS, *STANDALONE, *(f"pages/{text}" for text in TEXTS)])
def test_a_page_for_everybody_is_easy_to_read(name: str, rf: Any) -> None:
    text = words_of(render_to_string(f"{name}.html", request=request_of_nobody(rf)))
    reading = read(text, ignore={*re.findall(r"\w+", " ".join(map(str, settings.PRODUCT.values())))})
    assert not reading.long_sentences, f"over {MAX_SENTENCE_WORDS} words"
    assert reading.grade <= TARGET_GRADE, reading.hard_words


@pytest.mark.parametrize("name", ["privacy", "terms", "imprint", "accessibility"])
def test_a_legal_page_says_its_version_and_date(name: str, rf: Any) -> None:
    page = html.fromstring(render_to_string(f"pages/{name}.html", request=request_of_nobody(rf)))
    assert re.search(r"Version \d+\.\d+, \d+ \w+ \d{4}", page.xpath("//*[@class='co-version']")[0].text_content())


def sources() -> list[Any]:
    found = ((path, str(path.relative_to(TEMPLATES))) for path in sorted(TEMPLATES.rglob("*.html")))
    return [pytest.param(path, id=name) for path, name in found if "pdf" not in name and "email/" not in name]


@pytest.mark.parametrize("path", sources())
def test_a_template_has_nothing_that_the_page_policy_forbids(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=|<style", source, re.IGNORECASE), "style belongs in static/src/theme"
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", source, re.IGNORECASE), "a handler belongs in a module"
    assert "hx-on" not in source and "javascript:" not in source
    for attributes in re.findall(r"<script([^>]*)>", source):
        assert "src=" in attributes or 'type="application/json"' in attributes
    get_template(str(path.relative_to(TEMPLATES)))


def test_the_title_starts_with_error_when_the_form_has_one(rf: Any) -> None:
    from portal.pages.styleguide import StyleguideForm

    for data, prefix in (({}, "Error: "), (None, "")):
        page = render_to_string("pages/styleguide.html", {"form": StyleguideForm(data)}, request=request_of_nobody(rf))
        tree = html.fromstring(page)
        assert tree.xpath("//title")[0].text.startswith(f"{prefix}Components")
        assert len(tree.xpath("//*[@data-module='nhsuk-error-summary']")) == (1 if data is not None else 0)
