"""One sentence for the patient: who has the case, by when, and what is needed. And the forecast, with the reason when it moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases.models import Case, Hold
from cases.states import HoldOwner, Phase


@dataclass(frozen=True)
class Headline:
    """`title` says who has it, `text` what that means; `needs_patient` colours the box for "you are asked"."""

    title: str
    text: str
    needs_patient: bool = False


@dataclass(frozen=True)
class Forecast:
    """When the report is expected. `paused`: the date waits with the case. `reason` says why it moved."""

    at: datetime | None
    paused: bool = False
    reason: str = ""


def forecast(case: Case) -> Forecast:
    """One date, and the pauses since the records were complete as the reason when they moved it."""
    if case.due_at is None:
        return Forecast(None)
    held = Hold.objects.filter(case=case, scope="case", until__gt=case.complete_at).order_by("since")
    waits = [hold for hold in held if hold.until and hold.until - hold.since > timedelta(minutes=30)]
    if not waits:
        return Forecast(case.due_at, paused=case.on_hold)
    whose = {
        HoldOwner.PATIENT: _("The date moved because we waited for an answer."),
        HoldOwner.HOSPITAL: _("The date moved because we waited for a hospital."),
        HoldOwner.DESK: _("The date moved because of us. We are sorry."),
    }
    return Forecast(case.due_at, paused=case.on_hold, reason=whose[HoldOwner(waits[-1].owner)])


def headline(case: Case, missing: int = 0) -> Headline:
    """The sentence for the top of the case page. `missing`: records that the case still needs from the patient."""
    waiting = list(Hold.objects.filter(case=case, until__isnull=True).order_by("since").values_list("owner", flat=True))
    mine = waiting.count(HoldOwner.PATIENT)
    if mine and case.phase not in {Phase.DECLINED, Phase.WITHDRAWN, Phase.CLOSED, Phase.DELIVERED}:
        return Headline(
            ngettext("We need one answer from you", "We need %(count)s answers from you", mine) % {"count": mine},
            _("We go on when we hear from you. Take the time you need. You find the question below."),
            needs_patient=True,
        )
    if missing and case.phase == Phase.COLLECTING:
        return Headline(
            ngettext("We need one more record from you", "We need %(count)s more records from you", missing)
            % {"count": missing},
            _("Then we can start. You find them below. If you do not have one of them, tell us, and we go on."),
            needs_patient=True,
        )
    if HoldOwner.HOSPITAL in waiting:
        return Headline(
            _("We are waiting for a hospital"),
            _("A hospital has to send us records. We will keep asking. You do not need to do anything."),
        )
    if HoldOwner.DESK in waiting and case.phase != Phase.DRAFT:
        return Headline(
            _("We have to clear something up first"), _("You do not need to do anything. We will write to you.")
        )
    who = case.assignee.get_short_name() if case.assignee else _("Your specialist")
    calm = _("We will e-mail you when there is news. You do not need to keep checking.")
    table = {
        Phase.DRAFT: Headline(
            _("Your request is not sent yet"), _("Fill in each part, in any order. We save as you go.")
        ),
        Phase.COLLECTING: Headline(
            _("We are checking that your records are complete"),
            _("When we have all we need, we give you a date for your report.") + " " + calm,
        ),
        Phase.TRIAGE: Headline(_("A coordinator is reading your request"), calm),
        Phase.MATCHING: Headline(_("We are finding the right specialist for you"), calm),
        Phase.IN_REVIEW: Headline(_("%(name)s is reviewing your records") % {"name": who}, calm),
        Phase.RELEASE: Headline(
            _("Your report is signed"), _("We do a last check before we send it to you.") + " " + calm
        ),
        Phase.DELIVERED: Headline(
            _("Your report is ready"), _("Read it in your own time. You can also save it as a PDF.")
        ),
        Phase.CLOSED: Headline(_("Your case is closed"), _("You can still read your report here.")),
        Phase.DECLINED: Headline(
            _("We cannot take this case"),
            _("We are sorry. Our message to you says why, and where you can turn instead."),
        ),
        Phase.WITHDRAWN: Headline(
            _("You took this request back"), _("We stopped all work on it. You can start a new request at any time.")
        ),
    }
    return table[Phase(case.phase)]
