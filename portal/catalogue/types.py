"""A whole edition of the catalogue: every list and text the portal works with, read-only.

A case names the catalogue version it was started with and keeps it, so that an edition never changes under a
running case. Everything a screen needs is asked of `Edition`; nothing else reads the files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from portal.catalogue import rules
from portal.catalogue.parts import (
    Ask,
    Canned,
    CannedKind,
    ChecklistLine,
    Code,
    Condition,
    ConsentScreen,
    DocumentClass,
    EligibilityQuestion,
    FlagLevel,
    Item,
    Language,
    Letter,
    NotCovered,
    OpinionField,
    Place,
    Reason,
    RedFlag,
    RedFlagMessages,
    Region,
    RequiredItem,
    Route,
    ServiceLevel,
    Specialty,
    Term,
    Timing,
    WordList,
)

T = TypeVar("T")
HOUSE = "house"
"""The source of a field that the organisation made up itself."""


class UnknownKey(LookupError):
    """A key that this edition does not have."""


@dataclass(frozen=True)
class PlaceRule:
    """What holds for a patient in a place, with the region's own words over the country's."""

    code: str
    name: str
    route: Route
    licence: str
    emergency: str
    crisis: str | None
    crisis_name: str
    languages: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Edition:
    """One edition. `sha256` names its content: the same content is the same edition."""

    sha256: str
    title: str
    language: str
    basis: str
    everyone_checklist: tuple[ChecklistLine, ...]
    everyone_asks: tuple[Ask, ...]
    everyone_questions: tuple[str, ...]
    reasons: tuple[Reason, ...]
    red_flag_messages: RedFlagMessages
    all_red_flags: tuple[RedFlag, ...]
    eligibility: tuple[EligibilityQuestion, ...]
    not_covered: tuple[NotCovered, ...]
    places: tuple[Place, ...]
    specialties: tuple[Specialty, ...]
    items: tuple[Item, ...]
    documents: tuple[DocumentClass, ...]
    not_result: WordList
    common_fields: tuple[OpinionField, ...]
    specialty_fields: Mapping[str, tuple[OpinionField, ...]]
    consent_screens: tuple[ConsentScreen, ...]
    canned_texts: tuple[Canned, ...]
    levels: tuple[ServiceLevel, ...]
    payment: str
    timing: Timing
    languages: tuple[Language, ...]
    labs: tuple[Code, ...]
    measures: tuple[Code, ...]
    terms: tuple[Term, ...]
    letters: tuple[Letter, ...]

    @cached_property
    def _items(self) -> dict[str, Item]:
        return {item.key: item for item in self.items}

    @cached_property
    def explained_words(self) -> frozenset[str]:
        """The words that the glossary explains, small, for the reading grade to leave out."""
        return frozenset(word for term in self.terms for word in term.term.lower().split())

    def specialty(self, key: str) -> Specialty:
        """Raises UnknownKey."""
        return _find(self.specialties, key, "specialty")

    def condition(self, specialty: str, key: str) -> Condition:
        """Raises UnknownKey."""
        return _find(self.specialty(specialty).conditions, key, f"{specialty} condition")

    def reason(self, key: str) -> Reason:
        """Raises UnknownKey."""
        return _find(self.reasons, key, "reason")

    def item(self, key: str) -> Item:
        """Raises UnknownKey."""
        return _find(self.items, key, "item")

    def document(self, key: str) -> DocumentClass:
        """Raises UnknownKey."""
        return _find(self.documents, key, "document class")

    def level(self, key: str) -> ServiceLevel:
        """Raises UnknownKey."""
        return _find(self.levels, key, "service level")

    def canned_text(self, key: str) -> Canned:
        """Raises UnknownKey."""
        return _find(self.canned_texts, key, "canned text")

    def letter(self, key: str) -> Letter:
        """Raises UnknownKey."""
        return _find(self.letters, key, "letter")

    def letters_for(self, country: str) -> tuple[Letter, ...]:
        """The letters that follow the law of this country; where none does, those that name no law of a place."""
        own = tuple(one for one in self.letters if country.upper() in one.places)
        return own or tuple(one for one in self.letters if not one.places)

    def asks(self, specialties: Sequence[str], condition_keys: Sequence[str]) -> tuple[Ask, ...]:
        """The questions about health that these specialties and conditions ask, everyone's first, each once."""
        found = list(self.everyone_asks)
        for specialty in map(self.specialty, specialties):
            found += specialty.asks
            for condition in specialty.conditions:
                if condition.key in condition_keys:
                    found += condition.asks
        return tuple({ask.key: ask for ask in reversed(found)}[key] for key in dict.fromkeys(a.key for a in found))

    def checklist(
        self, specialties: Sequence[str], condition_keys: Sequence[str], answers: rules.Answers | None = None
    ) -> list[RequiredItem]:
        """The records a case needs: the union over its specialties and conditions, strongest requirement first.

        A condition key counts under each of the specialties that offers it. `answers` holds the answers to
        `asks()` and `reasons`, by key; yes/no answers are "yes", "no" or "unsure".
        Raises UnknownKey for a specialty, or a condition that none of them offers.
        """
        chosen = [self.specialty(key) for key in specialties]
        known = {condition.key for specialty in chosen for condition in specialty.conditions}
        for key in condition_keys:
            if key not in known:
                raise UnknownKey(f"no condition {key!r} in {', '.join(specialties)}")
        answers = {**(answers or {})}
        if any(reason.in_doubt for reason in self.reasons if rules.holds({"reasons": (reason.key,)}, answers)):
            answers["in_doubt"] = "yes"
        pairs: list[tuple[str, ChecklistLine]] = []
        for specialty in chosen:
            mine: list[Condition | None] = [c for c in specialty.conditions if c.key in condition_keys]
            for condition in mine or [None]:
                pairs += rules.lines_for(self.everyone_checklist, specialty, condition, answers)
        return rules.union(pairs, self._items)

    def fields(self, specialty: str | None = None) -> tuple[OpinionField, ...]:
        """The structured fields of one specialty; without one, the common fields of every opinion."""
        if specialty is None:
            return self.common_fields
        self.specialty(specialty)
        return self.specialty_fields.get(specialty, ())

    def red_flags(self, specialty: str | None = None, level: FlagLevel | None = None) -> tuple[RedFlag, ...]:
        """The red flags of one specialty; without one, those that everyone is asked."""
        found = (flag for flag in self.all_red_flags if flag.specialty == specialty)
        return tuple(flag for flag in found if level is None or flag.level is level)

    def questions(self, specialty: str | None = None, condition: str | None = None) -> tuple[str, ...]:
        """Suggested questions, the narrowest first; those for any specialty come last."""
        found: list[str] = []
        if specialty is not None:
            if condition is not None:
                found += self.condition(specialty, condition).questions
            found += self.specialty(specialty).questions
        return tuple(dict.fromkeys([*found, *self.everyone_questions]))

    def consents(self, *, required: bool | None = None) -> tuple[ConsentScreen, ...]:
        """The consent screens in order; all of them, or only the required or only the optional ones."""
        return tuple(screen for screen in self.consent_screens if required is None or screen.required is required)

    def canned(self, kind: CannedKind) -> tuple[Canned, ...]:
        return tuple(text for text in self.canned_texts if text.kind is kind)

    def place(self, country: str, state: str = "") -> PlaceRule:
        """The rule for a country (ISO 3166-1) and state (ISO 3166-2 or its last part); unlisted = "ZZ", anywhere."""
        country, state = country.upper(), state.upper()
        known = {place.code: place for place in self.places}
        place = known.get(country, known["ZZ"])
        codes = (state, f"{country}-{state}")
        region: Region | None = next((one for one in place.regions if one.code in codes), None)
        return PlaceRule(
            code=region.code if region else place.code,
            name=region.name if region else place.name,
            route=(region.route if region else None) or place.route,
            licence=(region.licence if region else "") or place.licence,
            emergency=place.emergency,
            crisis=place.crisis,
            crisis_name=place.crisis_name,
            languages=place.languages,
        )

    def unreviewed(self) -> dict[str, list[OpinionField]]:
        """The scales that no clinician of the organisation has signed off, by specialty ("common" first).

        Fields of the house itself (free texts, plain choices) rest on no publication and need no sign-off.
        """
        fields = {"common": self.common_fields, **self.specialty_fields}
        found = {
            key: [one for one in of if one.reviewed_by is None and one.source != HOUSE] for key, of in fields.items()
        }
        return {key: of for key, of in found.items() if of}


def _find(parts: tuple[T, ...], key: str, what: str) -> T:
    for part in parts:
        if getattr(part, "key", None) == key:
            return part
    raise UnknownKey(f"this edition has no {what} {key!r}")
