"""Narrative of a C-CDA section (CDA R2 narrative block) or of a FHIR resource (XHTML) as blocks of text.

Nothing is sanitised, because nothing of the markup is kept: headings, paragraphs, lists and tables become data, the rest is their text.
"""

from __future__ import annotations

from records.structured.model import MAX_BLOCKS, MAX_ROWS, MAX_TEXT, Block
from records.structured.xmltree import Node

_DROPPED = frozenset({"script", "style", "iframe", "object", "embed", "form", "input", "button", "svg", "img", "link", "meta",
                      "renderMultiMedia", "video", "audio", "template", "noscript", "head"})  # fmt: skip
_PARAGRAPHS = frozenset(
    {"paragraph", "p", "div", "blockquote", "section", "article", "pre", "dd", "dt", "dl", "text", "footnote"}
)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_LISTS = frozenset({"list", "ul", "ol"})
_ROWS = frozenset({"tr"})


class _Writer:
    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.line: list[str] = []
        self.dropped = False
        self.length = 0

    def say(self, text: str) -> None:
        self.length += len(text)
        if self.length <= MAX_TEXT:
            self.line.append(text)

    def end(self) -> None:
        text = " ".join("".join(self.line).split())
        self.line.clear()
        if text:
            self.put({"p": text})

    def put(self, block: Block) -> None:
        if len(self.blocks) < MAX_BLOCKS:
            self.blocks.append(block)

    def walk(self, node: Node) -> None:
        for part in node.parts:
            if isinstance(part, str):
                self.say(part)
            elif part.name in _DROPPED or part.get("revised") == "delete":
                self.dropped = self.dropped or part.get("revised") != "delete"
            elif part.name in _HEADINGS or part.name == "caption":
                self.end()
                if text := part.text():
                    self.put({"h": text})
            elif part.name in _LISTS:
                self.end()
                self.items(part)
            elif part.name == "table":
                self.end()
                self.table(part)
            elif part.name == "br":
                self.end()
            elif part.name in _PARAGRAPHS:
                self.end()
                self.walk(part)
                self.end()
            else:
                self.walk(part)

    def items(self, node: Node) -> None:
        if caption := node.text_of("caption"):
            self.put({"h": caption})
        found: list[str] = []
        for part in node.parts:
            if not isinstance(part, Node) or part.name not in ("item", "li"):
                continue
            if any(one.name == "table" for one in part.nodes()):
                if found:
                    self.put({"l": found})
                    found = []
                self.walk(part)
                self.end()
            elif text := self.clean_text(part):
                found.append(text)
        if found:
            self.put({"l": found})

    def clean_text(self, node: Node) -> str:
        inner = _Writer()
        inner.walk(node)
        inner.end()
        self.dropped = self.dropped or inner.dropped
        self.length += inner.length
        texts: list[str] = []
        for block in inner.blocks:
            texts += [block.get("h") or block.get("p") or "", *block.get("l", [])]
            texts += [" ".join(row) for row in block.get("t", [])]
        return "; ".join(text for text in texts if text) if self.length <= MAX_TEXT else ""

    def table(self, node: Node) -> None:
        heads, body = [], []
        for part in node.parts:
            if isinstance(part, Node) and part.name == "thead":
                heads += [self.cells(row) for row in part.all("tr")]
            elif isinstance(part, Node) and part.name in ("tbody", "tfoot"):
                body += [self.cells(row) for row in part.all("tr")]
            elif isinstance(part, Node) and part.name in _ROWS:
                body.append(self.cells(part))
        body = [row for row in body if any(row)][:MAX_ROWS]
        if not body:
            return
        if not heads and _only_heads(node):
            heads, body = body[:1], body[1:]
        wide = max(len(row) for row in [*heads, *body])
        rows = [row + [""] * (wide - len(row)) for row in [*heads, *body]]
        self.put({"t": rows, "head": len(heads), "caption": node.text_of("caption")})

    def cells(self, row: Node) -> list[str]:
        return [self.clean_text(cell) for cell in row.parts if isinstance(cell, Node) and cell.name in ("td", "th")]


def _only_heads(table: Node) -> bool:
    """Whether the first row consists of heading cells."""
    first = next((one for one in table.nodes() if one.name == "tr"), None)
    cells = [part.name for part in first.parts if isinstance(part, Node)] if first else []
    return bool(cells) and set(cells) == {"th"}


def blocks(node: Node) -> tuple[list[Block], bool]:
    """The blocks of a narrative, and whether something that is not text was left out."""
    writer = _Writer()
    writer.walk(node)
    writer.end()
    return writer.blocks, writer.dropped
