"""What a patient does, from the home page to a sent request, and with the report at the end."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from django.utils import timezone
from playwright.sync_api import expect

from portal.pages.demo.synthetic import Examination, Letter, ct_series, letter_pdf, us_cine
from tests.factories.documents import make_pdf
from tests.journeys.browser import PATIENCE_MS, Person

CT_IMAGES = 12
QUESTIONS = ("Do I need this surgery now, or can I wait?", "Is a valve through a catheter as good for me?")

BUNDLE = "application/vnd.consilium.files"


def records_folder(folder: Path) -> Path:
    """A disc as hospitals hand it out: a CT, an ultrasound film, a letter, and a letter that needs a password."""
    (folder / "DICOM").mkdir(parents=True)
    day = timezone.localdate() - timedelta(days=30)
    chest = Examination(on=day, description="CT Chest")
    heart = Examination(on=day, description="Echocardiography transthoracic (TTE)", seed="echo")
    for number, image in enumerate(ct_series(CT_IMAGES, 128, chest), 1):
        (folder / "DICOM" / f"IM{number:04d}").write_bytes(image)
    (folder / "DICOM" / "IM0100").write_bytes(us_cine(8, 120, 160, heart))
    (folder / "Clinic letter.pdf").write_bytes(letter_pdf(Letter(on=day)))
    (folder / "Locked letter.pdf").write_bytes(make_pdf(password="secret"))
    return folder


def passes_who(person: Person) -> None:
    """The first question: the patient asks for herself."""
    person.on("Who needs the second opinion?")
    person.checks_page()
    person.choose("Are you 18 or older?", "Yes, and this is about me")
    person.press("Continue")


def passes_screening(person: Person, field: str = "Heart") -> None:
    """Home page, then the questions before the account."""
    person.go("/")
    person.checks_page()
    person.follow("Start here")
    passes_who(person)
    person.on("Where are you?")
    person.checks_page()
    person.select("Where are you right now?", "United States")
    person.select("Which state", "Massachusetts")
    person.press("Continue")
    for heading in ("First, is it safe to wait?", "What is your question about?", "A few more safety questions"):
        person.on(heading)
        person.checks_page()
        if heading == "What is your question about?":
            person.page.get_by_role("radio", name=field, exact=True).check()
        else:
            person.page.get_by_role("checkbox", name="None of these").check()
        person.press("Continue")
    person.on("Is this the right service?")
    person.checks_page()
    person.choose("Are you in the hospital now?", "No")
    person.choose("Has a doctor seen you in person", "Yes")
    person.choose("Is this for a court case", "No")
    person.press("Continue")
    person.on("What has happened so far?")
    person.checks_page()
    person.choose("Has a test shown", "Yes")
    person.choose("Do you have a date for surgery", "No, or not yet")
    person.press("Continue")
    person.on("We can help you")
    person.checks_page()


def stops_at_an_emergency(person: Person) -> None:
    """Chest pain now: the number to call and nothing else, and nothing is kept."""
    person.go("/start/")
    passes_who(person)
    person.select("Where are you right now?", "United States")
    person.select("Which state", "Massachusetts")
    person.press("Continue")
    person.page.get_by_role("checkbox", name="Does your chest hurt").check()
    person.press("Continue")
    person.on("Get help now")
    person.reads("911", "We keep nothing of what you told us")
    person.checks_page()


def opens_case(person: Person) -> str:
    """The last question; returns the address of the case."""
    person.on("Open your request")
    person.checks_page()
    person.reads("this request is about you")
    person.press("Open my request")
    person.reads("Not sent yet")
    person.checks_page()
    return person.page.url.removeprefix(person.service.url)


def fills_about(person: Person) -> None:
    person.follow("Name, place and phone")
    person.on("About you")
    person.fill("First name", "Testina")
    person.fill("Last name", "Example")
    person.date("Date of birth", 14, 3, 1962)
    person.choose("Sex", "Female")
    person.select("State, if in the United States", "Massachusetts")
    person.fill("Phone number", "+1 555 010 9999")
    person.reads("Saved ")
    person.checks_page()
    person.press("Save and continue")


def fills_problem(person: Person) -> None:
    person.follow("The problem and what was recommended")
    person.on("The problem")
    person.choose("What brings you here?", "A doctor said that I need a big operation")
    person.fill("Which operation is planned?", "A new aortic valve")
    person.choose("Which of these comes closest?", "A heart valve that is tight or leaks")
    person.fill("A short name for your request", "Heart valve surgery?")
    person.fill("What did your doctor say it is?", "The main heart valve is too tight.")
    person.fill("What did your doctor advise you to do?", "An open operation in the next three months.")
    person.checks_page()
    person.press("Save and continue")


def fills_questions(person: Person) -> None:
    person.follow("Your questions for the doctor")
    person.on("Your questions")
    person.fill("Question 1", QUESTIONS[0])
    person.press("Save and add another")
    person.fill("Question 2", QUESTIONS[1])
    person.reads("Saved ")
    person.checks_page()
    person.press("Save and continue", exact=True)


def fills_health(person: Person) -> None:
    person.follow("Health background")
    person.on("Health")
    person.fill("What bothers you most?", "I get short of breath on the stairs since January.")
    person.fill("Which medicines do you take", "Ramipril 5 mg, once a day")
    person.fill("Are you allergic", "none")
    person.choose("Did you have an operation for this problem?", "No")
    person.choose("Are some of your papers in a language other than English?", "No")
    person.choose("Do you have a pacemaker", "No")
    person.checks_page()
    person.press("Save and continue")


def sends_records(person: Person, folder: Path) -> None:
    """Chooses a folder; the page tells what became of each file, in words, and gives a receipt."""
    person.follow("Scans and papers")
    person.on("Scans and papers")
    person.checks_page()
    with person.page.expect_file_chooser() as chooser:
        person.press("Choose a folder")
    with person.page.expect_request(
        lambda one: one.headers.get("content-type") == BUNDLE
    ):  # many small files go together
        chooser.value.set_files(folder)
    count = sum(1 for path in folder.rglob("*") if path.is_file())
    person.reads(f"Everything is sent: {count} of {count}.")


def reads_receipt(person: Person, *texts: str) -> None:
    """Waits for the worker, then opens the newest receipt."""
    receipt = person.page.locator("#records-live").get_by_role("link", name="Receipt").first
    expect(receipt).to_be_visible(timeout=3 * PATIENCE_MS)
    person.checks_page()
    receipt.click()
    person.on("Receipt for your files")
    person.reads(*texts)
    person.checks_page()


def agrees(person: Person) -> None:
    """Every page of consent, one by one."""
    person.follow("What you agree to")
    person.page.wait_for_url("**/consent/*/")
    first = True
    while "/consent/" in person.page.url:
        if first:
            person.checks_page()
            first = False
        page, here = person.page, person.page.url
        if page.get_by_role("checkbox").count():
            page.get_by_role("checkbox").check()
        else:
            page.get_by_role("radio", name="No", exact=True).check()
        person.press("Continue")
        person.until(lambda page=page, here=here: page.url != here, "the next page of consent")
        page.wait_for_load_state()  # what stands on it is counted at once


def sends_request(person: Person) -> None:
    person.reads("You can send your request now")
    person.checks_page()
    person.follow("Check and send")
    person.on("Check your answers")
    person.reads("Testina", "Ramipril 5 mg", *QUESTIONS)
    person.checks_page()
    person.press("Send my request")
    person.on("Your request is sent")
    person.checks_page()
    person.follow("Go to my case")
    person.reads("Heart valve surgery?")
    person.checks_page()


def answers_question(person: Person, question: str) -> None:
    """On the case page: it says that something is needed, and a patient's answer goes on with the clock."""
    person.reads("Answer a question", question)
    person.checks_page()
    person.follow("Answer a question")
    person.reads("We asked you", question)
    person.fill("Your answer", "No. I asked my doctor for it, but it is not here yet.")
    person.checks_page()
    person.press("Send my answer")
    person.reads("Your answer to:")
    person.checks_page()


def reads_report(person: Person, ref: str) -> bytes:
    """Opens the report from the case page; returns the PDF that can be taken away."""
    person.go(f"/cases/{ref}/")
    person.checks_page()
    person.follow("Read the report")
    person.on("Your second opinion")
    person.reads("Dr Ada Sample", *QUESTIONS)
    person.checks_page()
    download = person.page.locator("a[download]", has_text="Download the PDF")
    person.reloads_until(download, "the PDF is made")
    with person.page.expect_download() as taken:
        download.click()
    return Path(taken.value.path()).read_bytes()
