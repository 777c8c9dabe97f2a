"""The patient's case page: the task list while the request is not sent, and where it stands afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.queries.edition import edition_of
from cases.queries.intake import progress, ready_to_send
from cases.queries.messages import last_from_staff, open_holds, unread
from cases.queries.prices import agreed, price_words
from cases.queries.sentence import forecast, headline
from cases.queries.summary import condition_words, summary
from cases.queries.timeline import timeline
from cases.rules import QUESTIONS_OPEN, may_withdraw, may_write
from cases.rules.screening import too_soon
from cases.states import OPEN, HoldOwner, Phase
from cases.views.base import CaseView
from portal.core.access import Permission
from portal.core.states import Role
from records.queries.checklist import checklist, counts
from records.queries.documents import documents
from records.queries.files import locked_files
from records.queries.studies import studies
from records.states import ItemState

ENDED_EARLY = frozenset({Phase.DECLINED, Phase.WITHDRAWN})
"""No report comes: a price beside "you took this request back" reads like a bill."""
SHOWN = 4
"""Missing records that the page names; the rest is counted."""


@dataclass(frozen=True)
class Task:
    """One line of the task list. An empty `url`: it cannot be started yet."""

    title: str
    hint: str
    url: str
    state: str


class CasePage(CaseView):
    """`/cases/<ref>/`."""

    permission = Permission.OWN_CASE

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if self.case.phase == Phase.DRAFT:
            return render(request, "patient/tasks.html", self.draft())
        return render(request, "patient/case.html", self.sent())

    def draft(self) -> dict[str, Any]:
        edition = edition_of(self.case)
        states = {one.key: one.state for one in progress(self.case, edition)} | {"level": "done"}
        ready = ready_to_send(self.case, edition)
        needed, satisfied = counts(checklist(self.case))
        states["records"] = "done" if needed and satisfied == needed else "started" if satisfied else "not_started"
        you = self.case.own
        ref, level = self.case.ref, edition.level(self.case.level)

        def part(key: str) -> str:
            return reverse("cases:section", args=[ref, key])

        groups = [
            (
                _("About you") if you else _("About the patient"),
                [Task(_("Name, place and phone"), _("About 3 minutes"), part("about"), states["about"])],
            ),
            (
                _("Your question"),
                [
                    Task(
                        _("The problem and what was recommended"),
                        _("About 10 minutes. Have the doctor’s letter at hand, if you can"),
                        part("problem"),
                        states["problem"],
                    ),
                    Task(
                        _("Your questions for the doctor"),
                        _("Up to five. We suggest some"),
                        reverse("cases:questions", args=[ref]),
                        states["questions"],
                    ),
                ],
            ),
            (
                _("Your health") if you else _("The patient’s health"),
                [
                    Task(
                        _("Health background"),
                        _("Symptoms, medicines, allergies. About 10 minutes"),
                        part("health"),
                        states["health"],
                    ),
                    Task(
                        _("Scans and papers"),
                        _("You can also add them after you send your request"),
                        reverse("records:records", args=[ref]),
                        states["records"],
                    ),
                ],
            ),
            (
                _("Agree and send"),
                [
                    Task(
                        _("How fast, and what it costs"),
                        " · ".join(part for part in (level.name, price_words(level)) if part),
                        reverse("cases:level", args=[ref]),
                        "done",
                    ),
                    Task(
                        _("What you agree to"),
                        _("Short pages, one for each point"),
                        reverse("cases:consents", args=[ref]),
                        states["consent"],
                    ),
                    Task(
                        _("Check your answers and send"),
                        "" if ready else _("First complete the parts above. Scans and papers can come later"),
                        reverse("cases:check", args=[ref]) if ready else "",
                        "not_started" if ready else "cannot",
                    ),
                ],
            ),
        ]
        done = [state for key, state in states.items() if key != "records" and state == "done"]
        return {
            "case": self.case,
            "groups": groups,
            "done": len(done),
            "total": len(states) - 1,
            "ready": ready,
            "too_soon": too_soon(self.case.planned_date, timezone.localdate()),
            "specialty": edition.specialty(self.case.specialties[0]),
        }

    def sent(self) -> dict[str, Any]:
        case, edition = self.case, edition_of(self.case)
        under_way = case.phase in OPEN
        items = checklist(case)
        needed, satisfied = counts(items)
        collecting = case.phase == Phase.COLLECTING
        level = edition.level(case.level)
        proposed = edition.level(case.proposed_level) if under_way and case.proposed_level else None
        missing = [one for one in items if one.required and not one.done and one.state != ItemState.PROBABLE]
        missing = missing if collecting else []  # what is probably here waits for our eyes, not for the patient
        return {
            "case": case,
            "headline": headline(case, len(missing)),
            "steps": timeline(case, len(missing)) if under_way or case.delivered_at else [],
            "forecast": forecast(case) if under_way else None,
            "under_way": under_way,
            "holds": open_holds(case, HoldOwner.PATIENT) if under_way else [],
            "missing": missing[:SHOWN],
            "missing_more": len(missing[SHOWN:]),
            "locked": list(locked_files(case)[:SHOWN]) if under_way else [],
            "needed": needed,
            "satisfied": satisfied,
            "looking": sum(1 for one in items if one.required and not one.done and one.state == ItemState.PROBABLE),
            "studies": studies(case),
            "documents": documents(case),
            "unread": unread(case, Role.PATIENT),
            "latest": last_from_staff(case),
            "may_write": may_write(case.phase),
            "may_withdraw": may_withdraw(case.phase),
            "questions_open": case.phase in QUESTIONS_OPEN,
            "report": case.phase in {Phase.DELIVERED, Phase.CLOSED},
            "groups": summary(case, edition),
            "condition": condition_words(case, edition),
            "level": level,
            "price": price_words(level) if agreed(case) and case.phase not in ENDED_EARLY else "",
            "proposed": proposed,
            "proposed_price": price_words(proposed) if proposed else "",
        }
