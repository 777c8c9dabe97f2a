"""The edition that ships with the software loads, and asks of each condition what the clinical lists say."""

from __future__ import annotations

import pytest

from portal.catalogue import loader
from portal.catalogue.parts import Images, Need
from portal.catalogue.types import Edition, UnknownKey


@pytest.fixture(scope="module")
def edition() -> Edition:
    return loader.shipped()


def needs(edition: Edition, specialty: str, condition: str, **answers: str) -> dict[str, tuple[str, str, int | None]]:
    return {
        one.item.key: (one.need.value, one.images.value, one.max_age)
        for one in edition.checklist([specialty], [condition], answers)
    }


def test_shipped_edition_loads_and_names_its_content(edition: Edition) -> None:
    assert {one.key for one in edition.specialties} == {"cardiology", "pulmonology", "oncology", "radiology"}
    assert edition.sha256 == loader.digest(loader.read_folder())


def test_every_condition_requires_at_least_one_record_and_ages_are_positive(edition: Edition) -> None:
    for specialty in edition.specialties:
        for condition in specialty.conditions:
            items = edition.checklist([specialty.key], [condition.key])
            assert any(one.need is Need.REQUIRED for one in items), (specialty.key, condition.key)
            assert all(one.max_age is None or one.max_age > 0 for one in items)


def test_valve_needs_a_gated_ct_only_for_a_catheter_valve(edition: Edition) -> None:
    assert needs(edition, "cardiology", "valve")["valve_ct"] == ("wanted", "required", 12)
    assert needs(edition, "cardiology", "valve", valve_plan="catheter_aortic")["valve_ct"] == (
        "required",
        "required",
        12,
    )
    assert needs(edition, "cardiology", "valve", valve_plan="catheter_mitral")["tee"] == ("required", "required", 6)


def test_coronary_film_may_be_a_ct(edition: Edition) -> None:
    [film] = [i for i in edition.checklist(["cardiology"], ["coronary"]) if i.item.key == "coronary_angiogram"]
    assert (film.need, film.images, film.max_age) == (Need.REQUIRED, Images.REQUIRED, 12)
    assert [one.key for one in film.alternatives] == ["coronary_ct"]


def test_translation_is_required_when_a_record_is_in_another_language(edition: Edition) -> None:
    assert "translation" not in needs(edition, "cardiology", "rhythm")
    assert needs(edition, "cardiology", "rhythm", records_other_language="yes")["translation"][0] == "required"


def test_checklist_refuses_a_condition_of_another_specialty(edition: Edition) -> None:
    with pytest.raises(UnknownKey):
        edition.checklist(["radiology"], ["valve"])
