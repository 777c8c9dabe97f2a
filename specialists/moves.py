"""The life of an assignment, as a table."""

from __future__ import annotations

from portal.core.states import Role
from portal.core.workflow import Machine, row
from specialists.states import AssignmentState as S

DESK, SPECIALIST, SYSTEM = Role.COORDINATOR, Role.SPECIALIST, Role.SYSTEM

ASSIGNMENT = Machine(
    kind="assignment",
    column="state",
    transitions=(
        row("accept", S.OFFERED, S.ACCEPTED, [SPECIALIST]),
        row("decline", S.OFFERED, S.DECLINED, [SPECIALIST]),
        row("expire", S.OFFERED, S.EXPIRED, [SYSTEM]),
        row("draft", S.ACCEPTED, S.DRAFTING, [SPECIALIST]),
        row("sign", S.DRAFTING, S.SIGNED, [SPECIALIST]),
        # A specialist who finds after accepting that they cannot go on.
        row("give_back", [S.ACCEPTED, S.DRAFTING], S.WITHDRAWN, [SPECIALIST]),
        row("withdraw", [S.OFFERED, S.ACCEPTED, S.DRAFTING], S.WITHDRAWN, [DESK, SYSTEM]),
    ),
)
