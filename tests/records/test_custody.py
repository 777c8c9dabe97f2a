"""Things by post: who has them, written once and never changed."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from cases.models import Case
from cases.states import Phase
from portal.core import storage
from portal.core.access import Actor
from portal.core.models import StoredObject
from portal.core.states import Role
from portal.core.workflow import Refused
from records.actions import checklist, custody
from records.models import ChecklistItem, CustodyEntry, Document, File, PhysicalItem
from records.moves import PHYSICAL
from records.outside_models import AppendOnly
from records.queries import custody as queries
from records.rules import custody as rules
from records.states import ItemState, PhysicalKind, PhysicalState
from tests.factories import files
from tests.factories import records as make
from tests.factories.cases import make_case

pytestmark = pytest.mark.django_db
SAID = {"carrier": "Sample Parcels", "tracking": "EX123", "condition": "good", "holder": "Dr Ada Sample", "remark": "x"}
WAY = "send receive hand_over take_back send_back confirm_return".split()


@pytest.fixture
def case() -> Any:
    return make_case(phase=Phase.COLLECTING, specialty="pulmonology", condition="interstitial")


def desk_actor() -> Actor:
    return Actor.of(make.user(Role.COORDINATOR))


def announced(case: Any, **more: Any) -> PhysicalItem:
    given_ = {"kind": PhysicalKind.SLIDES, "label": "12 slides", "pieces": 12, "by": Actor.of(case.opened_by)} | more
    return custody.announce(case=case, **given_)


def happens(thing: PhysicalItem, event: str, by: Actor, **more: str) -> CustodyEntry:
    return custody.record(thing=thing, event=event, happened_on=timezone.localdate(), said=SAID | more, by=by)


def test_a_thing_goes_all_the_way_and_each_hand_is_in_the_log(case: Any) -> None:
    thing, by = announced(case, owner="Sample Hospital, pathology", return_by=date(2030, 1, 1)), desk_actor()
    for event in WAY:
        happens(thing, event, Actor.of(case.opened_by) if event in {"send", "confirm_return"} else by)
        thing.refresh_from_db()
    assert thing.state == PhysicalState.RETURNED and thing.holder == ""
    log = queries.with_log(thing).log
    assert [line.entry.event for line in log] == ["announce", *WAY]
    assert all(line.intact for line in log)
    handed = log[3].entry
    assert (handed.holder, handed.carrier, handed.tracking) == ("Dr Ada Sample", "Sample Parcels", "EX123")
    assert log[4].entry.carrier == "", "what an event does not ask for is not kept"


def test_log_is_append_only_and_a_change_shows(case: Any) -> None:
    thing = announced(case)
    entry = happens(thing, "send", Actor.of(case.opened_by))
    entry.carrier = "Other Parcels"
    for change in (entry.save, entry.delete):
        with pytest.raises(AppendOnly):
            change()
    lines = CustodyEntry.objects.filter(pk=entry.pk)
    for statement in (lambda: lines.update(carrier="Other Parcels"), lambda: lines._raw_delete(lines.db)):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            statement()
    connection.check_constraints()  # PostgreSQL lifts no trigger while checks of the transaction wait
    lock = import_module("records.migrations.0003_custody_append_only")
    lock.unlock(None, connection.schema_editor())  # by the owner of the database, who can lift that
    lines.update(carrier="Other Parcels")
    assert [line.intact for line in queries.with_log(thing).log] == [True, False]


@given(st.lists(st.sampled_from([*rules.FIELDS]), max_size=12), st.booleans())
def test_machine_has_one_place_for_a_thing_whatever_is_tried(events: list[str], staff: bool) -> None:
    state: str = PhysicalState.ANNOUNCED
    role = Role.COORDINATOR if staff else Role.PATIENT
    for event in events:
        known = PHYSICAL.table.get((state, event))
        if known is not None and role in known.roles:
            state = known.target or state
    assert state in PhysicalState.values
    if not staff:
        assert state in {PhysicalState.ANNOUNCED, PhysicalState.TO_US, PhysicalState.CANCELLED}
    for end in (PhysicalState.RETURNED, PhysicalState.CANCELLED, PhysicalState.KEPT):
        assert PHYSICAL.allowed(end, Role.COORDINATOR) == []


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ("send", {"carrier": ""}),
        ("receive", {"condition": ""}),
        ("receive", {"condition": "damaged", "remark": ""}),
        ("remark", {"remark": " "}),
    ],
)
def test_what_must_be_said_is_asked_for(case: Any, event: str, said: dict[str, str]) -> None:
    thing = announced(case)
    with pytest.raises(Refused, match="missing"):
        happens(thing, event, desk_actor(), **said)
    assert CustodyEntry.objects.filter(thing=thing).count() == 1


def test_what_cannot_be_is_refused_and_writes_nothing(case: Any) -> None:
    thing, by = announced(case), desk_actor()
    for event, actor in (("hand_over", by), ("confirm_return", by), ("receive", Actor.of(case.opened_by)), ("x", by)):
        with pytest.raises(Refused):
            happens(thing, event, actor)
    with pytest.raises(Refused):
        tomorrow = timezone.localdate() + timedelta(days=1)
        custody.record(thing=thing, event="send", happened_on=tomorrow, said=SAID, by=by)
    with pytest.raises(PermissionDenied):
        happens(thing, "send", Actor.of(make.user()))
    with pytest.raises(Refused):
        announced(case, owner="", return_by=date(2030, 1, 1))
    assert CustodyEntry.objects.count() == 1


def test_photo_of_a_damaged_slide_belongs_to_its_line(
    case: Any, patient: Client, desk: Client, monkeypatch: Any
) -> None:
    thing, today = announced(case), timezone.localdate()
    page = f"/cases/{case.ref}/records/post/{thing.pk}/"
    form = {"happened_on_day": today.day, "happened_on_month": today.month, "happened_on_year": today.year}
    form |= {"condition": "damaged", "remark": "One slide is cracked"}
    assert "Photo of its condition" in desk.get(f"{page}receive/").content.decode()
    photo = SimpleUploadedFile("slide.jpg", files.photo())
    assert desk.post(f"{page}receive/", form | {"photo": photo}).status_code == 302
    assert "once we have checked it" in desk.get(page).content.decode()
    make.run_jobs()
    document = Document.objects.get(file=CustodyEntry.objects.get(event="receive").photo)
    assert f"/documents/{document.pk}/" in patient.get(page).content.decode()
    assert [line.intact for line in queries.with_log(thing).log] == [True, True]
    photo_file = document.file
    assert CustodyEntry.objects.get(event="receive").photo_sha256 == hashlib.sha256(files.photo()).hexdigest()
    address = f"/cases/{case.ref}/records/files/{photo_file.pk}/remove/"
    assert "so it stays" in patient.get(address).content.decode()
    assert "so it stays" in patient.post(address, follow=True).content.decode()
    photo_file.refresh_from_db()
    assert photo_file.state == "ready" and storage.read_bytes(photo_file.object, limit=2**20) == files.photo()
    Case.objects.filter(pk=case.pk).update(phase=Phase.IN_REVIEW)
    with monkeypatch.context() as late:  # another tab wrote it between the look and the lock
        late.setattr(queries, "allowed", lambda *_: [("receive", "Received")])
        again = desk.post(f"{page}receive/", form | {"photo": SimpleUploadedFile("slide.jpg", files.photo())})
    assert again.status_code == 302
    assert File.objects.count() == 1 and not StoredObject.objects.filter(kind="part", state="stored").exists(), (
        "a form that came too late leaves nothing"
    )
    form |= {"photo": SimpleUploadedFile("slide.jpg", files.photo())}
    assert desk.post(f"{page}remark/", form).status_code == 302
    make.run_jobs()
    assert File.objects.filter(code="duplicate", duplicate_of=photo_file).exists()
    shown = desk.get(page).content.decode()
    assert shown.count(f"/documents/{document.pk}/") == 2 and shown.count("The same picture was sent before") == 1
    assert "once we have checked it" not in shown
    File.objects.filter(pk=photo_file.pk).update(sha256="0" * 64)
    assert [line.intact for line in queries.with_log(thing).log] == [True, False, True], "other bytes under its name"


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("removed", "has been removed"),
        ("rejected", "could not be read"),
        ("quarantined", "set aside"),
        ("ready", "kept"),
    ],
)
def test_a_photo_that_is_not_shown_says_why(state: str, says: str) -> None:
    assert says in queries._photo_words(File(state=state), None)


def test_lines_from_before_the_digest_of_photos_stay_intact() -> None:
    old = CustodyEntry(number=1, happened_on=date(2026, 1, 2), photo=File(sha256="ab"))
    assert "photo_sha256" not in queries.line_of(old) and queries._same_bytes(old)


def test_slides_that_arrive_tick_their_item(case: Any) -> None:
    checklist.refresh(case=case, by=Actor.job("test"))
    thing, by = announced(case, item="biopsy_slides"), desk_actor()
    happens(thing, "send", Actor.of(case.opened_by))
    assert ChecklistItem.objects.get(key="biopsy_slides").state == ItemState.MISSING
    happens(thing, "receive", by)
    assert ChecklistItem.objects.get(key="biopsy_slides").state == ItemState.SATISFIED
    assert announced(case, item="chest_ct").item == "", "only what comes by courier"


def test_overdue_return_is_seen_in_the_queue_until_it_is_back(case: Any, desk: Client) -> None:
    thing, by = announced(case, owner="Sample Hospital", return_by=date(2030, 1, 1)), desk_actor()
    happens(thing, "receive", by)
    assert case.ref not in desk.get("/desk/views/return-overdue/").content.decode()
    PhysicalItem.objects.filter(pk=thing.pk).update(return_by=timezone.localdate() - timedelta(days=1))
    for view in ("return-overdue", "needs-action"):
        page = desk.get(f"/desk/views/{view}/").content.decode()
        assert case.ref in page and "Return overdue" in page
    happens(thing, "send_back", by)
    happens(thing, "confirm_return", by)
    assert case.ref not in desk.get("/desk/views/return-overdue/").content.decode()


def test_pages_of_patient_and_desk_take_a_thing_from_announcement_to_return(
    case: Any, patient: Client, desk: Client
) -> None:
    base, today = f"/cases/{case.ref}/records/post/", timezone.localdate()
    bad = patient.post(f"{base}new/", {"kind": "slides", "label": "", "pieces": "two"})
    assert bad.status_code == 422 and "Describe what it is" in bad.content.decode()
    form = {
        "kind": "slides",
        "label": "12 slides of the lung",
        "pieces": "12",
        "item": "biopsy_slides",
        "owner": "Sample Lab",
    }
    form |= {"return_by_day": "1", "return_by_month": "2", "return_by_year": str(today.year + 2)}
    page = patient.post(f"{base}new/", form)["Location"]
    day = {"happened_on_day": today.day, "happened_on_month": today.month, "happened_on_year": today.year}
    assert patient.post(f"{page}send/", day | {"carrier": "Sample Parcels", "tracking": "EX123"}).status_code == 302
    assert patient.get(f"{page}receive/").status_code == 404, "the desk receives"
    lacking = desk.post(f"{page}receive/", day | {"condition": "damaged"})
    assert lacking.status_code == 422 and "Write what is damaged or missing" in lacking.content.decode()
    desk.post(f"{page}receive/", day | {"condition": "damaged", "remark": "One slide is cracked"})
    desk.post(f"{page}hand_over/", day | {"holder": "Dr Ada Sample, Sample Lab"})
    shown = patient.get(page).content.decode()
    for words in (
        "Sent to us",
        "EX123",
        "Condition: Damaged",
        "One slide is cracked",
        "Dr Ada Sample, Sample Lab",
        "Ines Invented",
    ):
        assert words in shown, words
    again = desk.post(f"{page}receive/", day | {"condition": "good"})
    assert again.status_code == 302 and CustodyEntry.objects.count() == 4
    assert "With specialist" in desk.get(base).content.decode()
