"""One small world for the authorisation matrix: the same case four times over, as each person may or may not reach it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone

from cases.actions import holds, messages, reports
from cases.actions.release import release
from cases.models import Case, Grant, Report
from cases.states import HoldOwner, Level, Phase
from portal.accounts.actions import create_token, invite
from portal.accounts.models import TokenScope, User
from portal.core import storage
from portal.core.access import Actor
from portal.core.states import Role
from records.actions import custody, links, uploads
from records.models import Document, File, Instance, RequestLetter, Series, Study, UploadLink
from records.rules.tus import Described
from records.states import PhysicalKind
from specialists.models import Assignment
from tests.factories import files
from tests.factories.accounts import AdministratorFactory, CoordinatorFactory, UserFactory
from tests.factories.cases import make_case
from tests.factories.catalogue import published_catalogue
from tests.factories.records import run_jobs, upload
from tests.factories.specialists import make_assignment, make_offer, make_report, make_specialist
from tests.records.test_objects import MP4, filmed

OWN, OTHER, REVOKED, MISSING = "own", "other's", "revoked", "missing"


@dataclass
class Part:
    """A case in one stage with all that hangs on it. `uploads` are unfinished ones by the role that sends them."""

    case: Case
    assignment: Assignment | None = None
    hold: UUID | None = None
    batch: UUID | None = None
    uploads: dict[Role, UUID] = field(default_factory=dict)
    file: UUID | None = None
    video: UUID | None = None
    document: UUID | None = None
    study: Study | None = None
    series: Series | None = None
    instance: Instance | None = None
    link: UploadLink | None = None
    token: str = ""
    secret: str = ""
    """Of the browser that redeemed the link."""
    letter: UUID | None = None
    thing: UUID | None = None
    sending: UUID | None = None
    """An unfinished upload of the link's holder."""


@dataclass
class World:
    people: dict[Role, User]
    stages: dict[str, dict[str, Part]]
    """Stage (draft, offer, review, delivered) to object (own, other's, revoked) to what it is."""
    invitation: UUID
    secret: str
    token: UUID
    colleague: UUID
    version: UUID


def _records(part: Part, number: int) -> None:
    """A paper and a CT, read by the real pipeline, and uploads that were begun."""
    case = part.case
    batch = uuid4()
    name = f"{case.patient.family_name}^Testina"
    image = files.dicom(study=number, PatientName=name, PatientBirthDate="19610402")
    upload(case, image, "slice.dcm", batch=batch)
    video = filmed("1.2.840.10008.1.2.4.102", MP4, study=number, PatientName=name, PatientBirthDate="19610402")
    upload(case, video, "video.dcm", batch=batch)
    upload(case, files.pdf("Sample Hospital", f"Example letter {number}"), "letter.pdf", batch=batch)
    part.batch = batch


def _find_records(part: Part) -> None:
    case = part.case
    part.instance = Instance.objects.select_related("series__study").get(series__study__case=case, frames__gt=0)
    part.series = part.instance.series
    part.study = part.series.study
    document = Document.objects.get(case=case)
    part.document, part.file = document.pk, document.file_id
    part.video = Instance.objects.get(series__study__case=case, frames=0).file_id


def _begin_uploads(part: Part, senders: dict[Role, User]) -> None:
    for role, user in senders.items():
        begun = uploads.create(case=part.case, described=Described("more.bin", "", uuid4(), ""), size=10, by=user)
        part.uploads[role] = begun.pk


