"""What people say of a study: whose it is when it was set aside, and its day when no header tells it."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils import timezone

from cases.actions.locking import lock
from cases.models import Case
from portal.core.access import Actor
from portal.core.workflow import Refused, move, note
from records.actions import checklist, files, processing
from records.actions.instances import date_by_header
from records.actions.papers import may_correct
from records.models import File, Instance, Study
from records.moves import DOCUMENT, STUDY
from records.queries.studies import headers, people, seen
from records.rules.codes import CONFIRMED
from records.rules.documents import a_day
from records.rules.header import day_text, header_of
from records.states import RecordState


def release(*, study: Study, reason: str, shown: str, by: Actor) -> None:
    """It is this patient's, with the papers inside: a maiden name, a typing error. It stays confirmed when more of it arrives.

    Args:
        shown: `seen` of the people that the page showed. Images of somebody else may have come meanwhile.

    Raises:
        Refused: it is not set aside, the role may not, or it names other people than were shown (`changed`).
    """
    with transaction.atomic():
        case = lock(study.case_id)
        if shown != seen(people(study, processing.person_of(case))):
            raise Refused("changed")
        move(study, STUDY, "release", actor=by, changes={"code": CONFIRMED})
        for document in processing.papers_inside(study).filter(state=RecordState.QUARANTINED):
            move(document, DOCUMENT, "release", actor=by, changes={"code": ""})
        note(study, "study", "identity", actor=by, data={"reason": bool(reason.strip())})
    checklist.refresh(case=case, by=by)


def remove(*, study: Study, by: Actor) -> int:
    """It is another person's, or must go: all its files are removed and erased. Returns how many.

    Raises:
        Refused: a specialist works with the records.
    """
    inside = Instance.objects.filter(series__study=study).values("file_id")
    rows = File.objects.filter(pk__in=inside).exclude(state=RecordState.REMOVED).order_by("pk")
    removed = 0
    for file in list(rows):
        files.remove(file=file, by=by, copies=True)
        removed += 1
    study.refresh_from_db()
    return removed


def remove_person(*, study: Study, key: str, by: Actor) -> int:
    """The images that name one of the study's people (by the key of queries.studies.people) go; the rest stays set aside.

    Returns how many files were removed.

    Raises:
        Refused: a specialist works with the records.
    """
    person = processing.person_of(Case.objects.select_related("patient").get(pk=study.case_id))
    who = next((one.header.who for one in people(study, person) if one.key == key), None)
    if who is None:
        return 0
    theirs = [file for file, metadata in headers(study).items() if header_of(metadata).who == who]
    removed = 0
    for file in File.objects.filter(pk__in=theirs).exclude(state=RecordState.REMOVED).order_by("pk"):
        files.remove(file=file, by=by, copies=True)
        removed += 1
    return removed


def set_date(*, study: Study, day: date, by: Actor) -> None:
    """A person says when images were taken that carry no date. It can be said anew; what a header says is never overwritten.

    Raises:
        Refused: the images carry a date (`dated`), it is no day of a life (`value_unknown`), not for this role, or the case has ended.
    """
    with transaction.atomic():
        case = lock(study.case_id)
        held = Study.objects.get(pk=study.pk)
        if not may_correct(case.phase, by.role):
            raise Refused("date: not now")
        if held.header_date is not None:
            raise Refused("dated")
        written = _written_day(held)
        if written is not None:
            date_by_header(held, written, by)
        elif a_day(day.isoformat(), today=timezone.localdate()) is None:
            raise Refused("value_unknown")
        else:
            Study.objects.filter(pk=held.pk).update(date=day, dated_by=by.user)
            note(held, "study", "date", actor=by, data={})
    checklist.refresh(case=case, by=by)
    if written is not None:
        raise Refused("dated")


def _written_day(study: Study) -> date | None:
    """The first day that any image of the study carries: the one that came first may be the only one without."""
    rows = Instance.objects.filter(series__study=study).order_by("file__created_at", "pk")
    days = (processing.day_of(day_text(one)) for one in rows.values_list("metadata", flat=True).iterator())
    return next((day for day in days if day is not None), None)
