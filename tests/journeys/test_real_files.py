"""Real files of other people's devices and programs, from the folder that TEST_DATA names. They are never copied into the project."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import expect

from tests.factories.documents import make_zip
from tests.journeys import accounts, patient, specialist
from tests.journeys.browser import Person
from tests.journeys.service import Service, wait_until

FOLDER = (
    "dicom/dcm4che/CT-JPEGLosslessSV1.dcm",
    "dicom/dcm4che/MR-JPEGLosslessSV1.dcm",
    "dicom/dcm4che/US-RGB-8-esopecho",
    "documents/ecg-pdf/anonymous_ecg_3x4_1.pdf",
    "documents/ecg-pdf/anonymous_ecg_3x4.png",
    "documents/ccda/Discharge_Summary.xml",
)
ARCHIVE = ("dicom/dcm4che/YBR_FULL-RLE.dcm", "documents/ccda/Operative_Note.xml")
HOSTILE = "hostile/dicom/truncated_130.dcm"
REFUSED = {
    HOSTILE: "Part of this file is missing. It may have been cut off while it was copied. Please send it again.",
    "hostile/archive/truncated.zip": "This packed file is damaged or incomplete. Please send it again.",
    "hostile/xml/cda_xxe_http.xml": "This file asks us to load parts from somewhere else. That is not safe",
    "hostile/image/svg_script.svg": "Please send it as a PDF or as a photo. Scans can come just as they are on the disc of the hospital.",
}
"""What the patient reads about each file that we cannot use: words, and what to do next."""
SENT = """
from django.conf import settings
from django.test import Client
from allauth.mfa.totp.internal.auth import TOTP
from cases.actions import intake
from cases.models import Case
from cases.queries.edition import edition_of
from portal.core.access import Actor
from records.models import Series
from tests.factories.accounts import CoordinatorFactory
from tests.factories.cases import health_answers
case = Case.objects.get(ref="{ref}")
by = Actor.of(case.opened_by)
problem = dict(reason="peace_of_mind", condition="valve", title="Heart valve?", first_diagnosis="A tight valve",
               first_treatment="An operation", matters_most=["independent"])
for key, answers in (("problem", problem), ("questions", dict(questions=["Can I wait?"])), ("health", None)):
    case.refresh_from_db()
    answers = health_answers(case) if answers is None else answers
    intake.save_section(case=case, key=key, answers=answers, complete=True, revision=0, by=by)
intake.give_consents(case=case, answers={{one.key: one.required for one in edition_of(case).consents()}}, by=by)
intake.submit(case=case, by=by)
desk = CoordinatorFactory(email="ines@real.example")
TOTP.activate(desk, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
client = Client()
client.force_login(desk, backend=settings.AUTHENTICATION_BACKENDS[0])
study = Series.objects.filter(study__case=case, modality="CT").first().study
print(client.cookies[settings.SESSION_COOKIE_NAME].value, study.pk, study.uid)
"""
"""Fills in the rest and sends it, as the other journeys do by hand; a coordinator's session and the CT of the folder."""
VIEWER = "document.getElementById('viewer')"


@pytest.fixture
def data(real_files: Path) -> Path:
    missing = [name for name in (*FOLDER, *ARCHIVE, *REFUSED) if not (real_files / name).is_file()]
    assert not missing, f"TEST_DATA names {real_files}, which lacks {missing}"
    return real_files


def test_real_files_are_all_accounted_for(
    service: Service, meet: Callable[..., Person], tmp_path: Path, data: Path
) -> None:
    disc = tmp_path / "disc"
    disc.mkdir()
    for name in (*FOLDER, *REFUSED):
        shutil.copy(data / name, disc / Path(name).name)
    (disc / "more.zip").write_bytes(make_zip({Path(name).name: (data / name).read_bytes() for name in ARCHIVE}))

    testina = meet("patient")
    patient.passes_screening(testina)
    testina.follow("Make an account")
    accounts.signs_up(testina, "Testina Example", "testina@real.example")
    case = patient.opens_case(testina)
    patient.fills_about(testina)
    patient.sends_records(testina, disc)
    patient.reads_receipt(testina, "1 packed or locked file, opened", "truncated_130.dcm")
    testina.page.locator("summary").first.click()
    for name in (*FOLDER, *ARCHIVE, *REFUSED):
        testina.reads(Path(name).name)

    # Other people's names are on these: set aside until a person has looked, and said so
    testina.go(f"{case}records/")
    testina.reads("A person is checking this")
    for name, words in REFUSED.items():
        refused = testina.page.locator("#refused-title ~ ul > li", has_text=Path(name).name)
        expect(refused).to_contain_text(words)
        assert not re.search(r"[a-z]+_[a-z]+", refused.inner_text().replace(Path(name).name, "")), refused.inner_text()
    testina.checks_page()
    ref = case.split("/")[2]
    states = f"from records.models import File\nprint(*File.objects.filter(case__ref={ref!r}).values_list('state', flat=True))"
    wait_until(
        lambda: not {"received", "processing"} & set(service.django(states).split()), "every file has come to an end"
    )

    # A coordinator looks, says whose they are, and the real images open
    session, study, uid = service.django(SENT.format(ref=ref)).split()
    ines = meet("coordinator")
    ines.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": service.url}])
    ines.go(f"{case}records/studies/{study}/release/")
    ines.checks_page()
    ines.fill("How do you know", "The patient said that the hospital used an example name.")
    ines.page.locator("main form.co-form button[type=submit]").first.click()
    ines.page.wait_for_url(lambda url: "/release/" not in url)
    ines.go(f"/viewer/{ref}/?study={uid}")
    ines.until(lambda: ines.page.evaluate(f"{VIEWER}?.dataset.ready === 'true'"), "the viewer is ready")
    drawn = specialist.DRAWN.replace(specialist.APP, f"{VIEWER}.consilium")
    ines.until(lambda: ines.page.evaluate(drawn) > 8, "the real image is drawn")
