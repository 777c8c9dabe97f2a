"""A QR code as a picture that stands in the page itself."""

from __future__ import annotations

import base64
import io

import qrcode
from qrcode.image.svg import SvgPathImage


def qr(text: str) -> str:
    """`text` as a QR code: a data: address of an SVG, for pages (img-src data:) and for PDF files."""
    out = io.BytesIO()
    qrcode.make(text, image_factory=SvgPathImage, border=2, error_correction=qrcode.ERROR_CORRECT_M).save(out)
    return "data:image/svg+xml;base64," + base64.b64encode(out.getvalue()).decode()
