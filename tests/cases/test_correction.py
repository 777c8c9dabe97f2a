"""A patient puts name or date of birth right after sending: the desk reads it, and the records are compared again."""

from __future__ import annotations

import pytest

from cases.models import Message
from cases.states import Phase
from portal.core.models import Event
from records.models import Study
from records.states import RecordState
from tests.cases.helpers import own, page
from tests.factories import files
from tests.factories.cases import make_case
from tests.factories.records import run_jobs, upload

pytestmark = pytest.mark.django_db
RIGHT = {
    "given_name": "Testina",
    "family_name": "Sample",
    "other_names": "",
    "birth_date_day": "2",
    "birth_date_month": "4",
    "birth_date_year": "1961",
    "phone": "+1 555 010 0000",
}


def test_a_correction_is_kept_told_to_the_desk_and_checks_the_records_again():
    case = make_case(phase=Phase.TRIAGE)
    upload(case, files.dicom(PatientName=f"{case.patient.family_name}^Testina", PatientBirthDate="19610402"), "a.dcm")
    run_jobs()
    study = Study.objects.get(case=case)
    assert study.state == RecordState.READY
    answer = own(case).post(page("cases:correct", case), RIGHT | {"given_name": "Ida", "birth_date_year": "1975"})
    assert answer.status_code == 302
    case.patient.refresh_from_db()
    assert (case.patient.full_name, case.patient.birth_date.year) == ("Ida Sample", 1975)
    message = Message.objects.get(case=case)
    assert "Sample" in message.body and "1975" in message.body and not message.from_staff
    assert "Sample" not in str(Event.objects.get(name="correct_person").data)
    run_jobs("records.check_case")
    study.refresh_from_db()
    assert study.state == RecordState.QUARANTINED


def test_a_correction_that_changes_nothing_says_nothing():
    case = make_case(phase=Phase.TRIAGE)
    same = RIGHT | {"family_name": case.patient.family_name}
    own(case).post(page("cases:correct", case), same)
    assert not Message.objects.exists()
    assert not Event.objects.filter(name="correct_person").exists()


def test_a_correction_without_a_name_is_asked_again():
    case = make_case(phase=Phase.TRIAGE)
    shown = own(case).post(page("cases:correct", case), RIGHT | {"family_name": ""}).content.decode()
    assert "Enter your last name" in shown


@pytest.mark.parametrize("phase", [Phase.DRAFT, Phase.DELIVERED, Phase.WITHDRAWN])
def test_a_correction_is_for_cases_that_somebody_works_on(phase):
    case = make_case(phase=phase)
    assert own(case).get(page("cases:correct", case)).status_code == 404
