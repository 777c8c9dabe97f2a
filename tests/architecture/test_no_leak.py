"""One patient with a name that nobody has goes all the way, and then we look for it where it must never be.

Logs at DEBUG (the database's statements among them), e-mail, jobs, events, audit rows, cache keys, addresses, file names,
sealed bytes and error pages.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from django.conf import settings
from django.core import mail
from django.core.cache.backends.base import BaseCache
from django.core.exceptions import SuspiciousOperation
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cases.actions import intake
from cases.models import Case
from cases.views.listing import MyCases
from portal.accounts.models import User
from portal.core import jobs, logs
from portal.core.access import Actor
from portal.core.models import AuditEntry, Event, Job, StoredObject
from portal.core.states import JobState
from records.models import Document, Study
from records.states import RecordState
from tests.factories import files
from tests.factories.accounts import AdministratorFactory, CoordinatorFactory, UserFactory
from tests.factories.cases import fill, screening
from tests.factories.specialists import make_specialist

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("no-leak")]

CANARIES = (
    "Canaria Testovich Birdcage 1957-08-23 19570823 5550147788 canarymail canaryspecialist canaryreason canaryquestion canarymessage "
    "canaryasks canarynote canaryfile canaryfolder canarypdf canarydescription CANARYID77 canaryaddress canaryerror canaryopinion"
).split()
SOUGHT = re.compile("|".join(map(re.escape, CANARIES)), re.I)


def leaks(text: str) -> list[str]:
    """Each canary found, with what stands around it."""
    return [text[max(0, hit.start() - 60) : hit.end() + 40] for hit in SOUGHT.finditer(text)][:5]


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What a real installation would write at its most talkative."""
    root = logging.getLogger()
    held, level = list(root.handlers), root.level
    logs.configure("DEBUG")
    out = io.StringIO()
    root.handlers[0].setStream(out)  # type: ignore[attr-defined]
    connection.force_debug_cursor = True
    yield out
    connection.force_debug_cursor = False
    root.handlers[:] = held
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def cache_keys(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    used: list[str] = []
    real = BaseCache.make_key

    def make_key(self: BaseCache, key: Any, version: int | None = None) -> str:
        used.append(str(key))
        return real(self, key, version)

    monkeypatch.setattr(BaseCache, "make_key", make_key)
    return used


class Person:
    """A browser that notes every address it was given or sent to."""

    def __init__(self, user: User, addresses: set[str]) -> None:
        self.client = Client(raise_request_exception=False)
        self.client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
        self.addresses = addresses

    def get(self, address: str, status: int = 200) -> HttpResponse:
        return self._seen(address, self.client.get(address), status)

    def post(self, address: str, data: dict[str, Any], status: int = 302) -> HttpResponse:
        return self._seen(address, self.client.post(address, data), status)

    def _seen(self, address: str, response: Any, status: int) -> HttpResponse:
        assert response.status_code == status, (address, response.status_code)
        body = "" if response.streaming else response.content.decode("utf-8", "replace")
        assert not leaks(response.request["QUERY_STRING"])
        self.addresses |= {address, response.headers.get("Location", "")}
        assert not re.search(r'<form(?![^>]*method="post")', body), (
            f"{address}: what is typed here would stand in an address"
        )
        self.addresses |= set(re.findall(r'(?:href|action|src|data-\w*url)="([^"]*)"', body))
        return response


def work() -> int:
    """All waiting jobs, as a worker would run them, recurring ones aside."""
    done = 0
    while found := Job.objects.filter(state=JobState.QUEUED, due_at__lte=timezone.now(), every_seconds=None).first():
        run = jobs.claim(found.pk)
        assert run is not None
        jobs.execute(run)
        found.refresh_from_db()
        assert found.state == JobState.DONE, (found.name, found.error)
        done += 1
    return done


def open_case(patient: User) -> Case:
    """A filled draft whose every free text is a canary."""
    case = intake.open_case(by=patient, screening=screening(), acting_as="self", specialty="cardiology")
    by = Actor.of(patient)
    fill(case, by, "valve")
    about = {
        "given_name": "Canaria",
        "family_name": "Testovich",
        "other_names": "Birdcage",
        "birth_date": "1957-08-23",
        "sex": "female",
        "country": "US",
        "state": "MA",
        "language": "en",
        "phone": "+1 5550147788",
    }
    problem = {
        "reason": "peace_of_mind",
        "condition": "valve",
        "title": "canaryreason",
        "first_diagnosis": "canaryreason",
        "first_treatment": "canaryreason",
        "matters_most": ["independent"],
    }
    intake.save_section(case=case, key="about", answers=about, complete=True, revision=1, by=by)
    intake.save_section(case=case, key="problem", answers=problem, complete=True, revision=1, by=by)
    intake.set_questions(case=case, questions=["What about the canaryquestion?"], by=by)
    case.refresh_from_db()
    return case


def send_file(person: Person, ref: str, name: str, content: bytes) -> None:
    """By tus, as the browser does."""
    import base64

    described = ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}"
        for key, value in {"filename": name, "relativePath": f"canaryfolder/{name}"}.items()
    )
    made = person.client.post(
        reverse("records:uploads", args=[ref]),
        headers={"Tus-Resumable": "1.0.0", "Upload-Length": str(len(content)), "Upload-Metadata": described},
    )
    assert made.status_code == 201, made.content
    person.addresses.add(made.headers["Location"])
    sent = person.client.patch(
        made.headers["Location"],
        content,
        content_type="application/offset+octet-stream",
        headers={"Tus-Resumable": "1.0.0", "Upload-Offset": "0"},
    )
    assert sent.status_code == 204, sent.content


