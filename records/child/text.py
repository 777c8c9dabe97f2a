"""Plain text, XML and JSON in the child: read as text, read health documents, refuse what attacks a parser."""

from __future__ import annotations

import codecs
import json
import re
from contextlib import suppress
from typing import IO, Any, NoReturn

from records.dicom.characters import east_asian
from records.dicom.metadata import clean
from records.structured import aecg, cda, fhir, hl7
from records.structured.model import Block, Record, shortened
from records.structured.xmltree import Unsafe, parse

from .job import Job, Outcome, Refused
from .wide import as_utf_8, two_byte_letters

MAX_FILE = 64 * 1024 * 1024
MAX_DEPTH = 200
HL7, FHIR = "urn:hl7-org:v3", "http://hl7.org/fhir"
_WFDB = re.compile(
    r"(?:#[^\n]*\n)*(\S+) \d{1,3} \d+(?:\.\d+)?(?:/\S+)?(?: \d+)?[^\n]*\n(?:#[^\n]*\n)*"
    r"\1\S*\.\w+ (?:8|16|24|32|61|80|160|212|31[01]|508|516|524)(?:[x:+]\d+)* "
)
"""Record line and first signal line of a WFDB header (header(5) of the WFDB software package): the file of the signal has an ending,
and its format is one of signal(5). A list of values may repeat a name in two lines, too."""
_DECLARATION = re.compile(rb"\A\s*<\?xml[^>]*\?>")
_HL7 = re.compile(rb"(?:MSH|FHS|BHS)([^\w\s])((?!\1)[^\w\s]){3,5}\1")


