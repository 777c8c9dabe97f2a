"""Values of FHIR R4 data types, taken as they come."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from records.structured import coding
from records.structured.model import LONG, SHORT

Json = Mapping[str, Any]


def many(value: Any) -> list[Any]:
    """A list, whichever way it came: FHIR in XML cannot tell one from many."""
    return list(value) if isinstance(value, list) else [] if value is None else [value]


def first(value: Any) -> Json:
    """The first object of a list, or the object itself; {} where there is none."""
    return next((one for one in many(value) if isinstance(one, Mapping)), {})


def text(value: Any) -> str:
    """A plain value as text."""
    value = value[0] if isinstance(value, list) and value else value
    return str(value)[:LONG].strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def coded(concept: Any) -> tuple[str, str, str]:
    """(words, code, system) of a CodeableConcept."""
    one = first(concept)
    codings = [c for c in many(one.get("coding")) if isinstance(c, Mapping)]
    known = next((c for c in codings if coding.system(text(c.get("system")))), codings[0] if codings else {})
    words = text(one.get("text")) or next((text(c.get("display")) for c in codings if text(c.get("display"))), "")
    return (
        (words or text(known.get("code")))[:SHORT],
        text(known.get("code"))[:60],
        coding.system(text(known.get("system"))),
    )


def human(name: Any) -> str:
    one = first(name)
    parts = [*many(one.get("prefix")), *many(one.get("given")), text(one.get("family")), *many(one.get("suffix"))]
    return " ".join(part for one_part in parts if (part := text(one_part))) or text(one.get("text"))


def text_data(value: Any) -> bytes:
    """base64Binary as bytes; nothing when it is none."""
    if not isinstance(value, str):
        return b""
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""


def dose_words(dose: Json) -> str:
    if words := text(dose.get("text")) or text(dose.get("patientInstruction")):
        return words
    quantity = first(first(dose.get("doseAndRate")).get("doseQuantity"))
    amount = f"{_short(quantity.get('value'))} {text(quantity.get('unit'))}".strip()
    repeat = first(first(dose.get("timing")).get("repeat"))
    count, period, unit = (text(repeat.get(name)) for name in ("frequency", "period", "periodUnit"))
    units = {"h": "hours", "d": "days", "wk": "weeks", "mo": "months"}
    every = f"{count or 1} times every {period} {units.get(unit, unit)}" if period else ""
    needed = "as needed" if dose.get("asNeededBoolean") in (True, "true") else ""
    return ", ".join(part for part in (amount, every, coded(dose.get("route"))[0], needed) if part)


def _short(value: Any) -> str:
    """A number without the noise of binary fractions: "142.13"."""
    if isinstance(value, float):
        return f"{value:.6g}"
    return text(value)


def _float(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    return float(value) if isinstance(value, int | float) and abs(value) < 1e15 else coding.number(text(value))


def measured(one: Json) -> tuple[str, float | None, str]:
    quantity = first(one.get("valueQuantity"))
    if quantity:
        mark = text(quantity.get("comparator"))
        unit = text(quantity.get("code")) or text(quantity.get("unit"))
        return mark + _short(quantity.get("value")), None if mark else _float(quantity.get("value")), unit
    if one.get("valueCodeableConcept"):
        return coded(one.get("valueCodeableConcept"))[0], None, ""
    for name in ("valueString", "valueInteger", "valueDateTime", "valueTime"):
        if words := text(one.get(name)):
            return words, _float(one.get(name)) if name == "valueInteger" else coding.number(words), ""
    interval = first(one.get("valueRange"))
    if interval:
        low, high = first(interval.get("low")), first(interval.get("high"))
        return (
            f"{_short(low.get('value'))}-{_short(high.get('value'))}",
            None,
            text(low.get("code")) or text(low.get("unit")),
        )
    return "", None, ""


def reference(one: Json, unit: str) -> tuple[float | None, float | None, str]:
    ranges = [r for r in many(one.get("referenceRange")) if isinstance(r, Mapping)]
    words = []
    ends: tuple[float | None, float | None] = (None, None)
    for found in ranges:
        low, high = first(found.get("low")), first(found.get("high"))
        a, b = _float(low.get("value")), _float(high.get("value"))
        theirs = text(low.get("code")) or text(high.get("code")) or text(low.get("unit")) or text(high.get("unit"))
        written = text(found.get("text")) or (
            f"{'' if a is None else f'{a:g}'}-{'' if b is None else f'{b:g}'} {theirs}".strip("- ")
        )
        words.append(written)
        if a is None and b is None:
            a, b = coding.ends(written)
        elif theirs and unit and theirs != unit:
            a = b = None
        ends = (a, b)
    return (*(ends if len(ranges) == 1 else (None, None)), "; ".join(word for word in dict.fromkeys(words) if word))
