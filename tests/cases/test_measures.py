"""Height and weight in the units that people use."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cases.models import IntakeSection
from cases.queries.edition import edition_of
from cases.queries.summary import summary
from cases.rules import measures
from cases.rules.measures import Unclear, both, read
from tests.cases.helpers import own, page
from tests.factories.cases import make_case


@pytest.mark.parametrize(
    ("text", "us", "cm"),
    [
        ("170", False, "170.0"),
        ("170", True, "170.0"),
        ("67", True, "170.2"),
        ("5 ft 7 in", False, "170.2"),
        ("5'7\"", True, "170.2"),
        ("5’ 7”", True, "170.2"),
        ("5 feet 7", True, "170.2"),
        ("6 ft", True, "182.9"),
        ("67 inches", False, "170.2"),
        ("1.70 m", False, "170.0"),
        ("1,70", True, "170.0"),
        ("1 m 70", False, "170.0"),
        (" 170CM ", True, "170.0"),
    ],
)
def test_height_is_read_as_it_was_meant(text, us, cm):
    assert read(text, "cm", us=us) == Decimal(cm)


@pytest.mark.parametrize(
    ("text", "us", "kg"),
    [
        ("70", False, "70.0"),
        ("154", True, "69.9"),
        ("154 lb", False, "69.9"),
        ("154 lbs", False, "69.9"),
        ("70.5 kg", True, "70.5"),
        ("70,5 kg", True, "70.5"),
        ("11 st 4", False, "71.7"),
        ("70 kilos", True, "70.0"),
    ],
)
def test_weight_is_read_as_it_was_meant(text, us, kg):
    assert read(text, "kg", us=us) == Decimal(kg)


@pytest.mark.parametrize(
    ("text", "unit", "code"),
    [
        ("5.7", "cm", "unit"),
        ("tall", "cm", "form"),
        ("17 cm", "cm", "range"),
        ("9 ft 9 in", "cm", "range"),
        ("2000 lb", "kg", "range"),
        ("-70", "kg", "form"),
        ("70 cm", "kg", "form"),
        ("٧٠" * 30, "kg", "form"),
        ("7" * 30, "kg", "form"),
    ],
)
def test_what_is_unclear_is_asked_again(text, unit, code):
    with pytest.raises(Unclear) as problem:
        read(text, unit, us=True)
    assert problem.value.code == code


def test_both_names_both_kinds_of_units():
    assert both("170.2", "cm") == "170.2 cm (5 ft 7 in)"
    assert both("182.5", "cm") == "182.5 cm (6 ft 0 in)"
    assert both("69.9", "kg") == "69.9 kg (154 lb)"


@pytest.mark.django_db
def test_a_patient_types_feet_and_pounds_and_everybody_reads_both():
    case = make_case(filled=True)
    assert str(case.patient.country) in measures.US_CUSTOMARY
    client = own(case)
    shown = client.get(page("cases:section", case, "health")).content.decode()
    assert "5 ft 7 in, or 170 cm" in shown
    client.post(
        page("cases:section", case, "health"),
        {"autosave": "1", "revision": "1", "fields": ["height", "weight"], "height": "5 ft 7 in", "weight": "154"},
    )
    answers = IntakeSection.objects.get(case=case, key="health").answers
    assert (answers["height"], answers["height_typed"]) == ("170.2", "5 ft 7 in")
    assert (answers["weight"], answers["weight_typed"]) == ("69.9", "154")
    rows = {row.value for group in summary(case, edition_of(case)) for row in group.rows}
    assert {"170.2 cm (5 ft 7 in)", "69.9 kg (154 lb)"} <= rows
    assert 'value="5 ft 7 in"' in client.get(page("cases:section", case, "health")).content.decode()


@pytest.mark.django_db
def test_an_unclear_height_is_answered_with_an_example():
    case = make_case(filled=True)
    answer = own(case).post(
        page("cases:section", case, "health"),
        {"autosave": "1", "revision": "1", "fields": ["height"], "height": "5.7"},
    )
    assert "Add the unit" in answer.json()["errors"]["height"][0]
