"""The receipt of what was sent in one go: as a page, and as a file to keep."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from cases import pdf
from cases.views.base import CaseView
from portal.core.access import Permission
from records.models import Receipt
from records.queries.files import FileView, of_batch
from records.queries.receipts import visible_receipts
from records.told import told

PAGE = 100
"""Files on one page of the list below a receipt."""
PRINTED = 500
"""Refused files that the PDF names one by one."""


class ReceiptView(CaseView):
    """Loads the receipt of a batch, if it is written."""

    abstract = True
    permission = Permission.UPLOAD_RECORDS
    receipt: Receipt | None

    def load(self) -> None:
        super().load()
        self.receipt = visible_receipts(self.request.user, self.case).filter(batch=self.kwargs["batch"]).first()


class ReceiptPage(ReceiptView):
    """What became of everything that was sent in one go."""

    def get(self, request: HttpRequest, ref: str, batch: Any) -> HttpResponse:
        every = of_batch(self.case, batch)
        total = every.count()
        if self.receipt is None and not total:
            raise Http404
        asked = request.GET.get("page", "")
        number = max(1, int(asked)) if asked.isdecimal() and len(asked) < 7 else 1
        start = (number - 1) * PAGE
        shown = [FileView(file) for file in every.select_related("duplicate_of")[start : start + PAGE]]
        context = receipt_context(self.receipt) | {
            "case": self.case,
            "files": shown,
            "total": total,
            "first": start + 1,
            "last": start + len(shown),
            "previous": number - 1,
            "next": number + 1 if start + PAGE < total else 0,
            "back_url": reverse("records:records", args=[ref]),
        }
        return render(request, "records/receipt.html", context)


class ReceiptPdf(ReceiptView):
    """The same words as a file. Drawn when it is asked for: it is short, and always in the reader's language."""

    def get(self, request: HttpRequest, ref: str, batch: Any) -> HttpResponse:
        if self.receipt is None:
            raise Http404
        context = receipt_context(self.receipt, most=PRINTED) | {
            "case": self.case,
            "product": settings.PRODUCT,
            "lang": get_language() or settings.LANGUAGE_CODE,
            "in_pdf": True,
        }
        html = render_to_string("records/receipt_pdf.html", context)
        drawn = pdf.draw(html, style=pdf.STYLE, identifier=self.receipt.pk.bytes + bytes([self.receipt.version % 256]))
        response = HttpResponse(drawn, content_type="application/pdf")
        name = f"receipt-{self.case.ref}-{self.receipt.at:%Y%m%d-%H%M}.pdf"
        response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
        return response


def receipt_context(receipt: Receipt | None, *, most: int = 10_000) -> dict[str, Any]:
    """The frozen document with its days as dates, its codes in words and its gaps as sentences."""
    if receipt is None:
        return {"receipt": None, "document": {}, "refused": [], "locked": [], "more_refused": 0}
    document = receipt.document

    def dated(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**row, "day": date.fromisoformat(row["date"]) if row["date"] else None} for row in rows]

    studies = [
        {**one, "parts": [{**part, "gap": gap_sentence(part)} for part in one.get("parts", [])]}
        for one in dated(document["studies"])
    ]
    refused = [{**one, "words": told(one["code"])} for one in document.get("refused", [])]
    return {
        "receipt": receipt,
        "document": {**document, "studies": studies, "documents": dated(document["documents"])},
        "refused": refused[:most],
        "refused_count": len(refused),
        "more_refused": max(0, len(refused) - most),
        "locked": [{**one, "words": told(one["code"])} for one in document.get("locked", [])],
    }


def gap_sentence(part: dict[str, Any]) -> str:
    """ "Images 1–120 and 140–212: 19 seem to be missing", or ""."""
    if not part.get("missing"):
        return ""
    runs = [f"{first}–{last}" if first != last else str(first) for first, last in part["runs"]]
    listed = _("%(all)s and %(last)s") % {"all": ", ".join(runs[:-1]), "last": runs[-1]}
    return ngettext(
        "Images %(runs)s: %(n)d seems to be missing between them.",
        "Images %(runs)s: %(n)d seem to be missing between them.",
        part["missing"],
    ) % {"runs": listed, "n": part["missing"]}
