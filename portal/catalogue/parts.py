"""The parts of an edition of the catalogue, as frozen dataclasses.

The field annotations are the schema: `reading.py` builds these classes from YAML and refuses what does not fit,
so that there is one place that says what a file may hold. Nothing here knows Django.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from portal.catalogue.reading import Matching, Number, Text, Whole

Key = Annotated[str, Matching(r"[a-z][a-z0-9_]*", "must be a key: small letters, digits and underscores")]
Words = Annotated[str, Text()]
Maybe = Annotated[str, Text(empty=True)]
Months = Annotated[int, Whole("months", 1, 600)]
Year = Annotated[int, Whole("a year", 1970, 2100)]
Hours = Annotated[int, Whole("hours", 1, 10_000)]
Percent = Annotated[int, Whole("percent", 1, 100)]
Days = Annotated[int, Whole("days", 1, 3650)]
Loinc = Annotated[str, Matching(r"[0-9]{1,7}-[0-9]", "must be a LOINC code such as 11524-6")]
Phone = Annotated[str, Matching(r"[0-9][0-9 +-]*( or [0-9][0-9 +-]*)*", "must be a telephone number")]
IsoDate = Annotated[str, Matching(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "must be a date such as 2026-03-31")]
Conditions = Mapping[Key, tuple[str, ...]]
Problems = Iterator[tuple[str, str]]


class Need(StrEnum):
    """How badly a record is needed. `IF_DONE` = required, but only if the test was ever done."""

    REQUIRED = "required"
    IF_DONE = "if_done"
    WANTED = "wanted"
    NOT_NEEDED = "not_needed"


class Images(StrEnum):
    """Whether the images themselves are needed, and not only the report."""

    NO = "no"
    WANTED = "wanted"
    REQUIRED = "required"


class FlagLevel(StrEnum):
    NOW = "now"
    TODAY = "today"


class Outcome(StrEnum):
    """What an answer on the eligibility page leads to."""

    GO_ON = "go_on"
    NOTE = "note"
    DOCTOR_ROUTE = "doctor_route"
    STOP = "stop"


class Route(StrEnum):
    """How people in a place may be served: directly, only through their treating doctor, or not at all."""

    DIRECT = "direct"
    VIA_DOCTOR = "via_doctor"
    NOT = "not"


class AskType(StrEnum):
    YES_NO = "yes_no"
    ONE = "one"
    MANY = "many"
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    PLACE = "place"


class FieldType(StrEnum):
    ENUM = "enum"
    INT = "int"
    DEC = "dec"
    GROUP = "group"
    TEXT = "text"
    BOOL = "bool"
    LIST = "list"
    CODE = "code"
    DATE = "date"


class LevelUnit(StrEnum):
    WORKING_DAYS = "working_days"
    ELAPSED_HOURS = "elapsed_hours"


class Owner(StrEnum):
    """Who has to act while a case is on hold."""

    PATIENT = "patient"
    HOSPITAL = "hospital"
    COORDINATOR = "coordinator"
    SPECIALIST = "specialist"
    ORGANISATION = "organisation"


class CannedKind(StrEnum):
    ASK = "ask"
    DECLINE = "decline"
    HOLD = "hold"
    MESSAGE = "message"


class ImageCheck(StrEnum):
    """A property that the images of a study must have; the word is shown when it fails."""

    MULTI_FRAME = "multi_frame"
    THIN_SLICE = "thin_slice"
    ECG_GATED = "ecg_gated"
    CC_AND_MLO = "cc_and_mlo"
    PET_WITH_CT = "pet_with_ct"
    T2_AND_DWI = "t2_and_dwi"
    TWO_OR_MORE_DATES = "two_or_more_dates"


@dataclass(frozen=True, kw_only=True)
class Option:
    """One answer to a question: `key` is stored, `words` are shown."""

    key: Key
    words: Words
    follow: Maybe = ""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A question to the patient. Its answer can switch checklist lines on and off (`when`, `unless`)."""

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
class ChecklistLine:
    """One record that a condition needs.

    `max_age` counts months back from the day of review. `alternatives` satisfy the line as well as `item` does.
    `when` holds if, for every key, the answer is one of the values; `unless` switches the line off the same way.
    """

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

    words: Words
    if_no: Words


