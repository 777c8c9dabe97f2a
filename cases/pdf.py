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
FONT_FILES = (
    "latin-wght-normal",
    "latin-ext-wght-normal",
    "greek-wght-normal",
    "cyrillic-wght-normal",
    "vietnamese-wght-normal",
)


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
    """The house's font as data: addresses, from the built front end; without it the system's sans-serif is used."""
    rules = []
    for name in FONT_FILES:
        for path in sorted((Path(settings.FRONTEND_DIST) / "assets").glob(f"source-sans-3-{name}-*.woff2")):
            data = base64.b64encode(path.read_bytes()).decode()
            rules.append(
                '@font-face{font-family:"Source Sans 3";font-weight:200 900;'
                f'src:url("data:font/woff2;base64,{data}") format("woff2")}}'
            )
    return "\n".join(rules)


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


def render(report: Report) -> bytes:
    """The PDF's bytes. Takes seconds: call it in a job, outside any transaction.

    Raises:
        Fetched: the page names something outside itself.
    """
    import weasyprint
    from weasyprint.urls import FatalURLFetchingError

    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)
    logging.getLogger("fontTools").setLevel(logging.CRITICAL)
    try:
        # Relative addresses are resolved against an address that nothing answers, so that they are refused as well.
        html = weasyprint.HTML(string=page(report), url_fetcher=fetcher(), base_url="outside:///")
        css = weasyprint.CSS(string=_fonts() + STYLE.read_text(encoding="utf-8"), url_fetcher=fetcher())
        drawn: bytes = html.write_pdf(
            stylesheets=[css], pdf_variant="pdf/ua-1", pdf_tags=True, pdf_identifier=report.sha256.encode()[:32]
        )
    except FatalURLFetchingError:  # it is a BaseException, which would end the worker
        raise Fetched from None
    return drawn
