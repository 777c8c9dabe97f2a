"""What the tests of the specialist's and the desk's pages share: a signed-in browser, a page of a review, a case with records."""

from __future__ import annotations

from django.test import Client
from django.utils import timezone

from cases.models import Case
from cases.states import Phase
from portal.accounts.models import User
from specialists.models import Assignment
from tests.factories.accounts import PASSWORD
from tests.factories.cases import make_case
from tests.factories.files import dicom, pdf
from tests.factories.records import run_jobs, upload
from tests.factories.specialists import make_assignment


def browser(user: User, *, proved: bool = False) -> Client:
    client = Client()
    client.force_login(user)
    if proved:
        assert client.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302
    return client


def page(held: Assignment, part: str = "") -> str:
    return f"/reviews/{held.pk}/{part}"


def with_records() -> Assignment:
    case = make_case(phase=Phase.COLLECTING, condition="valve")
    upload(case, dicom(PatientBirthDate="19610402", PatientName="EXAMPLE^TESTINA"), "IM1.dcm")
    upload(case, pdf("Clinic letter", "12 March 2026", "Impression: an example. Plan: wait."), "Letter.pdf")
    run_jobs()
    Case.objects.filter(pk=case.pk).update(phase=Phase.MATCHING, complete_at=timezone.now())
    return make_assignment(case=Case.objects.get(pk=case.pk))
