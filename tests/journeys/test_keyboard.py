"""Without a mouse: a patient from the first question to the sent request; a coordinator's question; a specialist to the signature."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from portal.pages.demo.synthetic import Letter, letter_pdf
from tests.journeys import accounts
from tests.journeys.browser import PATIENCE_MS, Person
from tests.journeys.keyboard import IS_FOCUSED, opens, picks, presses, selects, stop, tab_to, ticks, types, writes
from tests.journeys.service import Service

PATIENT, COORDINATOR, SPECIALIST = (f"{name}@keyboard.example" for name in ("testina", "ines", "ada"))
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
SENDER = "tessa@keyboard.example"
FILLED = f"""{ACCOUNT}
from cases.actions import intake
from cases.models import Case
from portal.core.access import Actor
from specialists.models import Assignment
from tests.factories.cases import make_case
from tests.factories.specialists import make_draft, make_offer, make_specialist
def half_filled(owner):
    case, by = make_case(owner=owner), Actor.of(owner)
    about = dict(given_name="Testina", family_name="Example", birth_date="1961-04-02", sex="female", country="US", state="MA",
                 language="en", phone="+1 555 010 0000")
    problem = dict(reason="peace_of_mind", condition="valve", title="Heart valve?", first_diagnosis="A tight valve",
                   first_treatment="An operation", matters_most=["independent"])
    for key, answers in (("about", about), ("problem", problem)):
        intake.save_section(case=case, key=key, answers=answers, complete=True, revision=0, by=by)
    return case
def offered(address):
    doctor = make_specialist(name="Dr Ada Keyboard", capacity=50)
    doctor.email = address
    doctor.set_password({accounts.PASSWORD!r})
    doctor.save()
    EmailAddress.objects.create(user=doctor, email=address, verified=True, primary=True)
    TOTP.activate(doctor, {SECRET!r})
    return make_offer(specialist=doctor)
def mostly_written(pk):
    make_draft(assignment=Assignment.objects.get(pk=pk), **{{"diagnosis.scale": [], "urgency.when": [], "plain": []}})
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


def test_a_patient_is_asked_agrees_and_sends_without_a_mouse(service: Service, meet: Callable[..., Person]) -> None:
    ref = service.django(f"{FILLED}print(half_filled(account(UserFactory, {SENDER!r})).ref)")
    testina = meet("patient")
    page = testina.page

    # The questions before the account
    testina.go("/")
    opens(
        testina, page.get_by_role("link", name="Start here").or_(page.locator("a[role=button]", has_text="Start here"))
    )
    testina.on("Who needs the second opinion?")
    picks(testina, testina.group("Are you 18 or older?"), "Yes, and this is about me")
    presses(testina, "Continue")
    testina.on("Where are you?")
    selects(testina, "Where are you right now?", "United States")
    selects(testina, "Which state", "Massachusetts")
    presses(testina, "Continue")
    for heading in ("First, is it safe to wait?", "What is your question about?", "A few more safety questions"):
        testina.on(heading)
        if heading == "What is your question about?":
            picks(testina, page.locator("form.co-form"), "Heart")
        else:
            ticks(testina, page.get_by_role("checkbox", name="None of these"))
        presses(testina, "Continue")
    for heading, answers in {
        "Is this the right service?": {
            "Are you in the hospital now?": "No",
            "Has a doctor seen you in person": "Yes",
            "Is this for a court case": "No",
        },
        "What has happened so far?": {"Has a test shown": "Yes", "Do you have a date for surgery": "No, or not yet"},
    }.items():
        testina.on(heading)
        for question, answer in answers.items():
            picks(testina, testina.group(question), answer)
        presses(testina, "Continue")
    testina.on("We can help you")

    # Signs in, to a request of which two parts are filled in already
    signs_in(testina, SENDER)
    page.wait_for_url(lambda url: "/login" not in url)
    testina.go(f"/cases/{ref}/")

    # The questions for the doctor, in their order
    opens(testina, page.get_by_role("link", name="Your questions for the doctor"))
    testina.on("Your questions")
    writes(testina, "Question 1", "Can I wait with the surgery?")
    presses(testina, "Save and add another")
    expect(page.get_by_label("Question 2")).to_be_focused()
    writes(testina, "Question 2", "Is a repair as good?")
    presses(testina, "Save and add another")
    expect(page.get_by_label("Question 3")).to_be_focused()
    presses(testina, "Move question 2 up")
    expect(page.get_by_label("Question 1")).to_have_value("Is a repair as good?", timeout=PATIENCE_MS)
    expect(page.get_by_role("button", name="Move question 1 down")).to_be_focused()
    opens(testina, page.get_by_role("button", name="Save and continue", exact=True).last)

    # The health background
    opens(testina, page.get_by_role("link", name="Health background"))
    testina.on("Health")
    for label in ("What bothers you most?", "Which medicines do you take", "Are you allergic"):
        writes(testina, label, "Nothing that I know of")
        if label == "Are you allergic":
            picks(testina, testina.group("Do you have a pacemaker"), "No")
    for question in ("Did you have an operation for this problem?", "Are some of your papers in a language"):
        picks(testina, testina.group(question), "No")
    presses(testina, "Save and continue")
    testina.reads("Not sent yet")

    # What is agreed to, page by page
    opens(testina, page.get_by_role("link", name="What you agree to"))
    page.wait_for_url("**/consent/*/")
    while "/consent/" in page.url:
        here = page.url
        if page.get_by_role("checkbox").count():
            ticks(testina, page.get_by_role("checkbox"))
        else:
            picks(testina, page.locator("form.co-form"), "No")
        presses(testina, "Continue")
        testina.until(lambda here=here: page.url != here, "the next page of consent")
        page.wait_for_load_state()  # what stands on it is counted at once

    # Looks it over, sends it, and writes to the desk
    opens(
        testina,
        page.get_by_role("link", name="Check and send").or_(page.locator("a[role=button]", has_text="Check and send")),
    )
    testina.on("Check your answers")
    testina.reads("Is a repair as good?")
    presses(testina, "Send my request")
    testina.on("Your request is sent")
    opens(testina, page.locator("main a", has_text="Go to my case"))
    opens(
        testina,
        page.locator("main a", has_text="Write a message").or_(page.locator("main a", has_text="Read and reply")),
    )
    testina.on("Messages")
    writes(testina, "Your message", "I am away next week.")
    presses(testina, "Send")
    testina.reads("I am away next week.")


