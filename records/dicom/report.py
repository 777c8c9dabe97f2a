"""A structured report as lines that a person reads (PS3.3 C.17.3): heading, "name: value unit", indented as the tree is."""

from __future__ import annotations

from typing import Any

from .metadata import Values
from .walker import Items

MAX_LINES = 5_000
MAX_VALUE = 20_000  # characters
_HIDDEN = frozenset({"UIDREF"})
_POINTS = {"IMAGE": "image", "WAVEFORM": "tracing", "COMPOSITE": "object"}


def meaning(values: Values, tag: int, items: Items | None = None) -> str:
    """The words of the first code of a code sequence (PS3.3 table 8.8-1)."""
    for item in values.items(tag, items)[:1]:
        return values.text(0x00080104, item) or values.text(0x00080100, item)
    return ""


def root_title(values: Values) -> str:
    return meaning(values, 0x0040A043)


def report_of(values: Values) -> dict[str, Any]:
    """The report: title, state, who verified it, lines of (level, name, value), and which images it points at."""
    lines: list[dict[str, Any]] = []
    references: list[dict[str, Any]] = []
    _walk(values, None, 0, lines, references)
    observers = [
        " ".join(part for part in values.text(0x0040A075, item).split("=")[0].replace("^", " ").split())
        for item in values.items(0x0040A073)[:10]
    ]
    return {
        "kind": "report",
        "title": root_title(values) or values.text(0x0008103E) or values.text(0x00081030),
        "complete": values.text(0x0040A491) != "PARTIAL",
        "verified": values.text(0x0040A493) == "VERIFIED",
        "observers": [name for name in observers if name],
        "date": values.text(0x00080023) or values.text(0x00080021),
        "lines": lines,
        "references": references[:MAX_LINES],
        "cut": len(lines) >= MAX_LINES,
    }


def _walk(
    values: Values, items: Items | None, level: int, lines: list[dict[str, Any]], references: list[dict[str, Any]]
) -> None:
    for item in values.items(0x0040A730, items):
        if len(lines) >= MAX_LINES:
            return
        kind = values.text(0x0040A040, item)
        name = meaning(values, 0x0040A043, item)
        value = _value(values, item, kind)
        if kind in _POINTS:
            for target in values.items(0x00081199, item)[:1]:
                frames = [int(n) for n in values.numbers(0x00081160, target)[:100]]
                references.append({"instance": values.text(0x00081155, target)[:64], "frames": frames})
        elif kind not in _HIDDEN and (value or (kind == "CONTAINER" and name)):
            lines.append({"level": min(level, 6), "kind": kind.lower(), "name": name, "value": value[:MAX_VALUE]})
        _walk(values, item, level + (1 if kind == "CONTAINER" or value else 0), lines, references)


def _value(values: Values, item: Items, kind: str) -> str:
    if kind == "TEXT":
        return values.text(0x0040A160, item)
    if kind == "CODE":
        return meaning(values, 0x0040A168, item)
    if kind == "NUM":
        for measured in values.items(0x0040A300, item)[:1]:
            number = values.texts(0x0040A30A, measured)
            unit = values.items(0x004008EA, measured)
            words = (values.text(0x00080100, unit[0]) or values.text(0x00080104, unit[0])) if unit else ""
            words = "" if words in ("1", "{ratio}", "no units", "ratio") else words
            return " ".join(part for part in (number[0] if number else "", words) if part)
        return meaning(values, 0x0040A301, item)
    if kind == "DATE":
        return _day(values.text(0x0040A121, item))
    if kind == "TIME":
        return _time(values.text(0x0040A122, item))
    if kind == "DATETIME":
        text = values.text(0x0040A120, item)
        return f"{_day(text[:8])} {_time(text[8:14])}".strip()
    if kind == "PNAME":
        return " ".join(values.text(0x0040A123, item).split("=")[0].replace("^", " ").split())
    return ""


def _day(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if len(text) >= 8 and text[:8].isdigit() else text


def _time(text: str) -> str:
    return f"{text[:2]}:{text[2:4]}" if len(text) >= 4 and text[:4].isdigit() else text


def as_text(report: dict[str, Any]) -> str:
    """The report as plain text: two spaces for each level, a blank line before a heading."""
    out: list[str] = []
    for line in report["lines"]:
        indent = "  " * line["level"]
        if line["kind"] == "container":
            out += ["", f"{indent}{line['name'].upper() if line['level'] == 0 else line['name']}"]
            continue
        value = line["value"].replace("\r\n", "\n").replace("\r", "\n").strip()
        name = f"{line['name']}: " if line["name"] else ""
        if "\n" in value:
            out.append(f"{indent}{name}".rstrip())
            out += [f"{indent}  {part.strip()}" for part in value.split("\n")]
        else:
            out.append(f"{indent}{name}{value}")
    return "\n".join(out).strip()
