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


class DeclineReason(models.TextChoices):
    """Why a specialist does not take a case, or gives it back."""

    CONFLICT = "conflict", _("I have a conflict of interest and cannot be impartial")
    NO_TIME = "no_time", _("I do not have the time before it is due")
    NOT_MY_FIELD = "not_my_field", _("It is outside my field")
    NO_LICENCE = "no_licence", _("I am not licensed where the patient is")
    OTHER = "other", _("Another reason")
