"""Who fits a case, and why. Plain values in, a ranked list with reasons out; the coordinator decides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import gettext as _

POINTS_LEAD, POINTS_OTHER = 40, 25
POINTS_CONDITION, POINTS_SUB_SPECIALTY = 25, 15
POINTS_LICENCE, POINTS_LANGUAGE, POINTS_FREE = 15, 10, 10
HIGHEST = POINTS_LEAD + POINTS_CONDITION + POINTS_LICENCE + POINTS_LANGUAGE + POINTS_FREE


@dataclass(frozen=True, kw_only=True)
class Held:
    """A licence: country (ISO 3166-1), state where the country licenses by state, last valid day."""

    country: str
    state: str = ""
    valid_until: date | None = None


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a case asks of a specialist. Names are what the coordinator reads."""

    specialties: Sequence[str]
    condition: str
    sub_specialties: Sequence[str]
    language: str
    country: str
    state: str
    licence_needed: bool
    today: date
    names: dict[str, str] = field(default_factory=dict)
    """Keys of specialties, condition, sub-specialties, language and place to the names that the coordinator reads."""

    def name(self, key: str) -> str:
        return self.names.get(key, key)


@dataclass(frozen=True, kw_only=True)
class Person:
    """A specialist as far as matching looks."""

    id: UUID
    name: str
    title: str = ""
    institution: str = ""
    specialties: Sequence[str] = ()
    sub_specialties: Sequence[str] = ()
    conditions: Sequence[str] = ()
    languages: Sequence[str] = ()
    licences: Sequence[Held] = ()
    open_cases: int = 0
    capacity: int = 3
    away_from: date | None = None
    away_until: date | None = None
    active: bool = True
    has_live: bool = False
    """Has an open offer or assignment in this very case."""
    conflicted: bool = False
    """Declined this case for a conflict of interest."""
    declined: bool = False
    """Declined this case for another reason, or let the offer run out."""


@dataclass(frozen=True)
class Reason:
    """One plain reason. `speaks_for` says which way; a `firm` one against excludes whatever the coordinator thinks."""

    text: str
    speaks_for: bool
    firm: bool = False


@dataclass(frozen=True)
class Candidate:
    """A specialist with a score out of HIGHEST and reasons. `excluded` holds why not, and is empty for who can be offered the case."""

    person: Person
    score: int
    reasons: tuple[Reason, ...]
    excluded: tuple[Reason, ...]

    @property
    def refused(self) -> bool:
        """Nobody may offer the case to this person."""
        return any(reason.firm for reason in self.excluded)


def is_away(person: Person, today: date) -> bool:
    """Whether `today` lies in the absence, both days included; an end without a beginning has begun."""
    if person.away_until is None:
        return person.away_from is not None and person.away_from <= today
    return (person.away_from is None or person.away_from <= today) and today <= person.away_until


def licensed(person: Person, wanted: Wanted) -> bool:
    """Whether a valid licence covers the patient's place: the country's, or that of the patient's own state."""
    return any(
        one.country == wanted.country
        and (not one.state or one.state == wanted.state)
        and (one.valid_until is None or one.valid_until >= wanted.today)
        for one in person.licences
    )


def why_not(person: Person, wanted: Wanted) -> tuple[Reason, ...]:
    """What speaks against offering this case to this person, firm reasons first."""
    found: list[Reason] = []
    if not person.active:
        found.append(Reason(_("Not active"), False, firm=True))
    if not set(person.specialties) & set(wanted.specialties):
        found.append(Reason(_("Another specialty"), False, firm=True))
    if person.conflicted:
        found.append(Reason(_("Declared a conflict of interest in this case"), False, firm=True))
    if person.has_live:
        found.append(Reason(_("Already has this case"), False, firm=True))
    if wanted.licence_needed and not licensed(person, wanted):
        place = wanted.name(wanted.state or wanted.country)
        found.append(Reason(_("No valid licence in %(place)s") % {"place": place}, False, firm=True))
    if is_away(person, wanted.today):
        text = _("Away")
        if person.away_until:
            text = _("Away until %(day)s") % {"day": date_format(person.away_until, "j M")}
        found.append(Reason(text, False))
    if person.open_cases >= person.capacity:
        numbers = {"open": person.open_cases, "capacity": person.capacity}
        found.append(Reason(_("Full: %(open)d of %(capacity)d cases open") % numbers, False))
    if person.declined:
        found.append(Reason(_("Did not take this case before"), False))
    return tuple(found)


def score(person: Person, wanted: Wanted) -> tuple[int, tuple[Reason, ...]]:
    """Points and the reasons behind them, in the order of weight."""
    found: list[tuple[int, Reason]] = []

    def add(points: int, text: str) -> None:
        found.append((points, Reason(text, points > 0)))

    fitting = [key for key in wanted.specialties if key in person.specialties]
    for key in fitting[:1]:
        add(POINTS_LEAD if key == wanted.specialties[0] else POINTS_OTHER, wanted.name(key))
    shared = [key for key in person.sub_specialties if key in wanted.sub_specialties]
    if wanted.condition and wanted.condition in person.conditions:
        add(POINTS_CONDITION, _("Often reviews %(condition)s") % {"condition": wanted.name(wanted.condition)})
    elif shared:
        add(POINTS_SUB_SPECIALTY, wanted.name(shared[0]))
    if licensed(person, wanted):
        place = wanted.name(wanted.state or wanted.country)
        add(POINTS_LICENCE, _("Licensed in %(place)s") % {"place": place})
    language = wanted.name(wanted.language)
    if wanted.language in person.languages:
        add(POINTS_LANGUAGE, _("Reads %(language)s") % {"language": language})
    else:
        add(0, _("Does not read %(language)s") % {"language": language})
    free = max(0, person.capacity - person.open_cases)
    if free:
        numbers = {"open": person.open_cases, "capacity": person.capacity}
        points = max(1, POINTS_FREE * free // person.capacity)
        add(points, _("%(open)d of %(capacity)d cases open") % numbers)
    return sum(points for points, _reason in found), tuple(reason for _points, reason in found)


def rank(people: Iterable[Person], wanted: Wanted) -> list[Candidate]:
    """Everyone, the best fit first; who is excluded comes after, with why. Ties go to the emptier desk, then by name."""
    found = []
    for person in people:
        points, reasons = score(person, wanted)
        found.append(Candidate(person, points, reasons, why_not(person, wanted)))
    return sorted(
        found,
        key=lambda one: (bool(one.excluded), one.refused, -one.score, one.person.open_cases, one.person.name),
    )
