"""A hospital sends records by a one-time link, and a record that nobody can get is waived."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from portal.pages.demo.synthetic import ct_series
from tests.factories.documents import make_zip
from tests.journeys import accounts, patient
from tests.journeys.browser import Person
from tests.journeys.service import Service

SENT_CASE = """
from portal.accounts.models import User
from tests.factories.cases import make_case
from portal.core.access import Actor
from records.actions import checklist
case = make_case(phase="collecting", owner=User.objects.get(email="{address}"), specialty="pulmonology", condition="rare_lung")
checklist.refresh(case=case, by=Actor.job("journey"))
print(case.ref)
"""


def has_account(person: Person, address: str) -> str:
    """A patient with a case that is not sent yet; returns its address."""
    patient.passes_screening(person)
    person.follow("Make an account")
    accounts.signs_up(person, "Testina Example", address)
    return patient.opens_case(person)


def gives(person: Person, *paths: Path) -> None:
    with person.page.expect_file_chooser() as chooser:
        person.press("Choose files")
    chooser.value.set_files([str(path) for path in paths])


def confirms(hospital: Person, link: str) -> None:
    """Opens the link, sees whose records are asked for, and claims it."""
    hospital.go(link)
    hospital.on("Send records for a patient")
    hospital.until(lambda: len(hospital.page.get_by_label("Code").input_value()) == 52, "the code stands in the box")
    hospital.until(lambda: "#" not in hospital.page.url, "and no longer in the history")
    hospital.checks_page()
    hospital.press("Continue")
    hospital.on("Is this your patient?")
    hospital.reads("T. E.", "1962", "Sample Hospital, records office")
    assert "Testina" not in hospital.page.content()
    hospital.checks_page()
    hospital.press("Yes, I send the records")
    hospital.reads("There is a problem", "Enter your name")
    hospital.fill("Your name", "Dr Ada Sample")
    hospital.fill("Hospital or practice, and department", "Sample Hospital, radiology")
    hospital.press("Yes, I send the records")
    hospital.on("Send records")


def test_a_hospital_sends_records_by_a_link(service: Service, meet: Callable[..., Person], tmp_path: Path) -> None:
    # Given a patient who signs a letter and makes a link
    testina, hospital, second = meet("patient"), meet("hospital"), meet("second browser")
    case = has_account(testina, "testina@link.example")
    patient.fills_about(testina)
    testina.reads("Not sent yet")
    testina.go(f"{case}records/ask/")
    testina.on("Ask a hospital for records")
    testina.checks_page()
    testina.page.get_by_role("link", name="Access request", exact=True).click()
    testina.fill("Which hospital or doctor has the records?", "Sample Hospital\n1 Example Street")
    testina.fill("Other records, if any", "All pictures of my heart")
    testina.fill("Sign by typing your full name", "Joe Stranger")
    testina.page.get_by_label("I have read the letter").check()
    testina.checks_page()
    with testina.expecting("422"):
        testina.press("Sign the letter")
        testina.reads("There is a problem", "Sign with the name that we know you by")
    testina.fill("Sign by typing your full name", "Testina Example")
    testina.press("Sign the letter")
    testina.reads("The letter is signed", "Sample Hospital", "All pictures of my heart")
    testina.checks_page()
    with testina.page.expect_download() as taken:
        testina.follow("Download the letter")
    assert Path(taken.value.path()).read_bytes().startswith(b"%PDF-")
    testina.go(f"{case}records/ask/link/")
    testina.fill("Who is it for?", "Sample Hospital, records office")
    testina.checks_page()
    testina.press("Make the link")
    testina.on("Link for Sample Hospital, records office")
    testina.checks_page()
    link = testina.page.locator("#upload-link").inner_text().strip()

    # When the hospital opens it, in a browser without an account
    with hospital.expecting("422"):
        confirms(hospital, link)
    hospital.checks_page()
    images = {f"IM{n}": image for n, image in enumerate(ct_series(3, 64), 1)}
    disc = tmp_path / "export.zip"
    disc.write_bytes(make_zip(images))
    gives(hospital, disc)
    hospital.reads("1 file has arrived whole")
    hospital.checks_page()
    assert "CT chest" not in hospital.page.content(), "what is in it is not told"

    # Then nobody else can use the link, and the hospital sees nothing of the case
    with second.expecting("410"):
        second.go(link)
        second.until(lambda: len(second.page.get_by_label("Code").input_value()) == 52, "the code stands in the box")
        second.press("Continue")
        second.on("This link was already used")
        second.checks_page()
    hospital.go(f"{case}records/")
    hospital.on("Sign in")
    hospital.go(link)
    hospital.press("Continue")  # the same browser goes on
    hospital.on("Send records")
    hospital.press("I have sent everything")
    hospital.on("Thank you")
    hospital.checks_page()

    # And the patient sees who sent what
    testina.go(f"{case}records/ask/")
    testina.reads("Used by Dr Ada Sample, Sample Hospital, radiology", "1 file arrived", "Done")
    testina.checks_page()
    testina.follow("Sample Hospital, records office")
    testina.reads("export.zip", "Dr Ada Sample")
    testina.checks_page()
    testina.go(f"{case}records/")
    testina.reads("CT chest")
    testina.go(f"{case}timeline/")
    testina.reads("CT chest", "The records by date")
    testina.checks_page()


def test_a_record_that_nobody_can_get_is_waived(service: Service, meet: Callable[..., Person]) -> None:
    # Given a patient with a sent case, and a coordinator
    admin, coordinator, testina = meet("administrator"), meet("coordinator"), meet("patient")
    accounts.first_administrator(service, admin, "admina@waive.example")
    accounts.accepts_invitation(
        coordinator, accounts.invites(admin, "Ines Invented", "ines@waive.example", "Coordinator")
    )
    has_account(testina, "testina@waive.example")
    ref = service.django(SENT_CASE.format(address="testina@waive.example"))

    # When the patient says that a record cannot be had
    testina.go(f"/cases/{ref}/records/items/lung_function/")
    testina.checks_page()
    testina.choose("What would you like to tell us?", "I cannot get it")
    testina.fill("Why can you not get it?", "The clinic has closed")
    testina.checks_page()
    testina.press("Save")
    testina.reads("You told us that you cannot get it", "The clinic has closed")
    testina.checks_page()

    # And the coordinator finds it in the queue and waives it
    coordinator.go("/desk/")
    coordinator.reads(ref, "Cannot get a record")
    coordinator.go(f"/desk/cases/{ref}/")
    coordinator.reads("Patient cannot get it: please decide", "The clinic has closed")
    coordinator.checks_page()
    coordinator.page.locator("#item-lung_function").get_by_role("link", name="Change").click()
    coordinator.choose("Where does this record stand?", "Not needed for this case")
    coordinator.fill("Why?", "The scan answers the question")
    coordinator.press("Save")
    coordinator.reads("The scan answers the question")

    # Then the patient reads it, with one less to go
    testina.go(f"/cases/{ref}/records/")
    testina.reads("We can go on without it: The scan answers the question", "to go")
    testina.checks_page()
