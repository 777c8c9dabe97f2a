"""The report as a tagged PDF (PDF/UA-1). It is drawn from the document alone: whatever is not a data: address is refused."""

from __future__ import annotations

import base64
import logging
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from cases.models import Report
from cases.queries.reports import shown

STYLE = Path(__file__).parent / "report.css"
FONT = "source-sans-3-latin-wght-normal-*.woff2"
"""The part of the house's font that has the Latin letters of western Europe. Other letters come whole from a font of the
system: parts of one font under one name are drawn with one another's glyphs."""


class Fetched(Exception):
    """The report's page asked for something outside itself."""


def fetcher() -> Any:
    """A WeasyPrint fetcher that opens data: addresses and nothing else: no network, no file.

    A refused address ends the rendering: a report with a hole in it is not delivered.
    """
    from weasyprint.urls import URLFetcher

    return URLFetcher(allowed_protocols={"data"}, allow_redirects=False, fail_on_errors=True)


@cache
def _fonts() -> str:
    """The house's font as a data: address, from the built front end; without it the system's sans-serif is used."""
    found = sorted((Path(settings.FRONTEND_DIST) / "assets").glob(FONT))
    if not found:
        return ""
    data = base64.b64encode(found[0].read_bytes()).decode()
    return (
        '@font-face{font-family:"Source Sans 3";font-weight:200 900;'
        f'src:url("data:font/woff2;base64,{data}") format("woff2")}}'
    )


def page(report: Report) -> str:
    """The HTML that is drawn. Its words are those of the web page: both include templates/report/body.html."""
    with translation.override(settings.LANGUAGE_CODE):
        context = {
            "report": shown(report.document),
            "sha256": report.sha256,
            "product": settings.PRODUCT,
            "base_url": settings.BASE_URL,
            "lang": settings.LANGUAGE_CODE,
            "in_pdf": True,
        }
        return render_to_string("report/pdf.html", context)


def draw(html: str, *, style: Path, identifier: bytes) -> bytes:
    """`html` as a tagged PDF. Takes seconds: call it outside any transaction.

    Raises:
        Fetched: the page names something outside itself.
    """
    import weasyprint
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import FatalURLFetchingError

    for name in ("weasyprint", "weasyprint.progress", "fontTools"):  # they would quote what they draw
        logging.getLogger(name).setLevel(logging.CRITICAL)
    fonts = FontConfiguration()
    try:
        # Relative addresses are resolved against an address that nothing answers, so that they are refused as well.
        whole = weasyprint.HTML(string=html, url_fetcher=fetcher(), base_url="outside:///")
        rules = _fonts() + style.read_text(encoding="utf-8")
        css = weasyprint.CSS(string=rules, url_fetcher=fetcher(), font_config=fonts)
        drawn: bytes = whole.write_pdf(
            stylesheets=[css], font_config=fonts, pdf_variant="pdf/ua-1", pdf_tags=True, pdf_identifier=identifier
        )
    except FatalURLFetchingError:  # it is a BaseException, which would end the worker
        raise Fetched from None
    return drawn


def render(report: Report) -> bytes:
    """The PDF of a report: `draw` of its page."""
    return draw(page(report), style=STYLE, identifier=report.sha256.encode()[:32])
