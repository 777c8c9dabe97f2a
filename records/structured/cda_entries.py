"""Entries of C-CDA sections as facts, by their template identifiers (C-CDA R2.1 companion guide)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from records.structured import coding
from records.structured.model import LONG, SHORT, Fact
from records.structured.xmltree import Node

_ROOT = "2.16.840.1.113883.10.20.22.4."
PROBLEM, MEDICATION, ALLERGY, ALLERGY_ANY, RESULT = "4", "16", "7", "90", "2"
PROCEDURES = ("12", "13", "14")
REACTION, STATUS = "9", "6"
SECTION_KINDS = {
    "11450-4": "problem",
    "10160-0": "medicine",
    "48765-2": "allergy",
    "30954-2": "laboratory",
    "47519-4": "procedure",
}
_STATUS = {
    "55561003": "active", "73425007": "inactive", "413322009": "resolved", "active": "active", "completed": "completed",
    "aborted": "stopped", "suspended": "on hold", "cancelled": "cancelled", "held": "on hold",
}  # fmt: skip
_UNITS = {"h": "hours", "d": "days", "wk": "weeks", "mo": "months", "min": "minutes"}


def templates(node: Node) -> frozenset[str]:
    """The last numbers of its C-CDA entry templates."""
    roots = (one.get("root") for one in node.all("templateId"))
    return frozenset(root.removeprefix(_ROOT) for root in roots if root.startswith(_ROOT))


def person_name(node: Node | None) -> str:
    """ "Dr. Adam Careful": prefix, given and family names as written, or the plain text."""
    if node is None:
        return ""
    parts = [part for part in node.parts if isinstance(part, Node)]
    if not parts:
        return node.text()
    wanted = ("prefix", "given", "family", "suffix")
    return " ".join(text for name in wanted for part in parts if part.name == name and (text := part.text()))


def code_text(node: Node | None, names: dict[str, str] | None = None) -> str:
    """What a coded value says, by its name, its original text or a translation."""
    if node is None:
        return ""
    original = node.first("originalText")
    if text := node.get("displayName"):
        return text[:SHORT]
    if original is not None:
        if text := original.text():
            return text[:SHORT]
        if text := _referred(original, names):
            return text[:SHORT]
    return next((text for one in node.all("translation") if (text := one.get("displayName"))), "")[:SHORT]


def _referred(node: Node, names: dict[str, str] | None) -> str:
    """The narrative that `<reference value="#id"/>` points to."""
    return (names or {}).get(node.value("reference").lstrip("#"), "")


def _coded(node: Node | None) -> tuple[str, str]:
    """(code, system); a translation when the code itself is missing."""
    if node is None:
        return "", ""
    for one in (node, *node.all("translation")):
        if one.get("code") and (system := coding.system(one.get("codeSystem"))):
            return one.get("code")[:60], system
    return node.get("code")[:60], ""


def _time(node: Node | None) -> tuple[str, str]:
    """(begin or moment, end) of an effectiveTime."""
    if node is None:
        return "", ""
    begin = coding.moment(node.get("value")) or coding.moment(node.value("low")) or coding.moment(node.value("center"))
    return begin, coding.moment(node.value("high"))


def _author(node: Node, otherwise: str) -> str:
    for one in node.all("author/assignedAuthor"):
        name = person_name(one.first("assignedPerson/name")) or one.text_of("representedOrganization/name")
        if name:
            return name[:SHORT]
    return otherwise[:SHORT]


def facts_of(section: Node, *, author: str) -> list[Fact]:
    """Facts of a section, those of its inner sections left to these."""
    names = {one.get("ID"): one.text() for one in section.nodes() if one.get("ID")}
    found: list[Fact] = []
    for node in _own(section):
        if node.get("moodCode") in ("RQO", "PRMS", "PRP", "GOL", "ARQ", "APT") or node.get("nullFlavor") == "NI":
            continue
        kinds = templates(node)
        for wanted, reader in _READERS.items():
            if kinds & set(wanted):
                fact = reader(node, names, author)
                if fact is not None:
                    found.append(fact)
                break
    return found


def _own(section: Node) -> Iterator[Node]:
    waiting = [part for part in section.parts if isinstance(part, Node)]
    while waiting:
        node = waiting.pop(0)
        if node.name == "section":
            continue
        yield node
        waiting = [part for part in node.parts if isinstance(part, Node)] + waiting


def _problem(node: Node, names: dict[str, str], author: str) -> Fact | None:
    value = node.first("value")
    begin, end = _time(node.first("effectiveTime"))
    said = next((o for o in node.all("entryRelationship/observation") if STATUS in templates(o)), None)
    status = _STATUS.get(said.value("value", "code"), "") if said is not None else ""
    text = code_text(value, names) or _text(node, names)
    if not text:
        return None
    code, system = _coded(value)
    if node.get("negationInd") == "true":
        return Fact("problem", text, code, system, status="none", author=_author(node, author))
    return Fact(
        "problem", text, code, system, date=begin, end=end, status=status or ("resolved" if end else "active"),
        author=_author(node, author),
    )  # fmt: skip


def _text(node: Node, names: dict[str, str]) -> str:
    """The entry's own words."""
    own = node.first("text")
    return "" if own is None else (own.text() or _referred(own, names))[:SHORT]


