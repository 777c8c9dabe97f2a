"""What the desk's page of one case shows. The page mixes apps, so this room stands above them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.models import Case, Message, Report
from cases.queries import desk as desk_queries
from cases.queries.edition import edition_of
from cases.queries.people import asks_for_patient
from cases.queries.prices import agreed
from cases.queries.summary import summary
from cases.rules.clocks import CLOCKS
from cases.states import OPEN, Phase
from portal.catalogue.types import Edition
from portal.core.models import Event
from portal.pages.desk import queue
from specialists.models import Assignment
from specialists.rules.timeleft import length
from specialists.states import LIVE

CLOCK_NAMES = {
    "collecting": _("Collecting records"),
    "waiting": _("Waiting for the patient"),
    "triage": _("Check and matching"),
    "specialist": _("Specialist"),
    "release": _("Release"),
}
EVENTS: dict[tuple[str, str], Any] = {
    ("case", "open"): _("Request begun"),
    ("case", "submit"): _("Request sent"),
    ("case", "complete"): _("Records complete"),
    ("case", "reopen_records"): _("Back to collecting records"),
    ("case", "accept"): _("Case accepted"),
    ("case", "decline"): _("Case declined"),
    ("case", "begin_review"): _("Review begun"),
    ("case", "rematch"): _("Specialist looked for again"),
    ("case", "receive_report"): _("Opinion signed"),
    ("case", "release"): _("Report released"),
    ("case", "close"): _("Case closed"),
    ("case", "withdraw"): _("Request taken back"),
    ("case", "flag_settled"): _("Patient spoken to about the urgent sign"),
    ("case", "set_level"): _("Level changed"),
    ("case", "propose_level"): _("Patient asked to agree to another level and its price"),
    ("case", "agree_level"): _("Patient agreed to the other level and its price"),
    ("case", "keep_level"): _("Patient keeps the level"),
    ("case", "withdraw_level"): _("Proposal of another level taken back"),
    ("case", "correct_person"): _("Name, date of birth or phone put right by the patient"),
    ("case", "choose_level"): _("Level chosen by the patient"),
    ("case", "assign_coordinator"): _("Coordinator named"),
    ("case", "warn_half"): _("Half of the promised time is used"),
    ("case", "warn_most"): _("Four fifths of the promised time are used"),
    ("case", "breach"): _("The promised time is over"),
    ("hold", "open"): _("Clock paused"),
    ("hold", "close"): _("Clock runs again"),
    ("message", "send"): _("Message sent"),
    ("note", "add"): _("Note added"),
    ("assignment", "offer"): _("Offered to a specialist"),
    ("assignment", "accept"): _("Offer accepted"),
    ("assignment", "decline"): _("Offer declined"),
    ("assignment", "expire"): _("Offer expired"),
    ("assignment", "withdraw"): _("Offer taken back"),
    ("assignment", "give_back"): _("Case given back"),
    ("upload", "receive"): _("File received"),
    ("report", "open"): _("Report opened by the patient"),
    ("report", "render"): _("PDF of the report made"),
    ("report", "render_failed"): _("PDF of the report could not be made"),
    ("case", "render_again"): _("PDF asked for again"),
    ("study", "quarantine"): _("Study set aside"),
    ("study", "release"): _("Study released"),
    ("link", "make"): _("Link for a hospital made"),
    ("link", "mail"): _("Link for a hospital mailed"),
    ("link", "open"): _("Link opened"),
    ("link", "redeem"): _("Link used for the first time"),
    ("link", "finish"): _("Sender says that everything is sent"),
    ("link", "revoke"): _("Link stopped"),
    ("physical", "announce"): _("Thing by post announced"),
    ("physical", "send"): _("Thing sent by post"),
    ("physical", "receive"): _("Thing received by post"),
    ("physical", "hand_over"): _("Thing handed over"),
    ("physical", "take_back"): _("Thing came back from the specialist"),
    ("physical", "send_back"): _("Thing sent back"),
    ("physical", "confirm_return"): _("Thing returned to its owner"),
    ("physical", "lose"): _("Thing is missing"),
    ("letter", "sign"): _("Letter to a hospital signed"),
    ("letter", "withdraw"): _("Letter to a hospital taken back"),
}
SHOWN_EVENTS = 60


def _history(case: Case) -> list[dict[str, Any]]:
    """The newest events that say something to people; runs of the same event by the same actor are one line."""
    events: list[Event] = list(desk_queries.history(case)[: SHOWN_EVENTS * 5])
    people = desk_queries.names({event.actor_id for event in events if event.actor_kind == "user"})
    lines: list[dict[str, Any]] = []
    for event in events:
        words = EVENTS.get((event.subject_kind, event.name))
        if words is None:
            continue
        others = _("by a hospital’s link") if event.actor_kind == "token" else _("the portal")
        who = people.get(event.actor_id) if event.actor_kind == "user" else others
        if lines and lines[-1]["words"] == words and lines[-1]["who"] == who:
            lines[-1]["count"] += 1
            continue
        lines.append({"words": words, "who": who, "at": event.at, "count": 1})
    return lines[:SHOWN_EVENTS]


def _screened(case: Case, edition: Edition) -> list[tuple[str, str]]:
    """The safety and eligibility questions in words. Signs that were answered with no are left out: what is said counts."""
    held = desk_queries.screening(case)
    flags = {f"flag.{flag.key}": flag.words for flag in edition.all_red_flags}
    asked = {one.key: one for one in edition.eligibility}
    found = []
    for one in held.answers if held else []:
        key, answer = one["question"], str(one["answer"])
        if key in flags and answer != "no":
            found.append((flags[key], {"yes": str(_("Yes"))}.get(answer, answer)))
        elif key in asked:
            words = {choice.key: choice.words for choice in asked[key].answers}
            found.append((asked[key].words, words.get(answer, answer)))
    return found


def _assignments(case: Case) -> list[Assignment]:
    return list(Assignment.objects.filter(case=case).select_related("specialist").order_by("-offered_at"))


def page_context(case: Case, user: Any) -> dict[str, Any]:
    """Context of templates/desk/case.html, without the forms."""
    now = timezone.now()
    edition = edition_of(case)
    annotated = queue.annotated(Case.objects.filter(pk=case.pk).select_related("patient", "assignee", "coordinator"))
    row = queue.rows(annotated, now)[0]
    clocks = desk_queries.clocks_of(case, now)
    assignments = _assignments(case)
    holds = list(desk_queries.holds(case))
    return {
        "case": case,
        "row": row,
        "time": row.time,
        "is_open": case.phase in OPEN,
        "level": edition.level(case.level),
        "agreed": agreed(case),
        "phases": Phase,
        "groups": summary(case, edition),
        "asks_for_patient": asks_for_patient(case, named=True),
        "screening": desk_queries.screening(case),
        "screened": _screened(case, edition),
        "language": next((one.own_name for one in edition.languages if one.code == case.patient.language), ""),
        "thread": Message.objects.filter(case=case).select_related("author"),
        "holds": [hold for hold in holds if hold.until is None],
        "past_holds": [hold for hold in holds if hold.until is not None],
        "assignments": assignments,
        "live": any(one.state in LIVE for one in assignments),
        "clocks": [(CLOCK_NAMES[name], length(clocks[name])) for name in CLOCKS if clocks[name] > timedelta()],
        "notes": desk_queries.notes(case),
        "history": _history(case),
        "render_failed": desk_queries.render_failed(case),
        "report": Report.objects.filter(case=case).order_by("-version").first(),
    }
