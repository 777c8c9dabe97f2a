"""Pure rules of the catalogue: which records a case needs, and what differs between two editions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from portal.catalogue.parts import ChecklistLine, Condition, Images, Item, Need, RequiredItem, Specialty

Answers = Mapping[str, "str | Sequence[str]"]

STRENGTH = {Need.NOT_NEEDED: 0, Need.WANTED: 1, Need.IF_DONE: 2, Need.REQUIRED: 3}
EVERYONE = "everyone"


@dataclass(frozen=True)
class Change:
    """One difference between two editions: `kind` is added, removed or changed."""

    kind: str
    file: str
    path: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class FileChanges:
    """What changes in one file: how much, and the first of it by name."""

    file: str
    added: int
    removed: int
    changed: int
    named: tuple[Change, ...]
    hidden: int


def holds(conditions: Mapping[str, tuple[str, ...]], answers: Answers) -> bool:
    """Whether every condition is met; an unanswered question meets none. No conditions at all hold."""
    for key, wanted in conditions.items():
        given = answers.get(key, ())
        given = (given,) if isinstance(given, str) else given
        if not set(given) & set(wanted):
            return False
    return True


def applies(line: ChecklistLine, answers: Answers) -> bool:
    """Whether the line counts for these answers."""
    if line.unless and holds(line.unless, answers):
        return False
    return holds(line.when, answers)


def lines_for(
    everyone: Sequence[ChecklistLine], specialty: Specialty, condition: Condition | None, answers: Answers
) -> list[tuple[str, ChecklistLine]]:
    """The lines for one condition, each with where it comes from.

    The narrower list speaks: a specialty's line replaces everyone's line on the same item, and a condition's line
    replaces both. That is how a condition asks for less (`wanted`, `not_needed`) as well as for more.
    """
    layers: list[tuple[str, Sequence[ChecklistLine]]] = [(EVERYONE, everyone), (specialty.key, specialty.checklist)]
    if condition is not None:
        layers.append((f"{specialty.key}.{condition.key}", condition.checklist))
    kept: dict[str, list[tuple[str, ChecklistLine]]] = {}
    for source, lines in layers:
        mine: dict[str, list[tuple[str, ChecklistLine]]] = {}
        for line in lines:
            if applies(line, answers):
                mine.setdefault(line.item, []).append((source, line))
        kept.update(mine)
    return [pair for pairs in kept.values() for pair in pairs]


def merge(item: str, pairs: Sequence[tuple[str, ChecklistLine]], items: Mapping[str, Item]) -> RequiredItem:
    """The strongest of several lines on one item: most needed, youngest, fewest alternatives.

    Report and images are weighed apart: a report that one condition requires and images that another wants make a
    required item with wanted images, not with required ones.
    """
    need = max((line.need for _, line in pairs), key=STRENGTH.__getitem__)
    images = Need.NOT_NEEDED
    for _, line in pairs:
        wish = {Images.NO: Need.NOT_NEEDED, Images.WANTED: Need.WANTED, Images.REQUIRED: line.need}[line.images]
        images = max(images, wish, key=STRENGTH.__getitem__)
    ages = [line.max_age for _, line in pairs if line.max_age is not None]
    strongest = [line for _, line in pairs if line.need is need]
    alternatives = [key for key in strongest[0].alternatives if all(key in line.alternatives for line in strongest)]
    if images is Need.NOT_NEEDED:
        level = Images.NO
    else:
        level = Images.REQUIRED if STRENGTH[images] >= STRENGTH[need] else Images.WANTED
    return RequiredItem(
        item=items[item],
        need=need,
        images=level,
        max_age=min(ages, default=None),
        alternatives=tuple(items[key] for key in alternatives),
        because=tuple(dict.fromkeys(source for source, _ in pairs)),
        notes=tuple(dict.fromkeys(line.note for _, line in pairs if line.note)),
    )


def union(pairs: Iterable[tuple[str, ChecklistLine]], items: Mapping[str, Item]) -> list[RequiredItem]:
    """One checklist from the lines of several conditions, required first, in the order of the files.

    An item that another one on the list covers (a chest CT beside a thin-slice chest CT) is left out, unless it is
    needed more.
    """
    grouped: dict[str, list[tuple[str, ChecklistLine]]] = {}
    for source, line in pairs:
        same = grouped.setdefault(line.item, [])
        if (source, line) not in same:
            same.append((source, line))
    found = [merge(item, group, items) for item, group in grouped.items()]
    found = [required for required in found if required.need is not Need.NOT_NEEDED]
    covered = {
        key: max(STRENGTH[other.need] for other in found if key in other.item.covers)
        for required in found
        for key in required.item.covers
    }
    kept = [one for one in found if covered.get(one.item.key, -1) < STRENGTH[one.need]]
    return sorted(kept, key=lambda one: -STRENGTH[one.need])


def changes(before: Mapping[str, object], after: Mapping[str, object]) -> list[Change]:
    """What an upload would change: one entry per added, removed or changed key, by file and path."""
    found: list[Change] = []
    for file in sorted({*before, *after}):
        old, new = _flat(before.get(file)), _flat(after.get(file))
        for path in [*old, *(path for path in new if path not in old)]:
            if path not in new:
                found.append(Change("removed", file, path, before=old[path]))
            elif path not in old:
                found.append(Change("added", file, path, after=new[path]))
            elif old[path] != new[path]:
                found.append(Change("changed", file, path, before=old[path], after=new[path]))
    return found


def by_file(found: Sequence[Change], limit: int) -> list[FileChanges]:
    """The changes of each file, at most `limit` of them named, for a page that an administrator reads."""
    files: dict[str, list[Change]] = {}
    for change in found:
        files.setdefault(change.file, []).append(change)
    return [
        FileChanges(
            file=file,
            added=sum(change.kind == "added" for change in mine),
            removed=sum(change.kind == "removed" for change in mine),
            changed=sum(change.kind == "changed" for change in mine),
            named=tuple(mine[:limit]),
            hidden=max(len(mine) - limit, 0),
        )
        for file, mine in files.items()
    ]


def _flat(data: object, path: str = "") -> dict[str, str]:
    """Every leaf by its path; list elements with a key or code are named by it, so that moving them is no change."""
    if isinstance(data, dict):
        parts = [(f"{path}.{key}" if path else str(key), value) for key, value in data.items()]
    elif isinstance(data, list):
        parts = [(f"{path}.{_name(value)}" if _name(value) else f"{path}[{n}]", value) for n, value in enumerate(data)]
    else:
        return {} if data is None and not path else {path: "" if data is None else str(data)}
    flat: dict[str, str] = {}
    for name, value in parts:
        flat.update(_flat(value, name))
    return flat


def _name(element: object) -> str:
    if not isinstance(element, dict):
        return ""
    return next((str(element[name]) for name in ("key", "code", "item", "term") if name in element), "")
