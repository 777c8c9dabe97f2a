"""Who could review a case: the facts from the database for rules/matching.py."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Count
from django.utils import timezone

from cases.models import Case
from cases.queries.edition import edition_of
from portal.catalogue.parts import Route
from portal.core.states import Role
from specialists.models import Assignment, Licence, Profile
from specialists.queries import terms
from specialists.queries.access import WORKING
from specialists.rules import matching as rules
from specialists.rules.matching import Candidate, Held, Person, Wanted
from specialists.states import LIVE, AssignmentState, DeclineReason


def _state(country: str, state: str) -> str:
    """The state alone: "US-CA" and "CA" are the same."""
    return state.upper().removeprefix(f"{country.upper()}-")


def wanted(case: Case) -> Wanted:
    """What this case asks of a specialist, with the names that the coordinator reads."""
    edition = edition_of(case)
    patient, condition = case.patient, terms.condition_of(case)
    country = str(patient.country or "")
    state = _state(country, patient.state)
    place = edition.place(country or "ZZ", state)
    names = {one.key: one.name for one in edition.specialties}
    names |= {sub.key: sub.name for one in edition.specialties for sub in one.sub_specialties}
    names |= {one.code: one.name for one in edition.languages}
    names |= {country: place.name, state: place.name} if country else {}
    if condition:
        names[condition.key] = condition.name
    return Wanted(
        specialties=tuple(case.specialties),
        condition=condition.key if condition else "",
        sub_specialties=condition.sub_specialties if condition else (),
        language=patient.language,
        country=country,
        state=state,
        licence_needed=place.route is Route.DIRECT,
        today=timezone.localdate(),
        names=names,
    )


def people(case: Case, users: Iterable[Any] | None = None) -> list[Person]:
    """Every specialist with a profile as matching sees them, in a number of queries that does not grow with them."""
    profiles = Profile.objects.select_related("user").filter(user__role=Role.SPECIALIST)
    if users is not None:
        profiles = profiles.filter(user__in=[one.pk for one in users])
    found = list(profiles)
    licences: dict[UUID, list[Held]] = defaultdict(list)
    for one in Licence.objects.filter(profile__in=[profile.pk for profile in found]):
        state = _state(one.country, one.state)
        licences[one.profile_id].append(Held(country=one.country, state=state, valid_until=one.valid_until))
    counted = Assignment.objects.filter(state__in=WORKING).values_list("specialist").annotate(n=Count("pk"))
    load: dict[UUID, int] = dict(counted)
    before: dict[UUID, set[tuple[str, str]]] = defaultdict(set)
    for specialist, state, reason in Assignment.objects.filter(case=case).values_list(
        "specialist_id", "state", "end_reason"
    ):
        before[specialist].add((state, reason))
    return [_person(profile, licences[profile.pk], load, before[profile.user_id]) for profile in found]


def _person(profile: Profile, licences: list[Held], load: dict[UUID, int], before: set[tuple[str, str]]) -> Person:
    states = {state for state, _reason in before}
    return Person(
        id=profile.user_id,
        name=profile.user.get_full_name(),
        title=profile.title,
        institution=profile.institution,
        specialties=tuple(profile.specialties),
        sub_specialties=tuple(profile.sub_specialties),
        conditions=tuple(profile.conditions),
        languages=tuple(profile.languages),
        licences=tuple(licences),
        open_cases=load.get(profile.user_id, 0),
        capacity=profile.capacity,
        away_from=profile.away_from,
        away_until=profile.away_until,
        active=profile.active and profile.user.is_active,
        has_live=bool(states & LIVE) or AssignmentState.SIGNED in states,
        conflicted=any(reason == DeclineReason.CONFLICT for _state, reason in before),
        declined=bool(states & {AssignmentState.DECLINED, AssignmentState.EXPIRED}),
    )


def rank(case: Case) -> list[Candidate]:
    """Everyone who could review this case, the best fit first; who could not comes after, with why."""
    return rules.rank(people(case), wanted(case))


def candidate(case: Case, user: Any) -> Candidate | None:
    """One person as a candidate; None when they have no profile."""
    found = rules.rank(people(case, [user]), wanted(case))
    return found[0] if found else None