def decode(content: bytes) -> str:
    """What `characters` finds. Raises Refused when it is not text."""
    text = characters(content)
    sample = text[:4096]
    odd = sum(1 for c in sample if (c < " " and c not in "\r\n\t\f\x0b\x1c\x1d") or c == "\ufffd")
    if odd > max(4, len(sample) // 50):
        raise Refused("type_unsupported")
    return text


def characters(content: bytes) -> str:
    """The letters of bytes that do not say their character set: of an old one where the bytes are like no other, else Windows-1252."""
    for name in (two_byte_letters(content[:4096]), "utf-8-sig"):
        if name:
            with suppress(UnicodeDecodeError):
                return content.decode(name).removeprefix("\ufeff")
    return _broken_utf_8(content) or east_asian(content) or _cyrillic(content) or content.decode("cp1252", "replace")


def _broken_utf_8(content: bytes) -> str | None:
    """UTF-8 with a few bytes that are none, as where a letter was cut or put together: chance makes few whole sequences."""
    text = content.decode("utf-8-sig", "replace")
    whole = sum(1 for c in text if c > "\x7f" and c != "\ufffd")
    if whole <= 2 * text.count("\ufffd"):
        return None
    return content.decode("utf-8-sig", "windows")


def _windows(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("windows", _windows)


def _cyrillic(content: bytes) -> str | None:
    """Windows-1251 where hardly any letter is a Latin one: there small Cyrillic letters are the upper half of the high bytes."""
    high = sum(1 for byte in content if byte >= 0xC0)
    if high < 10 or high < 2 * sum(1 for byte in content if chr(byte).isascii() and chr(byte).isalpha()):
        return None
    return content.decode("cp1251", "replace") if sum(1 for byte in content if byte >= 0xE0) > high // 2 else None


def of_mail(job: Job, parts: list[tuple[str, IO[bytes] | None, int | None]]) -> Outcome:
    """A letter by e-mail that nothing is attached to."""
    outcome = Outcome("text", "text/plain")
    (_label, stream, _size), *_ = parts
    assert stream is not None
    text = _shown(job, stream.read().decode("utf-8"), outcome)
    outcome.data = {"text": text, "lines": text.count("\n") + 1}
    return outcome


def _shown(job: Job, text: str, outcome: Outcome) -> str:
    text = clean(re.sub("\r\n|[\r\f\x0b\x85\u2028\u2029]", "\n", text), lines=True)
    if len(text) > job.limits.text:
        outcome.flags.append("text_shortened")
        text = text[: job.limits.text]
    return text


def handle_text(job: Job) -> Outcome:
    content = job.read_all(MAX_FILE)
    outcome = Outcome("text", "text/plain")
    start = content[:512].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith((b"MSH", b"FHS", b"BHS")):
        if _HL7.match(start):
            outcome.media_type = "application/hl7-v2"
        elif start[3:4] in (b"|", b"^", b"~", b"&", b"\\", b"#"):  # "MSH2" is a gene, "MSH, MLH1: intact" a finding
            raise Refused("hl7_damaged")
    text = _shown(job, decode(content), outcome)
    if not text.strip():
        raise Refused("empty")
    if outcome.media_type == "text/plain" and (header := _WFDB.match(text)):
        outcome.data = {"text": text, "title": header[1][:200], "about": {"klass": "ecg"}}
        return outcome
    if outcome.media_type == "text/plain" and _is_table(text):
        outcome.media_type = "text/csv"
    outcome.data = {"text": text, "lines": text.count("\n") + 1}
    if outcome.media_type == "application/hl7-v2":
        _readable(job, outcome, "hl7", hl7.read(decode(content)))
    return outcome


def _is_table(text: str) -> bool:
    """Whether the first lines all have the same number (at least one) of commas, semicolons or tabs."""
    lines = [line for line in text[:8192].split("\n")[:-1] or [text] if line.strip()][:20]
    return len(lines) > 1 and any(
        lines[0].count(mark) > 0 and len({line.count(mark) for line in lines}) == 1 for mark in ",;\t"
    )


def handle_xml(job: Job) -> Outcome:
    """C-CDA (whole or in parts), annotated ECG and FHIR are read; other XML is kept and not shown."""
    content = job.read_all(MAX_FILE)
    outcome = Outcome("xml", "application/xml")
    if two_byte_letters(content[:4096]):
        content = _DECLARATION.sub(b"", as_utf_8(content))  # which may name another set of letters
    try:
        root, space = parse(content)
    except Unsafe as unsafe:
        if unsafe.code == "xml_damaged" and not re.search(rb"</|/>|<[?!]", content):
            return handle_text(job)  # words in angle brackets: "<Letterhead>"
        raise Refused(unsafe.code) from None
    if root.name in ("svg", "html"):
        raise Refused("type_unsupported")
    outcome.data = {"document": None, "root": clean(root.name)[:100]}
    if root.name == "AnnotatedECG" and space == HL7:
        record = aecg.read(root)
        _readable(job, outcome, "aecg", record)
        from . import tracing

        tracing.draw(job, outcome, aecg.leads(root), record)
    elif (root.name == "ClinicalDocument" and space in (HL7, "")) or (space in (HL7, "") and cda.is_fragment(root)):
        outcome.media_type = "application/cda+xml"
        _readable(job, outcome, "cda", cda.read(root))
    elif space == FHIR and root.name[:1].isupper():
        outcome.media_type = "application/fhir+xml"
        _readable(job, outcome, "fhir", fhir.read(fhir.from_xml(root)))
    else:
        outcome.code = "kept_not_shown"
    return outcome


def _readable(job: Job, outcome: Outcome, document: str, record: Record) -> None:
    """What was read of a structured record, as data: pages of blocks, facts, what it says of itself, the files inside."""
    pages = [_cleaned_page(page.to_json()) for page in record.pages[: job.limits.pages] if page.blocks]
    if record.cleaned:
        outcome.flags.append("html_narrative")
    if len(record.pages) > job.limits.pages or any(shortened(page) for page in record.pages):
        outcome.flags.append("text_shortened")
    attachments = []
    for number, one in enumerate(record.attachments[:50], 1):
        ending = one.name.rsplit(".", 1)[-1]
        name = job.save(f"a{number:03d}.{ending}", one.content)
        attachments.append({"name": one.name, "size": len(one.content), "file": name})
    outcome.data |= {
        "document": document,
        "title": clean(record.title)[:200],
        "pages": pages,
        "page_count": len(pages),
        "about": _cleaned(record.about()),
        "facts": [_cleaned(fact.to_json()) for fact in record.facts],
        "attachments": attachments,
    }
    if not pages and not attachments:
        outcome.code = "kept_not_shown"


def _cleaned(value: Any) -> Any:
    """The same without controls and bidirectional marks in its texts."""
    if isinstance(value, str):
        return clean(value, lines=True)
    if isinstance(value, dict):
        return {name: _cleaned(one) for name, one in value.items()}
    return [_cleaned(one) for one in value] if isinstance(value, list) else value


def _cleaned_page(page: dict[str, Any]) -> dict[str, Any]:
    blocks: list[Block] = _cleaned(page["blocks"])
    return {**page, "text": clean(page["text"], lines=True), "blocks": blocks}


def handle_json(job: Job) -> Outcome:
    content = as_utf_8(job.read_all(MAX_FILE))
    outcome = Outcome("json", "application/json", code="kept_not_shown")
    _check_depth(content)
    try:
        value = _value(content)
    except (ValueError, RecursionError):
        if re.match(rb"(?:\xef\xbb\xbf)?\s*\[\s*[\[\"\]]", content) and not content.rstrip().endswith(b"]"):
            return handle_text(job)  # words in brackets: "[[Copy]] Dear Dr Sample"
        raise Refused("json_damaged") from None
    if isinstance(value, list) and value and all(isinstance(one, dict) and "resourceType" in one for one in value):
        value = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in value]}
    resource = value.get("resourceType") if isinstance(value, dict) else None
    document = None
    if isinstance(resource, str) and re.fullmatch(r"[A-Z][A-Za-z]{2,40}", resource):
        document, outcome.media_type = "fhir", "application/fhir+json"
    outcome.data = {"document": document, "root": resource if document else ""}
    if document:
        outcome.code = ""
        _readable(job, outcome, document, fhir.read(value))
    return outcome


def _value(content: bytes) -> Any:
    """One value, or one in each line, as FHIR's bulk export writes them (NDJSON): then their list."""
    try:
        return _loads(content.decode("utf-8-sig"))
    except json.JSONDecodeError as problem:
        lines = [line for line in content.decode("utf-8-sig").splitlines() if line.strip()]
        if problem.msg != "Extra data" or len(lines) < 2:
            raise
        return [_loads(line) for line in lines]


def _loads(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_unique, parse_constant=_constant, parse_int=_integer)


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
