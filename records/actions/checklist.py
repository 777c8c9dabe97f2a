"""The checklist's state: rules write what the records say, people have the last word."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from cases.actions.locking import lock
from cases.actions.triage import set_completeness
from cases.models import Case
from portal.catalogue.parts import RequiredItem
from portal.core.access import Actor
from portal.core.states import Role
from portal.core.workflow import Refused, note
from records.models import ChecklistItem
from records.queries import checklist as queries
from records.queries.custody import arrived_items
from records.rules.matching import RANK, DocumentFacts, Match, StudyFacts, match, named_studies
from records.states import ItemState

ALLOWED = {
    Role.PATIENT: frozenset({ItemState.NOT_DONE, ItemState.PROBABLE, ItemState.CANNOT_GET}),
    Role.COORDINATOR: frozenset({ItemState.NOT_DONE, ItemState.WAIVED, ItemState.SATISFIED, ItemState.MISSING}),
}
"""What a person may say about an item. A patient's "I sent it" and "I cannot get it" wait for the desk: they do not count."""
WAITING = frozenset({ItemState.PROBABLE, ItemState.CANNOT_GET})
"""A patient's word that the records themselves may settle."""


Facts = tuple[list[StudyFacts], list[DocumentFacts]]
SETTLED = frozenset({ItemState.SATISFIED})


def refresh(*, case: Case, by: Actor) -> None:
    """Match the case's records with its checklist and write states and counts. A person's word stays.

    The records are looked at with the case locked: what was removed or set aside while this waited must not count, since the last
    record that comes sends the case on.
    """
    with transaction.atomic():
        held = lock(case)
        matches = _matches(held)
        rows = {row.key: row for row in ChecklistItem.objects.filter(case=held).order_by("pk")}
        for key, found in matches.items():
            _write(held, key, found, rows.get(key))
        _count(held, by)
    case.refresh_from_db(fields=["items_needed", "items_satisfied", "phase", "complete_at", "due_at"])


def _matches(case: Case) -> dict[str, Match]:
    """What the records say about each line of the checklist."""
    studies, documents = queries.facts(case)
    aside = queries.facts(case, set_aside=True)
    today = timezone.localdate()
    answers = queries.answers_of(case)
    by_post = arrived_items(case)
    matches = {}
    wanted = queries.required(case)
    named = named_studies((item for one in wanted for item in (one.item, *one.alternatives)), studies)
    for one in wanted:
        answered = one.item.answered_by and str(answers.get(one.item.answered_by) or "").strip()
        said = Match(ItemState.SATISFIED) if answered or one.item.key in by_post else None
        found = said or match(one, studies, documents, today=today, named=named)
        matches[one.item.key] = found if found.state in SETTLED else _others(one, found, aside, today)
    return matches


def _others(required: RequiredItem, here: Match, aside: Facts, today: date) -> Match:
    """What would be better if a record that was set aside were this patient's: the desk has to look at that first."""
    if not any(aside):
        return here
    theirs = match(required, *aside, today=today)
    if RANK[theirs.state] <= RANK[here.state]:
        return here
    return Match(ItemState.WRONG_PERSON, theirs.studies, theirs.documents)


def _write(case: Case, key: str, found: Match, row: ChecklistItem | None) -> None:
    columns: dict[str, Any] = {"studies": list(found.studies), "documents": list(found.documents)}
    if row is None:
        ChecklistItem.objects.create(case=case, key=key, state=found.state, reason=found.reason, **columns)
        return
    settled = row.by_person and row.state in WAITING and found.state is ItemState.SATISFIED
    if settled:  # the patient said "I sent it", and here it is
        columns |= {"by_person": False, "by_id": None, "changed_at": timezone.now()}
    if settled or not row.by_person:
        columns |= {"state": found.state, "reason": found.reason}
    if any(getattr(row, name) != value for name, value in columns.items()):
        if not row.by_person and row.state != found.state:
            columns["changed_at"] = timezone.now()
        ChecklistItem.objects.filter(pk=row.pk).update(**columns)


def _count(case: Case, by: Actor) -> None:
    needed, satisfied = queries.counts(queries.checklist(case))
    set_completeness(case=case, needed=needed, satisfied=satisfied, by=by)


@transaction.atomic
def set_item(*, case: Case, key: str, state: ItemState, reason: str, by: Actor) -> ChecklistItem:
    """A person says what holds: "never done" (patient or desk), "I sent it", "I cannot get it" with the reason (patient),
    "not needed", "this is it", "still missing" (desk, with a reason).

    Raises:
        Refused: not for this role, no such item on this case's list, no reason where one is needed,
            or the desk has decided already and a patient says otherwise.
    """
    held = lock(case)
    if state not in ALLOWED.get(by.role, frozenset()):
        raise Refused(f"item.{state}: not for {by.role}")
    if (by.role == Role.COORDINATOR or state is ItemState.CANNOT_GET) and not reason.strip():
        raise Refused("reason_missing")
    if key not in {one.key for one in queries.checklist(held)}:
        raise Refused("no_such_item")
    said = ChecklistItem.objects.filter(case=held, key=key, by_person=True).first()
    if by.role == Role.PATIENT and said is not None and said.state not in ALLOWED[Role.PATIENT]:
        raise Refused("item: the desk has decided")
    row, _ = ChecklistItem.objects.update_or_create(
        case=held,
        key=key,
        defaults={
            "state": state,
            "reason": reason.strip()[:300],
            "by_person": True,
            "by_id": by.id,
            "changed_at": timezone.now(),
        },
    )
    note(held, "case", "item_set", actor=by, data={"item": key, "state": str(state)})
    _count(held, by)
    return row


def clear_item(*, case: Case, key: str, by: Actor) -> None:
    """Take a person's word back: the rules decide again.

    Raises:
        Refused: a patient may take back only what a patient said.
    """
    with transaction.atomic():
        held = lock(case)
        row = ChecklistItem.objects.filter(case=held, key=key, by_person=True).first()
        if row is None:
            return
        if by.role == Role.PATIENT and row.state not in ALLOWED[Role.PATIENT]:
            raise Refused("item.clear: not for patient")
        ChecklistItem.objects.filter(pk=row.pk).update(
            by_person=False, state=ItemState.MISSING, reason="", by=None, changed_at=timezone.now()
        )
        note(held, "case", "item_cleared", actor=by, data={"item": key})
    refresh(case=case, by=by)
