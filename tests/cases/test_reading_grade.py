"""Patients' pages are easy to read: US grade 6 or lower, no sentence of more than 20 words."""

from __future__ import annotations

import pytest
from django.urls import reverse
from lxml import html

from cases.states import Phase
from portal.catalogue import queries as catalogue
from portal.core import readability
from tests.cases.helpers import own, page
from tests.cases.test_screening import ALL, url, walk
from tests.factories.cases import CaseFactory, make_case
from tests.factories.catalogue import published_catalogue

pytestmark = pytest.mark.django_db


def words_of(response):
    """Text of the page's main part, a line for each block; lists of countries and states are left out."""
    main = html.fromstring(response.content.decode()).find(".//main")
    for gone in main.xpath(
        ".//select|.//script|.//input|.//textarea|.//*[contains(@class,'co-caption')]|.//*[contains(@class,'visually-hidden')]"
    ):
        gone.drop_tree()
    lines = []
    for block in main.iter("p", "li", "h1", "h2", "h3", "dt", "dd", "label", "legend", "summary", "button"):
        lines.append(" ".join(block.text_content().split()))
    return "\n".join(line for line in lines if line)


def easy(response):
    edition = catalogue.edition(published_catalogue().pk)
    found = readability.read(words_of(response), edition.explained_words)
    assert found.words > 20
    assert found.grade <= readability.TARGET_GRADE, (found.grade, found.hard_words)
    assert not found.long_sentences


def test_home_is_easy_to_read(client):
    published_catalogue()
    easy(client.get(reverse("pages:home")))


def test_every_step_of_the_screening_is_easy_to_read(client):
    published_catalogue()
    for step, answers in ALL:
        easy(client.get(url(step)))
        client.post(url(step), answers)
    easy(client.get(reverse("cases:result")))


def test_the_stop_page_is_easy_to_read(client):
    published_catalogue()
    walk(client, until="place")
    easy(client.post(url("emergency"), {"flags": "self_harm"}))


@pytest.mark.parametrize("name", ["patient:case", "cases:questions", "cases:check"])
def test_a_request_that_is_not_sent_is_easy_to_read(name):
    case = make_case()
    easy(own(case).get(page(name, case)))


@pytest.mark.parametrize("section", ["about", "problem", "health"])
def test_the_parts_of_a_request_are_easy_to_read(section):
    case = make_case()
    easy(own(case).get(page("cases:section", case, section)))


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase != Phase.DRAFT])
def test_the_case_page_is_easy_to_read(phase):
    case = CaseFactory(phase=phase)
    easy(own(case).get(page("patient:case", case)))
