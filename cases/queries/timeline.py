"""The five steps that a patient sees, from the history of the case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from cases.models import Case, Hold
from cases.queries.sentence import forecast
from cases.states import HoldOwner, Phase
from portal.core.models import Event

ORDER = [Phase.COLLECTING, Phase.TRIAGE, Phase.MATCHING, Phase.IN_REVIEW, Phase.RELEASE, Phase.DELIVERED]


@dataclass(frozen=True)
class Step:
    """One step: state is done, now or next; `at` is when it was done, or `expected` when it should be."""

    key: str
    title: str
    state: str
    at: datetime | None = None
    expected: datetime | None = None
    detail: str = ""


def _waiting(case: Case, missing: int) -> str:
    """For whom the case waits, if it does."""
    owners = list(Hold.objects.filter(case=case, until__isnull=True).values_list("owner", flat=True))
    if HoldOwner.PATIENT in owners or (missing and case.phase == Phase.COLLECTING):
        return _("We wait for you")
    if HoldOwner.HOSPITAL in owners:
        return _("We wait for a hospital")
    return _("We sort something out") if owners else ""


def timeline(case: Case, missing: int = 0) -> list[Step]:
    """Request sent, records checked, specialist found, with your specialist, report ready.

    A step that was undone (records asked for again) is open again: only what still holds counts. The step under way says
    who has to act, as the headline does. `missing`: records that the case still needs from the patient.
    """
    history = Event.objects.filter(case_id=case.pk, subject_kind="case").exclude(target="").order_by("id")
    last = dict(history.values_list("name", "at"))
    reached = ORDER.index(Phase(case.phase)) if case.phase in ORDER else (6 if case.phase == Phase.CLOSED else -1)
    name = case.assignee.get_short_name() if case.assignee else ""
    rows: list[tuple[str, str, int, datetime | None, str]] = [
        ("sent", _("Request sent"), 0, case.submitted_at, ""),
        ("checked", _("Records checked"), 2, last.get("accept"), ""),
        ("found", _("Doctor found"), 3, last.get("begin_review"), name),
        ("review", _("With the specialist"), 4, last.get("receive_report"), name),
        ("ready", _("Report ready"), 5, case.delivered_at, ""),
    ]
    doing = {"checked": _("We are checking"), "found": _("We are looking"), "review": name, "ready": _("Last check")}
    waiting = _waiting(case, missing)
    begins = {"sent": 0, "checked": 0, "found": 2, "review": 3, "ready": 4}
    promise = forecast(case)
    steps = []
    for key, title, done_from, at, detail in rows:
        done = reached >= done_from
        now = not done and reached >= begins[key]
        if now:
            detail = waiting or doing.get(key, "")
        expected = promise.day if key == "ready" and not done else None
        steps.append(
            Step(key, title, "done" if done else "now" if now else "next", at if done else None, expected, detail)
        )
    return steps
