"""What a patient is asked before and while a request is made, and where they are when they ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from portal.catalogue.parts.kinds import AskType, FlagLevel, IsoDate, Key, Maybe, Outcome, Phone, Problems, Route, Words
from portal.catalogue.reading import Matching


@dataclass(frozen=True, kw_only=True)
class Option:
    """One answer to a question: `key` is stored, `words` are shown."""

    VOICES: ClassVar[tuple[str, ...]] = ("words",)

    key: Key
    words: Words
    follow: Maybe = ""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A question to the patient. Its answer can switch checklist lines on and off (`when`, `unless`)."""

    VOICES: ClassVar[tuple[str, ...]] = ("words", "help")

    key: Key
    words: Words
    type: AskType
    help: Maybe = ""
    options: tuple[Option, ...] = ()
    unit: Maybe = ""
    required: bool = False

    @property
    def values(self) -> frozenset[str]:
        """The answers that a checklist line may name."""
        if self.type is AskType.YES_NO:
            return frozenset({"yes", "no", "unsure"})
        return frozenset(option.key for option in self.options)

    def problems(self) -> Problems:
        if self.type in (AskType.ONE, AskType.MANY) and len(self.options) < 2:
            yield "options", "must list at least two answers"
        if self.type not in (AskType.ONE, AskType.MANY) and self.options:
            yield "options", f"cannot be given for a question of type {self.type}"


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why a patient comes. `follow` tunes the intake, `report_must` what the report has to answer."""

    VOICES: ClassVar[tuple[str, ...]] = ("words",)

    key: Key
    words: Words
    staff: Words
    in_doubt: bool = False
    follow: tuple[Ask, ...] = ()
    report_must: tuple[Words, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RedFlag:
    VOICES: ClassVar[tuple[str, ...]] = ("words", "advice")

    key: Key
    level: FlagLevel
    specialty: Key | None = None
    words: Words
    advice: Maybe = ""


@dataclass(frozen=True, kw_only=True)
class RedFlagMessages:
    """`{emergency}` and `{crisis}` are replaced by the numbers of the place."""

    VOICES: ClassVar[tuple[str, ...]] = ("now", "self_harm", "today_title", "today")

    now_title: Words
    now: Words
    self_harm: Words
    checked: Words
    checked_note: Words
    today_title: Words
    today: Words
    none: Words


@dataclass(frozen=True, kw_only=True)
class EligibilityAnswer:
    VOICES: ClassVar[tuple[str, ...]] = ("words", "message")

    key: Key
    words: Words
    outcome: Outcome
    message: Maybe = ""

    def problems(self) -> Problems:
        if self.outcome in (Outcome.STOP, Outcome.DOCTOR_ROUTE) and not self.message:
            yield "message", f"must say what to do next, because the outcome is {self.outcome}"


@dataclass(frozen=True, kw_only=True)
class EligibilityQuestion:
    VOICES: ClassVar[tuple[str, ...]] = ("words", "help")

    key: Key
    words: Words
    type: AskType
    help: Maybe = ""
    answers: tuple[EligibilityAnswer, ...] = ()

    def problems(self) -> Problems:
        if self.type in (AskType.ONE, AskType.YES_NO) and len(self.answers) < 2:
            yield "answers", "must list at least two answers"


@dataclass(frozen=True, kw_only=True)
class NotCovered:
    """A field that this service does not cover, and where to turn instead."""

    VOICES: ClassVar[tuple[str, ...]] = ("turn_to",)

    key: Key
    words: Words
    turn_to: Words


@dataclass(frozen=True, kw_only=True)
class Region:
    """A state or province, where it differs from its country."""

    code: Annotated[str, Matching(r"[A-Z]{2}-[A-Z0-9]{1,3}", "must be an ISO 3166-2 code such as US-MA")]
    name: Words
    route: Route | None = None
    licence: Maybe = ""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a patient is: the licence of a doctor is judged there. `code` is ISO 3166-1, or ZZ for anywhere else."""

    code: Annotated[str, Matching(r"[A-Z]{2}", "must be a country code of two capital letters")]
    name: Words
    route: Route
    emergency: Phone
    crisis: Phone | None = None
    crisis_name: Maybe = ""
    languages: tuple[str, ...]
    licence: Words
    regions: tuple[Region, ...] = ()
    reviewed_by: Words | None = None
    reviewed_on: IsoDate | None = None