def test_a_specialist_needs_no_mouse(service: Service, meet: Callable[..., Person]) -> None:
    pk = service.django(f"{FILLED}print(offered({SPECIALIST!r}).pk)")
    ada = meet("specialist")
    page = ada.page
    signs_in(ada, SPECIALIST)
    page.wait_for_url("**/2fa/authenticate/**")
    tab_to(ada, page.locator("main input[name=code]"))
    page.keyboard.type(accounts.totp_that_lasts(SECRET))
    page.keyboard.press("Enter")
    ada.on("My reviews")

    # Declares a conflict of interest and accepts
    opens(ada, page.get_by_role("link", name="Look and answer"))
    page.wait_for_url(f"**/reviews/{pk}/offer/")
    picks(ada, ada.group("Do you have a conflict of interest?"), "I have something to declare")
    writes(ada, "What do you declare?", "I once taught at the example hospital.")
    presses(ada, "Accept and open the case")
    ada.reads("Your opinion")
    page.wait_for_url(f"**/reviews/{pk}/")

    # Finishes an opinion of which most is written
    service.django(f"{FILLED}mostly_written({pk!r})")
    page.reload()
    picks(ada, page.locator("#part-diagnosis [data-control='diagnosis.scale']"), "Agree$")
    selects(ada, "How soon must something happen?", "Within 6 weeks")
    tab_to(ada, page.locator("[data-control='plain'] textarea"))
    page.keyboard.type("Your heart valve is tight. It must be mended soon. Ask your doctor for a day.")
    expect(page.locator("[data-autosave-state]")).to_have_attribute("data-state", "saved", timeout=PATIENCE_MS)

    # Proves who signs, and signs
    presses(ada, "Check and sign")
    ada.on("Check and sign")
    opens(ada, page.locator("main a", has_text="Confirm that it is you"))
    page.wait_for_url("**/reauthenticate/**")
    types(ada, "Password", accounts.PASSWORD)
    presses(ada, "Confirm")
    ticks(ada, page.get_by_role("checkbox", name="I have read the preview"))
    presses(ada, "Sign the opinion")
    ada.reads("You have signed the opinion")


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
    expect(rows.nth(1)).to_be_visible()
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
