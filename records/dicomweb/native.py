"""DICOM JSON as the Native DICOM Model in XML (PS3.19 annex A.1, PS3.18 section 8.7.3): lists and metadata for who asks in XML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from django.http import HttpResponseBase
from pydicom.datadict import keyword_for_tag

from records.dicomweb.multipart import Part, related
from records.dicomweb.qido import Json

MEDIA_TYPE = "application/dicom+xml"
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<NativeDicomModel xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM" xml:space="preserve">'
)
_NAMES = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def response(rows: Iterable[Json]) -> HttpResponseBase:
    """One part for each row."""
    bodies = [document(row) for row in rows]
    return related([Part(MEDIA_TYPE, len(body), [body]) for body in bodies], MEDIA_TYPE)


def document(row: Json) -> bytes:
    """One data set. Control characters that XML cannot hold become question marks."""
    return f"{_HEAD}{_attributes(row)}</NativeDicomModel>".encode()


def _attributes(row: Json) -> str:
    return "".join(_attribute(tag, value, row) for tag, value in sorted(row.items()))


def _attribute(tag: str, value: Json, row: Json) -> str:
    creator = _creator(tag, row)
    known = "" if int(tag[:4], 16) % 2 else keyword_for_tag(int(tag, 16))
    named = f" keyword={quoteattr(known)}" if known else ""
    private = f" privateCreator={quoteattr(_text(creator))}" if creator else ""
    vr = value.get("vr", "UN")
    inside = _inside(vr, value)
    start = f'<DicomAttribute tag="{tag}" vr="{vr}"{named}{private}'
    return f"{start}>{inside}</DicomAttribute>" if inside else f"{start}/>"


def _creator(tag: str, row: Json) -> str:
    """Who reserved the block of a private attribute (PS3.5 section 7.8)."""
    if int(tag[:4], 16) % 2 == 0 or tag[4:6] == "00":
        return ""
    said: Sequence[Any] = row.get(f"{tag[:4]}00{tag[4:6]}", {}).get("Value") or [""]
    return str(said[0])


def _inside(vr: str, value: Json) -> str:
    if "BulkDataURI" in value:
        return f"<BulkData uri={quoteattr(value['BulkDataURI'])}/>"
    if "InlineBinary" in value:
        return f"<InlineBinary>{value['InlineBinary']}</InlineBinary>"
    found = enumerate(value.get("Value", ()), 1)
    if vr == "SQ":
        return "".join(f'<Item number="{number}">{_attributes(one or {})}</Item>' for number, one in found)
    if vr == "PN":
        return "".join(f'<PersonName number="{number}">{_name(one)}</PersonName>' for number, one in found if one)
    return "".join(f'<Value number="{number}">{escape(_text(one))}</Value>' for number, one in found if one is not None)


def _name(name: dict[str, str]) -> str:
    out = ""
    for group in _GROUPS:
        if text := name.get(group):
            parts = zip(_NAMES, text.split("^"), strict=False)
            out += (
                f"<{group}>{''.join(f'<{one}>{escape(_text(part))}</{one}>' for one, part in parts if part)}</{group}>"
            )
    return out


def _text(value: Any) -> str:
    return _NOT_IN_XML.sub("?", str(value))
