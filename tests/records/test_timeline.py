"""All records by date, for each who may see them; reports beside the pictures that they are about."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from cases.models import Grant
from cases.states import GrantScope
from portal.core.access import Actor
from portal.core.states import Role
from portal.core.workflow import Refused
from records.actions import studies
from records.dicomweb import qido
from records.dicomweb.dicomdir import directory
from records.models import Document, Instance, Study
from records.queries import search
from records.rules.timeline import REPORTS, WRITTEN_WITHIN, Paper, Scan, pair
from records.states import RecordState
from tests.factories import files
from tests.factories import records as make

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 12)
CT = Scan("s1", DAY, frozenset({"CT"}))


@pytest.mark.parametrize(
    ("klass", "text", "day", "fits"),
    [
        ("image_report", "ct chest findings", DAY, True),
        ("image_report", "ct chest findings", DAY + timedelta(days=14), True),
        ("image_report", "ct chest findings", DAY + timedelta(days=15), False),
        ("image_report", "ct chest findings", DAY - timedelta(days=2), False),
        ("image_report", "mri brain findings", DAY, False),  # of other pictures
        ("image_report", "ct chest findings", None, False),
        ("letter", "ct chest findings", DAY, False),  # a letter mentions it
        ("echo_report", "ct", DAY, False),
    ],
)
def test_report_belongs_to_pictures_of_its_kind_and_its_days(
    klass: str, text: str, day: date | None, fits: bool
) -> None:
    assert pair([CT], [Paper("d1", klass, day, text)]) == ({"d1": "s1"} if fits else {})


def test_nearest_scan_has_the_report_and_of_two_equally_near_ones_neither() -> None:
    report = Paper("d1", "image_report", DAY, "ct chest")
    earlier = Scan("s0", DAY - timedelta(days=3), CT.modalities)
    assert pair([earlier, CT], [report]) == {"d1": "s1"}
    assert pair([Scan("s2", DAY, CT.modalities), CT], [report]) == {}


DAYS = st.none() | st.dates(date(2026, 1, 1), date(2026, 3, 1))
SCANS = st.builds(Scan, st.sampled_from("abc"), DAYS, st.frozensets(st.sampled_from(["CT", "US", "XA"]), min_size=1))
PAPERS = st.builds(
    Paper, st.sampled_from("xyz"), st.sampled_from([*REPORTS, "letter"]), DAYS, st.just("ct echo angiogram")
)


@given(st.lists(SCANS, max_size=4), st.lists(PAPERS, max_size=4))
def test_pairs_are_always_of_one_kind_and_near(scans: list[Scan], papers: list[Paper]) -> None:
    for paper_id, scan_id in pair(scans, papers).items():
        assert any(
            REPORTS.get(paper.klass, frozenset()) & scan.modalities
            and paper.day is not None
            and scan.day is not None
            and -1 <= (paper.day - scan.day).days <= WRITTEN_WITHIN
            for paper in papers
            if paper.id == paper_id
            for scan in scans
            if scan.id == scan_id
        )


@pytest.fixture
def case() -> Any:
    found = make.case(specialties=["pulmonology"], condition="nodule")
    name, birth = "Example^Testina", "19610504"
    make.upload(found, files.dicom(study=1, StudyDate="20260312", PatientName=name, PatientBirthDate=birth), "IM1")
    make.upload(found, files.pdf("Example letter"), "letter.pdf")
    make.upload(found, files.pdf("Example report"), "report.pdf")
    make.run_jobs()
    Document.objects.filter(title__icontains="letter").update(date=None, klass="letter", klass_confidence=1)
    Document.objects.filter(title__icontains="report").update(
        date=date(2026, 3, 13), klass="image_report", klass_confidence=1
    )
    from records.models import Page

    Page.objects.filter(document__klass="image_report").update(text="CT chest. Findings. Impression.")
    return found


def test_images_without_a_date_get_one_by_hand_and_those_with_one_keep_it(case: Any) -> None:
    make.upload(case, files.dicom(study=9, StudyDate="", SeriesDescription="Old"), "IM9")
    make.run_jobs()
    undated, dated = Study.objects.get(date=None), Study.objects.get(uid=files.uid(1))
    patient, base = signed_in(case.opened_by), f"/cases/{case.ref}"
    address = f"{base}/records/studies/{undated.pk}/date/"
    assert address in patient.get(f"{base}/timeline/").content.decode()
    assert patient.post(address, {"day_day": "31", "day_month": "2", "day_year": "2026"}).status_code == 422
    said = {"day_day": "3", "day_month": "2", "day_year": "2025"}
    assert patient.post(address, said).status_code == 302
    undated.refresh_from_db()
    assert (undated.date, undated.dated_by) == (date(2025, 2, 3), case.opened_by)
    shown = patient.get(f"{base}/timeline/").content.decode()
    assert "date set by hand" in shown and address in shown
    patient.post(f"{base}/records/studies/{dated.pk}/date/", said)
    dated.refresh_from_db()
    assert (dated.date, dated.dated_by) == (DAY, None), "what the images say is not overwritten"


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main")[2]).split())


def test_timeline_shows_the_same_to_patient_desk_and_specialist(case: Any, settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR_WAIVED = True
    doctor = make.user(Role.SPECIALIST)
    Grant.objects.create(case=case, user=doctor, scope=GrantScope.FULL, granted_by="test")
    for user in (case.opened_by, make.user(Role.COORDINATOR), doctor):
        page = signed_in(user).get(f"/cases/{case.ref}/timeline/").content.decode()
        assert re.search(r'<h2[^>]*id="year-2026">2026</h2>.*March', page, re.S)
        group = page.partition("co-timeline__reports")[2].partition("</ul>")[0]
        assert "report" in group, "the report stands with its images"
        undated = page.partition('id="undated"')[2]
        assert "letter" in undated
        letter = Document.objects.get(klass="letter")
        assert (f"/documents/{letter.pk}/about/" in undated) is (user != doctor)


def test_kind_in_the_address_shows_one_kind(case: Any) -> None:
    client = signed_in(case.opened_by)
    only = client.get(f"/cases/{case.ref}/timeline/?kind=scan-ct").content.decode()
    assert 'aria-current="true"' in only and 'id="undated"' not in only and "CT chest" in only
    letters = client.get(f"/cases/{case.ref}/timeline/?kind=letter").content.decode()
    assert "CT chest" not in words(letters) and 'id="undated"' in letters
    assert "CT chest" in client.get(f"/cases/{case.ref}/timeline/?kind=<script>").content.decode()


def test_what_is_set_aside_is_hidden_from_the_specialist(case: Any, settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR_WAIVED = True
    Study.objects.update(state=RecordState.QUARANTINED, code="wrong_patient")
    doctor = make.user(Role.SPECIALIST)
    Grant.objects.create(case=case, user=doctor, scope=GrantScope.FULL, granted_by="test")
    assert "CT chest" not in signed_in(doctor).get(f"/cases/{case.ref}/timeline/").content.decode()
    patient = signed_in(case.opened_by).get(f"/cases/{case.ref}/timeline/").content.decode()
    assert "A person is checking this" in patient and "/viewer/" not in patient.partition("<main")[2]


def test_timeline_asks_the_database_as_often_for_three_as_for_one(case: Any) -> None:
    client = signed_in(case.opened_by)

    def asked() -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get(f"/cases/{case.ref}/timeline/").status_code == 200
        return len(found)

    asked()
    one = asked()
    for number in (2, 3):
        make.upload(case, files.dicom(study=number, PatientName="Example^Testina", PatientBirthDate="19610504"), "IM")
        make.upload(case, files.pdf(f"Paper {number}"), f"p{number}.pdf")
    make.run_jobs()
    assert asked() == one


def test_empty_timeline_says_so() -> None:
    empty = make.case(specialties=["pulmonology"], condition="nodule")
    page = signed_in(empty.opened_by).get(f"/cases/{empty.ref}/timeline/").content.decode()
    assert "No records are here yet." in page


def test_a_day_by_hand_is_not_told_as_dicom_and_yields_to_what_images_say(case: Any) -> None:
    by = Actor.of(case.opened_by)
    make.upload(case, files.dicom(study=9, StudyDate=""), "IM9")
    make.run_jobs()
    study = Study.objects.get(date=None)
    studies.set_date(study=study, day=date(2025, 2, 3), by=by)
    study.refresh_from_db()
    assert qido.study_json(study, "")["00080020"] == {"vr": "DA"}
    image = Instance.objects.select_related("series__study").get(series__study=study)
    assert b"20250203" not in directory([("IMAGES/IM1", image)], {})
    assert not search.studies(case.opened_by, {"StudyDate": "20250203"}, case_id=case.pk).exists()
    assert search.studies(case.opened_by, {"StudyDate": "20260312"}, case_id=case.pk).exists()
    make.upload(case, files.dicom(study=9, instance=2, StudyDate="20260401"), "IM10")
    make.run_jobs()
    study.refresh_from_db()
    assert (study.date, study.dated_by) == (date(2026, 4, 1), None)


def test_a_study_is_undated_only_when_no_image_of_it_carries_a_day(case: Any) -> None:
    study = Study.objects.get(uid=files.uid(1))
    Study.objects.filter(pk=study.pk).update(date=None)
    with pytest.raises(Refused, match="dated"):
        studies.set_date(study=study, day=date(2025, 2, 3), by=Actor.of(case.opened_by))
    study.refresh_from_db()
    assert (study.date, study.dated_by) == (DAY, None), "the day that its image carries"