@dataclass(frozen=True, kw_only=True)
class Specialty:
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


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why a patient comes. `follow` tunes the intake, `report_must` what the report has to answer."""

    key: Key
    words: Words
    staff: Words
    in_doubt: bool = False
    follow: tuple[Ask, ...] = ()
    report_must: tuple[Words, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RedFlag:
    key: Key
    level: FlagLevel
    specialty: Key | None = None
    words: Words
    advice: Maybe = ""


@dataclass(frozen=True, kw_only=True)
class RedFlagMessages:
    """`{emergency}` and `{crisis}` are replaced by the numbers of the place."""

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
    key: Key
    words: Words
    outcome: Outcome
    message: Maybe = ""

    def problems(self) -> Problems:
        if self.outcome in (Outcome.STOP, Outcome.DOCTOR_ROUTE) and not self.message:
            yield "message", f"must say what to do next, because the outcome is {self.outcome}"


@dataclass(frozen=True, kw_only=True)
class EligibilityQuestion:
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


@dataclass(frozen=True, kw_only=True)
class NeededCheck:
    """What the images must be, and the words for what is wrong when they are not."""

    check: ImageCheck
    otherwise: Words
    max_mm: Annotated[float, Number(0.1, 20)] | None = None


@dataclass(frozen=True, kw_only=True)
class ImageRule:
    """Which DICOM studies satisfy the image half. Look at SOP class, then modality, then the words.

    The words are lower case with accents folded, and are searched in the study and series descriptions, protocol,
    body part, procedure and anatomy codes. Modality without a word = "probable"; a word of `contrary` = no.
    """

    modalities: tuple[Annotated[str, Matching(r"[A-Z]{2,16}", "must be a DICOM modality such as CT")], ...] = ()
    sop_classes: tuple[Annotated[str, Matching(r"[0-9.]+", "must be a DICOM SOP class UID")], ...] = ()
    words: tuple[Words, ...] = ()
    contrary: tuple[Words, ...] = ()
    needs: tuple[NeededCheck, ...] = ()

    def problems(self) -> Problems:
        if not self.modalities and not self.sop_classes:
            yield "modalities", "must name a modality, or sop_classes must name a class"


@dataclass(frozen=True, kw_only=True)
class WordList:
    """Beginnings of words in the text of a document, lower case with accents folded, by language."""

    en: tuple[Words, ...] = ()
    es: tuple[Words, ...] = ()
    de: tuple[Words, ...] = ()

    def problems(self) -> Problems:
        for language in ("en", "es", "de"):
            for n, word in enumerate(getattr(self, language)):
                if word != word.lower() or not word.isascii():
                    yield f"{language}[{n}]", "must be in small letters without accents"


@dataclass(frozen=True, kw_only=True)
class DocumentClass:
    """A kind of document: how it is called, which LOINC codes mean it and which words give it away."""

    key: Key
    name: Words
    patient: Words
    loinc: tuple[Loinc, ...] = ()
    words: WordList = WordList()
    contrary: WordList = WordList()


@dataclass(frozen=True, kw_only=True)
class Item:
    """One kind of record on a checklist.

    `covers` names items that this one satisfies as well (a thin-slice chest CT is a chest CT).
    `answered_by` names the question whose answer satisfies it without any upload. A report satisfies the report half
    only.
    """

    key: Key
    staff: Words
    patient: Words
    what: Words
    where: Words
    how: Words
    answered_by: Key | None = None
    images: tuple[ImageRule, ...] = ()
    documents: tuple[Key, ...] = ()
    words: WordList = WordList()
    loinc: tuple[Loinc, ...] = ()
    covers: tuple[Key, ...] = ()
    priors: bool = False
    courier: bool = False

    @property
    def asked(self) -> bool:
        """Whether the patient's own answer is enough, so that nobody has to upload it."""
        return self.answered_by is not None

    def problems(self) -> Problems:
        if not self.answered_by and not self.images and not self.documents and not self.courier:
            yield "documents", "must name a document class, or images a rule: nothing could satisfy this item"


