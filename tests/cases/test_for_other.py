"""Pages for who acts for a child or a parent: nobody calls the patient's doctor or body theirs."""

from __future__ import annotations

import re

import pytest

from cases.models import Case
from tests.cases.helpers import own, page
from tests.factories.cases import make_case

pytestmark = pytest.mark.django_db

YOURS = re.compile(r"your (own )?doctor|your health|you feel|about you\b|what matters to you|you live", re.IGNORECASE)


def test_who_acts_for_somebody_else_is_not_taken_for_the_patient():
    case = make_case()
    asked = [
        page("cases:section", case, "problem"),
        page("cases:section", case, "health"),
        page("cases:questions", case),
    ]
    catalogue = [
        page("cases:consent", case, "cost"),
        page("records:records", case),
    ]  # its words, which the notice explains
    told = [*asked, *catalogue, page("cases:check", case)]
    others = [page("patient:case", case), page("cases:section", case, "about"), page("cases:level", case)]

    def read() -> dict[str, str]:
        return {address: own(case).get(address).content.decode() for address in (*told, *others)}

    mine = read()
    Case.objects.filter(pk=case.pk).update(acting_as="guardian")
    theirs = read()
    assert "What did your doctor say it is?" in mine[asked[0]]
    assert "You answer for" not in "".join(mine.values())
    for address, text in theirs.items():
        assert ("You answer for" in text) == (address in told), address
        assert not YOURS.search(text) or address in catalogue, address