def go_all_the_way(addresses: set[str]) -> Case:
    """From a draft to an opinion begun; every page of the way is opened."""
    patient = UserFactory(email="canarymail@example.test", name="Canaria Testovich")
    desk_user = CoordinatorFactory()
    doctor_user = make_specialist(name="Dr Ada canaryspecialist")
    me, desk, doctor = (Person(one, addresses) for one in (patient, desk_user, doctor_user))
    admin = Person(AdministratorFactory(), addresses)
    case = open_case(patient)
    ref = case.ref
    for name in ("patient:case", "cases:questions", "cases:check", "records:records"):
        me.get(reverse(name, args=[ref]))
    me.get(reverse("cases:section", args=[ref, "about"]))
    me.post(reverse("cases:check", args=[ref]), {})
    image = files.dicom(
        PatientName="Testovich^Canaria",
        PatientID="CANARYID77",
        PatientBirthDate="19570823",
        StudyDescription="canarydescription echo",
    )
    send_file(me, ref, "canaryfile.dcm", image)
    send_file(me, ref, "canaryfile.pdf", files.pdf("canarypdf of Canaria Testovich", "echocardiogram report"))
    send_file(me, ref, "canaryfile.exe", b"MZ canaryfile \0 not a record")
    assert work() > 2
    assert Study.objects.get(case=case).state == RecordState.READY
    document = Document.objects.get(case=case)
    me.get(reverse("records:records", args=[ref]))
    me.get(reverse("records:document", args=[document.pk]))
    me.post(reverse("cases:messages", args=[ref]), {"body": "canarymessage"})
    desk.get(reverse("desk:queue"))
    found = desk.post(reverse("desk:queue"), {"q": "Testovich"}, 200)
    assert "Canaria" in found.content.decode(), "the desk finds a patient by name"
    desk.get(reverse("desk:case", args=[ref]))
    desk.post(reverse("desk:note", args=[ref]), {"note-body": "canarynote"})
    desk.post(reverse("desk:reply", args=[ref]), {"reply-body": "canarymessage back"})
    for step in ("complete", "accept"):
        desk.post(reverse("desk:step", args=[ref, step]), {})
    desk.get(reverse("reviews:assign", args=[ref]))
    offer = {"do": "offer", "specialist": str(doctor_user.pk), "note": "canarynote"}
    desk.post(reverse("reviews:assign", args=[ref]), offer)
    work()
    from specialists.models import Assignment

    pk = Assignment.objects.get(case=case).pk
    doctor.get(reverse("reviews:list"))
    doctor.get(reverse("reviews:offer", args=[pk]))
    doctor.post(reverse("reviews:offer", args=[pk]), {"answer": "accept", "accept-conflict": "none"})
    doctor.get(reverse("reviews:workspace", args=[pk]))
    doctor.get(reverse("viewer:page", args=[ref]))
    doctor.post(reverse("reviews:draft", args=[pk]), {"revision": "0", "plain": "canaryopinion", "next": ""})
    ask = {"owner": "patient", "asks": "canaryasks"}
    doctor.post(reverse("reviews:ask", args=[pk]), ask)
    study = Study.objects.get(case=case)
    address = reverse("dicomweb:case:study-metadata", args=[ref, study.uid])
    assert doctor.client.get(address).status_code == 200
    admin.get(reverse("pages:audit"))
    found = admin.post(reverse("pages:audit"), {"person": patient.email})
    assert str(patient.pk) in found.headers["Location"], "the administrator finds an account by its address"
    admin.get(found.headers["Location"])
    work()
    me.get(reverse("patient:case", args=[ref]))
    me.get(reverse("cases:messages", args=[ref]))
    return case


