"""From YAML files to an `Edition`: strict reading, checked cross-references, one SHA-256 for the whole content.

Used for the files shipped in `content/`, for an administrator's upload and for the content of a stored version, so
that all three pass the same checks. Knows no Django.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import yaml

from portal.catalogue import files as f
from portal.catalogue.crossrefs import check
from portal.catalogue.parts import Condition, OpinionField, SharedCondition, Specialty
from portal.catalogue.reading import OTHER, CatalogueError, Problem, Reader
from portal.catalogue.types import Edition

SHIPPED = Path(__file__).parent / "content"
Content = Mapping[str, object]
MAX_DEPTH = 30
FastLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser where it was built in: ten times faster, the same answers."""


class StrictLoader(FastLoader):  # type: ignore[misc, valid-type]
    """Safe YAML with the surprises taken out.

    `yes`, `no`, `on`, `off` and dates stay texts (YAML 1.2 core), and a key given twice is an error.
    """

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} must be a text", key_node.start_mark
                )
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is given twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


StrictLoader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:merge")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _word, _first in (("true", "t"), ("false", "f")):
    StrictLoader.yaml_implicit_resolvers[_first] = [
        *StrictLoader.yaml_implicit_resolvers.get(_first, []),
        ("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$")),
    ]


def refuse_traps(text: str) -> None:
    """Raises MarkedYAMLError for an alias (a few nested ones expand into gigabytes) and for very deep nesting."""
    depth = 0
    for event in yaml.parse(text, Loader=FastLoader):
        if isinstance(event, yaml.AliasEvent):
            raise yaml.MarkedYAMLError(
                problem="aliases (*name) are not allowed", problem_mark=cast(yaml.Mark, event.start_mark)
            )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise yaml.MarkedYAMLError(problem="is nested too deeply", problem_mark=cast(yaml.Mark, event.start_mark))


def parse_texts(texts: Mapping[str, str]) -> Content:
    """The data of each file. Raises CatalogueError naming the file and line of every file that is not good YAML."""
    problems: list[Problem] = []
    content: dict[str, object] = {}
    for file in sorted(texts):
        try:
            refuse_traps(texts[file])
            content[file] = yaml.load(texts[file], Loader=StrictLoader)  # noqa: S506 - a SafeLoader
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            line = f"line {mark.line + 1}" if mark else ""
            problems.append(Problem(file, line, error.problem or "is not valid YAML"))
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            problems.append(Problem(file, "", f"is not valid YAML: {type(error).__name__}"))
    if problems:
        raise CatalogueError(problems)
    return content


