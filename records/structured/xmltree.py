"""XML as a small tree, read without anything that can hurt: no DTD, no entity, no include, no address followed, bounded in depth and size.

Prefixes are cut off rather than resolved. Fragments that people copy out of a larger document (sections with `xsi:` or `sdtc:` and no
declaration of it) are read like the whole; what a namespace would tell apart is told apart by the root's declarations.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn
from xml.parsers import expat

MAX_DEPTH = 200
MAX_NODES = 400_000


class Unsafe(Exception):
    """`code`: xml_dtd, xml_too_deep, too_large or xml_damaged."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Node:
    """An element: its local name, its attributes by local name, and its children in order, text among them."""

    __slots__ = ("attributes", "name", "parts")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name, self.attributes = name, attributes
        self.parts: list[Node | str] = []

    def get(self, name: str, otherwise: str = "") -> str:
        return self.attributes.get(name, otherwise)

    def all(self, path: str) -> Iterator[Node]:
        """Children by a path of local names ("entry/observation/code"), in order."""
        first, _, rest = path.partition("/")
        for part in self.parts:
            if isinstance(part, Node) and part.name == first:
                if rest:
                    yield from part.all(rest)
                else:
                    yield part

    def first(self, path: str) -> Node | None:
        return next(self.all(path), None)

    def value(self, path: str, attribute: str = "value") -> str:
        """An attribute of the first child on this path, or ""."""
        found = self.first(path)
        return found.get(attribute) if found is not None else ""

    def nodes(self) -> Iterator[Node]:
        """Itself and everything below it, in document order."""
        waiting: list[Node] = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += [part for part in reversed(node.parts) if isinstance(part, Node)]

    def text(self) -> str:
        """All text below, runs of space as one."""
        found: list[str] = []
        waiting: list[Node | str] = [self]
        while waiting:
            part = waiting.pop()
            if isinstance(part, str):
                found.append(part)
            else:
                if part.name in ("br", "td", "th", "item", "li", "paragraph", "p", "tr"):
                    found.append(" ")
                waiting += reversed(part.parts)
        return " ".join("".join(found).split())

    def text_of(self, path: str) -> str:
        found = self.first(path)
        return found.text() if found is not None else ""


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def parse(content: bytes) -> tuple[Node, str]:
    """The root and its namespace ("" where it declares none). Raises Unsafe."""
    parser = expat.ParserCreate()
    roots: list[Node] = []
    space: list[str] = []
    open_nodes: list[Node] = []
    count = 0

    def refused(*_: Any) -> NoReturn:
        raise Unsafe("xml_dtd")

    def opened(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if len(open_nodes) >= MAX_DEPTH:
            raise Unsafe("xml_too_deep")
        if count > MAX_NODES:
            raise Unsafe("too_large")
        node = Node(
            _local(name), {_local(key): value for key, value in attributes.items() if not key.startswith("xmlns")}
        )
        if open_nodes:
            open_nodes[-1].parts.append(node)
        else:
            prefix = name.rpartition(":")[0]
            space.append(attributes.get(f"xmlns:{prefix}" if prefix else "xmlns", ""))
            roots.append(node)
        open_nodes.append(node)

    def closed(_name: str) -> None:
        open_nodes.pop()

    def said(text: str) -> None:
        if open_nodes:
            open_nodes[-1].parts.append(text)

    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refused
    parser.EntityDeclHandler = refused
    parser.ExternalEntityRefHandler = refused
    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    parser.CharacterDataHandler = said
    try:
        parser.Parse(content, True)
    except expat.ExpatError:
        raise Unsafe("xml_damaged") from None
    if not roots:
        raise Unsafe("xml_damaged")
    return roots[0], space[0]
