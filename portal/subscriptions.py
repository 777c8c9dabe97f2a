"""Every reaction to every event on one screen: (subject kind, event) -> jobs.

Events are written by `move()` and `note()`; the jobs are queued in the same transaction.
"""

from __future__ import annotations

from portal.core.models import Event
from portal.core.workflow import Reaction


def _clock(signal: str) -> Reaction:
    return Reaction("cases.mail_clock", lambda event: {"subject_id": str(event.subject_id), "signal": signal})


def _offers_until(event: Event) -> dict[str, str]:
    """Only offers that stood when it happened: the same case may be offered again before the job runs."""
    return {"subject_id": str(event.subject_id), "before": event.at.isoformat()}


_READ = Reaction("records.process_upload", shared=True)

TABLE: dict[tuple[str, str], tuple[Reaction, ...]] = {
    ("case", "submit"): (Reaction("cases.mail_received"), Reaction("records.check_case")),
    ("case", "correct_person"): (Reaction("records.check_case"),),
    ("case", "decline"): (Reaction("cases.mail_declined"), Reaction("specialists.end_assignments")),
    ("case", "withdraw"): (Reaction("cases.mail_withdrawn"), Reaction("specialists.end_assignments")),
    ("case", "reopen_records"): (Reaction("specialists.end_offers", _offers_until),),
    ("case", "release"): (Reaction("cases.mail_report"),),
    ("case", "warn_half"): (_clock("warn_half"),),
    ("case", "warn_most"): (_clock("warn_most"),),
    ("case", "breach"): (_clock("breach"),),
    ("message", "send"): (Reaction("cases.mail_message"),),
    ("hold", "open"): (Reaction("cases.mail_hold"),),
    ("upload", "receive"): (_READ,),
    ("hold", "close"): (Reaction("specialists.mail_answered"),),
    ("assignment", "offer"): (Reaction("specialists.mail_offer"),),
    ("assignment", "withdraw"): (Reaction("specialists.mail_withdrawn"),),
    ("report", "render_failed"): (Reaction("cases.mail_report_failed"),),
    ("report", "sign"): (Reaction("cases.render_report"),),
    ("file", "process_again"): (_READ,),
    ("file", "take_back"): (_READ,),
    ("file", "supersede"): (_READ,),
    ("file", "release"): (_READ,),
    ("file", "revive"): (_READ,),
    ("file", "remove"): (_READ,),
}
