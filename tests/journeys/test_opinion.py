"""The whole of it: three people in three browsers, from a request to a signed opinion that is read and taken away."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pikepdf

from tests.journeys import accounts, desk, patient, specialist
from tests.journeys.browser import Person
from tests.journeys.service import Service, wait_until

TESTINA, INES, ADA = (f"{name}@opinion.example" for name in ("testina", "ines", "ada"))


def test_one_case_goes_all_the_way(service: Service, meet: Callable[..., Person], tmp_path: Path) -> None:
    # Given a coordinator and a specialist, invited by the administrator
    admin, coordinator, doctor, testina = (
        meet(role) for role in ("administrator", "coordinator", "specialist", "patient")
    )
    accounts.first_administrator(service, admin, "admina@opinion.example")
    accounts.accepts_invitation(coordinator, accounts.invites(admin, "Ines Sample", INES, "Coordinator"))
    accounts.accepts_invitation(doctor, accounts.invites(admin, "Dr Ada Sample", ADA, "Specialist"))
    specialist.gets_profile(admin, "Dr Ada Sample")

    # When a patient with records asks for a second opinion
    patient.passes_screening(testina)
    testina.follow("Make an account")
    accounts.signs_up(testina, "Testina Example", TESTINA)
    case = patient.opens_case(testina)
    ref = case.split("/")[2]
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

    # And the coordinator asks something, gets an answer, and finds the right specialist
    desk.opens_from_queue(coordinator, ref)
    desk.asks_patient(coordinator)
    testina.go(service.mailed_link(TESTINA, ref))
    testina.go(case)
    patient.answers_question(testina, desk.QUESTION)
    desk.opens_from_queue(coordinator, ref)
    coordinator.reads("No. I asked my doctor for it")
    desk.accepts(coordinator)
    desk.offers_to_best(coordinator, "Dr Ada Sample")

    # And the specialist looks, writes and signs
    specialist.looks_at_offer(doctor, ref)
    specialist.accepts(doctor)
    specialist.looks_at_images(doctor)
    specialist.cites_image(doctor, "diagnosis.reasons")
    specialist.writes(doctor)
    specialist.loses_network(doctor)
    specialist.writes_in_two_tabs(doctor)
    specialist.signs(doctor)

    # Then the coordinator releases the report, and the patient is told without a clinical word
    desk.releases(coordinator, ref)
    wait_until(lambda: "report" in subjects(service).lower(), "the e-mail about the report")
    assert not re.search(r"\b(valve|heart|CT|surgery|Testina|Ada)\b", words(service), re.IGNORECASE), words(service)

    # And reads it and takes it away
    told = patient.reads_report(testina, ref)
    with pikepdf.open(io.BytesIO(told)) as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang).startswith("en")
        assert ref in str(pdf.docinfo.get("/Title", "")), pdf.docinfo
        pictures = [str(one.Alt) for one in pdf.objects if isinstance(one, pikepdf.Dictionary) and "/Alt" in one]
        assert any("CT" in words for words in pictures), "the cited image is not in the PDF"
    assert opened(service, ref) == {"patient", "coordinator"}

    # And every step of the specialist into the case stands in the audit log: the preview first, the records only after it
    steps = audited(service, ref, "specialist")
    seen = [one for one in steps if one != "GET reviews:list"]
    assert seen[0] == "GET reviews:offer", steps
    looked = {"GET reviews:workspace", "GET viewer:page", "GET dicomweb:case:series-metadata", "GET reviews:sign"}
    assert looked <= set(steps), sorted(set(steps))
    accepted = steps.index("POST reviews:offer")
    assert not [one for one in steps[:accepted] if one.startswith("GET dicomweb:")]


def subjects(service: Service) -> str:
    return "\n".join(str(one["Subject"]) for one in service.mail(TESTINA))


def words(service: Service) -> str:
    """What the e-mails about the case say, without addresses in them."""
    texts = [
        f"{one['Subject']}\n{one.get_content()}"
        for one in service.mail(TESTINA)
        if "/confirm-email/" not in one.get_content()
    ]
    return re.sub(r"https?://\S+|\S+@\S+|Hello.*", "", "\n".join(texts))


def opened(service: Service, ref: str) -> set[str]:
    """Who looked at the report, by role, as the audit log has it."""
    code = (
        "from cases.models import Case, Report\nfrom portal.core.models import AuditEntry\n"
        f"report = str(Report.objects.get(case__ref={ref!r}).pk)\n"
        "print(*{one.actor_role for one in AuditEntry.objects.all() if report in one.subjects})"
    )
    return set(service.django(code).split())


def audited(service: Service, ref: str, role: str) -> list[str]:
    """What somebody of this role did with the case and was let do, oldest first."""
    code = (
        "from cases.models import Case\nfrom portal.core.models import AuditEntry\n"
        f"case = str(Case.objects.get(ref={ref!r}).pk)\n"
        f"rows = AuditEntry.objects.filter(actor_role={role!r}, outcome='ok').order_by('id')\n"
        "print(*(one.action for one in rows if case in one.cases), sep='\\n')"
    )
    return service.django(code).splitlines()
