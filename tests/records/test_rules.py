"""Whose record, what kind of paper, of which day, and which item of the checklist it satisfies."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.catalogue import loader
from portal.catalogue.parts import Images, Need, RequiredItem
from records.rules import documents, tus
from records.rules.matching import DocumentFacts, SeriesFacts, StudyFacts, match, months_before, named_studies
from records.rules.titles import study_title
from records.rules.uploads import takes_files, too_much
from records.rules.words import folded, found
from records.states import ItemState

TODAY = date(2026, 4, 1)
EDITION = loader.shipped()


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Printed 2026-03-30. Date of service: 2026-03-01. Born 1961-05-04", date(2026, 3, 1)),
        ("Exam date: 12 March 2026", date(2026, 3, 12)),
        ("Performed on March 3rd, 2026 at 10:00", date(2026, 3, 3)),
        ("DOB 05/04/1961 seen 02/13/2026", date(2026, 2, 13)),
        ("Fecha: 5 de enero de 2026", date(2026, 1, 5)),
        ("next visit 2027-01-01", None),
        ("31 February 2026", None),
        ("", None),
    ],
)
def test_service_date_is_the_day_of_the_record(text: str, day: date | None) -> None:
    assert documents.service_date(text, today=TODAY, birth=date(1961, 5, 4)) == day


def test_service_date_reads_days_first_where_people_do() -> None:
    assert documents.service_date("02/03/2026", today=TODAY, birth=None) == date(2026, 2, 3)
    assert documents.service_date("02/03/2026", today=TODAY, birth=None, day_first=True) == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("title", "text", "klass"),
    [
        ("report", "SPIROMETRY REPORT FEV1 2.1 L DLCO 60 %", "lung_function"),
        ("informe", "ESPIROMETRÍA: FEV1 2,1 L", "lung_function"),
        ("path", "SURGICAL PATHOLOGY. Final diagnosis: adenocarcinoma. Microscopic description", "pathology"),
        ("scan0001", "lorem", "other"),
        ("CT report", "CT angiography of the aorta with contrast, ECG gated.\nFindings: 52 mm.", "image_report"),
        ("scan0002", "Coronary angiography report\nFindings: LAD 80 %", "catheter_report"),
        ("scan0003", "12 lead ECG\nQRS 104 ms", "ecg"),
    ],
)
def test_classify_tells_the_kind_of_paper(title: str, text: str, klass: str) -> None:
    assert documents.classify([text], title, EDITION.documents, EDITION.not_result)[0] == klass


def test_classify_trusts_an_order_for_a_test_less_than_its_result() -> None:
    result = documents.classify(["Spirometry FEV1 2.1"], "x", EDITION.documents, EDITION.not_result)[1]
    order = documents.classify(["Spirometry requisition, appointment"], "x", EDITION.documents, EDITION.not_result)[1]
    assert order < result


def needed(key: str, *, images: Images = Images.REQUIRED, max_age: int | None = 6, **more: Any) -> RequiredItem:
    columns: dict[str, Any] = {"alternatives": (), "because": (), "notes": (), **more}
    return RequiredItem(item=EDITION.item(key), need=Need.REQUIRED, images=images, max_age=max_age, **columns)


def ct(words: str = "ct chest", day: date | None = date(2026, 3, 12), **series: Any) -> StudyFacts:
    facts = {"modality": "CT", "words": words, "frames": 100, "thickness": 1.0, **series}
    return StudyFacts("s1", day, words, (SeriesFacts(**facts),))


def report(klass: str = "image_report", text: str = "ct chest findings impression", **more: Any) -> DocumentFacts:
    return DocumentFacts(
        **{"id": "d1", "klass": klass, "confidence": 0.9, "date": date(2026, 3, 13), "text": text, **more}
    )


@pytest.mark.parametrize(
    ("studies", "papers", "state"),
    [
        ([], [], ItemState.MISSING),
        ([ct()], [report()], ItemState.SATISFIED),
        ([ct()], [], ItemState.IMAGES_ONLY),
        ([], [report()], ItemState.REPORT_ONLY),
        ([ct(words="unnamed")], [report()], ItemState.PROBABLE),  # the modality fits, no word does
        ([ct(day=date(2025, 1, 1))], [report(date=date(2025, 1, 1))], ItemState.TOO_OLD),
        ([ct(day=None)], [report()], ItemState.PROBABLE),  # a record without a day cannot be shown to be young
        ([ct(scout=True)], [report()], ItemState.REPORT_ONLY),
        ([ct(modality="SC")], [report()], ItemState.REPORT_ONLY),  # a photo of a screen is no scan
        ([ct(modality="DX")], [report()], ItemState.REPORT_ONLY),  # an X-ray is no CT
        ([ct()], [report(confidence=0.5)], ItemState.PROBABLE),
    ],
)
def test_chest_ct_needs_the_images_and_the_report(studies: Any, papers: Any, state: ItemState) -> None:
    assert match(needed("chest_ct"), studies, papers, today=TODAY).state == state


def echo(words: str = "echocardiography transthoracic (tte)") -> StudyFacts:
    return StudyFacts(
        "s1", date(2026, 3, 12), words, (SeriesFacts(modality="US", words="apical", frames=40, thickness=None),)
    )


def test_a_study_that_names_one_item_is_not_offered_for_another() -> None:
    """An ultrasound through the chest is none through the throat, and nobody needs to be asked."""
    known = named_studies([EDITION.item("echo"), EDITION.item("tee")], [echo()])
    assert known == {"s1"}
    throat = needed("tee", images=Images.WANTED, max_age=None)
    assert match(throat, [echo()], [], today=TODAY, named=known).state == ItemState.MISSING
    assert match(throat, [echo("unnamed")], [], today=TODAY).state == ItemState.PROBABLE


def test_report_is_enough_where_images_are_not_asked_for() -> None:
    spirometry = report(klass="lung_function", text="spirometry fev1 2.1")
    found_match = match(needed("lung_function", images=Images.NO), [], [spirometry], today=TODAY)
    assert (found_match.state, found_match.documents) == (ItemState.SATISFIED, ("d1",))


def test_alternative_satisfies_as_well() -> None:
    one = needed("coronary_angiogram", max_age=12, alternatives=(EDITION.item("coronary_ct"),))
    study = ct(words="coronary ccta")
    paper = report(text="coronary ct angiogram calcium score findings")
    assert match(one, [study], [paper], today=TODAY).state in (ItemState.SATISFIED, ItemState.PROBABLE)


def test_months_before_keeps_inside_the_month() -> None:
    assert months_before(date(2026, 3, 31), 1) == date(2026, 2, 28)
    assert months_before(date(2026, 1, 15), 13) == date(2024, 12, 15)


def test_words_match_beginnings_without_accents() -> None:
    assert found(["resonancia", "mri"], folded("RESONANCIA_Magnética del TÓRAX")) == ["resonancia"]
    assert found(["ct"], folded("fracture")) == []


def test_titles_name_the_study_as_people_do() -> None:
    assert study_title(["CT", "SR"], ["CHEST", "CHEST"], "X") == "CT chest"
    assert study_title(["CT", "PT"], ["", ""], "") == "PET-CT"
    assert study_title(["MR"], ["HEAD", "NECK"], "MRI head and neck") == "MRI head and neck"


@given(st.text(max_size=300))
def test_names_are_shown_in_one_line_and_fit(name: str) -> None:
    cleaned = tus.shortened(tus.clean(name))
    assert len(cleaned) <= 255
    assert not any(c in cleaned for c in "\n\r\0\u202e")


def test_case_takes_files_until_the_opinion_is_signed() -> None:
    assert takes_files("draft") and takes_files("in_review")
    assert not takes_files("release") and not takes_files("closed")
    assert too_much(used_bytes=90, used_files=1, size=11, limit_bytes=100) == "case_full"
    assert too_much(used_bytes=0, used_files=50_000, size=1, limit_bytes=100) == "too_many_files"
    assert too_much(used_bytes=90, used_files=1, size=10, limit_bytes=100) is None
