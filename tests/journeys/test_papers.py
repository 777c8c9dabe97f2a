"""A health record from a portal fills the answers when the patient says so; a coordinator corrects what a paper is."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from playwright.sync_api import expect

from tests.factories.documents import make_pdf
from tests.factories.health import ccda
from tests.journeys.browser import PATIENCE_MS, Person
from tests.journeys.service import Service

LETTER = (
    "Sample Hospital. Patient: Testina Example. Dear colleague, thank you for seeing this patient. Plan: review in May."
)
READY = """
from django.conf import settings
from django.test import Client
from allauth.mfa.totp.internal.auth import TOTP
from cases.states import Phase
from tests.factories.accounts import CoordinatorFactory
from tests.factories.records import case
mine = case(phase=Phase.DRAFT, specialties=["cardiology"], condition="valve")
desk = CoordinatorFactory(email="ines@papers.example")
TOTP.activate(desk, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
for person in (mine.opened_by, desk):
    client = Client()
    client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])
    print(client.cookies[settings.SESSION_COOKIE_NAME].value)
print(mine.ref)
"""
LETTER_OF = "from records.models import Document; print(Document.objects.get(case__ref='{ref}', title='Scan0001').pk)"


def test_summary_of_a_portal_fills_the_answers_and_the_desk_corrects_a_class(
    service: Service, meet: Callable[..., Person], tmp_path: Path
) -> None:
    session, desk_session, ref = service.django(READY).split()
    folder = tmp_path / "portal"
    folder.mkdir()
    (folder / "summary.xml").write_bytes(ccda())
    (folder / "Scan0001.pdf").write_bytes(make_pdf(LETTER))

    testina = meet("patient")
    testina.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": service.url}])
    testina.go(f"/cases/{ref}/records/")
    with testina.page.expect_file_chooser() as chooser:
        testina.press("Choose a folder")
    chooser.value.set_files(folder)
    found = testina.page.get_by_role("link", name="See medicines, allergies and results")
    expect(found).to_be_visible(timeout=3 * PATIENCE_MS)
    found.click()
    testina.on("What the records say")
    testina.reads(
        "Lisinopril 10 MG Oral Tablet", "Penicillin V", "Results over time", "Reference range 70 to 100 mg/dL"
    )
    testina.checks_page()
    testina.page.get_by_role("button", name=re.compile("Add all of these.*Medicines")).click()
    testina.reads("1 line is in your answers now")
    testina.page.get_by_label("Penicillin V").check()
    testina.press("Add the ticked lines to my answers")
    testina.reads("1 line is in your answers now")
    testina.follow("Look at my answers")
    testina.reads("The papers hold a list that can help you here")
    expect(testina.page.get_by_label("Which medicines do you take")).to_have_value(
        re.compile("Lisinopril 10 MG Oral Tablet")
    )
    testina.checks_page()

    ines = meet("coordinator")
    ines.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": desk_session, "url": service.url}])
    ines.go(f"/documents/{service.django(LETTER_OF.format(ref=ref))}/")
    ines.on("Scan0001")
    ines.reads("What this paper is", "English")
    ines.checks_page()
    about = ines.page.locator("#about")
    about.get_by_role("link", name="Change kind of paper").click()
    about.get_by_label("What kind of paper is it?").select_option(label="Referral")
    ines.checks_page()
    about.get_by_role("button", name="Save").click()
    expect(about).to_contain_text("set by")
    about.get_by_role("link", name="Change date").click()
    for label, value in (("Day", "31"), ("Month", "2"), ("Year", "2026")):
        about.get_by_label(label, exact=True).fill(value)
    with ines.expecting("422"):
        about.get_by_role("button", name="Save").click()
        expect(about).to_contain_text("Enter a real date")
    for label, value in (("Day", "3"), ("Month", "2"), ("Year", "2026")):
        about.get_by_label(label, exact=True).fill(value)
    about.get_by_role("button", name="Save").click()
    expect(about).to_contain_text("3 February 2026")
    ines.checks_page()
    ines.page.reload()
    ines.reads("Referral", "3 February 2026")