@dataclass(frozen=True, kw_only=True)
class Value:
    """One value of a field: `value` is stored. Categories only; the texts of protected scales are not shipped."""

    value: Words
    label: Words
    help: Maybe = ""

    @staticmethod
    def short(data: object) -> object:
        """`II` is read as value and label; `[II, Ordinary activity]` as value, label."""
        if isinstance(data, str | int) and not isinstance(data, bool):
            return {"value": str(data), "label": str(data)}
        if isinstance(data, list) and len(data) == 2:
            return {"value": str(data[0]), "label": data[1]}
        return data


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The plausible range: outside it the form asks "is this right?" and keeps what was entered."""

    min: Annotated[float, Number(-100_000, 100_000)]
    max: Annotated[float, Number(-100_000, 100_000)]

    @staticmethod
    def short(data: object) -> object:
        """`[5, 85]` is read as min, max."""
        return {"min": data[0], "max": data[1]} if isinstance(data, list) and len(data) == 2 else data

    def problems(self) -> Problems:
        if self.min >= self.max:
            yield "max", "must be greater than min"


@dataclass(frozen=True, kw_only=True)
class SubField:
    """A part of a group. A field without a range has no plausible range."""

    key: Key
    label: Words
    type: FieldType
    unit: Maybe = ""
    range: Limits | None = None
    decimals: Annotated[int, Whole("decimals", 0, 4)] = 0
    values: tuple[Value, ...] = ()
    pattern: Maybe = ""
    many: bool = False
    help: Maybe = ""

    def problems(self) -> Problems:
        yield from _field_problems(self.type, self.values, self.range, self.pattern, self.decimals)
        if self.type is FieldType.GROUP:
            yield "type", "must not be group inside a group"


@dataclass(frozen=True, kw_only=True)
class OpinionField:
    """One field of a structured opinion, with its unit (UCUM), plausible range, cut-offs as help, and its source.

    `internal` fields are for quality review and never appear in a report. `reviewed_by` and `reviewed_on` stay
    null until a clinician of the organisation has signed the field off.
    """

    key: Key
    label: Words
    type: FieldType
    unit: Maybe = ""
    range: Limits | None = None
    decimals: Annotated[int, Whole("decimals", 0, 4)] = 0
    values: tuple[Value, ...] = ()
    pattern: Maybe = ""
    many: bool = False
    help: Maybe = ""
    fields: tuple[SubField, ...] = ()
    repeat: bool = False
    required: bool = False
    internal: bool = False
    plain: bool = False
    only_if: Maybe = ""
    conditions: tuple[Key, ...] = ()
    loinc: tuple[Loinc, ...] = ()
    source: Words
    year: Year
    confirm: bool = False
    reviewed_by: Words | None = None
    reviewed_on: IsoDate | None = None

    def problems(self) -> Problems:
        yield from _field_problems(self.type, self.values, self.range, self.pattern, self.decimals)
        if self.type is FieldType.GROUP and not self.fields:
            yield "fields", "must list the parts of the group"
        if self.type is not FieldType.GROUP and self.fields:
            yield "fields", f"cannot be given for a field of type {self.type}"
        if (self.reviewed_by is None) != (self.reviewed_on is None):
            yield "reviewed_on", "must be given together with reviewed_by"


def _field_problems(
    kind: FieldType, values: tuple[Value, ...], limits: Limits | None, pattern: str, decimals: int
) -> Problems:
    if kind is FieldType.ENUM and len(values) < 2:
        yield "values", "must list at least two values"
    if kind not in (FieldType.ENUM, FieldType.LIST) and values:
        yield "values", f"cannot be given for a field of type {kind}"
    if len({value.value for value in values}) != len(values):
        yield "values", "names the same value twice"
    if limits and kind not in (FieldType.INT, FieldType.DEC):
        yield "range", f"cannot be given for a field of type {kind}"
    if kind is FieldType.DEC and not decimals:
        yield "decimals", "must be 1 or more for a field of type dec"
    if pattern:
        try:
            re.compile(pattern)
        except re.error as error:
            yield "pattern", f"is not a regular expression: {error}"


@dataclass(frozen=True, kw_only=True)
class ConsentScreen:
    """One screen of the consent, read and accepted by itself. A changed text gets a new `version`."""

    key: Key
    version: Annotated[int, Whole("a version number", 1, 10_000)]
    title: Words
    paragraphs: tuple[Words, ...]
    agree: Words
    required: bool


@dataclass(frozen=True, kw_only=True)
class Canned:
    """A text a coordinator can start from. `{name}` style gaps are filled by the coordinator, never by guessing."""

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
class Code:
    """A laboratory test or measure by its LOINC codes, newest first. Match the code first, then the name."""

    key: Key
    name: Words
    loinc: tuple[Loinc, ...]
    confirm: bool = True


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


@dataclass(frozen=True, kw_only=True)
class RequiredItem:
    """One line of a case's checklist after the union: the strongest requirement of all that ask for the item."""

    item: Item
    need: Need
    images: Images
    max_age: int | None
    alternatives: tuple[Item, ...]
    because: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def required(self) -> bool:
        return self.need is Need.REQUIRED
