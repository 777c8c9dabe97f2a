"""What people really send: a disc with its viewer, a ZIP with a password, a photo from a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.factories.discs import ICON, PROGRAM, make_locked_zip
from tests.factories.documents import make_image, make_pdf
from tests.factories.files import dicom
from tests.journeys import patient
from tests.journeys.browser import PATIENCE_MS, PHONE, Person
from tests.journeys.service import Service

ARRIVED = """
from tests.factories import records as make
from django.test import Client
case = make.case()
client = Client()
client.force_login(case.opened_by)
print(case.ref, client.cookies["sessionid"].value)
"""


@pytest.fixture
def testina(service: Service, meet: Callable[..., Person]) -> Person:
    """Signed in, with a case that waits for records, on its page. How one gets there is another journey's."""
    ref, session = service.django(ARRIVED).split()[-2:]
    person = meet("patient")
    person.context.add_cookies([{"name": "sessionid", "value": session, "url": service.url}])
    person.go(f"/cases/{ref}/records/")
    person.on("Scans and papers")
    return person


def chooses(person: Person, what: Path, button: str = "Choose files") -> None:
    with person.page.expect_file_chooser() as chooser:
        person.press(button)
    chooser.value.set_files(what)


def waits_for(person: Person, text: str) -> None:
    expect(person.page.locator("#records-live").get_by_text(text).first).to_be_visible(timeout=3 * PATIENCE_MS)


def test_a_disc_folder_with_viewer_programs(testina: Person, tmp_path: Path) -> None:
    disc = tmp_path / "CD"
    content = {
        "AUTORUN.INF": b"[autorun]\r\nopen=viewer.exe\r\n",
        "viewer.exe": PROGRAM,
        "VIEWER/lib.dll": PROGRAM + b"2",
        "VIEWER/logo.ico": ICON,
        "VIEWER/help/index.html": b"<html><body>Help</body></html>",
        "VIEWER/help/step.jpg": make_image(),
        "REPORT/report.pdf": make_pdf(),
    } | {f"DICOM/{n:08d}": dicom(instance=n) for n in (1, 2, 3, 4, 7, 8)}
    for path, body in content.items():
        (disc / path).parent.mkdir(parents=True, exist_ok=True)
        (disc / path).write_bytes(body)
    chooses(testina, disc, "Choose a folder")
    testina.reads(f"Everything is sent: {len(content)} of {len(content)}.")
    with testina.expecting(r"documents/.*/thumbnail"):  # a help page's picture is there until the whole disc is sorted
        patient.reads_receipt(
            testina,
            "6 viewer program files left out",
            "Images 1–4 and 7–8: 2 seem to be missing between them.",
            "CT chest",
            "1 page",
        )
    expect(testina.page.get_by_text("refused")).to_have_count(0)
    with testina.page.expect_download() as taken:
        testina.follow("Download the receipt (PDF)")
    assert Path(taken.value.path()).read_bytes().startswith(b"%PDF-")


def test_a_zip_with_a_password(testina: Person, tmp_path: Path) -> None:
    locked = tmp_path / "results.zip"
    locked.write_bytes(make_locked_zip({"letter.pdf": make_pdf(), "IM1": dicom()}, "Sunny 7"))
    chooses(testina, locked)
    waits_for(testina, "1 file needs a password")
    testina.checks_page()
    testina.follow("Enter the password")
    testina.on("Enter the password")
    testina.checks_page()
    testina.fill("Password of the file", "sunny 7")
    testina.press("Open the file")
    waits_for(testina, "That password does not open this ZIP file.")
    testina.follow("Enter the password")
    testina.reads("The last password did not open the file.")
    testina.fill("Password of the file", "Sunny 7")
    testina.press("Open the file")
    waits_for(testina, "CT chest")
    testina.checks_page()


def test_a_photo_from_a_phone(testina: Person, tmp_path: Path) -> None:
    """Taken upright with the camera on its side, as phones do; on a small screen."""
    testina.page.set_viewport_size(PHONE)
    photo, apple = tmp_path / "IMG_0815.JPG", tmp_path / "IMG_0816.HEIC"
    photo.write_bytes(make_image(size=(640, 400), orientation=6))
    apple.write_bytes(make_image("HEIF", size=(640, 400)))
    with testina.page.expect_file_chooser() as chooser:
        testina.press("Choose files")
    chooser.value.set_files([photo, apple])
    waits_for(testina, "IMG_0816")
    waits_for(testina, "IMG_0815")
    testina.checks_page()
    testina.follow("IMG_0815")
    shown = testina.page.locator("img.co-paper__image").first
    expect(shown).to_be_visible()
    assert shown.evaluate("(image) => image.decode().then(() => image.naturalHeight > image.naturalWidth)")
    testina.checks_page()
