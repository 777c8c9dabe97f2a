"""The report as a document: what it holds, its canonical bytes, and the hash that a signature is about.

The document is self-contained. It carries text, opaque citation ids and the bytes of key images, and nothing that leads back into
the records, so that `cases` can show it for ever and whoever holds a copy can check it against the hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

from django.utils.translation import gettext_lazy as _

SCHEMA = 1

SCALE = {
    "agree": _("Agree"),
    "agree_with_changes": _("Agree, with changes"),
    "disagree": _("Disagree"),
    "cannot_say": _("Cannot say yet"),
}
"""How the specialist judges the first opinion: for the diagnosis and for the treatment plan alike."""

CERTAINTY = {
    "sure": _("Sure"),
    "fairly_sure": _("Fairly sure"),
    "unsure": _("Unsure"),
}

BY_WHEN = {
    "today": _("Today"),
    "days": _("Within days"),
    "two_weeks": _("Within 2 weeks"),
    "six_weeks": _("Within 6 weeks"),
    "three_months": _("Within 3 months"),
    "no_hurry": _("No hurry"),
}


class Judgement(TypedDict):
    scale: str
    """A key of SCALE."""
    opinion: str
    """The diagnosis, or the treatment advised, in the specialist's own words: the right half of the comparison."""
    reasons: str


class Field(TypedDict):
    label: str
    value: str
    unit: str
    """As people write it (mm Hg, cm²), or empty."""
    source: str
    """The guideline or table that defines the field."""
    date: NotRequired[str]
    statement: NotRequired[str]


class Document(TypedDict):
    """Schema 1. Dates are ISO 8601; `signed_at` is UTC."""

    schema: int
    ref: str
    version: str
    catalogue: dict[str, str]
    """number and sha256 of the edition that asked the questions."""
    specialty: str
    condition: str
    patient: dict[str, str]
    specialists: list[dict[str, Any]]
    signed_at: str
    statement: str
    """What the specialist declared when signing."""
    conflict: str
    """Empty, or what was declared."""
    first_opinion: dict[str, str]
    """diagnosis and treatment as the patient was told them: the left half of the comparison."""
    questions: list[dict[str, str]]
    diagnosis: Judgement
    treatment: Judgement
    tests: list[dict[str, str]]
    alternatives: list[dict[str, str]]
    certainty: str
    """A key of CERTAINTY."""
    change_mind: str
    by_when: str
    """A key of BY_WHEN."""
    urgency: str
    outlook: str
    centres: list[str]
    reviewed: list[dict[str, str]]
    missing: list[str]
    limits: str
    plain: str
    ask_doctor: list[str]
    fields: list[Field]
    key_images: list[dict[str, str]]
    """png_base64 or jpeg_base64, and label."""
    citations: dict[str, dict[str, str]]
    """Opaque id to label, in the order of first mention."""
    cited: dict[str, list[str]]
    """Statement name ("question.1", "diagnosis", …) to citation ids."""
    dissent: list[dict[str, str]]


class Altered(Exception):
    """A stored document no longer has the hash that was signed. It is not shown to anyone."""


def canonical(document: Mapping[str, Any]) -> bytes:
    """The bytes that are hashed: UTF-8 JSON, keys sorted, no spaces (as RFC 8785 for documents of strings and whole numbers)."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical bytes, in hexadecimal."""
    return hashlib.sha256(canonical(document)).hexdigest()


def verify(document: Mapping[str, Any], sha256: str) -> None:
    """Raises Altered unless the document is the one that was signed."""
    if digest(document) != sha256:
        raise Altered
