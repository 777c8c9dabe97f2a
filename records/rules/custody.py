"""What is written down when a thing changes hands. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from records.states import Condition, PhysicalState

FIELDS: dict[str, tuple[str, ...]] = {
    "send": ("carrier", "tracking"),
    "receive": ("condition", "carrier", "tracking"),
    "hand_over": ("holder", "carrier", "tracking", "condition"),
    "take_back": ("condition",),
    "send_back": ("carrier", "tracking", "condition"),
    "confirm_return": ("condition",),
    "keep": (),
    "lose": (),
    "cancel": (),
    "remark": ("carrier", "tracking", "condition"),
}
"""What a line of the log holds for each event, beside the day and a remark."""
NEEDED: dict[str, tuple[str, ...]] = {
    "send": ("carrier",),
    "receive": ("condition",),
    "hand_over": ("holder",),
    "send_back": ("carrier",),
    "lose": ("remark",),
    "keep": ("remark",),
    "remark": ("remark",),
}
"""What must be said. A tracking number need not: not every parcel has one."""
ARRIVED = frozenset(
    {PhysicalState.HERE, PhysicalState.WITH_READER, PhysicalState.TO_OWNER, PhysicalState.RETURNED, PhysicalState.KEPT}
)
"""It was here: the checklist's item is satisfied."""
OUT = frozenset({PhysicalState.HERE, PhysicalState.WITH_READER, PhysicalState.TO_OWNER, PhysicalState.LOST})
"""The owner does not have it: a return can be overdue."""


def missing(event: str, said: Mapping[str, str]) -> list[str]:
    """Fields that this event needs and that are empty. What is not whole is described."""
    found = [name for name in NEEDED.get(event, ()) if not said.get(name, "").strip()]
    bad = said.get("condition") in {Condition.DAMAGED, Condition.INCOMPLETE}
    if bad and not said.get("remark", "").strip() and "remark" not in found:
        found.append("remark")
    return found


def overdue(state: str, return_by: date | None, today: date) -> bool:
    return return_by is not None and return_by < today and state in OUT


def digest(line: Mapping[str, Any]) -> str:
    """SHA-256 of a line of the log in canonical JSON."""
    return hashlib.sha256(json.dumps(line, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()
