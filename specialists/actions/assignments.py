"""Offer, answer, withdraw: the life of one specialist's part in a case. The Case is locked first in each."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from cases.actions import grants, holds, review
from cases.actions.locking import lock
from cases.models import Case
from cases.states import GrantScope, Phase
from portal.core.access import Actor
from portal.core.states import Role
from portal.core.workflow import Refused, move, note
from specialists.models import Assignment, OpinionDraft
from specialists.moves import ASSIGNMENT
from specialists.queries import matching, terms
from specialists.rules import offers
from specialists.states import LIVE, AssignmentState


def _held(assignment: Assignment) -> Assignment:
    """The case's lock, then the assignment fresh from under it."""
    lock(assignment.case_id)
    return Assignment.objects.select_for_update().select_related("case", "specialist").get(pk=assignment.pk)


@transaction.atomic
def offer(*, case: Case, specialist: Any, by: Actor, note: str = "") -> Assignment:
    """Offer the case to a specialist, who sees its preview until the offer runs out. They are told by e-mail.

    Several people may hold an offer of the same case: the first to accept gets it.

    Raises:
        Refused: the case is not looking for a specialist, or this person can never have it (licence, conflict, another specialty, …).
    """
    held = lock(case)
    if by.role is not Role.COORDINATOR:
        raise Refused(f"assignment.offer: not for {by.role}")
    if held.phase != Phase.MATCHING:
        raise Refused(f"assignment.offer: not possible when {held.phase}")
    candidate = matching.candidate(held, specialist)
    if candidate is None or candidate.refused:
        raise Refused("assignment.offer: this person cannot have it")
    now = timezone.now()
    until = terms.offer_until(held, now)
    lead = next((key for key in held.specialties if key in candidate.person.specialties), held.specialties[0])
    made = Assignment.objects.create(
        case=held,
        specialist=specialist,
        specialty=lead,
        offered_by=by.user,
        offered_at=now,
        expires_at=until,
        note=note.strip()[:1000],
    )
    grants.grant_user(case=held, user=specialist, scope=GrantScope.PREVIEW, by=by, until=until)
    _note(made, "offer", by)
    return made


def _note(assignment: Assignment, name: str, by: Actor) -> None:
    note(assignment, "assignment", name, actor=by, target=AssignmentState.OFFERED)


@transaction.atomic
def accept(*, assignment: Assignment, conflict: str, conflict_text: str, by: Actor) -> Assignment:
    """Take the case, with the declaration that goes into the report. Every other open offer of it ends.

    Raises:
        Refused: not this person's offer, it has run out, the declaration is not whole, or another specialist was first.
    """
    held = _held(assignment)
    _own(held, by)
    if held.state == AssignmentState.OFFERED and held.expires_at <= timezone.now():
        raise Refused("offer_expired")
    if reason := offers.declaration_refused(conflict, conflict_text):
        raise Refused(reason)
    now = timezone.now()
    move(
        held,
        ASSIGNMENT,
        "accept",
        actor=by,
        changes={"accepted_at": now, "conflict": conflict, "conflict_text": conflict_text.strip()[:1000]},
    )
    review.begin(case=held.case, assignee=held.specialist, assignment_id=held.pk, by=by)
    grants.revoke(case=held.case, user=held.specialist, by=by)
    grants.grant_user(case=held.case, user=held.specialist, scope=GrantScope.FULL, by=by)
    OpinionDraft.objects.create(
        assignment=held, catalogue_id=held.case.catalogue_id, content={"values": terms.prefilled(held), "citations": {}}
    )
    others = Assignment.objects.select_for_update().filter(case=held.case, state=AssignmentState.OFFERED)
    for other in others.exclude(pk=held.pk).select_related("case", "specialist").order_by("pk"):
        _end(other, "withdraw", Actor.job("specialists.first_accepts"), now, reason="taken")
    return held


def _own(assignment: Assignment, by: Actor) -> None:
    if str(assignment.specialist_id) != by.id:
        raise Refused("assignment: another person's")


