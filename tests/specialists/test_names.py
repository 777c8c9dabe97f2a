"""Doctors and hospitals, named once and as people say them."""

from __future__ import annotations

import pytest

from specialists.rules.names import distinct, spoken


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ("PLACEHOLDER^OTTO", "Otto Placeholder"),
        ("Placeholder^Otto^M^Dr^MD", "Dr Otto M Placeholder MD"),
        ("Muster^Rita=漢字", "Rita Muster"),
        ("van der Demo^Ada", "Ada van der Demo"),
        ("", ""),
    ],
)
def test_a_dicom_name_is_put_in_the_order_of_speech(stored: str, said: str) -> None:
    assert spoken(stored) == said


def test_a_name_inside_another_is_named_once() -> None:
    named = [
        "Otto Placeholder",
        "Dr Otto Placeholder, Sample Hospital",
        "sample hospital",
        "",
        " Muster Clinic ",
        "Muster Clinic",
    ]
    assert distinct(named) == ["Dr Otto Placeholder, Sample Hospital", "Muster Clinic"]
