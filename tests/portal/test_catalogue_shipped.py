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


def test_every_item_is_asked_for_somewhere(edition: Edition) -> None:
    lines = [*edition.everyone_checklist]
    for specialty in edition.specialties:
        lines += specialty.checklist
        for condition in specialty.conditions:
            lines += condition.checklist
    named = {line.item for line in lines} | {key for line in lines for key in line.alternatives}
    assert {item.key for item in edition.items} - named == set()


def test_two_specialties_ask_for_the_union_and_the_strongest_requirement(edition: Edition) -> None:
    items = {
        one.item.key: one for one in edition.checklist(["cardiology", "pulmonology"], ["valve", "lung_transplant"])
    }
    assert {"ecg", "dlco", "walk_test", "chest_ct"} <= set(items)
    assert (items["echo"].need, items["echo"].images, items["echo"].max_age) == (Need.REQUIRED, Images.REQUIRED, 6)
    assert set(items["echo"].because) == {"cardiology.valve", "pulmonology.lung_transplant"}


def test_slides_are_required_when_the_diagnosis_is_in_doubt(edition: Edition) -> None:
    assert needs(edition, "oncology", "prostate_cancer")["slides"][0] == "wanted"
    assert needs(edition, "oncology", "prostate_cancer", reasons="doctors_disagree")["slides"][0] == "required"
    assert needs(edition, "oncology", "sarcoma")["slides"][0] == "required"


def test_sleep_needs_neither_lung_function_nor_chest_ct(edition: Edition) -> None:
    asked = needs(edition, "pulmonology", "sleep")
    assert "lung_function" not in asked and "chest_ct" not in asked
    assert asked["sleep_study"] == ("required", "no", 24)


def test_thin_slice_ct_stands_for_the_chest_ct(edition: Edition) -> None:
    asked = needs(edition, "pulmonology", "interstitial")
    assert asked["thin_chest_ct"] == ("required", "required", 6)
    assert "chest_ct" not in asked and "lung_function" not in asked


def test_molecular_panel_is_required_only_for_non_squamous_lung_cancer_from_stage_ib(edition: Edition) -> None:
    def need(**answers: str) -> str:
        return needs(edition, "oncology", "lung_cancer", **answers)["molecular_report"][0]

    assert need(lung_type="non_squamous", lung_stage="ib") == "required"
    assert need(lung_type="non_squamous", lung_stage="ia") == "wanted"
    assert need(lung_type="squamous", lung_stage="iv") == "wanted"
    assert need() == "wanted"


def test_vq_scan_is_required_unless_the_cause_is_known(edition: Edition) -> None:
    assert needs(edition, "pulmonology", "pulmonary_hypertension")["vq_scan"] == ("required", "wanted", None)
    assert "vq_scan" not in needs(edition, "pulmonology", "pulmonary_hypertension", cause_known="yes")


def test_chest_surgery_is_offered_under_heart_lung_and_cancer_before_the_last_condition(edition: Edition) -> None:
    for key in ("cardiology", "pulmonology", "oncology"):
        assert [one.key for one in edition.specialty(key).conditions][-2] == "chest_surgery"


def test_performance_status_five_is_never_offered(edition: Edition) -> None:
    [ecog] = [field for field in edition.fields("oncology") if field.key == "ecog"]
    assert [value.value for value in ecog.values] == ["0", "1", "2", "3", "4"]


def test_internal_fields_are_only_radpeer(edition: Edition) -> None:
    assert [field.key for one in edition.specialties for field in edition.fields(one.key) if field.internal] == [
        "radpeer"
    ]


def test_place_falls_back_to_anywhere_and_takes_the_states_own_name(edition: Edition) -> None:
    assert (edition.place("us", "ma").code, edition.place("US", "US-MA").name) == ("US-MA", "Massachusetts")
    assert edition.place("US", "MA").emergency == "911" and edition.place("US", "MA").crisis == "988"
    assert edition.place("GB").emergency == "999"
    assert (edition.place("XX").code, edition.place("XX").emergency) == ("ZZ", "112 or 911")


def test_questions_come_narrowest_first_and_once(edition: Edition) -> None:
    asked = edition.questions("cardiology", "valve")
    assert asked[0] == "Do I need this surgery now, or can I wait?" and asked[-1] == "How long can I wait to decide?"
    assert len(asked) == len(set(asked))


def test_asks_name_each_question_once(edition: Edition) -> None:
    asked = [
        ask.key for ask in edition.asks(["cardiology", "pulmonology"], ["advanced_heart_failure", "lung_transplant"])
    ]
    assert asked.count("social_situation") == 1 and asked[0] == "symptoms"


@pytest.mark.parametrize("call", ["specialty", "item", "document", "level", "reason", "canned_text", "letter"])
def test_an_unknown_key_is_told(edition: Edition, call: str) -> None:
    with pytest.raises(UnknownKey, match="nonsense"):
        getattr(edition, call)("nonsense")
