"""Specialties, their conditions and what each condition needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from portal.catalogue.parts.intake import Ask
from portal.catalogue.parts.kinds import Conditions, Images, Key, Maybe, Months, Need, Problems, Words


@dataclass(frozen=True, kw_only=True)
class ChecklistLine:
    """One record that a condition needs.

    `max_age` counts months back from the day of review. `alternatives` satisfy the line as well as `item` does.
    `when` holds if, for every key, the answer is one of the values; `unless` switches the line off the same way.
    """

    VOICES: ClassVar[tuple[str, ...]] = ("note",)

    item: Key
    need: Need
    images: Images = Images.NO
    max_age: Months | None = None
    alternatives: tuple[Key, ...] = ()
    when: Conditions = field(default_factory=dict)
    unless: Conditions = field(default_factory=dict)
    note: Maybe = ""

    def problems(self) -> Problems:
        if self.item in self.alternatives:
            yield "alternatives", f"names {self.item} itself"


@dataclass(frozen=True, kw_only=True)
class SubSpecialty:
    key: Key
    name: Words


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A condition or question within a specialty; `patient` is what the patient reads and picks."""

    VOICES: ClassVar[tuple[str, ...]] = ("patient", "questions")

    key: Key
    name: Words
    patient: Words
    also: tuple[Words, ...] = ()
    sub_specialties: tuple[Key, ...] = ()
    asks: tuple[Ask, ...] = ()
    questions: tuple[Words, ...] = ()
    checklist: tuple[ChecklistLine, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SharedCondition(Condition):
    """A condition that several specialties offer alike, written once."""

    offered_under: tuple[Key, ...]


@dataclass(frozen=True, kw_only=True)
class EvidenceQuestion:
    """ "Has a test shown it?" A "no" never ends the intake: it says what to get first."""

    VOICES: ClassVar[tuple[str, ...]] = ("words", "if_no")

    words: Words
    if_no: Words


@dataclass(frozen=True, kw_only=True)
class Specialty:
    VOICES: ClassVar[tuple[str, ...]] = ("sentence", "questions")

    key: Key
    name: Words
    patient: Words
    sentence: Words
    evidence: EvidenceQuestion
    sub_specialties: tuple[SubSpecialty, ...]
    asks: tuple[Ask, ...] = ()
    questions: tuple[Words, ...]
    checklist: tuple[ChecklistLine, ...]
    conditions: tuple[Condition, ...]
