"""Reads plain data (from YAML or JSON) into dataclasses, and names the file and the key of everything wrong.

An administrator edits these files by hand, so that every problem is collected before anything is refused: one
upload shows all of them. Unknown keys are refused, because a misspelt key would otherwise be silently ignored.
"""

from __future__ import annotations

import dataclasses
import re
import types
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


OTHER = "_other"
"""Ends the key of a text for whoever answers for somebody else (`words_other` beside `words`): the same said of the patient.
A text without one suits both. A part lists those of its texts that may have two forms as VOICES."""


class Invalid:
    """Stands for a value that could not be read; its problem is already noted."""


INVALID = Invalid()


@dataclass(frozen=True)
class Problem:
    """What is wrong, where: `file` and the `path` of keys within it."""

    file: str
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}: {self.path}: {self.message}" if self.path else f"{self.file}: {self.message}"


class CatalogueError(ValueError):
    """An edition that cannot be used, with every problem found. Never holds patient data: the files hold none."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True)
class Text:
    """A text; `empty` allows an empty one."""

    empty: bool = False

    def fault(self, value: str) -> str | None:
        if not self.empty and not value.strip():
            return "must not be empty"
        if value != value.strip():
            return "must not begin or end with a space"
        return None


@dataclass(frozen=True)
class Matching:
    """A text that matches a pattern as a whole."""

    pattern: str
    message: str

    def fault(self, value: str) -> str | None:
        return None if re.fullmatch(self.pattern, value) else self.message


@dataclass(frozen=True)
class Whole:
    """A whole number of `unit` from `low` to `high`."""

    unit: str
    low: int
    high: int

    @property
    def message(self) -> str:
        if self.unit.startswith("a "):
            return f"must be {self.unit} from {self.low} to {self.high}"
        return f"must be a whole number of {self.unit}, from {self.low} to {self.high}"

    def fault(self, value: int) -> str | None:
        return None if self.low <= value <= self.high else self.message


@dataclass(frozen=True)
class Number:
    """A number from `low` to `high`."""

    low: float
    high: float

    @property
    def message(self) -> str:
        return f"must be a number from {self.low:g} to {self.high:g}"

    def fault(self, value: float) -> str | None:
        return None if self.low <= value <= self.high else self.message


class Reader:
    """Builds dataclasses from the data of one file and notes problems instead of stopping at the first.

    With `other`, texts take the form for whoever answers for somebody else, where they have one.
    """

    def __init__(self, file: str, problems: list[Problem], *, other: bool = False) -> None:
        self.file = file
        self.problems = problems
        self.other = other

    def note(self, path: str, message: str) -> Invalid:
        self.problems.append(Problem(self.file, path, message))
        return INVALID

    def read(self, cls: type[T], data: object) -> T | None:
        """The whole file as `cls`, or None when something in it is wrong (see `problems`)."""
        value = self._dataclass(cls, data, "")
        return None if value is INVALID else cast(T, value)

    def _value(self, hint: Any, data: object, path: str) -> object:
        origin = get_origin(hint)
        if origin is Annotated:
            base, rule, *_ = get_args(hint)
            return self._scalar(base, rule, data, path)
        if origin in (Union, types.UnionType):
            inner = [arm for arm in get_args(hint) if arm is not type(None)]
            return None if data is None else self._value(inner[0], data, path)
        if origin is tuple:
            return self._tuple(get_args(hint)[0], data, path)
        if origin is not None and issubclass(origin, Mapping):
            return self._mapping(get_args(hint), data, path)
        if dataclasses.is_dataclass(hint):
            return self._dataclass(cast(type, hint), data, path)
        if isinstance(hint, type) and issubclass(hint, Enum):
            return self._enum(hint, data, path)
        return self._scalar(hint, None, data, path)

    def _scalar(self, base: Any, rule: Any, data: object, path: str) -> object:
        if base is bool:
            return data if isinstance(data, bool) else self.note(path, "must be true or false")
        if base is int:
            if isinstance(data, bool) or not isinstance(data, int):
                return self.note(path, rule.message if rule else "must be a whole number")
        elif base is float:
            if isinstance(data, bool) or not isinstance(data, int | float):
                return self.note(path, rule.message if rule else "must be a number")
        elif not isinstance(data, str):
            if isinstance(data, int | float) and not isinstance(data, bool):
                return self.note(path, "must be a text: put it in quotes")
            return self.note(path, "must be a text")
        fault = rule.fault(data) if rule else None
        return self.note(path, fault) if fault else data

    def _enum(self, cls: type[Enum], data: object, path: str) -> object:
        try:
            return cls(data)
        except ValueError:
            return self.note(path, f"must be one of {', '.join(str(member.value) for member in cls)}")

    def _tuple(self, hint: Any, data: object, path: str) -> object:
        if not isinstance(data, list):
            return self.note(path, "must be a list")
        values = []
        seen: set[str] = set()
        for n, element in enumerate(data):
            name = _name(element)
            here = f"{path}.{name}" if name else f"{path}[{n}]"
            if name and name in seen:
                self.note(here, "is listed twice")
            seen.add(name)
            values.append(self._value(hint, element, here))
        return INVALID if INVALID in values else tuple(values)

    def _mapping(self, hints: tuple[Any, ...], data: object, path: str) -> object:
        if not isinstance(data, dict):
            return self.note(path, "must be a map of keys to values")
        result = {}
        for key, value in data.items():
            name = self._value(hints[0], key, f"{path}.{key}")
            result[name] = self._value(hints[1], value, f"{path}.{key}")
        return INVALID if INVALID in result or INVALID in result.values() else result

    def _dataclass(self, cls: type, data: object, path: str) -> object:
        short = getattr(cls, "short", None)
        if short and not isinstance(data, dict):
            data = short(data)
        if not isinstance(data, dict):
            return self.note(path, "must be a map of keys to values")
        hints = _hints(cls)
        before = len(self.problems)
        voices = {f"{name}{OTHER}": name for name in getattr(cls, "VOICES", ())}
        for key in data:
            if key not in hints and key not in voices:
                self.note(_join(path, str(key)), f"is not a known key here; known are {', '.join(hints)}")
        values: dict[str, object] = {}
        for spec in dataclasses.fields(cls):
            here = _join(path, spec.name)
            if spec.name in data:
                values[spec.name] = self._value(hints[spec.name], data[spec.name], here)
            elif spec.default is dataclasses.MISSING and spec.default_factory is dataclasses.MISSING:
                self.note(here, "is missing")
        for key in voices.keys() & data.keys():
            self._voice(values, voices[key], self._value(hints[voices[key]], data[key], _join(path, key)), path)
        if len(self.problems) > before or INVALID in values.values():
            return INVALID
        built = cls(**values)
        check = getattr(built, "problems", None)
        for sub, message in check() if check else ():
            self.note(_join(path, sub), message)
        return INVALID if len(self.problems) > before else built

    def _voice(self, values: dict[str, object], name: str, said: object, path: str) -> None:
        """Checks the second form of a text against the first, and takes it when it is the one that is read."""
        first = values.get(name)
        if isinstance(said, tuple) and isinstance(first, tuple) and len(said) != len(first):
            self.note(_join(path, f"{name}{OTHER}"), f"must have as many texts as {name}")
        if self.other and said is not INVALID:
            values[name] = said


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _name(element: object) -> str:
    """What a list element is called in a path: its key or code, where it has one."""
    if isinstance(element, dict):
        for naming in ("key", "code", "term"):
            name = element.get(naming)
            if isinstance(name, str) and name:
                return name
    return ""


@cache
def _hints(cls: type) -> dict[str, Any]:
    hints = get_type_hints(cls, include_extras=True)
    return {spec.name: hints[spec.name] for spec in dataclasses.fields(cls)}
