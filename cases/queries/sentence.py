"""One sentence for the patient: who has the case, by when, and what is needed. And the forecast, with the reason when it moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
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
    """When the report is expected, as a date for the timeline and as the one sentence that the patient reads.

    `at` is None while there is no date. `paused`: the date waits with the case, so no day is named. `late`: it is over.
    """

    at: datetime | None
    words: str
    paused: bool = False
    late: bool = False

    @property
    def day(self) -> datetime | None:
        """The day that may be shown: neither one that still moves nor one that is over."""
        return None if self.paused or self.late else self.at


def forecast(case: Case, now: datetime | None = None) -> Forecast:
    """By when, for a case that is under way. Since the records are complete there is a date; before, there is a promise of one."""
    moment = now or timezone.now()
    if case.on_hold:
        waiting = Hold.objects.filter(case=case, scope="case", until__isnull=True).order_by("since")
        owner = HoldOwner(waiting.values_list("owner", flat=True)[0])
        words = {
            HoldOwner.PATIENT: _("While we wait for you, the time for the report stands still."),
            HoldOwner.HOSPITAL: _("While we wait for the hospital, the time for the report stands still."),
            HoldOwner.DESK: _("Until that is done, we cannot give you a day for the report. We are sorry."),
        }
        return Forecast(case.due_at, words[owner], paused=True)
    if case.due_at is None:
        return Forecast(None, _("We can give you a day for the report as soon as we have all the records."))
    if case.due_at < moment:
        late = _("The report is late. We are sorry. We work on it, and we write to you as soon as it is ready.")
        return Forecast(case.due_at, late, late=True)
    day = _("We expect the report by %(day)s.") % {"day": date_format(timezone.localtime(case.due_at), "l j F")}
    return Forecast(case.due_at, f"{day} {_moved(case)}".strip())


def _moved(case: Case) -> str:
    """Why the day is a later one than was first said; pauses before there was a day moved nothing."""
    held = Hold.objects.filter(case=case, scope="case", until__gt=case.complete_at).order_by("since")
    waits = [hold for hold in held if hold.until and hold.until - hold.since > timedelta(minutes=30)]
    if not waits:
        return ""
    whose = {
        HoldOwner.PATIENT: _("The day moved because we waited for an answer."),
        HoldOwner.HOSPITAL: _("The day moved because we waited for a hospital."),
        HoldOwner.DESK: _("The day moved because of us. We are sorry."),
    }
    return whose[HoldOwner(waits[-1].owner)]


def headline(case: Case, missing: int = 0) -> Headline:
    """The sentence for the top of the case page. `missing`: records that the case still needs from the patient."""
    waiting = list(Hold.objects.filter(case=case, until__isnull=True).order_by("since").values_list("owner", flat=True))
    mine = waiting.count(HoldOwner.PATIENT)
    if mine and case.phase not in {Phase.DECLINED, Phase.WITHDRAWN, Phase.CLOSED, Phase.DELIVERED}:
        return Headline(
            ngettext("We need one answer from you", "We need %(count)s answers from you", mine) % {"count": mine},
            _("You find the question below. Take the time you need. We go on when we hear from you."),
            needs_patient=True,
        )
    if missing and case.phase == Phase.COLLECTING:
        return Headline(
            ngettext("We need one more record from you", "We need %(count)s more records from you", missing)
            % {"count": missing},
            _("You find them below. If you do not have one of them, tell us. That is fine, and we go on without it."),
            needs_patient=True,
        )
    if HoldOwner.HOSPITAL in waiting:
        return Headline(
            _("We are waiting for a hospital"),
            _("It has to send us something. We keep asking. You do not need to do anything."),
        )
    if HoldOwner.DESK in waiting and case.phase != Phase.DRAFT:
        return Headline(_("We have to sort something out first"), _("You do not need to do anything. We write to you."))
    who = case.assignee.get_short_name() if case.assignee else _("The doctor")
    desk = case.coordinator.get_short_name() if case.coordinator else _("A coordinator")
    calm = _("We will e-mail you when there is news. You do not need to keep checking.")
    table = {
        Phase.DRAFT: Headline(
            _("Your request is not sent yet"), _("Fill in each part, in any order. We save as you go.")
        ),
        Phase.COLLECTING: Headline(
            _("We are checking that the records are complete"),
            _("You do not need to do anything now.") + " " + calm,
        ),
        Phase.TRIAGE: Headline(_("%(name)s is reading your request") % {"name": desk}, calm),
        Phase.MATCHING: Headline(_("We are finding the right doctor"), calm),
        Phase.IN_REVIEW: Headline(_("%(name)s is looking at the records") % {"name": who}, calm),
        Phase.RELEASE: Headline(
            _("The doctor has signed the report"), _("We check it once more, then you can read it.") + " " + calm
        ),
        Phase.DELIVERED: Headline(
            _("The report is ready"), _("Read it in your own time. You can also save it as a PDF.")
        ),
        Phase.CLOSED: Headline(_("Your case is closed"), _("You can still read the report here.")),
        Phase.DECLINED: Headline(
            _("We cannot take this case"),
            _("We are sorry. Our message to you says why, and where you can turn instead."),
        ),
        Phase.WITHDRAWN: Headline(
            _("You took this request back"), _("We stopped all work on it. You can start a new request at any time.")
        ),
    }
    return table[Phase(case.phase)]