def go_wrong(person: Person, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every way to an error page, with a canary in what went wrong. Returns the pages."""
    pages = []
    for address in (
        "/canaryaddress/",
        "/cases/Canaria/?q=Testovich",
        "/files/canaryfile/download/",
        "/dicomweb/studies/1.2/series?PatientID=CANARYID77",
    ):
        pages.append(person.client.get(address).content.decode())
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    pages.append(strict.post("/start/", {"place": "canaryaddress"}).content.decode())
    pages.append(person.client.get("/", headers={"Host": "canaryaddress.test"}).content.decode())

    def broken(self: MyCases, request: HttpRequest) -> HttpResponse:
        name = "Canaria Testovich"
        raise ValueError(f"cannot show {name} 1957-08-23 canaryerror")

    def broken_template(self: MyCases, request: HttpRequest) -> HttpResponse:
        from django.template import engines

        engine = engines["django"]
        return HttpResponse(engine.from_string("{% include name %}").render({"name": "canaryerror.html"}))

    def broken_statement(self: MyCases, request: HttpRequest) -> HttpResponse:
        User.objects.create(email="canarymail@example.test", name="Canaria Testovich")  # taken: the database quotes it
        raise AssertionError("the database should have refused")

    def suspicious(self: MyCases, request: HttpRequest) -> HttpResponse:
        raise SuspiciousOperation("Canaria Testovich tried something")

    for wrong, status in ((broken, 500), (broken_template, 500), (broken_statement, 500), (suspicious, 400)):
        monkeypatch.setattr(MyCases, "get", wrong)
        with transaction.atomic():
            response = person.client.get(reverse("cases:list"))
            transaction.set_rollback(True)
        assert response.status_code == status
        pages.append(response.content.decode())
    assert sum("<html" in page for page in pages) > 5, "the portal's own error pages were looked at"
    return pages


def fail_a_job(monkeypatch: pytest.MonkeyPatch) -> Job:
    """A job whose error quotes a record, tried until it gives up."""

    def work(run: jobs.Run, **ids: Any) -> None:
        name = "Canaria Testovich"
        raise ValueError(f"cannot parse {name}: canaryerror")

    monkeypatch.setitem(jobs.REGISTRY, "test.canary", jobs.Kind("test.canary", work, 1, 0, None, None))
    row = jobs.enqueue("test.canary", key="canary-test")
    for _ in range(3):
        Job.objects.filter(pk=row.pk, state=JobState.QUEUED).update(due_at=timezone.now())
        if run := jobs.claim(row.pk):
            jobs.execute(run)
    row.refresh_from_db()
    assert row.state == JobState.FAILED
    return row


def test_nothing_of_a_patient_leaves_the_records(
    lines: io.StringIO, cache_keys: list[str], monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.STAFF_SECOND_FACTOR_WAIVED = True
    addresses: set[str] = set()
    case = go_all_the_way(addresses)
    pages = go_wrong(Person(case.opened_by, addresses), monkeypatch)
    fail_a_job(monkeypatch)

    written = lines.getvalue()
    assert "ValueError" in written, "the log must tell the operator what failed"
    assert "job" in written
    assert len(mail.outbox) >= 4
    found = {
        "log": leaks(written),
        "mail": leaks("\n".join(f"{one.subject}\n{one.body}\n{one.extra_headers}" for one in mail.outbox)),
        "jobs": leaks(" ".join(f"{j.name} {j.key} {j.args} {j.error}" for j in Job.objects.all())),
        "events": leaks(" ".join(f"{e.name} {e.actor_id} {e.data}" for e in Event.objects.all())),
        "audit": leaks(" ".join(str(row) for row in AuditEntry.objects.values_list())),
        "objects": leaks(" ".join(StoredObject.objects.values_list("name", flat=True))),
        "cache": leaks(" ".join(cache_keys)),
        "addresses": leaks(" ".join(addresses - {reverse("cases:list")})),
        "error pages": leaks(" ".join(pages)),
        "file names": leaks(" ".join(str(path) for path in Path(settings.DATA_DIR).rglob("*"))),
    }
    assert {place: what for place, what in found.items() if what} == {}


def test_sealed_files_hold_nothing_readable(settings: Any) -> None:
    """What lies on the disk after an upload was read: the original, its parts, pages and thumbnails."""
    settings.STAFF_SECOND_FACTOR_WAIVED = True
    patient = UserFactory(email="canarymail@example.test")
    case = open_case(patient)
    image = files.dicom(
        StudyDescription="canarydescription", PatientName="Testovich^Canaria", PatientBirthDate="19570823"
    )
    assert b"canarydescription" in image, "the file itself is readable, or this would prove nothing"
    for name, content in (("canaryfile.pdf", files.pdf("canarypdf")), ("canaryfile.dcm", image)):
        send_file(Person(patient, set()), case.ref, name, content)
    work()
    names = set(StoredObject.objects.filter(case_id=case.pk, state="stored").values_list("name", flat=True))
    folder = Path(settings.DATA_DIR) / "sealed"
    read = [path for path in folder.rglob("*") if path.is_file() and path.name in {Path(name).name for name in names}]
    assert len(read) >= 2
    for path in read:
        assert not re.search(rb"canary|Testovich|%PDF|JFIF|DICM", path.read_bytes())
