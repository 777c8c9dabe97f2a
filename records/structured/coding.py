"""Names of code systems, moments and numbers as health records write them."""

from __future__ import annotations

import re

_OIDS = {
    "2.16.840.1.113883.6.1": "loinc",
    "2.16.840.1.113883.6.96": "snomed",
    "2.16.840.1.113883.6.88": "rxnorm",
    "2.16.840.1.113883.6.90": "icd10",
    "2.16.840.1.113883.6.3": "icd10",
    "2.16.840.1.113883.6.4": "icd10pcs",
    "2.16.840.1.113883.6.103": "icd9",
    "2.16.840.1.113883.6.12": "cpt",
    "2.16.840.1.113883.6.69": "ndc",
    "2.16.840.1.113883.4.9": "unii",
}
_ADDRESSES = {
    "http://loinc.org": "loinc",
    "http://snomed.info/sct": "snomed",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "rxnorm",
    "http://hl7.org/fhir/sid/icd-10": "icd10",
    "http://hl7.org/fhir/sid/icd-10-cm": "icd10",
    "http://www.ama-assn.org/go/cpt": "cpt",
    "http://www.whocc.no/atc": "atc",
}
_V2 = {
    "ln": "loinc",
    "loinc": "loinc",
    "sct": "snomed",
    "snomed": "snomed",
    "i10": "icd10",
    "i10c": "icd10",
    "rxnorm": "rxnorm",
}
_FLAGS = {
    "h": "high", "hu": "high", ">": "high", "hx": "high", "l": "low", "lu": "low", "<": "low", "lx": "low",
    "hh": "critical", "ll": "critical", "aa": "critical", "a": "abnormal", "abnormal": "abnormal",
    "high": "high", "low": "low", "pos": "abnormal", "r": "abnormal",
}  # fmt: skip
_NUMBER = re.compile(r"-?\d{1,12}(?:[.,]\d{1,9})?(?:[eE][+-]?\d{1,2})?\Z")
_RANGE = re.compile(r"(-?\d+(?:\.\d+)?)\s*(?:-|–|to)\s*(-?\d+(?:\.\d+)?)")
_BELOW = re.compile(r"(?:<=?|≤|up to|less than)\s*(-?\d+(?:\.\d+)?)", re.IGNORECASE)
_ABOVE = re.compile(r"(?:>=?|≥|more than|greater than)\s*(-?\d+(?:\.\d+)?)", re.IGNORECASE)


def system(name: str) -> str:
    """A code system by OID, address or HL7 v2 mnemonic; "" when it is not one of ours."""
    return _OIDS.get(name) or _ADDRESSES.get(name) or _V2.get(name.casefold(), "")


def flag(code: str) -> str:
    """The laboratory's remark in our words; "" for normal or unknown."""
    return _FLAGS.get(code.strip().casefold(), "")


def moment(text: str) -> str:
    """YYYY[MM[DD…]] of HL7 as ISO 8601; "" for anything else."""
    digits = re.match(r"\d{4,8}", text.strip())
    if digits is None:
        return ""
    found = digits[0]
    if not "1850" <= found[:4] <= "2200":
        return ""
    if len(found) >= 8 and "01" <= found[4:6] <= "12" and "01" <= found[6:8] <= "31":
        return f"{found[:4]}-{found[4:6]}-{found[6:8]}"
    if len(found) >= 6 and "01" <= found[4:6] <= "12":
        return f"{found[:4]}-{found[4:6]}"
    return found[:4]


def iso_moment(text: str) -> str:
    """The day, month or year of an ISO 8601 date or time."""
    found = re.match(r"\d{4}(-\d\d(-\d\d)?)?", text.strip())
    return found[0] if found else ""


def number(text: str) -> float | None:
    """A plain number with a point (or a single decimal comma); None for "<5", "1:80" and words."""
    found = text.strip()
    return float(found.replace(",", ".")) if _NUMBER.match(found) else None


def ends(reference: str) -> tuple[float | None, float | None]:
    """Low and high end of a written reference range, where it is one simple range: "4.5-11.0", "<200", "> 60"."""
    if "(" in reference or ";" in reference or reference.count(":") > 0:
        return None, None
    ranges = _RANGE.findall(reference)
    if len(ranges) == 1:
        low, high = float(ranges[0][0]), float(ranges[0][1])
        return (low, high) if low <= high else (None, None)
    if ranges:
        return None, None
    below, above = _BELOW.findall(reference), _ABOVE.findall(reference)
    if len(below) == 1 and not above:
        return None, float(below[0])
    if len(above) == 1 and not below:
        return float(above[0]), None
    return None, None
