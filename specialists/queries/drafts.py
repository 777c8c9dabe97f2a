"""The draft of an assignment."""

from __future__ import annotations

from specialists.models import Assignment, OpinionDraft


def draft_of(assignment: Assignment) -> OpinionDraft:
    """The draft that accepting made."""
    return OpinionDraft.objects.select_related("catalogue").get(assignment=assignment)
