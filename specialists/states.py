"""Enumerations of assignments and opinions."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class AssignmentState(models.TextChoices):
    OFFERED = "offered", _("Offered")
    ACCEPTED = "accepted", _("Accepted")
    DRAFTING = "drafting", _("Writing")
    SIGNED = "signed", _("Signed")
    DECLINED = "declined", _("Declined")
    EXPIRED = "expired", _("Expired")
    WITHDRAWN = "withdrawn", _("Taken back")


LIVE = frozenset({AssignmentState.OFFERED, AssignmentState.ACCEPTED, AssignmentState.DRAFTING})
"""Assignments that somebody still has to act on."""


class Conflict(models.TextChoices):
    """The conflict-of-interest declaration at acceptance."""

    NONE = "none", _("I have no conflict of interest")
    DECLARED = "declared", _("I have something to declare, and can still be impartial")
