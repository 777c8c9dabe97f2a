"""Which files an edition has, and what each holds. Names are relative to the edition's folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from portal.catalogue.parts import (
    Ask,
    Canned,
    ChecklistLine,
    Code,
    ConsentScreen,
    DocumentClass,
    EligibilityQuestion,
    Item,
    Language,
    Letter,
    Maybe,
    NotCovered,
    OpinionField,
    Place,
    Problems,
    Reason,
    RedFlag,
    RedFlagMessages,
    ServiceLevel,
    SharedCondition,
    Specialty,
    Term,
    Timing,
    WordList,
    Words,
)
from portal.catalogue.reading import Whole


@dataclass(frozen=True, kw_only=True)
class EditionFile:
    """`format` is the layout of these files; this software reads format 1."""

    format: Annotated[int, Whole("a format number", 1, 1)]
    title: Words
    language: Words
    basis: Words


@dataclass(frozen=True, kw_only=True)
class EveryoneFile:
    VOICES: ClassVar[tuple[str, ...]] = ("questions",)

    checklist: tuple[ChecklistLine, ...]
    asks: tuple[Ask, ...]
    questions: tuple[Words, ...]


@dataclass(frozen=True, kw_only=True)
class ReasonsFile:
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, kw_only=True)
class RedFlagsFile:
    messages: RedFlagMessages
    flags: tuple[RedFlag, ...]


@dataclass(frozen=True, kw_only=True)
class EligibilityFile:
    questions: tuple[EligibilityQuestion, ...]
    not_covered: tuple[NotCovered, ...]


@dataclass(frozen=True, kw_only=True)
class PlacesFile:
    places: tuple[Place, ...]


@dataclass(frozen=True, kw_only=True)
class SharedFile:
    conditions: tuple[SharedCondition, ...]


@dataclass(frozen=True, kw_only=True)
class ItemsFile:
    items: tuple[Item, ...]


@dataclass(frozen=True, kw_only=True)
class DocumentsFile:
    """`not_result` words lower the confidence of any match: an order or an appointment is no result."""

    documents: tuple[DocumentClass, ...]
    not_result: WordList


@dataclass(frozen=True, kw_only=True)
class FieldsFile:
    fields: tuple[OpinionField, ...]


@dataclass(frozen=True, kw_only=True)
class ConsentFile:
    screens: tuple[ConsentScreen, ...]


@dataclass(frozen=True, kw_only=True)
class CannedFile:
    texts: tuple[Canned, ...]


@dataclass(frozen=True, kw_only=True)
class LevelsFile:
    """`payment` says how and when people pay: the portal takes no money. Needed once a level has an amount."""

    timing: Timing
    levels: tuple[ServiceLevel, ...]
    payment: Maybe = ""

    def problems(self) -> Problems:
        if not self.payment and any(one.price and one.price.amount for one in self.levels):
            yield "payment", "must say how and when people pay, because a level has an amount"


@dataclass(frozen=True, kw_only=True)
class LanguagesFile:
    languages: tuple[Language, ...]


@dataclass(frozen=True, kw_only=True)
class CodesFile:
    notice: Words
    labs: tuple[Code, ...]
    measures: tuple[Code, ...]


@dataclass(frozen=True, kw_only=True)
class GlossaryFile:
    terms: tuple[Term, ...]


@dataclass(frozen=True, kw_only=True)
class LettersFile:
    letters: tuple[Letter, ...]


SPECIALTIES = "specialties/"
FIELDS = "opinion_fields/"
ITEMS = "items/"
COMMON_FIELDS = "opinion_fields/common.yaml"

FILES: dict[str, type] = {
    "edition.yaml": EditionFile,
    "everyone.yaml": EveryoneFile,
    "reasons.yaml": ReasonsFile,
    "red_flags.yaml": RedFlagsFile,
    "eligibility.yaml": EligibilityFile,
    "places.yaml": PlacesFile,
    "shared_conditions.yaml": SharedFile,
    "documents.yaml": DocumentsFile,
    COMMON_FIELDS: FieldsFile,
    "consent.yaml": ConsentFile,
    "canned.yaml": CannedFile,
    "service_levels.yaml": LevelsFile,
    "languages.yaml": LanguagesFile,
    "codes.yaml": CodesFile,
    "glossary.yaml": GlossaryFile,
    "letters.yaml": LettersFile,
}


def kind_of(file: str) -> type | None:
    """The class that a file is read into, or None for a name that an edition does not have."""
    if file in FILES:
        return FILES[file]
    if file.endswith(".yaml") and file.count("/") == 1:
        if file.startswith(SPECIALTIES):
            return Specialty
        if file.startswith(FIELDS):
            return FieldsFile
        if file.startswith(ITEMS):
            return ItemsFile
    return None


def stem(file: str) -> str:
    """specialties/cardiology.yaml -> cardiology"""
    return file.rsplit("/", 1)[-1].removesuffix(".yaml")