def _medicine(node: Node, names: dict[str, str], author: str) -> Fact | None:
    material = node.first("consumable/manufacturedProduct/manufacturedMaterial")
    code_node = material.first("code") if material is not None else None
    text = (
        code_text(code_node, names) or (material.text_of("name") if material is not None else "") or _text(node, names)
    )
    if not text:
        return None
    code, system = _coded(code_node)
    if node.get("negationInd") == "true":
        return Fact("medicine", text, code, system, status="none", author=_author(node, author))
    begin = end = every = ""
    for time in node.all("effectiveTime"):
        if time.get("type").endswith("PIVL_TS") or time.first("period") is not None:
            every = _period(time.first("period"))
        elif not begin and not end:
            begin, end = _time(time)
    words = _text(node, names)
    dose = _quantity(node.first("doseQuantity"))
    route = code_text(node.first("routeCode"), names)
    built = ", ".join(part for part in (dose, every, route.lower()) if part)
    detail = words if words and words.casefold() != text.casefold() else built
    return Fact(
        "medicine", text, code, system, date=begin, end=end, status=_STATUS.get(node.value("statusCode", "code"), ""),
        detail=detail[:LONG], author=_author(node, author),
    )  # fmt: skip


def _period(node: Node | None) -> str:
    if node is None:
        return ""
    low, high = node.value("low"), node.value("high")
    count = node.get("value") or ("-".join(part for part in (low, high) if part))
    unit = node.get("unit") or node.value("low", "unit")
    if count == "1" and unit in _UNITS:
        return f"every {_UNITS[unit].removesuffix('s')}"
    return f"every {count} {_UNITS.get(unit, unit)}" if count else ""


def _quantity(node: Node | None) -> str:
    if node is None:
        return ""
    value = node.get("value") or "-".join(text for part in ("low", "high") if (text := node.value(part)))
    unit = node.get("unit") or node.value("low", "unit")
    return f"{value} {'' if unit == '1' else unit}".strip() if value else ""


def _allergy(node: Node, names: dict[str, str], author: str) -> Fact | None:
    entity = node.first("participant/participantRole/playingEntity")
    code_node = entity.first("code") if entity is not None else None
    text = code_text(code_node, names) or (entity.text_of("name") if entity is not None else "")
    code, system = _coded(code_node)
    kind = code_text(node.first("value"), names)
    if node.get("negationInd") == "true":
        none = f"No known {text}" if text else f"No known allergies ({kind.lower()})" if kind else "No known allergies"
        return Fact("allergy", none, code, system, status="none", author=_author(node, author))
    if not text and not (text := _text(node, names) or kind):
        return None
    reactions: list[str] = []
    for inner in node.nodes():
        if inner.name == "observation" and REACTION in templates(inner):
            reactions.append(code_text(inner.first("value"), names) or _text(inner, names))
    begin, end = _time(node.first("effectiveTime"))
    return Fact(
        "allergy", text, code, system, date=begin, end=end,
        status="resolved" if end else _STATUS.get(node.value("statusCode", "code"), "").replace("completed", ""),
        detail=", ".join(dict.fromkeys(one for one in reactions if one))[:LONG], author=_author(node, author),
    )  # fmt: skip


