"""A disc on which another person's images lie: kind words for the patient, both sides for the coordinator, and what else a disc carries."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from playwright.sync_api import expect

from tests.factories import files
from tests.journeys.browser import PATIENCE_MS, Person
from tests.journeys.service import Service
from tests.records import test_objects as objects

READY = """
from django.conf import settings
from django.test import Client
from allauth.mfa.totp.internal.auth import TOTP
from cases.models import Patient
from cases.states import Phase
from tests.factories.accounts import CoordinatorFactory
from tests.factories.cases import make_case
mine = make_case(phase=Phase.COLLECTING)
Patient.objects.filter(pk=mine.patient_id).update(family_name="Example", birth_date="1961-05-04")
desk = CoordinatorFactory(email="ines@mixed.example")
TOTP.activate(desk, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
for person in (mine.opened_by, desk):
    client = Client()
    client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])
    print(client.cookies[settings.SESSION_COOKIE_NAME].value)
print(mine.ref)
"""
STATES = "from records.models import Study; print(*Study.objects.filter(case__ref='{ref}').order_by('uid').values_list('state', flat=True))"


def disc(folder: Path) -> Path:
    """The patient's own CT with a report, key images and an ECG; a stranger's CT; a study that names two people."""
    folder.mkdir()
    contents = {
        "IM0001": files.dicom(size=64),
        "SR0001": objects.report(),
        "KO0001": objects.key_objects(),
        "EC0001": objects.tracing(),
        "IM0002": files.dicom(
            study=2, PatientName="SOMEBODY^ELSE", PatientID="X-7", PatientBirthDate="19300203", PatientSex="M"
        ),
        "IM0003": files.dicom(study=3, instance=1),
        "IM0004": files.dicom(study=3, instance=2, PatientName="NEIGHBOUR^NORA", PatientID="N-3"),
    }
    if shutil.which("ffmpeg"):
        contents["VI0001"] = objects.film("1.2.840.10008.1.2.4.102", "-c:v", "libx264", "-f", "h264")
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder


def test_another_persons_images_are_held_until_a_coordinator_decides(
    service: Service, meet: Callable[..., Person], tmp_path: Path
) -> None:
    session, desk_session, ref = service.django(READY).split()
    testina = meet("patient")
    testina.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": service.url}])
    testina.go(f"/cases/{ref}/records/")
    with testina.page.expect_file_chooser() as chooser:
        testina.press("Choose a folder")
    chooser.value.set_files(disc(tmp_path / "disc"))
    held = testina.page.get_by_text("A person is checking this", exact=True)
    expect(held).to_have_count(2, timeout=3 * PATIENCE_MS)
    testina.reads(
        "The name, birth date or sex on these images is not the one in your request. A person is checking this.",
        "These images carry the names or numbers of two people. A person is checking which belong to this case.",
        "Images somebody marked as important “Of Interest”: 1 image",
        "12-lead ECG",
        "Chest CT Report",
    )
    assert "ELSE SOMEBODY" not in testina.page.content().upper(), "another person's name is shown to the patient"
    testina.checks_page()
    testina.follow("12-lead ECG")
    testina.on("12-lead ECG")
    testina.checks_page()
    if shutil.which("ffmpeg"):
        testina.go(f"/cases/{ref}/records/")
        testina.page.locator(".co-record__besides a").click()
        testina.until(
            lambda: testina.page.evaluate("document.querySelector('video').readyState >= 2"), "the video is there"
        )
        assert testina.page.evaluate("document.querySelector('video').videoWidth") == 64
        testina.checks_page()

    ines = meet("coordinator")
    ines.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": desk_session, "url": service.url}])
    ines.go(f"/desk/cases/{ref}/")
    ines.reads("Set aside: the images say", "Set aside: the images name two people.")
    ines.page.locator(".co-record", has_text="Set aside: the images say").get_by_role("link", name="Decide").click()
    ines.on("Are these images this patient’s?")
    ines.reads("Case says", "Testina Example", "ELSE SOMEBODY", "3 Feb 1930", "male", "X-7", "Differs")
    ines.checks_page()
    ines.follow("No: remove these images")
    ines.page.locator("main form button[type=submit]").first.click()
    ines.page.wait_for_url(lambda url: "/remove/" not in url)

    ines.go(f"/desk/cases/{ref}/")
    ines.page.locator(".co-record", has_text="the images name two people").get_by_role("link", name="Decide").click()
    ines.reads("One study belongs to one person.", "N-3", "T-1")
    ines.checks_page()
    ines.page.get_by_role("button", name="NORA NEIGHBOUR N-3").click()
    ines.reads("1 file is removed.")
    ines.fill("How do you know", "The neighbour was copied on the same disc.")
    ines.press("Yes, show them")
    ines.page.wait_for_url(lambda url: "/release/" not in url)
    assert service.django(STATES.format(ref=ref)).split() == ["ready", "removed", "ready"]

    testina.go(f"/cases/{ref}/records/")
    expect(testina.page.get_by_text("A person is checking this", exact=True)).to_have_count(0)
