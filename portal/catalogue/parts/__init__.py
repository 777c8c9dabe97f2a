"""The parts of an edition of the catalogue, as frozen dataclasses.

The field annotations are the schema: `reading.py` builds these classes from YAML and refuses what does not fit,
so that there is one place that says what a file may hold. Nothing here knows Django.
"""

from __future__ import annotations

from portal.catalogue.parts.intake import (
    Ask,
    EligibilityAnswer,
    EligibilityQuestion,
    NotCovered,
    Option,
    Place,
    Reason,
    RedFlag,
    RedFlagMessages,
    Region,
)
from portal.catalogue.parts.kinds import (
    AskType,
    CannedKind,
    FieldType,
    FlagLevel,
    ImageCheck,
    Images,
    LevelUnit,
    Maybe,
    Need,
    Outcome,
    Owner,
    Problems,
    Route,
    Words,
)
from portal.catalogue.parts.opinion import Limits, OpinionField, SubField, Value
from portal.catalogue.parts.records import Code, DocumentClass, ImageRule, Item, NeededCheck, RequiredItem, WordList
from portal.catalogue.parts.service import Canned, ConsentScreen, Language, Letter, Price, ServiceLevel, Term, Timing
from portal.catalogue.parts.specialties import (
    ChecklistLine,
    Condition,
    EvidenceQuestion,
    SharedCondition,
    Specialty,
    SubSpecialty,
)

__all__ = [
    "Ask",
    "AskType",
    "Canned",
    "CannedKind",
    "ChecklistLine",
    "Code",
    "Condition",
    "ConsentScreen",
    "DocumentClass",
    "EligibilityAnswer",
    "EligibilityQuestion",
    "EvidenceQuestion",
    "FieldType",
    "FlagLevel",
    "ImageCheck",
    "ImageRule",
    "Images",
    "Item",
    "Language",
    "Letter",
    "LevelUnit",
    "Limits",
    "Maybe",
    "Need",
    "NeededCheck",
    "NotCovered",
    "OpinionField",
    "Option",
    "Outcome",
    "Owner",
    "Place",
    "Price",
    "Problems",
    "Reason",
    "RedFlag",
    "RedFlagMessages",
    "Region",
    "RequiredItem",
    "Route",
    "ServiceLevel",
    "SharedCondition",
    "Specialty",
    "SubField",
    "SubSpecialty",
    "Term",
    "Timing",
    "Value",
    "WordList",
    "Words",
]
