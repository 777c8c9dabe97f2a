"""What the case's edition of the catalogue says about an assignment: how long an offer stands, which fields an opinion has."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from cases.models import Case
from cases.queries.edition import edition_of
from portal.catalogue.parts import Condition, LevelUnit, OpinionField
from portal.core.clock import WorkingCalendar
from specialists.models import Assignment
from specialists.rules import offers


def calendar_of(case: Case) -> WorkingCalendar | None:
    """The working calendar where the case's level counts working time; None where it counts hours, day and night."""
    unit = edition_of(case).level(case.level).unit
    return WorkingCalendar.from_settings() if unit is LevelUnit.WORKING_DAYS else None


def offer_until(case: Case, now: datetime) -> datetime:
    """When an offer of this case made now runs out."""
    timing = edition_of(case).timing
    return offers.stands_until(
        now, case.due_at, calendar=calendar_of(case), hours=timing.offer_hours, percent=timing.offer_percent
    )


def condition_of(case: Case) -> Condition | None:
    """The condition as the edition has it; None where the patient's is not in its list."""
    for specialty in edition_of(case).specialties:
        if specialty.key in case.specialties:
            for condition in specialty.conditions:
                if condition.key == case.condition:
                    return condition
    return None


def fields_of(assignment: Assignment) -> list[OpinionField]:
    """The structured fields that this specialist is asked: those of the specialty, less those of other conditions."""
    every = edition_of(assignment.case).fields(assignment.specialty)
    return [one for one in every if not one.conditions or assignment.case.condition in one.conditions]


def specialty_name(case: Case, key: str = "") -> str:
    return edition_of(case).specialty(key or case.specialties[0]).name


def prefilled(assignment: Assignment) -> dict[str, list[str]]:
    """What a draft begins with: the limits that every remote opinion has. The specialist edits them."""
    return {"limits": [standard_limits()]}


def standard_limits() -> str:
    return _(
        "This opinion is based on the records listed in this report. I have not examined you or spoken with you. "
        "Records that were not sent, and changes in your health since then, could change it. It does not replace the care of "
        "your own doctors. Please talk with them before you change any treatment."
    )