def _end(assignment: Assignment, event: str, by: Actor, now: datetime, *, reason: str, text: str = "") -> None:
    """Close an assignment without a signature: its reason, its access, and the case back to the desk when nobody is left."""
    was_working = assignment.state in {AssignmentState.ACCEPTED, AssignmentState.DRAFTING}
    move(
        assignment,
        ASSIGNMENT,
        event,
        actor=by,
        data={"reason": reason},
        changes={"ended_at": now, "end_reason": reason, "end_text": text.strip()[:1000]},
    )
    grants.revoke(case=assignment.case, user=assignment.specialist, by=by)
    holds.end_all(case=assignment.case, by=Actor.job("specialists.end"), assignment_id=assignment.pk)
    working = Assignment.objects.filter(
        case=assignment.case_id, state__in=[AssignmentState.ACCEPTED, AssignmentState.DRAFTING, AssignmentState.SIGNED]
    )
    if was_working and assignment.case.phase == Phase.IN_REVIEW and not working.exists():
        review.rematch(case=assignment.case_id, assignment_id=assignment.pk, by=by)


@transaction.atomic
def decline(*, assignment: Assignment, reason: str, text: str, by: Actor) -> Assignment:
    """Say no to an offer, with a reason. The case stays with the desk.

    Raises:
        Refused: not this person's open offer, or the reason is missing.
    """
    held = _held(assignment)
    _own(held, by)
    if why := offers.decline_refused(reason, text):
        raise Refused(why)
    _end(held, "decline", by, timezone.now(), reason=reason, text=text)
    return held


@transaction.atomic
def give_back(*, assignment: Assignment, reason: str, text: str, by: Actor) -> Assignment:
    """Return a case that was accepted. The desk looks for another specialist; the draft stays with this assignment.

    Raises:
        Refused: not this person's open assignment, or the reason is missing.
    """
    held = _held(assignment)
    _own(held, by)
    if why := offers.decline_refused(reason, text):
        raise Refused(why)
    _end(held, "give_back", by, timezone.now(), reason=reason, text=text)
    return held


@transaction.atomic
def withdraw(*, assignment: Assignment, by: Actor, reason: str) -> Assignment:
    """The desk takes an offer or a case back.

    Raises:
        Refused: it is signed or has ended, or no reason is given.
    """
    held = _held(assignment)
    if not reason.strip():
        raise Refused("reason_missing")
    _end(held, "withdraw", by, timezone.now(), reason="desk", text=reason)
    return held


@transaction.atomic
def reassign(*, assignment: Assignment, to: Any, by: Actor, reason: str, note: str = "") -> Assignment:
    """Take the case from one specialist and offer it to another, or do neither."""
    ended = withdraw(assignment=assignment, by=by, reason=reason)
    return offer(case=Case.objects.get(pk=ended.case_id), specialist=to, by=by, note=note)


@transaction.atomic
def expire(*, assignment: Assignment, by: Actor) -> bool:
    """End an offer whose time is over. Returns False when it was answered meanwhile."""
    held = _held(assignment)
    now = timezone.now()
    if held.state != AssignmentState.OFFERED or held.expires_at > now:
        return False
    _end(held, "expire", by, now, reason="no_answer")
    return True


def expire_due(*, by: Actor, limit: int = 100) -> int:
    """End every offer whose time is over, each in its own transaction. Returns how many."""
    found = Assignment.objects.filter(state=AssignmentState.OFFERED, expires_at__lte=timezone.now())
    return sum(expire(assignment=one, by=by) for one in found.order_by("expires_at")[:limit])


@transaction.atomic
def end_offers(*, case: Case | UUID, before: datetime, by: Actor) -> int:
    """Records are collected again: offers made until `before` end. Returns how many."""
    held = lock(case)
    open_ones = Assignment.objects.select_for_update().filter(
        case=held, state=AssignmentState.OFFERED, offered_at__lte=before
    )
    rows = list(open_ones.select_related("case", "specialist").order_by("pk"))
    for one in rows:
        _end(one, "withdraw", by, timezone.now(), reason="records_reopened")
    return len(rows)


@transaction.atomic
def end_all(*, case: Case | UUID, by: Actor) -> int:
    """The case was taken back or declined: nobody has to answer or to write any more. Returns how many assignments ended."""
    held = lock(case)
    live = Assignment.objects.select_for_update().filter(case=held, state__in=LIVE)
    rows = list(live.select_related("case", "specialist").order_by("pk"))
    for one in rows:
        _end(one, "withdraw", by, timezone.now(), reason="case_ended")
    return len(rows)
