"""Whom the header of a DICOM object names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Named(Protocol):
    """The columns of a study that name its patient."""

    patient_name: str
    patient_birth_date: str
    patient_sex: str
    patient_id: str


@dataclass(frozen=True)
class Header:
    """Patient's Name as written with its groups, birth date YYYYMMDD or "", sex M, F, O or "", patient id. `other`: further names."""

    name: str
    birth: str
    sex: str
    id: str
    other: str = ""

    @property
    def who(self) -> tuple[str, str, str, str]:
        return (self.name, self.birth, self.sex, self.id)

    @property
    def names(self) -> str:
        """All names, separated as the groups of a person name are."""
        return f"{self.name}={self.other}" if self.other else self.name

    @classmethod
    def of_index(cls, index: Mapping[str, Any]) -> Header:
        def text(name: str, longest: int) -> str:
            return str(index.get(name) or "")[:longest]

        return cls(text("patient_name", 200), text("patient_birth_date", 10), text("patient_sex", 4), text("patient_id", 64),
                   text("patient_other_names", 400))  # fmt: skip


def header_of_study(study: Named) -> Header:
    return Header(study.patient_name, study.patient_birth_date, study.patient_sex, study.patient_id)


def header_of(metadata: Mapping[str, Any]) -> Header:
    """From an instance's DICOM JSON."""

    def first(tag: str, longest: int) -> str:
        return text_of(metadata, tag)[:longest]

    birth = first("00100030", 10).replace(".", "")
    return Header(first("00100010", 200), birth, first("00100040", 4), first("00100020", 64),
                  "=".join([*_texts(metadata, "00101001"), *_texts(metadata, "00101005")])[:400])  # fmt: skip


DAYS = ("00080020", "00080021", "00080022", "00080023")
"""Study, Series, Acquisition and Content Date: the first that is filled dates a study."""


def day_text(metadata: Mapping[str, Any]) -> str:
    """The day of an instance as its DICOM JSON writes it, "" without one."""
    return next((text for tag in DAYS if (text := text_of(metadata, tag))), "")


def text_of(metadata: Mapping[str, Any], tag: str) -> str:
    """The first value of an element of DICOM JSON, "" without one."""
    return next(iter(_texts(metadata, tag)), "")


def _texts(metadata: Mapping[str, Any], tag: str) -> list[str]:
    values = (metadata.get(tag) or {}).get("Value") or []
    return [_name(value) if isinstance(value, dict) else str(value) for value in values if value is not None]


def _name(value: Mapping[str, Any]) -> str:
    groups = [str(value.get(group, "")) for group in ("Alphabetic", "Ideographic", "Phonetic")]
    return "=".join(groups).rstrip("=")
