"""The report's PDF against the rules of PDF/UA-1 (ISO 14289-1) that a program can check: structure, not taste."""

from __future__ import annotations

import base64
import io
import itertools
from collections.abc import Iterator

import pikepdf
import pytest
from PIL import Image

from cases import pdf
from tests.factories.specialists import make_report

pytestmark = pytest.mark.django_db

PAINTS = {"Tj", "TJ", "'", '"', "f", "F", "f*", "S", "s", "B", "B*", "b", "b*", "Do", "sh", "BI"}
"""Operators that put something on the page (ISO 32000-1, annex A)."""
LABEL = "CT chest, 12 March 2026, image 7 of 12"


@pytest.fixture(scope="module")
def once() -> list[bytes]:
    """Drawing takes seconds and all of these only read: the first test draws for the others."""
    return []


@pytest.fixture
def drawn(once: list[bytes]) -> Iterator[pikepdf.Pdf]:
    if not once:
        once.append(with_key_image())
    with pikepdf.open(io.BytesIO(once[0])) as found:
        yield found


def with_key_image() -> bytes:
    made = make_report()
    picture = io.BytesIO()
    Image.new("L", (64, 64), 90).save(picture, "PNG")
    image = {"png_base64": base64.b64encode(picture.getvalue()).decode(), "label": LABEL}
    made.document = {**made.document, "key_images": [image]}
    return pdf.render(made)


def elements(node: pikepdf.Object) -> Iterator[pikepdf.Dictionary]:
    """The structure tree, parents before children. Marked-content numbers and references are leaves and left out."""
    kids = node.get("/K")
    for kid in [] if kids is None else kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            yield kid
            yield from elements(kid)


def content(page: pikepdf.Page) -> Iterator[tuple[str, tuple[str, int | None] | None]]:
    """Each painting operator with the innermost marked content around it: its tag and its number, None for an artifact."""
    open_ones: list[tuple[str, int | None]] = []
    for step in pikepdf.parse_content_stream(page):
        name = str(step.operator)
        if name in {"BMC", "BDC"}:
            given = step.operands[1] if len(step.operands) > 1 else None
            number = given.get("/MCID") if isinstance(given, pikepdf.Dictionary) else None
            open_ones.append((str(step.operands[0]), None if number is None else int(number)))
        elif name == "EMC":
            open_ones.pop()
        elif name in PAINTS:
            inside = next((one for one in reversed(open_ones) if one[0] == "/Artifact" or one[1] is not None), None)
            yield name, inside
    assert not open_ones, "marked content is never closed"


def test_everything_on_every_page_is_tagged_or_an_artifact(drawn: pikepdf.Pdf) -> None:
    for number, page in enumerate(drawn.pages, 1):
        bare = [name for name, inside in content(page) if inside is None]
        assert not bare, f"page {number}: painted outside marked content: {bare}"
        assert any(inside and inside[1] is not None for _name, inside in content(page)), (
            f"page {number}: nothing to read"
        )


def numbers(tree: pikepdf.Object) -> dict[int, pikepdf.Object]:
    """A number tree as a dictionary (ISO 32000-1, 7.9.7)."""
    pairs = list(tree.get("/Nums", []))
    found = {int(pairs[at]): pairs[at + 1] for at in range(0, len(pairs), 2)}
    for kid in tree.get("/Kids", []):
        found |= numbers(kid)
    return found


def test_every_marked_content_leads_to_its_place_in_the_structure(drawn: pikepdf.Pdf) -> None:
    parents = numbers(drawn.Root.StructTreeRoot.ParentTree)
    for page in drawn.pages:
        owners = parents[int(page.obj.StructParents)]
        used = {inside[1] for _name, inside in content(page) if inside and inside[1] is not None}
        assert used
        for number in used:
            assert number is not None and isinstance(owners[number], pikepdf.Dictionary), number
            assert "/S" in owners[number]
        assert str(page.obj.get("/Tabs")) == "/S", "Tab must follow the structure"


def test_document_names_itself(drawn: pikepdf.Pdf) -> None:
    root = drawn.Root
    assert bool(root.MarkInfo.Marked)
    assert not bool(root.MarkInfo.get("/Suspects", False))
    assert str(root.Lang)
    assert bool(root.ViewerPreferences.DisplayDocTitle)
    with drawn.open_metadata() as meta:
        assert meta["pdfuaid:part"] == "1"
        assert meta["dc:title"]


def test_headings_go_down_one_level_at_a_time(drawn: pikepdf.Pdf) -> None:
    levels = [
        int(str(one.S)[2:])
        for one in elements(drawn.Root.StructTreeRoot)
        if str(one.S)[:2] == "/H" and str(one.S)[2:].isdigit()
    ]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), levels


def headers_of(cell: pikepdf.Dictionary) -> set[bytes]:
    """The identifiers of the heading cells that a cell names (ISO 32000-1, table 349)."""
    given = cell.get("/A", [])
    found = [one for one in (given if isinstance(given, pikepdf.Array) else [given]) if "/Headers" in one]
    return {bytes(key) for one in found for key in one.Headers}


def test_every_cell_of_a_table_names_its_headings(drawn: pikepdf.Pdf) -> None:
    """ISO 14289-1, 7.5: by Headers and IDs, or else by Scope."""
    tables = [one for one in elements(drawn.Root.StructTreeRoot) if pikepdf.Name.Table == one.S]
    assert tables
    for table in tables:
        heads = {bytes(one.ID) for one in elements(table) if one.S == pikepdf.Name.TH and "/ID" in one}
        assert heads
        body = next(one for one in elements(table) if pikepdf.Name.TBody == one.S)
        for cell in (one for one in elements(body) if one.S == pikepdf.Name.TD):
            assert headers_of(cell), "a cell without a heading"
            assert headers_of(cell) <= heads


def test_chosen_image_is_in_the_report_with_its_description(drawn: pikepdf.Pdf) -> None:
    figures = [one for one in elements(drawn.Root.StructTreeRoot) if pikepdf.Name.Figure == one.S]
    assert figures
    assert all(str(one.get("/Alt", "")).strip() for one in figures), "a picture without words"
    assert any(LABEL in str(one.Alt) for one in figures)
    assert any(len(page.get_images()) for page in drawn.pages)


def test_fonts_are_inside_and_can_be_read_back(drawn: pikepdf.Pdf) -> None:
    fonts = [
        one for one in drawn.objects if isinstance(one, pikepdf.Dictionary) and one.get("/Type") == pikepdf.Name.Font
    ]
    outer = [one for one in fonts if "/DescendantFonts" in one]
    assert outer
    for font in outer:
        assert "/ToUnicode" in font
        inner = font.DescendantFonts[0].FontDescriptor
        assert any(key in inner for key in ("/FontFile", "/FontFile2", "/FontFile3")), str(font.BaseFont)
