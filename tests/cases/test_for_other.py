"""Pages for who acts for a child or a parent: nobody calls the patient's doctor or body theirs."""

from __future__ import annotations

import re

import pytest

from cases.models import Case
from cases.queries.edition import edition_of
from cases.queries.people import asks_for_patient
from tests.cases.helpers import own, page
from tests.factories.cases import make_case

pytestmark = pytest.mark.django_db

YOURS = re.compile(
    r"your (own )?(doctor|health|heart|chest|insurance|care|medicines|family|papers)\b|you feel|about you\b|what matters to you|"
    r"you live|you had it|do you (take|smoke|have)",
    re.IGNORECASE,
)


def test_who_acts_for_somebody_else_is_not_taken_for_the_patient():
    case = make_case()
    asked = [
        page("cases:section", case, "problem"),
        page("cases:section", case, "health"),
        page("cases:questions", case),
    ]
    consents = [page("cases:consent", case, screen.key) for screen in edition_of(case).consents()]
    told = [*asked, *consents, page("records:records", case), page("cases:check", case)]
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
        assert not YOURS.search(text), (address, YOURS.search(text))


def test_staff_read_who_answers_in_the_patients_place():
    case = make_case()
    assert asks_for_patient(case, named=True) == ""
    case.acting_as = "relative"
    name = case.opened_by.get_full_name()
    assert asks_for_patient(case, named=True) == f"{name} writes and answers for the patient: a relative or friend"
    assert name not in asks_for_patient(case, named=False)