def _make_link(part: Part, patient: User) -> None:
    """A link that a hospital has redeemed and begun to send by."""
    made, part.token = links.make(case=part.case, label="Sample Hospital", items=[], days=14, by=Actor.of(patient))
    part.secret = links.redeem(link=made, name="Dr Ada Sample", place="Sample Hospital")
    part.link = made
    part.thing = custody.announce(
        case=part.case, kind=PhysicalKind.SLIDES, label="Example slides", pieces=2, by=Actor.of(patient)
    ).pk
    pdf = storage.write_stream([b"%PDF-1.7 an example"], case_id=part.case.pk, kind="original")
    part.letter = RequestLetter.objects.create(
        case=part.case,
        key="access_request",
        provider="Sample Hospital",
        parts={"subject": "Please send these records", "paragraphs": ["The example chest CT."]},
        capacity="self",
        signed_by=patient,
        pdf=pdf,
        sha256="0",
    ).pk
    described = Described("more.bin", "", uuid4(), "")
    part.sending = uploads.create(case=part.case, described=described, size=10, by=None, grant=made.grant).pk


def _deliver(part: Part, coordinator: User) -> None:
    report: Report = make_report(assignment=part.assignment)
    pdf = storage.write_stream([b"%PDF-1.7 an example"], case_id=part.case.pk, kind="derived")
    reports.keep_pdf(report=report, stored=pdf, by=Actor.job("cases.render_report"))
    part.case.refresh_from_db()
    release(case=part.case, by=Actor.of(coordinator))


def build() -> World:
    """Everything through the factories, hence through the real actions; only the grants are cut at the end."""
    version = published_catalogue().pk
    coordinator, colleague = CoordinatorFactory(), CoordinatorFactory()
    administrator = AdministratorFactory()
    patients = [UserFactory(), UserFactory()]
    doctors = [make_specialist(capacity=50), make_specialist(capacity=50)]
    people = {
        Role.PATIENT: patients[0],
        Role.COORDINATOR: coordinator,
        Role.SPECIALIST: doctors[0],
        Role.ADMINISTRATOR: administrator,
    }
    stages: dict[str, dict[str, Part]] = {"draft": {}, "offer": {}, "review": {}, "delivered": {}}
    for number, which in enumerate((OWN, OTHER, REVOKED), start=1):
        patient, doctor = (patients[1], doctors[1]) if which == OTHER else (patients[0], doctors[0])

        def case(phase: str = Phase.MATCHING, owner: Any = patient) -> Case:
            return make_case(phase=phase, owner=owner, condition="valve", filled=True)

        stages["draft"][which] = Part(case(Phase.DRAFT))
        offered = Part(case())
        offered.assignment = make_offer(case=offered.case, specialist=doctor)
        Case.objects.filter(pk=offered.case.pk).update(proposed_level=Level.URGENT)
        stages["offer"][which] = offered
        review = Part(case())
        _records(review, number)
        review.assignment = make_assignment(case=review.case, specialist=doctor)
        review.case.refresh_from_db()
        _begin_uploads(review, {Role.PATIENT: patient, Role.COORDINATOR: coordinator})
        _make_link(review, patient)
        desk = Actor.of(coordinator)
        review.hold = holds.open(
            case=review.case, reason="records", owner=HoldOwner.PATIENT, asks="Send the example echo.", by=desk
        ).pk
        messages.send(case=review.case, by=desk, body="An example message.")
        stages["review"][which] = review
        delivered = Part(case())
        delivered.assignment = make_assignment(case=delivered.case, specialist=doctor)
        _deliver(delivered, coordinator)
        stages["delivered"][which] = delivered
    run_jobs()
    for parts in stages.values():
        for which, part in parts.items():
            if part.batch is not None:
                _find_records(part)
            if which == REVOKED:
                Grant.objects.filter(case=part.case).update(revoked_at=timezone.now())
            elif which == OTHER:  # a case that the desk was never given, either
                Grant.objects.filter(case=part.case, role=Role.COORDINATOR).delete()
    invitation, link = invite(
        email="invited@example.test", name="Ada Sample", role=Role.SPECIALIST, by=Actor.of(administrator)
    )
    secret = link.rstrip("/").rpartition("/")[2]
    token, _ = create_token(
        user=coordinator, scope=TokenScope.DICOMWEB, case_id=None, days=1, by=Actor.of(administrator)
    )
    return World(people, stages, invitation.pk, secret, token.pk, colleague.pk, version)


def original(part: Part) -> File:
    return File.objects.get(pk=part.file)
