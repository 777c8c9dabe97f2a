"""Height and weight as people say them, in centimetres and kilograms as medicine keeps them."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

US_CUSTOMARY = frozenset({"US", "LR", "MM"})
"""Countries where a bare number means inches or pounds."""
CM_PER_INCH = Decimal("2.54")
KG_PER_POUND = Decimal("0.45359237")
"""Exact since 1959 (international yard and pound agreement)."""
POSSIBLE = {"cm": (Decimal(30), Decimal(272)), "kg": (Decimal("0.5"), Decimal(650))}
"""From a small newborn to the largest people ever measured."""
N = r"([0-9]{1,5}(?:\.[0-9]{1,3})?)"
FEET, INCHES, POUNDS = r"(?:ft|feet|foot|')", r"(?:in|inch|inches|\")", r"(?:lbs?|pounds?)"
TENTH = Decimal("0.1")


class Unclear(ValueError):
    """What was typed is no measure, or could mean two. `code` is unit, range or form."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read(text: str, unit: str, *, us: bool) -> Decimal:
    """What was typed in cm or kg, to a tenth. `us`: a bare number is meant in inches or pounds.

    Raises:
        Unclear: "form" (not a measure), "unit" (a bare number that could mean two things), "range" (no person measures that).
    """
    words = " ".join(text.lower().replace(",", ".").split())
    for other, sign in (("’", "'"), ("′", "'"), ("‘", "'"), ("”", '"'), ("″", '"'), ("''", '"')):
        words = words.replace(other, sign)
    value = (_height if unit == "cm" else _weight)(words, us=us).quantize(TENTH, ROUND_HALF_UP)
    low, high = POSSIBLE[unit]
    if not low <= value <= high:
        raise Unclear("range")
    return value


def _height(words: str, *, us: bool) -> Decimal:
    if found := re.fullmatch(rf"([0-9]{{1,2}}) ?{FEET}\.? ?(?:{N} ?{INCHES}?\.?)?", words):
        return (Decimal(found[1]) * 12 + Decimal(found[2] or 0)) * CM_PER_INCH
    if found := re.fullmatch(rf"{N} ?{INCHES}\.?", words):
        return Decimal(found[1]) * CM_PER_INCH
    if found := re.fullmatch(rf"{N} ?(?:cm|centimet(?:er|re)s?)\.?", words):
        return Decimal(found[1])
    if found := re.fullmatch(rf"{N} ?m(?:et(?:er|re)s?)? ?(?:([0-9]{{1,2}})(?: ?cm)?)?", words):
        return Decimal(found[1]) * 100 + Decimal(found[2] or 0)
    if not (found := re.fullmatch(N, words)):
        raise Unclear("form")
    value = Decimal(found[1])
    if value < 3:
        return value * 100
    if value < 9:  # 5.7: feet and inches, or tenths of a foot?
        raise Unclear("unit")
    return value * CM_PER_INCH if us and value < 96 else value


def _weight(words: str, *, us: bool) -> Decimal:
    if found := re.fullmatch(rf"([0-9]{{1,2}}) ?(?:st|stones?)\.? ?(?:{N} ?{POUNDS}?\.?)?", words):
        return (Decimal(found[1]) * 14 + Decimal(found[2] or 0)) * KG_PER_POUND
    if found := re.fullmatch(rf"{N} ?{POUNDS}\.?", words):
        return Decimal(found[1]) * KG_PER_POUND
    if found := re.fullmatch(rf"{N} ?(?:kg|kgs|kilos?|kilograms?)\.?", words):
        return Decimal(found[1])
    if found := re.fullmatch(N, words):
        return Decimal(found[1]) * (KG_PER_POUND if us else 1)
    raise Unclear("form")


def both(value: str, unit: str) -> str:
    """ "170 cm (5 ft 7 in)", "70 kg (154 lb)"."""
    number = Decimal(value)
    shown = format(number.normalize(), "f")
    if unit == "cm":
        feet, inches = divmod(int((number / CM_PER_INCH).quantize(Decimal(1), ROUND_HALF_UP)), 12)
        return f"{shown} cm ({feet} ft {inches} in)"
    return f"{shown} kg ({(number / KG_PER_POUND).quantize(Decimal(1), ROUND_HALF_UP)} lb)"