def canonical(content: Content) -> str:
    """One text for one content: sorted keys, no spaces, UTF-8. Lists keep their order, which is meaning."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def digest(content: Content) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def build(content: Content, *, other: bool = False) -> Edition:
    """The edition of this content; with `other` as whoever answers for somebody else reads it.

    Raises CatalogueError with every problem of either form, each naming its file and key.
    """
    problems: list[Problem] = []
    parts: dict[str, Any] = {}
    for file in sorted(content):
        kind = f.kind_of(file)
        if kind is None:
            problems.append(Problem(file, "", f"is not a file of an edition; known are {', '.join(sorted(f.FILES))}"))
            continue
        parts[file] = Reader(file, problems, other=other).read(kind, content[file])
    problems += [Problem(file, "", "is missing") for file in f.FILES if file not in content]
    for folder in (f.SPECIALTIES, f.ITEMS):
        if not any(file.startswith(folder) for file in content):
            problems.append(Problem(folder, "", "holds no file"))
    problems += [
        Problem(file, "key", f"must be {f.stem(file)}, like the name of the file")
        for file, part in parts.items()
        if isinstance(part, Specialty) and part.key != f.stem(file)
    ]
    if problems:
        raise CatalogueError(problems)
    edition = _assemble(parts, digest(content))
    check(edition, parts, problems)
    if problems:
        raise CatalogueError(problems)
    return edition


def read_folder(folder: Path = SHIPPED) -> Content:
    """The content of a folder of YAML files."""
    return parse_texts(
        {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in sorted(folder.rglob("*.yaml"))}
    )


def shipped() -> Edition:
    """The edition that comes with the software."""
    return build(read_folder())


def to_texts(content: Content) -> dict[str, str]:
    """YAML files of a content, to download and edit. Comments of an uploaded file are not kept."""
    return {file: _dump(_ordered(f.kind_of(file), data)) for file, data in content.items()}


def _dump(data: object) -> str:
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(data, Dumper=dumper, sort_keys=False, allow_unicode=True, width=120)
    return text


def _ordered(kind: type | None, data: object) -> object:
    """Keys in the order of the schema: a database may have sorted them."""
    if kind is not None and isinstance(data, dict):
        order = [name for spec in fields(kind) for name in (spec.name, f"{spec.name}{OTHER}")]
        data = {key: data[key] for key in sorted(data, key=lambda key: order.index(key) if key in order else 999)}
    return _naming_first(data)


def _naming_first(data: object) -> object:
    if isinstance(data, list):
        return [_naming_first(element) for element in data]
    if isinstance(data, dict):
        first = [key for key in ("key", "code", "item", "term", "value") if key in data]
        return {key: _naming_first(data[key]) for key in [*first, *(key for key in data if key not in first)]}
    return data


def _assemble(parts: Mapping[str, Any], sha256: str) -> Edition:
    head, everyone = parts["edition.yaml"], parts["everyone.yaml"]
    flags, levels, codes = parts["red_flags.yaml"], parts["service_levels.yaml"], parts["codes.yaml"]
    shared: tuple[SharedCondition, ...] = parts["shared_conditions.yaml"].conditions
    specialty_fields: dict[str, tuple[OpinionField, ...]] = {
        f.stem(file): part.fields
        for file, part in parts.items()
        if file.startswith(f.FIELDS) and file != f.COMMON_FIELDS
    }
    return Edition(
        sha256=sha256,
        title=head.title,
        language=head.language,
        basis=head.basis,
        everyone_checklist=everyone.checklist,
        everyone_asks=everyone.asks,
        everyone_questions=everyone.questions,
        reasons=parts["reasons.yaml"].reasons,
        red_flag_messages=flags.messages,
        all_red_flags=flags.flags,
        eligibility=parts["eligibility.yaml"].questions,
        not_covered=parts["eligibility.yaml"].not_covered,
        places=parts["places.yaml"].places,
        specialties=tuple(
            _with_shared(cast(Specialty, part), shared)
            for file, part in parts.items()
            if file.startswith(f.SPECIALTIES)
        ),
        items=tuple(item for file, part in parts.items() if file.startswith(f.ITEMS) for item in part.items),
        documents=parts["documents.yaml"].documents,
        not_result=parts["documents.yaml"].not_result,
        common_fields=parts[f.COMMON_FIELDS].fields,
        specialty_fields=specialty_fields,
        consent_screens=parts["consent.yaml"].screens,
        canned_texts=parts["canned.yaml"].texts,
        levels=levels.levels,
        payment=levels.payment,
        timing=levels.timing,
        languages=parts["languages.yaml"].languages,
        labs=codes.labs,
        measures=codes.measures,
        terms=parts["glossary.yaml"].terms,
        letters=parts["letters.yaml"].letters,
    )


def _with_shared(specialty: Specialty, shared: tuple[SharedCondition, ...]) -> Specialty:
    """The specialty with the shared conditions it offers, before its last condition ("something else")."""
    names = [spec.name for spec in fields(Condition)]
    mine = tuple(
        Condition(**{name: getattr(one, name) for name in names})
        for one in shared
        if specialty.key in one.offered_under
    )
    if not mine:
        return specialty
    values = {spec.name: getattr(specialty, spec.name) for spec in fields(Specialty)}
    values["conditions"] = (*specialty.conditions[:-1], *mine, *specialty.conditions[-1:])
    return Specialty(**values)
