"""What the organisation says and promises: consents, texts, levels and their prices, letters, languages, words explained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from portal.catalogue.parts.kinds import CannedKind, Days, Hours, Key, LevelUnit, Maybe, Owner, Percent, Problems, Words
from portal.catalogue.reading import Matching, Whole


@dataclass(frozen=True, kw_only=True)
class ConsentScreen:
    """One screen of the consent, read and accepted by itself. A changed text gets a new `version`."""

    VOICES: ClassVar[tuple[str, ...]] = ("title", "paragraphs", "agree")

    key: Key
    version: Annotated[int, Whole("a version number", 1, 10_000)]
    title: Words
    paragraphs: tuple[Words, ...]
    agree: Words
    required: bool


@dataclass(frozen=True, kw_only=True)
class Canned:
    """A text a coordinator can start from. `{name}` style gaps are filled by the coordinator, never by guessing."""

    VOICES: ClassVar[tuple[str, ...]] = ("text",)

    key: Key
    kind: CannedKind
    title: Words
    text: Words
    owner: Owner | None = None

    def problems(self) -> Problems:
        if (self.kind is CannedKind.HOLD) != (self.owner is not None):
            yield "owner", "must be given for a hold, and only for a hold"


@dataclass(frozen=True, kw_only=True)
class Price:
    """What a level costs the patient: an amount in a currency (ISO 4217), nothing, or the organisation's own words."""

    amount: (
        Annotated[str, Matching(r"[0-9]{1,7}(\.[0-9]{2})?", 'must be an amount in quotes such as "450.00"')] | None
    ) = None
    currency: Annotated[str, Matching(r"[A-Z]{3}", "must be a currency code such as USD")] | None = None
    free: bool = False
    words: Maybe = ""

    def problems(self) -> Problems:
        if (self.amount is not None) + self.free + bool(self.words) != 1:
            yield "", "must give one of amount (with currency), free or words"
        if (self.amount is None) != (self.currency is None):
            yield "currency", "goes with an amount, and an amount with a currency"


@dataclass(frozen=True, kw_only=True)
class ServiceLevel:
    """A promise from "records complete" to "report delivered", counted in `unit`. Without a price, patients are told to ask."""

    key: Key
    name: Words
    patient: Words
    amount: Annotated[int, Whole("units", 1, 10_000)]
    unit: LevelUnit
    price: Price | None = None


@dataclass(frozen=True, kw_only=True)
class Timing:
    """An offer expires after `offer_hours` in the level's unit or `offer_percent` of the time left, the less."""

    warn_percent: tuple[Percent, ...]
    offer_hours: Hours
    offer_percent: Percent
    follow_up_questions: Annotated[int, Whole("questions", 0, 20)]
    follow_up_days: Days
    ask_outcome_days: tuple[Days, ...]


@dataclass(frozen=True, kw_only=True)
class Language:
    code: Annotated[str, Matching(r"[a-z]{2,3}(-[A-Za-z0-9]+)*", "must be a language code such as en or zh-Hant")]
    name: Words
    own_name: Words


@dataclass(frozen=True, kw_only=True)
class Term:
    """A medical word that patients meet: left out of the reading grade, but explained."""

    term: Words
    means: Words


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A letter that the portal writes for the patient, with gaps in braces.

    `parts` are the elements that the law asks for: the portal refuses to send a letter in which one is empty.
    `places` are the countries (ISO 3166-1) whose law it follows; a letter without any serves where no other does.
    """

    key: Key
    name: Words
    when: Words
    law: Words
    answer_days: Days | None = None
    subject: Words
    paragraphs: tuple[Words, ...]
    parts: tuple[Key, ...]
    notices: tuple[Words, ...] = ()
    places: tuple[Annotated[str, Matching(r"[A-Z]{2}", "must be a country code of two capital letters")], ...] = ()
