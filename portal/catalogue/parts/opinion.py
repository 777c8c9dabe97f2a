"""The fields of a structured opinion."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from portal.catalogue.parts.kinds import FieldType, IsoDate, Key, Loinc, Maybe, Problems, Words, Year
from portal.catalogue.reading import Number, Whole


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
class _Answered:
    """What is asked for: a field on its own, or a part of a group. One without a range has no plausible range."""

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


@dataclass(frozen=True, kw_only=True)
class SubField(_Answered):
    """A part of a group."""

    def problems(self) -> Problems:
        yield from super().problems()
        if self.type is FieldType.GROUP:
            yield "type", "must not be group inside a group"


@dataclass(frozen=True, kw_only=True)
class OpinionField(_Answered):
    """One field of a structured opinion, with its unit (UCUM), plausible range, cut-offs as help, and its source.

    `internal` fields are for quality review and never appear in a report. `reviewed_by` and `reviewed_on` stay
    null until a clinician of the organisation has signed the field off.
    """

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
        yield from super().problems()
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
