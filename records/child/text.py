"""Plain text, XML and JSON in the child: read as text, recognise health documents, refuse what attacks a parser."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn
from xml.parsers import expat

from records.dicom.metadata import clean

from .job import Job, Outcome, Refused

MAX_FILE = 64 * 1024 * 1024
MAX_DEPTH = 200
_KINDS = {
    ("urn:hl7-org:v3", "ClinicalDocument"): ("cda", "application/cda+xml"),
    ("urn:hl7-org:v3", "AnnotatedECG"): ("aecg", "application/xml"),
}
_HL7 = re.compile(rb"(?:MSH|FHS|BHS)([^\w\s])((?!\1)[^\w\s]){3,5}\1")


def decode(content: bytes) -> str:
    """UTF-8, UTF-16 with its mark, else Windows-1252. Raises Refused when it is not text."""
    for mark, name in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"", "utf-8-sig")):
        if content.startswith(mark):
            try:
                text = content.decode(name)
                break
            except UnicodeDecodeError:
                continue
    else:
        text = content.decode("cp1252", "replace")
    sample = text[:4096]
    odd = sum(1 for c in sample if (c < " " and c not in "\r\n\t\f\x0b\x1c\x1d") or c == "\ufffd")
    if odd > max(4, len(sample) // 50):
        raise Refused("type_unsupported")
    return text


def _shown(job: Job, text: str, outcome: Outcome) -> str:
    text = clean(text.replace("\r\n", "\n").replace("\r", "\n"), lines=True)
    if len(text) > job.limits.text:
        outcome.flags.append("text_shortened")
        text = text[: job.limits.text]
    return text


def handle_text(job: Job) -> Outcome:
    content = job.read_all(MAX_FILE)
    outcome = Outcome("text", "text/plain")
    start = content[:512].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith((b"MSH", b"FHS", b"BHS")):
        if not _HL7.match(start):
            raise Refused("hl7_damaged")
        outcome.media_type = "application/hl7-v2"
    text = _shown(job, decode(content), outcome)
    if not text.strip():
        raise Refused("empty")
    if outcome.media_type == "text/plain" and _is_table(text):
        outcome.media_type = "text/csv"
    outcome.data = {"text": text, "lines": text.count("\n") + 1}
    return outcome


def _is_table(text: str) -> bool:
    """Whether the first lines all have the same number (at least one) of commas, semicolons or tabs."""
    lines = [line for line in text[:8192].split("\n")[:-1] or [text] if line.strip()][:20]
    return len(lines) > 1 and any(
        lines[0].count(mark) > 0 and len({line.count(mark) for line in lines}) == 1 for mark in ",;\t"
    )


def handle_xml(job: Job) -> Outcome:
    content = job.read_all(MAX_FILE)
    outcome = Outcome("xml", "application/xml", code="kept_not_shown")
    parser = expat.ParserCreate(namespace_separator=" ")
    root: list[str] = []
    depth = 0

    def declared(*_: Any) -> NoReturn:
        raise Refused("xml_dtd")

    def opened(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise Refused("xml_too_deep")
        if not root:
            root.append(name)

    def closed(name: str) -> None:
        nonlocal depth
        depth -= 1

    parser.StartDoctypeDeclHandler = declared
    parser.EntityDeclHandler = declared
    parser.ExternalEntityRefHandler = declared
    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    try:
        parser.Parse(content, True)
    except expat.ExpatError:
        raise Refused("xml_damaged") from None
    space, _, name = root[0].rpartition(" ")
    document: str | None = None
    if (space, name) in _KINDS:
        document, outcome.media_type = _KINDS[space, name]
    elif space == "http://hl7.org/fhir":
        document, outcome.media_type = "fhir", "application/fhir+xml"
    elif name in ("svg", "html"):
        raise Refused("type_unsupported")
    outcome.data = {"document": document, "root": clean(name)[:100]}
    return outcome


def handle_json(job: Job) -> Outcome:
    content = job.read_all(MAX_FILE)
    outcome = Outcome("json", "application/json", code="kept_not_shown")
    _check_depth(content)
    try:
        value = json.loads(
            content.decode("utf-8-sig"), object_pairs_hook=_unique, parse_constant=_constant, parse_int=_integer
        )
    except (ValueError, RecursionError):
        raise Refused("json_damaged") from None
    resource = value.get("resourceType") if isinstance(value, dict) else None
    document = None
    if isinstance(resource, str) and re.fullmatch(r"[A-Z][A-Za-z]{2,40}", resource):
        document, outcome.media_type = "fhir", "application/fhir+json"
    outcome.data = {"document": document, "root": resource if document else ""}
    return outcome


def _check_depth(content: bytes) -> None:
    depth = 0
    for token in re.finditer(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', content, re.DOTALL):
        first = content[token.start()]
        if first in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise Refused("json_too_deep")
        elif first in b"]}":
            depth -= 1


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _constant(name: str) -> NoReturn:
    raise ValueError(name)


def _integer(text: str) -> int:
    if len(text) > 40:
        raise ValueError("integer too long")
    return int(text)