def _result(node: Node, names: dict[str, str], author: str) -> Fact | None:
    code_node, value = node.first("code"), node.first("value")
    text = code_text(code_node, names) or _text(node, names)
    if not text:
        return None
    code, system = _coded(code_node)
    written, number, unit = _measured(value, names)
    pending = node.value("statusCode", "code") == "active"
    if not written and not pending:
        return None
    low, high, reference = _reference(node, unit)
    begin, end = _time(node.first("effectiveTime"))
    return Fact(
        "laboratory", text, code, system, date=begin or end, value=written[:LONG], number=number, unit=unit[:60], low=low, high=high,
        status="pending" if pending else "", reference=reference[:SHORT],
        flag=next((f for one in node.all("interpretationCode") if (f := coding.flag(one.get("code")))), ""),
        author=_author(node, author),
    )  # fmt: skip


def _measured(value: Node | None, names: dict[str, str]) -> tuple[str, float | None, str]:
    """(as written, number, unit) of an observation's value (PQ, IVL_PQ, INT, REAL, CD, ST, ED)."""
    if value is None:
        return "", None, ""
    if value.get("value"):
        return value.get("value"), coding.number(value.get("value")), _unit(value)
    low, high = value.first("low"), value.first("high")
    for mark, one in ((">", low), ("<", high)):
        other = high if one is low else low
        if one is not None and one.get("value") and (other is None or not other.get("value")):
            mark += "=" if one.get("inclusive") == "true" else ""
            return mark + one.get("value"), None, _unit(one)
    if low is not None and high is not None and low.get("value"):
        return f"{low.get('value')}-{high.get('value')}", None, _unit(low)
    words = code_text(value, names) or value.text() or _referred(value, names)
    return words, coding.number(words), ""


def _unit(node: Node) -> str:
    return "" if node.get("unit") == "1" else node.get("unit")


def _reference(node: Node, unit: str) -> tuple[float | None, float | None, str]:
    """Low, high and words. With several ranges (for women, for children) only the words, since none may be picked silently."""
    ranges = list(node.all("referenceRange/observationRange"))
    words = []
    found: list[tuple[float | None, float | None]] = []
    for one in ranges:
        value = one.first("value")
        low = coding.number(value.value("low")) if value is not None else None
        high = coding.number(value.value("high")) if value is not None else None
        ends_unit = _unit(value.first("low") or value.first("high") or value) if value is not None else ""
        written = one.text_of("text") or _span(low, high, ends_unit)
        if low is None and high is None:
            low, high = coding.ends(written)
        elif ends_unit and unit and ends_unit != unit:
            low = high = None  # in another unit than the result: shown, not drawn
        if written:
            words.append(written)
        if low is not None or high is not None:
            found.append((low, high))
    low, high = found[0] if len(found) == 1 and len(ranges) == 1 else (None, None)
    return low, high, "; ".join(dict.fromkeys(words))


def _span(low: float | None, high: float | None, unit: str) -> str:
    if low is not None and high is not None:
        return f"{low:g}-{high:g} {unit}".strip()
    if low is not None:
        return f">= {low:g} {unit}".strip()
    return f"<= {high:g} {unit}".strip() if high is not None else ""


def _procedure(node: Node, names: dict[str, str], author: str) -> Fact | None:
    text = code_text(node.first("code"), names) or _text(node, names)
    if not text or node.get("negationInd") == "true" or node.get("moodCode") == "INT":
        return None
    code, system = _coded(node.first("code"))
    begin, end = _time(node.first("effectiveTime"))
    place = code_text(node.first("targetSiteCode"), names)
    status = _STATUS.get(node.value("statusCode", "code"), "")
    return Fact(
        "procedure", text, code, system, date=begin or end, end=end if begin else "", status="" if status == "completed" else status,
        detail=place, author=_author(node, author),
    )  # fmt: skip


Reader = Callable[[Node, dict[str, str], str], Fact | None]
_READERS: dict[tuple[str, ...], Reader] = {
    (PROBLEM,): _problem,
    (MEDICATION,): _medicine,
    (ALLERGY, ALLERGY_ANY): _allergy,
    (RESULT,): _result,
    PROCEDURES: _procedure,
}
