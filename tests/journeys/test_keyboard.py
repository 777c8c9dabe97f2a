"""Without a mouse: a patient fills in a part and sends a paper; a coordinator finds a case and asks for what is missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from portal.pages.demo.synthetic import Letter, letter_pdf
from tests.journeys import accounts
from tests.journeys.browser import PATIENCE_MS, Person
from tests.journeys.keyboard import IS_FOCUSED, opens, picks, selects, stop, tab_to, types
from tests.journeys.service import Service

PATIENT, COORDINATOR = "testina@keyboard.example", "ines@keyboard.example"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
QUESTION = "Do you still have the report of your heart ultrasound?"
ACCOUNT = f"""
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from tests.factories.accounts import CoordinatorFactory, UserFactory
from tests.factories.cases import CaseFactory
from uuid import uuid4
UserFactory.reset_sequence(uuid4().int % 10**9)
def account(make, address):
    user = make(email=address, password={accounts.PASSWORD!r})
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    return user
"""


def signs_in(person: Person, address: str) -> None:
    person.go("/")
    opens(person, person.page.get_by_role("link", name="Sign in", exact=True))
    person.on("Sign in")
    types(person, "E-mail address", address)
    types(person, "Password", accounts.PASSWORD)
    opens(person, person.page.get_by_role("button", name="Sign in", exact=True))


def test_a_patient_needs_no_mouse(service: Service, meet: Callable[..., Person], tmp_path: Path) -> None:
    ref = service.django(f"{ACCOUNT}print(CaseFactory(owner=account(UserFactory, {PATIENT!r})).ref)")
    letter = tmp_path / "Clinic letter.pdf"
    letter.write_bytes(letter_pdf(Letter()))
    testina = meet("patient")
    page = testina.page

    # Signs in and comes to the list of what is to be done
    signs_in(testina, PATIENT)
    testina.page.wait_for_url(lambda url: "/login" not in url)
    if f"/cases/{ref}/" not in page.url:
        opens(testina, page.locator(f"main a[href='/cases/{ref}/']"))
    testina.reads("Not sent yet")

    # Fills in one part
    opens(testina, page.get_by_role("link", name="Name, place and phone"))
    testina.on("About you")
    types(testina, "First name", "Testina")
    types(testina, "Last name", "Example")
    born = testina.group("Date of birth")
    for label, text in {"Day": "14", "Month": "3", "Year": "1962"}.items():
        types(testina, label, text, within=born)
    picks(testina, testina.group("Sex"), "Female")
    selects(testina, "State, if in the United States", "Massachusetts")
    tab_to(testina, page.get_by_label("Phone number"))
    page.keyboard.type("+1 555 010 9999")
    opens(testina, page.get_by_role("button", name="Save and continue"))
    testina.reads("Not sent yet")
    row = page.locator(".nhsuk-task-list__item", has_text="Name, place and phone")
    expect(row).to_contain_text("Completed", timeout=PATIENCE_MS)

    # Sends a paper
    opens(testina, page.locator("main").get_by_role("link", name="Scans and papers"))
    testina.on("Scans and papers")
    page.on("filechooser", lambda _: None)  # the browser takes a moment to hand its dialog over: ask early
    tab_to(testina, page.get_by_role("button", name="Choose files"))
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(letter)
    testina.reads("Everything is sent")

    # Finds help, on the way back from the button to the head of the page
    opens(testina, page.get_by_role("banner").get_by_role("link", name="Help"), back=True)
    page.wait_for_url("**/help/")
    stop(testina)


def test_a_coordinator_needs_no_mouse(service: Service, meet: Callable[..., Person]) -> None:
    ref = service.django(
        f"{ACCOUNT}TOTP.activate(account(CoordinatorFactory, {COORDINATOR!r}), {SECRET!r})\n"
        "print([CaseFactory(phase='collecting').ref for _ in range(2)][-1])"
    )
    ines = meet("coordinator")
    page = ines.page

    # Signs in with both factors
    signs_in(ines, COORDINATOR)
    page.wait_for_url("**/2fa/authenticate/**")
    tab_to(ines, page.locator("main input[name=code]"))
    page.keyboard.type(accounts.totp_that_lasts(SECRET))
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/2fa/" not in url)

    # Opens the case from the queue: J goes down, K goes up
    opens(ines, page.get_by_role("link", name="All open"))
    ines.on("All open")
    rows = page.locator("tr [data-open]")
    assert rows.count() >= 2
    for key, row in (("j", 0), ("j", 1), ("k", 0)):
        page.keyboard.press(key)
        stop(ines)
        expect(rows.nth(row)).to_be_focused()
    wanted = rows.and_(page.get_by_text(ref))
    for _ in range(rows.count()):
        if wanted.evaluate_all(IS_FOCUSED):
            break
        page.keyboard.press("j")
        stop(ines)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/desk/cases/{ref}/")

    # Asks the patient, which stops the clock
    opens(ines, page.locator("#ask > summary"))
    ask = page.locator("#ask")
    selects(ines, "What is it about?", "A record is missing", within=ask)
    picks(ines, ask, "The patient")
    tab_to(ines, ask.get_by_label("What they read"))
    page.keyboard.type(QUESTION)
    opens(ines, page.get_by_role("button", name="Ask, and pause the clock"))
    ines.reads("Waiting for", QUESTION)
