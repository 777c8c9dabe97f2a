"""The life of a case, as a table. A missing (phase, event) pair is illegal."""

from __future__ import annotations

from cases.rules import sections_missing
from cases.states import OPEN, Phase
from portal.core.states import Role
from portal.core.workflow import Machine, row

PATIENT, DESK, SPECIALIST, SYSTEM = Role.PATIENT, Role.COORDINATOR, Role.SPECIALIST, Role.SYSTEM

CASE = Machine(
    kind="case",
    column="phase",
    transitions=(
        row("submit", Phase.DRAFT, Phase.COLLECTING, [PATIENT], guard=sections_missing),
        # Records complete: the promised turnaround counts from here.
        row("complete", Phase.COLLECTING, Phase.TRIAGE, [DESK, SYSTEM]),
        row("reopen_records", [Phase.TRIAGE, Phase.MATCHING], Phase.COLLECTING, [DESK]),
        row("accept", Phase.TRIAGE, Phase.MATCHING, [DESK]),
        row("decline", [Phase.COLLECTING, Phase.TRIAGE, Phase.MATCHING], Phase.DECLINED, [DESK]),
        # A specialist has accepted an offer.
        row("begin_review", Phase.MATCHING, Phase.IN_REVIEW, [SPECIALIST]),
        # The last live assignment ended without a signature.
        row("rematch", Phase.IN_REVIEW, Phase.MATCHING, [DESK, SPECIALIST, SYSTEM]),
        row("receive_report", Phase.IN_REVIEW, Phase.RELEASE, [SPECIALIST]),
        row("release", Phase.RELEASE, Phase.DELIVERED, [DESK]),
        row("close", Phase.DELIVERED, Phase.CLOSED, [DESK, SYSTEM]),
        row("withdraw", [Phase.DRAFT, *sorted(OPEN)], Phase.WITHDRAWN, [PATIENT, DESK]),
    ),
)
