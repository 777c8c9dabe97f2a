"""A patient comes, is found to be safe and right here, and sends a request with records."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.journeys import accounts, patient
from tests.journeys.browser import Person


def test_an_emergency_ends_with_the_number_to_call(meet: Callable[..., Person]) -> None:
    patient.stops_at_an_emergency(meet("somebody with chest pain"))


def test_a_patient_sends_a_request_with_records_and_gets_a_receipt(meet: Callable[..., Person], tmp_path: Path) -> None:
    testina = meet("patient")
    patient.passes_screening(testina)
    testina.follow("Make an account")
    accounts.signs_up(testina, "Testina Example", "testina@request.example")
    case = patient.opens_case(testina)
    patient.fills_about(testina)
    patient.fills_problem(testina)
    patient.fills_questions(testina)
    patient.fills_health(testina)
    patient.sends_records(testina, patient.records_folder(tmp_path / "disc"))
    patient.reads_receipt(
        testina, "CT chest", "12 images", "Ultrasound heart", "1 file needs a password", "Locked letter.pdf"
    )
    testina.go(case)
    patient.agrees(testina)
    patient.sends_request(testina)
