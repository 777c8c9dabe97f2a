"""The audit log in words: every page that a person signs in for has some, and none is left of a page that is gone."""

from __future__ import annotations

from portal.pages.auditwords import METHODS, THINGS, in_words
from tests.architecture.routes import ours

ROUTES = {route.name.replace("dicomweb:case:", "dicomweb:"): route for route in ours()}


def test_every_audited_page_has_words_and_no_word_is_left_over() -> None:
    audited = {name for name, route in ROUTES.items() if route.permission.roles is not None}
    assert audited - set(THINGS) == set()
    assert set(THINGS) - set(ROUTES) == set()


def test_words_name_what_was_done_to_what() -> None:
    assert in_words("GET reviews:offer") == "Looked at: an offer"
    assert in_words("POST dicomweb:case:studies") == in_words("POST dicomweb:studies") == "Sent or decided: studies"


def test_what_is_unknown_stays_as_it_was_written() -> None:
    assert in_words("GET gone:page") == "GET gone:page"
    assert in_words("BREW reviews:offer") == "BREW reviews:offer" and "BREW" not in METHODS
