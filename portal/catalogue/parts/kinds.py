"""The words and numbers of which the parts of an edition are made: what a value may be, and the choices that are fixed in code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated

from portal.catalogue.reading import Matching, Text, Whole

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
