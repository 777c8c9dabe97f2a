"""How fast the report is promised, and the patient's agreement to what that costs.

Before the request is sent the patient chooses. Afterwards the desk may change the level, but a price that the patient has not agreed
to is never set: the desk proposes it, the patient answers, and until then the case keeps its level.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.actions import messages, turnaround
from cases.actions.guard import must_be_patient
from cases.actions.locking import lock
from cases.models import Case, Consent
from cases.queries.edition import edition_of
from cases.queries.prices import COST, costs_no_more, price_words
from cases.states import OPEN, Level, Phase
from portal.core.access import Actor
from portal.core.workflow import Refused, note


@transaction.atomic
def choose_level(*, case: Case, level: str, by: Actor) -> None:
    """How fast the patient wants the report, before the request is sent. Another level costs something else: the agreement
    to the cost is asked for anew.

    Raises:
        Refused: sent already.
        UnknownKey: the case's edition has no such level.
        PermissionDenied: not this person's case.
    """
    held = lock(case)
    must_be_patient(held, by)
    if held.phase != Phase.DRAFT:
        raise Refused("already_sent")
    edition_of(held).level(level)
    if held.level == level:
        return
    now = timezone.now()
    Consent.objects.filter(case=held, key=COST, withdrawn_at__isnull=True).update(withdrawn_at=now)
    Case.objects.filter(pk=held.pk).update(level=Level(level), last_activity_at=now)
    case.level = Level(level)
    note(held, "case", "choose_level", actor=by, data={"level": level})


@transaction.atomic
def set_level(*, case: Case, level: Level, by: Actor) -> None:
    """The desk changes how fast the report is promised; the due time follows, and the patient is told. Where the level costs
    more than what was agreed to, or something that cannot be compared with it, the patient is asked first (`proposed_level`).

    Raises:
        Refused: the case is not under way.
        UnknownKey: the case's edition has no such level.
    """
    held = lock(case)
    if held.phase not in OPEN:
        raise Refused("level: not under way")
    edition = edition_of(held)
    wanted = edition.level(level)
    if held.level == level:
        _withdraw_proposal(held, by)
    elif costs_no_more(wanted, than=edition.level(held.level)):
        _change(held, level, by, "set_level")
        words = _(
            "We changed the time for the report: %(level)s. It does not cost more. Write to us if this is not right for you."
        )
        messages.send(case=held, by=by, body=words % {"level": wanted.name})
    elif held.proposed_level != level:
        Case.objects.filter(pk=held.pk).update(proposed_level=level)
        words = _(
            "We suggest another time for the report: %(level)s. Its price is not the one that you agreed to. "
            "Open your case to see it, and say yes or no. Until you answer, everything stays as it is."
        )
        messages.send(case=held, by=by, body=words % {"level": wanted.name})
        note(held, "case", "propose_level", actor=by, data={"level": level})
    case.refresh_from_db()


@transaction.atomic
def answer_proposal(*, case: Case, level: str, agrees: bool, by: Actor) -> None:
    """The patient's answer to the level that the desk proposed. `level` is the one that stood on the page.

    A yes is the agreement to the cost, kept as a consent with the level and the price that were shown.

    Raises:
        Refused: this level is not proposed (any more), or the case is not under way.
        PermissionDenied: not this person's case.
    """
    held = lock(case)
    must_be_patient(held, by)
    if held.phase not in OPEN or not held.proposed_level or held.proposed_level != level:
        raise Refused("level_not_proposed")
    wanted = edition_of(held).level(level)
    if agrees:
        now = timezone.now()
        live = Consent.objects.filter(case=held, key=COST, withdrawn_at__isnull=True)
        version = live.values_list("version", flat=True).last() or ""
        live.update(withdrawn_at=now)
        shown = {"level": level, "price": price_words(wanted)}
        Consent.objects.create(case=held, key=COST, version=version, given=True, shown=shown, by=by.user, at=now)
        _change(held, Level(level), by, "agree_level")
        words = _("Yes, I agree to the new price: %(level)s.")
    else:
        Case.objects.filter(pk=held.pk).update(proposed_level="")
        note(held, "case", "keep_level", actor=by, data={"level": level})
        words = _("No, please keep it as it is. I do not want: %(level)s.")
    messages.send(case=held, by=by, body=words % {"level": wanted.name})
    case.refresh_from_db()


def _change(held: Case, level: Level, by: Actor, event: str) -> None:
    Case.objects.filter(pk=held.pk).update(
        level=level, proposed_level="", clock_signal="", last_activity_at=timezone.now()
    )
    held.level = level
    note(held, "case", event, actor=by, data={"level": level})
    turnaround.refresh(held)


def _withdraw_proposal(held: Case, by: Actor) -> None:
    """The desk sets the level that the case has: what it proposed is off."""
    if held.proposed_level:
        Case.objects.filter(pk=held.pk).update(proposed_level="")
        note(held, "case", "withdraw_level", actor=by, data={"level": held.proposed_level})
