"""Structured values of a specialty: what looks wrong, and how people read them. Nothing entered is ever dropped or altered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from cases.report import Field
from portal.catalogue.parts import FieldType, Limits, OpinionField, SubField
from specialists.rules import draft
from specialists.rules.draft import VALUE, Values

# UCUM to what people write. A unit that is not listed is written as UCUM has it.
WRITTEN = {
    "1": "",
    "mm[Hg]": "mm Hg",
    "cm2": "cm²",
    "L/min/m2": "L/min/m²",
    "[wood'U]": "WU",
    "{cells}/uL": "cells/µL",
    "10*3/uL": "×10³/µL",
    "{mut}/{Mb}": "mutations/Mb",
    "mo": "months",
}


def written(unit: str) -> str:
    return WRITTEN.get(unit, unit)


@dataclass(frozen=True)
class Doubt:
    """Something to look at in one control. `kind` is "number", "pattern", "date" (cannot stand) or "range" (can be confirmed)."""

    name: str
    kind: str
    text: str


def number(raw: str) -> Decimal | None:
    """The number that was meant: a comma may be the decimal sign. None when it is no number."""
    try:
        found = Decimal(raw.strip().replace(",", "."))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _doubt_number(name: str, raw: str, limits: Limits | None, unit: str, confirmed: str) -> Doubt | None:
    found = number(raw)
    if found is None:
        return Doubt(name, "number", _("Enter a number, or leave it empty."))
    if limits is None or confirmed == raw:
        return None
    if Decimal(str(limits.min)) <= found <= Decimal(str(limits.max)):
        return None
    shown = {"value": raw, "low": f"{limits.min:g}", "high": f"{limits.max:g}", "unit": written(unit)}
    asked = _("Is this right? %(value)s is outside %(low)s to %(high)s %(unit)s.") % shown
    return Doubt(name, "range", asked.replace(" .", "."))


def doubt(name: str, part: OpinionField | SubField, raw: str, confirmed: str) -> Doubt | None:
    """What to ask about one entered value, or None."""
    if not raw:
        return None
    if part.type in (FieldType.INT, FieldType.DEC):
        return _doubt_number(name, raw, part.range, part.unit, confirmed)
    if part.type is FieldType.DATE:
        return doubt_date(name, raw)
    if part.pattern and not re.fullmatch(part.pattern, raw):
        return Doubt(name, "pattern", _("This does not look like a %(label)s. Check it.") % {"label": part.label})
    return None


def doubt_date(name: str, raw: str) -> Doubt | None:
    try:
        date.fromisoformat(raw)
    except ValueError:
        return Doubt(name, "date", _("Enter a date as year-month-day, such as 2026-03-12."))
    return None


def controls(field: OpinionField, count: int) -> list[tuple[str, OpinionField | SubField]]:
    """Every control of repetition `count`, by its name in the draft."""
    if field.type is FieldType.GROUP:
        return [(f"field.{field.key}.{count}.{part.key}", part) for part in field.fields]
    return [(f"field.{field.key}.{count}.{VALUE}", field)]


def doubts(fields: Iterable[OpinionField], values: Values) -> list[Doubt]:
    """Everything to look at in the structured values, in the order of the form."""
    found: list[Doubt | None] = []
    for field in fields:
        for count in draft.numbers_of(values, field.key):
            for name, part in controls(field, count):
                confirmed = draft.text(values, name.replace("field.", "ok.", 1))
                found += [doubt(name, part, raw, confirmed) for raw in values.get(name, [])]
            if when := draft.text(values, f"when.{field.key}.{count}"):
                found.append(doubt_date(f"when.{field.key}.{count}", when))
    return [one for one in found if one]


def _label_of(part: OpinionField | SubField, raw: str) -> str:
    if part.type is FieldType.BOOL:
        return {"yes": _("yes"), "no": _("no")}.get(raw, raw)
    return next((value.label for value in part.values if value.value == raw), raw)


def _shown(part: OpinionField | SubField, values: Values, name: str) -> str:
    return ", ".join(_label_of(part, raw) for raw in values.get(name, []))


def document_fields(fields: Iterable[OpinionField], values: Values) -> list[Field]:
    """The structured values of a report, each with label, unit and source. Internal fields never leave the house."""
    found: list[Field] = []
    for field in fields:
        if field.internal:
            continue
        for count in draft.numbers_of(values, field.key):
            shown = _value(field, count, values)
            if shown is None:
                continue
            value, unit = shown
            one: Field = {
                "label": field.label,
                "value": value,
                "unit": unit,
                "source": f"{field.source}, {field.year}" if field.source != "house" else "",
                "statement": f"field.{field.key}.{count}",
            }
            if when := draft.text(values, f"when.{field.key}.{count}"):
                one["date"] = when
            found.append(one)
    return found


def _value(field: OpinionField, count: int, values: Values) -> tuple[str, str] | None:
    filled = [(name, part) for name, part in controls(field, count) if _shown(part, values, name)]
    if not filled:
        return None
    if field.type is not FieldType.GROUP:
        name, part = filled[0]
        return _shown(part, values, name), written(field.unit)
    if len(filled) == 1 and filled[0][1].unit:
        name, part = filled[0]
        return _shown(part, values, name), written(part.unit)
    parts = [f"{part.label}: {_shown(part, values, name)} {written(part.unit)}".strip() for name, part in filled]
    return "; ".join(parts), ""


def by_key(fields: Iterable[OpinionField]) -> Mapping[str, OpinionField]:
    return {field.key: field for field in fields}
