"""What the desk may rely on about a specialist: written by administrators, except when and how much one can take on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction

from portal.core import audit
from portal.core.access import Actor
from portal.core.states import Role
from portal.core.workflow import Refused
from specialists.models import Licence, Profile
from specialists.rules import profiles as rules


@dataclass(frozen=True, kw_only=True)
class Facts:
    """A whole profile without its licences; keys are those of the published edition."""

    title: str
    institution: str
    specialties: Sequence[str]
    sub_specialties: Sequence[str]
    conditions: Sequence[str]
    languages: Sequence[str]
    capacity: int
    away_from: date | None
    away_until: date | None
    active: bool


@transaction.atomic
def save(*, user: Any, facts: Facts, by: Actor) -> Profile:
    """Write a specialist's profile, the first time or again. From then on matching ranks them.

    Raises:
        Refused: not for this role, not a specialist, or "specialty_missing", "language_missing", "capacity_range", "away_order".
    """
    _administrator(by)
    if user.role != Role.SPECIALIST:
        raise Refused("not_a_specialist")
    problem = rules.skills_refused(facts.specialties, facts.languages) or rules.availability_refused(
        facts.capacity, facts.away_from, facts.away_until
    )
    if problem:
        raise Refused(problem)
    held, _made = Profile.objects.select_for_update().get_or_create(user=user)
    held.title, held.institution = facts.title.strip(), facts.institution.strip()
    held.specialties, held.sub_specialties = list(facts.specialties), list(facts.sub_specialties)
    held.conditions, held.languages = list(facts.conditions), list(facts.languages)
    held.capacity, held.active = facts.capacity, facts.active
    held.away_from, held.away_until = facts.away_from, facts.away_until
    held.save()
    audit.record(actor=by, action="save profile", subjects=[str(user.pk)])
    return held


@transaction.atomic
def set_availability(
    *, profile: Profile, capacity: int, away_from: date | None, away_until: date | None, by: Actor
) -> Profile:
    """The specialist's own part of the profile.

    Raises:
        Refused: somebody else's profile, or "capacity_range", "away_order".
    """
    if by.id != str(profile.user_id):
        raise Refused("not_their_own")
    if problem := rules.availability_refused(capacity, away_from, away_until):
        raise Refused(problem)
    held = _held(profile)
    held.capacity, held.away_from, held.away_until = capacity, away_from, away_until
    held.save(update_fields=["capacity", "away_from", "away_until"])
    audit.record(actor=by, action="set availability", subjects=[str(profile.user_id)])
    return held


@transaction.atomic
def add_licence(
    *, profile: Profile, country: str, state: str, number: str, valid_until: date | None, by: Actor
) -> Licence:
    """Write down a licence. A renewed one is removed and added again.

    Raises:
        Refused: not for this role, or "licence_twice".
    """
    _administrator(by)
    held = _held(profile)
    wanted = (country.upper(), rules.region(country, state), number.strip())
    known = Licence.objects.filter(profile=held).values_list("country", "state", "number")
    if any(rules.same_licence(one, wanted) for one in known):
        raise Refused("licence_twice")
    made = Licence.objects.create(
        profile=held, country=wanted[0], state=wanted[1], number=wanted[2], valid_until=valid_until
    )
    audit.record(actor=by, action="add licence", subjects=[str(held.user_id)])
    return made


@transaction.atomic
def remove_licence(*, profile: Profile, licence: int, by: Actor) -> bool:
    """Take a licence off the profile. False when it was not there: another's, or removed a moment ago.

    Raises:
        Refused: not for this role.
    """
    _administrator(by)
    held = _held(profile)
    removed, _rows = Licence.objects.filter(profile=held, pk=licence).delete()
    if removed:
        audit.record(actor=by, action="remove licence", subjects=[str(held.user_id)])
    return bool(removed)


def _administrator(by: Actor) -> None:
    if by.role is not Role.ADMINISTRATOR:
        raise Refused(f"profile: not for {by.role}")


def _held(profile: Profile) -> Profile:
    return Profile.objects.select_for_update().get(pk=profile.pk)
