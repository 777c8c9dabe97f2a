"""Many at once, each with a connection of its own: exactly one wins, and nobody breaks anything.

Only PostgreSQL is asked. SQLite lets one writer in at a time, so there these would pass without proving anything.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import connection, connections

from cases.actions import holds, intake
from cases.models import Case, Grant, Hold
from cases.states import GrantScope, HoldOwner, Phase
from portal.catalogue import queries as catalogue
from portal.core import jobs, storage
from portal.core.access import Actor
from portal.core.models import Event, Job, StoredObject
from portal.core.states import JobState, ObjectState
from portal.core.workflow import Refused
from records.actions import uploads
from records.models import File, Upload, UploadPart
from records.rules.tus import Described
from records.states import UploadState
from specialists.actions import assignments, opinions
from specialists.models import Assignment, Opinion, OpinionDraft
from specialists.states import AssignmentState
from tests.factories.accounts import CoordinatorFactory, UserFactory
from tests.factories.cases import make_case
from tests.factories.specialists import make_assignment, make_draft, make_offer, make_specialist

pytestmark = [
    pytest.mark.skipif(connection.vendor != "postgresql", reason="races count on PostgreSQL only: set DATABASE_URL"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("races"),
]
THREADS = 8


@pytest.fixture(autouse=True)
def fresh_edition() -> Iterator[None]:
    """The database is emptied after each test; an edition that a process remembers must not outlive it."""
    yield
    cache.clear()


def race(*works: Callable[[], Any]) -> tuple[list[Any], list[BaseException]]:
    """Start all together; (what the winners returned, what the others raised)."""
    gate = threading.Barrier(len(works), timeout=120)

    def run(work: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            gate.wait()
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        begun = [pool.submit(run, work) for work in works]
    failed = [problem for one in begun if (problem := one.exception()) is not None]
    return [one.result() for one in begun if one.exception() is None], failed


def test_accept_by_eight_at_once_gives_the_case_to_one() -> None:
    case = make_case(phase=Phase.MATCHING, condition="valve")
    offers = [make_offer(case=case, specialist=make_specialist()) for _ in range(2)]

    def accept(offer: Assignment) -> Callable[[], Any]:
        return lambda: assignments.accept(
            assignment=Assignment.objects.get(pk=offer.pk),
            conflict="none",
            conflict_text="",
            by=Actor.of(offer.specialist),
        )

    won, lost = race(*[accept(offers[number % 2]) for number in range(THREADS)])
    assert len(won) == 1, lost
    assert {type(problem) for problem in lost} == {Refused}
    winner = won[0]
    states = dict(Assignment.objects.filter(case=case).values_list("pk", "state"))
    other = next(offer for offer in offers if offer.pk != winner.pk)
    assert states == {winner.pk: AssignmentState.ACCEPTED, other.pk: AssignmentState.WITHDRAWN}
    assert OpinionDraft.objects.filter(assignment__case=case).count() == 1
    case.refresh_from_db()
    assert (case.phase, case.assignee_id) == (Phase.IN_REVIEW, winner.specialist_id)
    full = Grant.objects.filter(case=case, revoked_at__isnull=True, scope=GrantScope.FULL)
    assert full.filter(user=winner.specialist).count() == 1
    assert not Grant.objects.filter(case=case, user=other.specialist, revoked_at__isnull=True).exists()


def begun_upload(size: int) -> Upload:
    case = make_case(phase=Phase.COLLECTING)
    return uploads.create(case=case, described=Described("a.bin", "", uuid4(), ""), size=size, by=case.opened_by)


def test_append_at_one_offset_by_eight_at_once_counts_once() -> None:
    upload = begun_upload(16)
    by = Actor.of(upload.by)

    def append(number: int) -> Callable[[], Any]:
        def work() -> Upload:
            mine = Upload.objects.get(pk=upload.pk)
            part = uploads.seal(mine, [bytes([number]) * 8])
            return uploads.append(upload=mine, parts=[part], by=by)

        return work

    won, lost = race(*[append(number) for number in range(THREADS)])
    assert len(won) == 1, lost
    assert {type(problem) for problem in lost} == {uploads.Elsewhere}
    upload.refresh_from_db()
    assert upload.offset == 8
    part = UploadPart.objects.get(upload=upload)
    assert len(set(storage.read_bytes(part.object, limit=64))) == 1
    left = StoredObject.objects.filter(case_id=upload.case_id, state=ObjectState.STORED)
    assert list(left) == [part.object], "what the others had sealed is erased"


def test_last_part_by_eight_at_once_makes_one_file_and_one_job() -> None:
    upload = begun_upload(8)
    by = Actor.of(upload.by)

    def work() -> Upload:
        mine = Upload.objects.get(pk=upload.pk)
        return uploads.append(upload=mine, parts=[uploads.seal(mine, [b"12345678"])], by=by)

    won, lost = race(*[work] * THREADS)
    assert len(won) == 1, lost
    assert {type(problem) for problem in lost} == {uploads.Elsewhere}
    upload.refresh_from_db()
    assert upload.state == UploadState.RECEIVED
    assert File.objects.filter(upload=upload).count() == 1
    assert Job.objects.filter(name="records.process_upload").count() == 1


def test_same_upload_asked_for_by_eight_at_once_is_one_upload() -> None:
    case = make_case(phase=Phase.COLLECTING)
    described = Described("a.bin", "", uuid4(), "f" * 40)
    made, failed = race(*[lambda: uploads.create(case=case, described=described, size=5, by=case.opened_by)] * THREADS)
    assert failed == []
    assert len({upload.pk for upload in made}) == 1


def test_submit_by_eight_at_once_sends_once() -> None:
    case = make_case(phase=Phase.DRAFT, filled=True)
    by = Actor.of(case.opened_by)
    catalogue.edition(case.catalogue_id)
    won, lost = race(*[lambda: intake.submit(case=Case.objects.get(pk=case.pk), by=by)] * THREADS)
    assert len(won) == 1, lost
    assert {type(problem) for problem in lost} == {Refused}
    assert Event.objects.filter(case_id=case.pk, subject_kind="case", name="submit").count() == 1
    assert Job.objects.filter(case_id=case.pk, name="cases.mail_received").count() == 1
    assert Grant.objects.filter(case=case, role="coordinator").count() == 1


def test_claim_by_eight_at_once_is_one_workers() -> None:
    job = Job.objects.create(name="cases.turnaround_tick", key="race")
    won, lost = race(*[lambda: jobs.claim(job.pk)] * THREADS)
    assert lost == []
    runs = [run for run in won if run is not None]
    assert [run.fence for run in runs] == [1]
    job.refresh_from_db()
    assert (job.state, job.attempt) == (JobState.RUNNING, 1)


def test_enqueue_of_one_key_by_eight_at_once_is_one_job() -> None:
    made, failed = race(*[lambda: jobs.enqueue("cases.turnaround_tick", key="once")] * THREADS)
    assert failed == []
    assert len({job.pk for job in made}) == 1
    assert Job.objects.filter(key="once").count() == 1


def test_first_objects_of_a_case_by_eight_at_once_share_one_key() -> None:
    case_id = uuid4()
    made, failed = race(*[lambda: storage.write_stream([b"example"], case_id=case_id, kind="original")] * THREADS)
    assert failed == []
    assert len({stored.key_id for stored in made}) == 1
    assert {storage.read_bytes(stored, limit=64) for stored in made} == {b"example"}


def test_save_of_one_revision_by_eight_at_once_keeps_one() -> None:
    assignment = make_assignment()
    by = Actor.of(assignment.specialist)
    revision = OpinionDraft.objects.get(assignment=assignment).revision

    def save(number: int) -> Callable[[], Any]:
        return lambda: opinions.save_draft(
            assignment=assignment, content={"plain": [f"Version {number}"]}, revision=revision, by=by
        )

    won, lost = race(*[save(number) for number in range(THREADS)])
    assert len(won) == 1, lost
    assert {type(problem) for problem in lost} == {opinions.Stale}


def test_sign_by_eight_at_once_signs_once() -> None:
    draft = make_draft()
    held = draft.assignment
    by = Actor.of(held.specialist)
    won, lost = race(*[lambda: opinions.sign(assignment=held, by=by, revision=draft.revision)] * THREADS)
    assert len(won) == 1, lost
    assert {type(problem) for problem in lost} <= {Refused, opinions.Stale}
    assert Opinion.objects.filter(assignment=held).count() == 1


def test_close_of_a_hold_by_eight_at_once_closes_once() -> None:
    case = make_case(phase=Phase.IN_REVIEW)
    desk = Actor.of(CoordinatorFactory())
    hold = holds.open(case=case, reason="records", owner=HoldOwner.PATIENT, asks="An example echo.", by=desk)
    _done, failed = race(*[lambda: holds.close(hold=Hold.objects.get(pk=hold.pk), by=desk)] * THREADS)
    assert failed == []
    assert Event.objects.filter(subject_id=hold.pk, name="close").count() == 1


def test_open_case_by_eight_patients_at_once_gives_eight_references() -> None:
    from tests.factories.cases import screening

    people = [UserFactory() for _ in range(THREADS)]
    answers = screening()

    def work(person: Any) -> Callable[[], Case]:
        return lambda: intake.open_case(by=person, screening=answers, acting_as="self", specialty="cardiology")

    made, failed = race(*[work(person) for person in people])
    assert failed == []
    assert len({case.ref for case in made}) == THREADS
