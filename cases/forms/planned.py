"""What a day of planned surgery or treatment may be: one rule for the questions before the account and for the request."""

from __future__ import annotations

from datetime import date, timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

YEARS_AHEAD = 3
"""Nobody is given a day for an operation further ahead: a later year is a slip of the finger, and would hide how soon it is."""
DATE_PASSED = _("This day has passed. Check the day and the year")
DATE_PASSED_OPTIONAL = _(
    "This day has passed. Check the day and the year. Is there no new date yet? Then empty the boxes"
)
DATE_FAR = _("This day is more than 3 years away. Check the year")


def planned_at_latest() -> date:
    """The last day that is believed, counted from today where the service is."""
    return timezone.localdate() + timedelta(days=YEARS_AHEAD * 366)
