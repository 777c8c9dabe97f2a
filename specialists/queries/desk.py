"""The desk's panel: who could have the case, who has it now, and who said no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from cases.models import Case
from cases.states import Phase
from portal.accounts.models import User
from specialists.models import Assignment
from specialists.queries import matching, profiles, terms
from specialists.queries.access import HELD, WORKING, visible_to
from specialists.rules.matching import Candidate
from specialists.rules.timeleft import TimeLeft, to_answer
from specialists.states import AssignmentState, DeclineReason

ENDED = (AssignmentState.DECLINED, AssignmentState.EXPIRED, AssignmentState.WITHDRAWN)
REASONS = {
    **dict(DeclineReason.choices),
    "no_answer": _("no answer in time"),
    "taken": _("another specialist was first"),
    "records_reopened": _("records are collected again"),
    "case_ended": _("the case was taken back or declined"),
}


@dataclass(frozen=True)
class Current:
    assignment: Assignment
    answer: TimeLeft | None

    @property
    def can_end(self) -> bool:
        return self.assignment.state != AssignmentState.SIGNED


@dataclass(frozen=True)
class Ended:
    specialist: Any
    get_state_display: str
    reason_label: str
    end_text: str
    ended_at: Any


@dataclass(frozen=True)
class Panel:
    current: list[Current]
    working: Assignment | None
    ended: list[Ended]
    fit: list[Candidate]
    out: list[Candidate]
    unwritten: list[User]
    """Specialists without a profile, whom nobody can offer a case yet."""
    wants: str
    can_offer: bool


def assignments(user: Any, case: Case) -> list[Assignment]:
    """Every assignment of the case, oldest first."""
    return list(visible_to(user).filter(case=case).select_related("case", "specialist").order_by("offered_at"))


def panel(user: Any, case: Case) -> Panel:
    """Everything of the page /reviews/assign/<ref>/ in a fixed number of queries."""
    now = timezone.now()
    found = assignments(user, case)
    ranked = matching.rank(case)
    working = next((one for one in found if one.state in WORKING), None)
    wanted = matching.wanted(case)
    words = [wanted.name(case.specialties[0])]
    if condition := terms.condition_of(case):
        words.append(condition.name)
    words += [_("reads %(language)s") % {"language": wanted.name(wanted.language)}]
    if wanted.licence_needed:
        words.append(_("licence in %(place)s") % {"place": wanted.name(wanted.state or wanted.country)})
    return Panel(
        current=[
            Current(one, to_answer(one.expires_at, now) if one.state == AssignmentState.OFFERED else None)
            for one in found
            if one.state in (AssignmentState.OFFERED, *HELD)
        ],
        working=working,
        ended=[
            Ended(
                one.specialist,
                str(one.get_state_display()),
                str(REASONS.get(one.end_reason, "")),
                one.end_text,
                one.ended_at,
            )
            for one in found
            if one.state in ENDED
        ],
        fit=[one for one in ranked if not one.refused],
        out=[one for one in ranked if one.refused and not one.person.has_live],
        unwritten=profiles.without_profile(),
        wants=" · ".join(words),
        can_offer=case.phase == Phase.MATCHING or (case.phase == Phase.IN_REVIEW and working is not None),
    )
