"""Checks that span files: every key that one file names exists in the other, and nothing is named twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from portal.catalogue import files as f
from portal.catalogue.parts import Ask, AskType, ChecklistLine, Condition, Need
from portal.catalogue.reading import Problem
from portal.catalogue.rules import lines_for
from portal.catalogue.types import Edition

Note = Callable[[str, str, str], None]


def check(edition: Edition, parts: Mapping[str, Any], problems: list[Problem]) -> None:
    """Adds a problem for every dangling or doubled key. `parts` are the files as read, for their names."""

    def note(file: str, path: str, message: str) -> None:
        problems.append(Problem(file, path, message))

    before = len(problems)
    _items(edition, parts, note)
    _specialties(edition, parts, note)
    _flags_and_places(edition, note)
    _fields(edition, parts, note)
    if len(problems) == before:
        _something_required(edition, note)


def _items(edition: Edition, parts: Mapping[str, Any], note: Note) -> None:
    known = {item.key for item in edition.items}
    documents = {one.key for one in edition.documents}
    asked = {ask.key for ask in _every_ask(edition)}
    seen: dict[str, str] = {}
    for file, part in parts.items():
        if not file.startswith(f.ITEMS):
            continue
        for item in part.items:
            path = f"items.{item.key}"
            if item.key in seen:
                note(file, path, f"is already an item of {seen[item.key]}")
            seen[item.key] = file
            if item.answered_by and item.answered_by not in asked:
                note(file, f"{path}.answered_by", f"there is no question {item.answered_by!r}")
            _known(item.covers, known, "item", partial(note, file, f"{path}.covers"))
            _known(item.documents, documents, "document class", partial(note, file, f"{path}.documents"))


def _specialties(edition: Edition, parts: Mapping[str, Any], note: Note) -> None:
    base = _answers([*edition.everyone_asks, *(ask for reason in edition.reasons for ask in reason.follow)])
    base["reasons"] = {reason.key for reason in edition.reasons}
    base["in_doubt"] = {"yes"}
    items = {item.key for item in edition.items}
    _lines("everyone.yaml", "checklist", edition.everyone_checklist, items, base, note)
    shared = {one.key for one in parts["shared_conditions.yaml"].conditions}
    keys: dict[str, str] = dict.fromkeys(shared, "shared_conditions.yaml")
    specialties = {one.key for one in edition.specialties}
    for one in parts["shared_conditions.yaml"].conditions:
        path = f"conditions.{one.key}"
        _known(
            one.offered_under,
            specialties,
            "specialty",
            partial(note, "shared_conditions.yaml", f"{path}.offered_under"),
        )
        _condition("shared_conditions.yaml", one, items, set(), base, note)
    for specialty in edition.specialties:
        file = f"{f.SPECIALTIES}{specialty.key}.yaml"
        answers = {**base, **_answers(specialty.asks)}
        _lines(file, "checklist", specialty.checklist, items, answers, note)
        subs = {one.key for one in specialty.sub_specialties}
        for condition in parts[file].conditions:
            if condition.key in keys:
                note(file, f"conditions.{condition.key}", f"is already a condition of {keys[condition.key]}")
            keys[condition.key] = file
            _condition(file, condition, items, subs, answers, note)


def _condition(
    file: str, condition: Condition, items: set[str], subs: set[str], answers: dict[str, set[str]], note: Note
) -> None:
    path = f"conditions.{condition.key}"
    if subs:
        _known(condition.sub_specialties, subs, "sub-specialty", partial(note, file, f"{path}.sub_specialties"))
    _lines(file, f"{path}.checklist", condition.checklist, items, {**answers, **_answers(condition.asks)}, note)


def _lines(
    file: str, path: str, lines: Iterable[ChecklistLine], items: set[str], answers: dict[str, set[str]], note: Note
) -> None:
    for n, line in enumerate(lines):
        here = f"{path}[{n}]"
        if line.item not in items:
            note(file, f"{here}.item", f"there is no item {line.item!r} in items/")
        _known(line.alternatives, items, "item", partial(note, file, f"{here}.alternatives"))
        for name, wanted in (("when", line.when), ("unless", line.unless)):
            for key, values in wanted.items():
                if key not in answers:
                    note(file, f"{here}.{name}.{key}", "is not a question that is asked here")
                    continue
                _known(values, answers[key], "answer", partial(note, file, f"{here}.{name}.{key}"))


def _flags_and_places(edition: Edition, note: Note) -> None:
    specialties = {one.key for one in edition.specialties}
    for flag in edition.all_red_flags:
        if flag.specialty is not None and flag.specialty not in specialties:
            note("red_flags.yaml", f"flags.{flag.key}.specialty", f"there is no specialty {flag.specialty!r}")
    codes = {language.code for language in edition.languages}
    for place in edition.places:
        _known(place.languages, codes, "language", partial(note, "places.yaml", f"places.{place.code}.languages"))
        for region in place.regions:
            if not region.code.startswith(f"{place.code}-"):
                note("places.yaml", f"places.{place.code}.regions.{region.code}", f"must begin with {place.code}-")
    if "ZZ" not in {place.code for place in edition.places}:
        note("places.yaml", "places.ZZ", "is missing: the rule for every place that is not listed")


def _fields(edition: Edition, parts: Mapping[str, Any], note: Note) -> None:
    common = {one.key for one in edition.common_fields}
    for key, fields in edition.specialty_fields.items():
        file = f"{f.FIELDS}{key}.yaml"
        specialty = next((one for one in edition.specialties if one.key == key), None)
        if specialty is None:
            note(file, "", f"there is no specialty {key!r}")
            continue
        conditions = {one.key for one in specialty.conditions}
        for field in fields:
            if field.key in common:
                note(file, f"fields.{field.key}", "is already a common field")
            _known(field.conditions, conditions, "condition", partial(note, file, f"fields.{field.key}.conditions"))


def _something_required(edition: Edition, note: Note) -> None:
    for specialty in edition.specialties:
        for condition in specialty.conditions:
            lines = lines_for(edition.everyone_checklist, specialty, condition, {})
            if not any(line.need is Need.REQUIRED for _, line in lines):
                note(f"{f.SPECIALTIES}{specialty.key}.yaml", f"conditions.{condition.key}", "requires no record at all")


def _every_ask(edition: Edition) -> Iterable[Ask]:
    yield from edition.everyone_asks
    for reason in edition.reasons:
        yield from reason.follow
    for specialty in edition.specialties:
        yield from specialty.asks
        for condition in specialty.conditions:
            yield from condition.asks


def _answers(asks: Iterable[Ask]) -> dict[str, set[str]]:
    return {ask.key: set(ask.values) for ask in asks if ask.type in (AskType.YES_NO, AskType.ONE, AskType.MANY)}


def _known(keys: Iterable[str], known: Iterable[str], what: str, note: Callable[[str], None]) -> None:
    known = set(known)
    for key in keys:
        if key not in known:
            note(f"there is no {what} {key!r}")
