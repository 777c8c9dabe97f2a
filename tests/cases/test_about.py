"""The patient's own part: what was said before the account still holds there."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.utils import timezone

from cases.forms.intake import AboutForm
from cases.queries.edition import edition_of
from tests.factories.cases import make_case

pytestmark = pytest.mark.django_db


def wrong(case: Any, **changed: str) -> dict[str, str]:
    typed = {
        "given_name": "Testina",
        "family_name": "Example",
        "birth_date_day": "14",
        "birth_date_month": "3",
        "birth_date_year": "1955",
        "sex": "female",
        "country": "US",
        "state": "US-MA",
        "language": "en",
        "phone": "+1 555 010 9999",
        "basis": "I am the parent",
        **changed,
    }
    form = AboutForm(case, edition_of(case), {name: [value] for name, value in typed.items()}, show_errors=True)
    return {name: str(errors[0]) for name, errors in form.errors.items()}


def test_birth_date_of_a_child_is_refused_only_in_a_request_about_oneself():
    case, today = make_case(), timezone.localdate()
    child = {"birth_date_day": "28", "birth_date_month": "2", "birth_date_year": str(today.year - 10)}
    assert "you said that you are 18" in wrong(case, **child)["birth_date"]
    eighteen = datetime.date(today.year - 18, today.month, min(today.day, 28))
    parts = {"day": eighteen.day, "month": eighteen.month, "year": eighteen.year}
    assert not wrong(case, **{f"birth_date_{part}": str(value) for part, value in parts.items()})
    case.acting_as = "parent"
    assert not wrong(case, **child)


def test_country_where_only_a_doctor_may_ask_is_refused_to_everybody_else():
    case = make_case()
    assert not wrong(case)
    assert "patient’s own doctor" in wrong(case, country="DE")["country"]
    assert "patient’s own doctor" in wrong(case, country="JP")["country"], "a place that no list names"
    case.acting_as = "treating_doctor"
    assert not wrong(case, country="DE")
