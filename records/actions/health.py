"""The patient takes lines of the records over into the answers. Nothing goes there without a press of a button."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from cases.actions import intake
from cases.actions.locking import lock
from cases.models import Case, IntakeSection
from cases.states import Phase
from portal.core.access import Actor
from portal.core.workflow import Refused, note
from records.models import HealthFact
from records.queries import health
from records.rules.words import folded

SECTION = "health"
ROOM = 3000
"""Characters of one answer."""
NOTHING = frozenset({"", "none", "no", "n/a", "nothing", "ninguna", "ninguno", "nada", "no tengo"})


@transaction.atomic
def take(*, case: Case, ids: Sequence[UUID], kinds: Sequence[str], by: Actor) -> tuple[int, int]:
    """Add the picked lines to the health background, below what stands there. Returns (lines added, lines that had no room).

    A line that the answer holds already counts as taken and is not written twice; "none" makes way for the first line.

    Raises:
        Refused: the request was sent already, or a section was saved meanwhile (`changed`).
        PermissionDenied: not this person's case.
    """
    held = lock(case)
    if held.phase != Phase.DRAFT:
        raise Refused("already_sent")
    section = IntakeSection.objects.filter(case=held, key=SECTION).first()
    answers = dict(section.answers) if section else {}
    draft = dict(section.draft) if section else {}
    added = full = 0
    taken: list[UUID] = []
    for view in health.chosen(held, ids, kinds):
        key = health.TARGETS[view.fact.kind]
        stands = str((draft.get(key) or [answers.get(key, "")])[0] or "")
        text = "" if folded(stands).strip(" .") in NOTHING else stands.rstrip()
        if folded(view.fact.text) not in folded(text):
            new = "\n".join(part for part in (text, health.line_of(view)) if part)
            if len(new) > ROOM:
                full += 1
                continue
            answers[key] = new
            if draft:
                draft[key] = [new]
            added += 1
        taken += [one.pk for one in view.sources]
    if added:
        revision = section.revision if section else 0
        complete = section.complete if section else False
        try:
            intake.save_section(
                case=held,
                key=SECTION,
                answers=answers,
                complete=complete,
                revision=revision,
                by=by,
                draft=draft or None,
            )
        except intake.Conflict:
            raise Refused("changed") from None
    if taken:
        rows = HealthFact.objects.filter(pk__in=taken, taken_at__isnull=True)
        rows.update(taken_by=by.user, taken_at=timezone.now())
        note(held, "case", "facts_taken", actor=by, data={"lines": added})
    return added, full
