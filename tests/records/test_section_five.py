"""Which file satisfies which item: every row of section 5 of clinical-fields.md, with what satisfies it and what must not."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.catalogue import loader
from portal.catalogue.parts import Images, Need, RequiredItem
from records.queries.checklist import ItemView, counts
from records.rules.matching import RANK, DocumentFacts, Match, SeriesFacts, StudyFacts, match
from records.states import ItemState as S

EDITION = loader.shipped()
TODAY, DAY = date(2026, 4, 1), date(2026, 3, 12)
ECG_12, ECG_AMBULATORY = "1.2.840.10008.5.1.4.1.1.9.1.1", "1.2.840.10008.5.1.4.1.1.9.1.3"
HAEMODYNAMIC, EPS = "1.2.840.10008.5.1.4.1.1.9.2.1", "1.2.840.10008.5.1.4.1.1.9.3.1"
CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
ALL_VIEWS = frozenset({("CC", "L"), ("CC", "R"), ("MLO", "L"), ("MLO", "R")})


def study(*series: SeriesFacts, words: str = "", day: date | None = DAY, key: str = "s1") -> StudyFacts:
    return StudyFacts(key, day, words, series)


def one(modality: str, words: str, **more: Any) -> StudyFacts:
    return study(SeriesFacts(**{"modality": modality, "words": words, "frames": 40} | more), words=words)


def paper(klass: str, text: str, **more: Any) -> DocumentFacts:
    given_ = {"id": "d1", "klass": klass, "confidence": 0.9, "date": DAY, "text": f"{text} result 1.2"} | more
    return DocumentFacts(**given_)


def state(key: str, *records: StudyFacts | DocumentFacts, images: Images | None = None, **more: Any) -> Match:
    item = EDITION.item(key)
    studies = [found for found in records if isinstance(found, StudyFacts)]
    papers = [found for found in records if isinstance(found, DocumentFacts)]
    wants = images if images is not None else (Images.REQUIRED if studies else Images.NO)
    columns: dict[str, Any] = {"alternatives": (), "because": (), "notes": (), "max_age": None, **more}
    required = RequiredItem(item=item, need=Need.REQUIRED, images=wants, **columns)
    return match(required, studies, papers, today=TODAY)


IMAGES: list[tuple[str, StudyFacts, StudyFacts]] = [
    # item, what satisfies its image half, what never does
    ("ecg", one("ECG", "", frames=0, sop_classes=frozenset({ECG_12})), one("CT", "ecg gated heart")),
    ("rhythm_tracing", one("ECG", "", frames=0, sop_classes=frozenset({ECG_AMBULATORY})), one("US", "holter")),
    ("echo", one("US", "echo tte", multi_frame=True), one("US", "abdomen")),
    ("tee", one("US", "transesophageal", multi_frame=True), one("CT", "tee")),
    ("stress_test", one("NM", "mibi stress perfusion"), one("MR", "stress")),
    ("coronary_angiogram", one("XA", "lca", multi_frame=True), one("XA", "leg runoff", multi_frame=True)),
    ("right_heart_cath", one("HD", "", frames=0, sop_classes=frozenset({HAEMODYNAMIC})), one("US", "right heart")),
    ("coronary_ct", one("CT", "ccta"), one("MR", "cardiac")),
    ("aorta_scan", one("CT", "angio aorta"), one("US", "aorta")),
    ("valve_ct", one("CT", "tavi gated"), one("MR", "tavi gated")),
    ("heart_mri", one("MR", "cmr heart"), one("CT", "heart")),
    ("chest_ct", one("CT", "ct torax"), one("DX", "chest pa")),
    ("thin_chest_ct", one("CT", "chest", thickness=1.25), one("CR", "chest")),
    ("vq_scan", one("NM", "ventilation"), one("CT", "lung perfusion")),
    ("pet", study(SeriesFacts("PT", "fdg"), SeriesFacts("CT", "ac ct"), words="pet"), one("CT", "fdg pet")),
    ("mammogram", one("MG", "", views=ALL_VIEWS), one("US", "mammogram")),
    ("prostate_mri", study(SeriesFacts("MR", "t2"), SeriesFacts("MR", "adc"), words="prostate"), one("CT", "prostate")),
    ("brain_mri", one("MR", "brain"), one("CT", "brain")),
    ("slides", one("SM", ""), one("OT", "slide")),
    ("radiation_plan", one("RTPLAN", "", frames=0), one("SR", "plan")),
    ("radiation_plan", one("RTDOSE", ""), one("CT", "planning ct")),
    ("ep_report", one("EPS", "", frames=0, sop_classes=frozenset({EPS})), one("XA", "ablation")),
    ("psma_or_bone_scan", one("NM", "bone scan whole body"), one("CT", "bone")),
]


@pytest.mark.parametrize(("key", "fits", "wrong"), IMAGES, ids=lambda value: value if isinstance(value, str) else "")
def test_images_satisfy_their_half_of_the_item_and_others_never(key: str, fits: StudyFacts, wrong: StudyFacts) -> None:
    both = bool(EDITION.item(key).documents)
    assert state(key, fits).state == (S.IMAGES_ONLY if both else S.SATISFIED)
    assert state(key, wrong).state == S.MISSING


@pytest.mark.parametrize(("key", "fits", "_wrong"), IMAGES, ids=lambda value: value if isinstance(value, str) else "")
def test_captures_scouts_and_dose_reports_never_satisfy_an_image_item(key: str, fits: StudyFacts, _wrong: Any) -> None:
    def spoilt(**more: Any) -> StudyFacts:
        series = [SeriesFacts(**{**vars(found), "sop_classes": frozenset(), **more}) for found in fits.series]
        return StudyFacts("s1", DAY, fits.words, tuple(series))

    for more in ({"modality": "SC"}, {"modality": "OT"}, {"scout": True}, {"sop_classes": frozenset({CAPTURE})}):
        assert state(key, spoilt(**more)).state == S.MISSING, more


INCOMPLETE = [
    ("echo", one("US", "echo tte"), "stills"),
    ("coronary_angiogram", one("XA", "lca"), "stills"),
    ("valve_ct", one("CT", "aorta"), "heart beat"),
    ("thin_chest_ct", one("CT", "chest", thickness=5.0), "thick"),
    ("thin_chest_ct", one("CT", "chest"), "thick"),
    ("pet", one("PT", "fdg pet"), ""),
    ("pet", study(SeriesFacts("PT", "fdg", attenuation_corrected=False), SeriesFacts("CT", "ct"), words="pet"), ""),
    ("mammogram", one("MG", "", views=frozenset({("CC", "L"), ("MLO", "L")})), ""),
    ("prostate_mri", one("MR", "prostate t2"), ""),
]


@pytest.mark.parametrize(("key", "found", "says"), INCOMPLETE)
def test_images_that_lack_something_are_incomplete_and_say_what(key: str, found: StudyFacts, says: str) -> None:
    klass, words = EDITION.item(key).documents[0], EDITION.item(key).words.en[0]
    held = state(key, found, paper(klass, words))
    assert held.state == S.INCOMPLETE
    assert held.reason and says in held.reason


def test_pet_with_its_ct_and_correction_is_whole() -> None:
    whole = study(SeriesFacts("PT", "fdg", attenuation_corrected=True), SeriesFacts("CT", "ct"), words="pet")
    assert state("pet", whole, paper("image_report", "fdg pet")).state == S.SATISFIED


def test_modality_without_a_word_is_asked_about_and_a_contrary_word_is_no() -> None:
    assert (
        state("echo", one("US", "unnamed", multi_frame=True), paper("echo_report", "echocardiogram")).state
        == S.PROBABLE
    )
    assert (
        state("echo", one("US", "renal", multi_frame=True), paper("echo_report", "echocardiogram")).state
        == S.REPORT_ONLY
    )


PAPERS = [
    # item, class, words in English, words in Spanish
    ("ecg", "ecg", "12 lead ekg", "electrocardiograma"),
    ("rhythm_tracing", "holter", "holter event monitor", "holter arritmia"),
    ("echo", "echo_report", "transthoracic echocardiogram", "ecocardiograma"),
    ("tee", "echo_report", "transesophageal", "ecocardiograma transesofagico"),
    ("stress_test", "stress_report", "treadmill stress test", "ergometria"),
    ("coronary_angiogram", "catheter_report", "cardiac catheterization", "cateterismo coronariografia"),
    ("right_heart_cath", "right_heart_report", "right heart pcwp wedge", "cateterismo derecho"),
    ("chest_ct", "image_report", "ct chest hrct", "tacar"),
    ("vq_scan", "image_report", "ventilation perfusion", "ventilacion perfusion"),
    ("lung_function", "lung_function", "spirometry fev1", "espirometria"),
    ("dlco", "lung_function", "dlco", "dlco difusion"),
    ("walk_test", "walk_test", "6 minute walk 6mwd", "marcha de 6 minutos"),
    ("pet", "image_report", "fdg pet", "pet fdg"),
    ("mammogram", "image_report", "mammogram", "mamografia"),
    ("brain_mri", "image_report", "brain mri", "resonancia cerebral"),
    ("pathology_report", "pathology", "final diagnosis microscopic", "anatomia patologica biopsia"),
    ("marrow", "marrow", "bone marrow", "medula osea"),
    ("flow_cytometry", "marrow", "flow cytometry immunophenotype", "citometria de flujo"),
    ("molecular_report", "molecular", "ngs egfr variant", "variante mutacion"),
    ("operation_report", "operation", "operative report estimated blood loss", "protocolo operatorio"),
    ("treatment_history", "treatment_summary", "cycle 3 mg/m2 regimen", "ciclo quimioterapia"),
    ("radiation_summary", "radiation_summary", "60 gy 30 fractions", "60 gy 30 fracciones"),
    ("clinic_letter", "letter", "dear doctor impression plan", "estimado"),
    ("clinic_letter", "referral", "referral", "derivacion"),
    ("discharge_summary", "discharge", "discharge", "informe de alta"),
    ("colonoscopy_report", "endoscopy", "colonoscopy", "colonoscopia"),
    ("bronchoscopy_report", "bronchoscopy", "bronchoscopy", "broncoscopia"),
    ("sleep_study", "sleep_report", "polysomnography ahi", "polisomnografia"),
    ("device_check", "device_report", "interrogation battery impedance", "interrogacion marcapasos"),
    ("ep_report", "ep_report", "electrophysiology study ablation", "ablacion"),
    ("blood_tests", "laboratory", "reference range specimen collected", "laboratorio"),
    ("psma_or_bone_scan", "image_report", "bone scan scintigraphy", "gammagrafia"),
    ("medication_list", "medication_list", "medication list 5 mg daily", "medicacion"),
]


@pytest.mark.parametrize(("key", "klass", "en", "es"), PAPERS)
def test_paper_satisfies_the_report_half_in_both_languages(key: str, klass: str, en: str, es: str) -> None:
    for text in (en, es):
        assert state(key, paper(klass, text)).state == S.SATISFIED, text
        if EDITION.item(key).images:
            assert state(key, paper(klass, text), images=Images.REQUIRED).state == S.REPORT_ONLY
    assert state(key, paper("consent", en)).state == S.MISSING, "another kind of paper that mentions it"


@pytest.mark.parametrize(("key", "klass", "en", "_es"), PAPERS)
def test_paper_needs_a_date_and_a_finding_to_count_by_itself(key: str, klass: str, en: str, _es: str) -> None:
    bare = "".join(letter for letter in en if not letter.isdigit())
    assert state(key, paper(klass, en, date=None)).state == S.PROBABLE
    assert state(key, paper(klass, en, confidence=0.5)).state == S.PROBABLE, "an order or an appointment is less sure"
    assert state(key, paper(klass, en, confidence=1.0, date=None)).state == S.SATISFIED, "a person said so"
    mention = DocumentFacts("d1", klass, 0.9, DAY, bare)
    words = EDITION.item(key).words
    if words.en and not {"final diagnosis microscopic"} & {en} and "impression" not in en:
        assert state(key, mention).state in {S.PROBABLE, S.MISSING}, "only a mention"


def test_too_old_is_its_own_state_and_ages_count_from_the_day_of_review() -> None:
    old = paper("lung_function", "spirometry fev1", date=date(2025, 9, 30))
    assert state("lung_function", old, max_age=6).state == S.TOO_OLD
    edge = paper("lung_function", "spirometry fev1", date=date(2025, 10, 1))
    assert state("lung_function", edge, max_age=6).state == S.SATISFIED


def test_one_file_may_satisfy_several_items() -> None:
    found = paper("lung_function", "spirometry fev1 dlco")
    assert {state(key, found).state for key in ("lung_function", "dlco")} == {S.SATISFIED}


# -- properties ------------------------------------------------------------------------------------------------------

STUDIES = st.builds(
    StudyFacts,
    st.sampled_from(["s1", "s2", "s3"]),
    st.none() | st.dates(date(2020, 1, 1), TODAY),
    st.sampled_from(["", "chest", "echo", "pet fdg", "prostate", "abdomen"]),
    st.lists(
        st.builds(
            SeriesFacts,
            st.sampled_from(["CT", "MR", "US", "PT", "MG", "SC", "SR", "DX", "XA", "NM", "SM"]),
            st.sampled_from(["", "chest", "t2", "adc", "lca", "stress"]),
            frames=st.integers(0, 3),
            multi_frame=st.booleans(),
            scout=st.booleans(),
        ),
        max_size=3,
    ).map(tuple),
)
DOCUMENTS = st.builds(
    DocumentFacts,
    st.sampled_from(["d1", "d2"]),
    st.sampled_from([klass.key for klass in EDITION.documents]),
    st.sampled_from([0.0, 0.5, 0.9, 1.0]),
    st.none() | st.dates(date(2020, 1, 1), TODAY),
    st.sampled_from(["", "ct chest findings", "spirometry fev1 2.1", "final diagnosis"]),
)
KEYS = st.sampled_from([item.key for item in EDITION.items])
SETS = st.tuples(st.lists(STUDIES, max_size=3), st.lists(DOCUMENTS, max_size=3))


@given(KEYS, SETS, st.sampled_from(list(Images)), st.none() | st.integers(1, 24))
def test_match_always_ends_in_a_state_of_the_rules(key: str, records: Any, images: Images, age: int | None) -> None:
    studies, papers = records
    found = state(key, *studies, *papers, images=images, max_age=age)
    assert found.state in RANK
    assert (found.state == S.INCOMPLETE) <= bool(found.reason)
    assert set(found.studies) <= {one.id for one in studies} and set(found.documents) <= {one.id for one in papers}


@given(KEYS, SETS, SETS, st.sampled_from(list(Images)))
def test_more_records_never_make_an_item_worse(key: str, records: Any, more: Any, images: Images) -> None:
    """Earlier studies are left out: which is the newest changes with each."""
    if EDITION.item(key).priors:
        return
    before = state(key, *records[0], *records[1], images=images)
    after = state(key, *records[0], *more[0], *records[1], *more[1], images=images)
    assert RANK[after.state] >= RANK[before.state]


@given(st.lists(st.tuples(st.sampled_from(list(Need)), st.sampled_from(list(S))), max_size=12))
def test_counts_add_up_whatever_is_said(lines: list[tuple[Need, S]]) -> None:
    item = EDITION.items[0]
    views = [
        ItemView(f"k{n}", item, need, Images.NO, None, (), (), held, "", False, (), ())
        for n, (need, held) in enumerate(lines)
    ]
    needed, satisfied = counts(views)
    assert 0 <= satisfied <= needed == sum(need is Need.REQUIRED for need, _ in lines)
