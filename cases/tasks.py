"""Jobs about cases: they tell people that something waits, never what."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from cases import report_tasks  # noqa: F401 - registers the report's job beside these
from cases.actions import watch
from cases.models import Case, Hold, Message, Report
from cases.queries import desk
from cases.queries.people import patient_side
from cases.states import OPEN, ClockSignal, HoldOwner
from portal.accounts.models import User
from portal.core import mail
from portal.core.jobs import Run, job
from portal.core.states import Role


def absolute(name: str, case: Case) -> str:
    """An address of this portal for an e-mail: the reference is the only thing in it that belongs to a case."""
    return f"{settings.BASE_URL}{reverse(name, args=[case.ref])}"


def tell(run: Run, case: Case, people: Iterable[User], template: str, url: str) -> None:
    """Send to each person. The claim is renewed before each letter, so that a worker that lost it stops."""
    for person in people:
        run.renew()
        mail.send(to=person, template=template, ref=case.ref, url=url)


@job("cases.mail_received")
def mail_received(run: Run, subject_id: str) -> None:
    """The request arrived."""
    case = Case.objects.get(pk=UUID(subject_id))
    tell(run, case, patient_side(case), "request_received", absolute("patient:case", case))


@job("cases.mail_message")
def mail_message(run: Run, subject_id: str) -> None:
    """A message waits. What the patient writes is told to the coordinator who looks after the case, if there is one."""
    message = Message.objects.select_related("case", "case__coordinator").get(pk=UUID(subject_id))
    case = message.case
    if message.read_at is not None:
        return
    if message.from_staff:
        tell(run, case, patient_side(case), "message", absolute("cases:messages", case))
    elif case.coordinator is not None and case.coordinator.is_active:
        tell(run, case, [case.coordinator], "message_desk", absolute("desk:case", case))


@job("cases.mail_hold")
def mail_hold(run: Run, subject_id: str) -> None:
    """We need something from the patient."""
    hold = Hold.objects.select_related("case").get(pk=UUID(subject_id))
    if hold.owner == HoldOwner.PATIENT and hold.until is None:
        tell(run, hold.case, patient_side(hold.case), "needed", absolute("patient:case", hold.case))


@job("cases.mail_report")
def mail_report(run: Run, subject_id: str) -> None:
    """The report can be read."""
    case = Case.objects.get(pk=UUID(subject_id))
    tell(run, case, patient_side(case), "report_ready", absolute("patient:case", case))


@job("cases.mail_declined")
def mail_declined(run: Run, subject_id: str) -> None:
    """There is a decision about the request; what it is stands behind the sign-in."""
    case = Case.objects.get(pk=UUID(subject_id))
    tell(run, case, patient_side(case), "decision", absolute("patient:case", case))


@job("cases.mail_withdrawn")
def mail_withdrawn(run: Run, subject_id: str) -> None:
    """A receipt for taking the request back."""
    case = Case.objects.get(pk=UUID(subject_id))
    tell(run, case, patient_side(case), "withdrawn", absolute("patient:case", case))


@job("cases.turnaround_tick", every_seconds=60)
def turnaround_tick(run: Run) -> None:
    """The watch: every minute, each case whose clock runs."""
    for case in desk.open_for_watch():
        with run.commit():
            watch.look(case=case, by=run.actor)


@job("cases.mail_clock")
def mail_clock(run: Run, subject_id: str, signal: str) -> None:
    """A warning goes to the case's coordinator and its specialist; a breach to the whole desk and the administrators too."""
    case = Case.objects.select_related("coordinator", "assignee").get(pk=UUID(subject_id))
    if case.phase not in OPEN:
        return
    people = {person for person in (case.coordinator, case.assignee) if person is not None and person.is_active}
    if signal == ClockSignal.BREACH or case.coordinator is None:
        people |= set(desk.coordinators())
    if signal == ClockSignal.BREACH:
        people |= set(desk.administrators())
    for person in sorted(people, key=lambda one: one.email):
        run.renew()
        reviews = f"{settings.BASE_URL}{reverse('reviews:list')}"
        pages = {Role.COORDINATOR: absolute("desk:case", case), Role.SPECIALIST: reviews}
        page = pages.get(Role(person.role), f"{settings.BASE_URL}/")
        mail.send(to=person, template=f"clock_{signal}", ref=case.ref, url=page)


@job("cases.mail_report_failed")
def mail_report_failed(run: Run, subject_id: str) -> None:
    """A signed report could not be drawn: the whole desk hears of it, since a patient waits."""
    report = Report.objects.select_related("case").get(pk=UUID(subject_id))
    if report.pdf_object_id is None:
        tell(run, report.case, desk.coordinators(), "report_failed", absolute("desk:case", report.case))
