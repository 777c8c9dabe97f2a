"""What a structured record says: pages to read, facts to work with, whose it is. As JSON between the child and its parent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

KINDS = ("problem", "medicine", "allergy", "laboratory", "procedure")
MAX_FACTS = 5_000
MAX_PAGES = 200
MAX_BLOCKS = 2_000
"""Of one page."""
MAX_ROWS = 3_000
"""Of one table."""
MAX_TEXT = 200_000
"""Characters of one page."""
SHORT, LONG = 300, 1_000
UNREADABLE = "A file belongs to this document that cannot be read from it. Please send it by itself."

Block = dict[str, Any]
"""One of {"title": heading of the page}, {"h": heading}, {"p": paragraph}, {"l": [items]}, or a table {"t": [[cells], …],
"head": number of rows that are headings, "caption": text}.

Text only: nothing of a stranger's markup survives, so a page shows it without trust."""


class Malformed(ValueError):
    """The child's words about a structured record do not follow this file."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a record. Dates are ISO 8601 as exact as the source (year, month or day); "" where it says nothing."""

    kind: str
    text: str
    code: str = ""
    system: str = ""
    """loinc, snomed, rxnorm, icd10, …; "" for a code of unknown origin."""
    date: str = ""
    end: str = ""
    status: str = ""
    """active, resolved, completed, stopped, none (known to have none), or what the source says."""
    value: str = ""
    """A result as written: "6.7", "<5", "negative"."""
    number: float | None = None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    """Ends of the reference range, in `unit`."""
    reference: str = ""
    """The reference range as written."""
    flag: str = ""
    """The laboratory's own remark: high, low, abnormal, critical, or ""."""
    detail: str = ""
    """Dose, reaction, place: what else a reader needs."""
    author: str = ""

    def to_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value not in ("", None)}

    @classmethod
    def from_json(cls, value: Any) -> Fact:
        """Raises Malformed."""
        if not isinstance(value, Mapping) or value.get("kind") not in KINDS:
            raise Malformed("fact")
        found: dict[str, Any] = {}
        for one in fields(cls):
            entry = value.get(one.name)
            if entry is None:
                continue
            if one.name in ("number", "low", "high"):
                if not isinstance(entry, int | float) or isinstance(entry, bool) or abs(entry) > 1e15:
                    raise Malformed(one.name)
                found[one.name] = float(entry)
            elif isinstance(entry, str) and len(entry) <= LONG:
                found[one.name] = entry
            else:
                raise Malformed(one.name)
        if not found.get("text"):
            raise Malformed("fact without words")
        return cls(**found)


@dataclass(slots=True)
class Page:
    """One part of the record: a section of a letter, a table of results."""

    title: str
    blocks: list[Block] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {"image": None, "width": 0, "height": 0, "text": plain(self)[:MAX_TEXT], "blocks": bounded(self)}


@dataclass(slots=True)
class Who:
    """The person of the record, as it names them. `birth` is YYYYMMDD or ""."""

    name: str = ""
    birth: str = ""
    sex: str = ""


@dataclass(slots=True)
class Attachment:
    """A file inside the record."""

    name: str
    content: bytes


@dataclass(slots=True)
class Record:
    """Everything that was read of one structured record."""

    title: str = ""
    loinc: str = ""
    """LOINC code of the kind of document."""
    klass: str = ""
    """Class of the catalogue, where the format itself decides (a tracing, a laboratory message)."""
    date: str = ""
    author: str = ""
    institution: str = ""
    language: str = ""
    who: Who = field(default_factory=Who)
    pages: list[Page] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    cleaned: bool = False
    """Something that is not text was left out of the narrative: a script, a picture from elsewhere."""

    def about(self) -> dict[str, Any]:
        names = ("loinc", "klass", "date", "author", "institution", "language")
        return {name: getattr(self, name)[:200] for name in names} | {"who": asdict(self.who)}


def bounded(page: Page) -> list[Block]:
    """The page's blocks, its title first, up to the bounds of one page."""
    kept: list[Block] = [{"title": page.title[:SHORT]}] if page.title else []
    left = MAX_TEXT
    for block in page.blocks[:MAX_BLOCKS]:
        size = sum(len(text) for text in _texts(block))
        if size > left:
            if "p" in block:
                kept.append({"p": block["p"][:left]})
            break
        left -= size
        kept.append(block)
    return kept


def shortened(page: Page) -> bool:
    """Whether `bounded` leaves something out."""
    return len(page.blocks) > MAX_BLOCKS or sum(len(text) for block in page.blocks for text in _texts(block)) > MAX_TEXT


def _texts(block: Block) -> Iterable[str]:
    for name in ("h", "p", "caption"):
        yield block.get(name, "")
    yield from block.get("l", [])
    for row in block.get("t", []):
        yield from row


def plain(page: Page) -> str:
    """A page as text: its title, then each block."""
    lines = [page.title] if page.title else []
    for block in page.blocks:
        if "h" in block:
            lines.append(block["h"])
        elif "p" in block:
            lines.append(block["p"])
        elif "l" in block:
            lines += [f"- {item}" for item in block["l"]]
        elif "t" in block:
            lines += [" | ".join(cell for cell in row if cell) for row in block["t"]]
    return "\n".join(lines)


def table(heads: list[str], rows: Iterable[list[str]], caption: str = "") -> list[Block]:
    """A table without the columns in which nothing stands; no block at all without rows."""
    kept = [list(row) for row in rows][:MAX_ROWS]
    if not kept:
        return []
    used = [place for place in range(len(heads)) if any(row[place] for row in kept)]
    body = [[row[place] for place in used] for row in kept]
    return [{"t": [[heads[place] for place in used], *body], "head": 1, "caption": caption}]


def unique(facts: Iterable[Fact]) -> list[Fact]:
    """The same fact in two sections is one."""
    seen: dict[tuple[Any, ...], Fact] = {}
    for fact in facts:
        key = (fact.kind, fact.code or fact.text.casefold(), fact.date, fact.value, fact.status == "none")
        seen.setdefault(key, fact)
    return list(seen.values())[:MAX_FACTS]


def check(data: Mapping[str, Any]) -> None:
    """Whether what a child said about a structured record is made as this file says. Raises Malformed."""
    facts = data.get("facts", [])
    if not isinstance(facts, list) or len(facts) > MAX_FACTS:
        raise Malformed("facts")
    for fact in facts:
        Fact.from_json(fact)
    about = data.get("about", {})
    if not isinstance(about, dict) or not all(isinstance(v, str) for n, v in about.items() if n != "who"):
        raise Malformed("about")
    who = about.get("who", {})
    if not isinstance(who, dict) or not all(isinstance(v, str) for v in who.values()):
        raise Malformed("who")
    for page in data.get("pages", []):
        for block in page.get("blocks", []):
            _check_block(block)


def _check_block(block: Any) -> None:
    if not isinstance(block, dict):
        raise Malformed("block")
    for name, value in block.items():
        if name in ("title", "h", "p", "caption"):
            good = isinstance(value, str)
        elif name == "l":
            good = isinstance(value, list) and all(isinstance(one, str) for one in value)
        elif name == "t":
            good = isinstance(value, list) and all(
                isinstance(row, list) and all(isinstance(cell, str) for cell in row) for row in value
            )
        else:
            good = name == "head" and isinstance(value, int)
        if not good:
            raise Malformed(f"block {name}")
