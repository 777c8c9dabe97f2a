"""Text in its character set (PS3.3 C.12.1.1.2, PS3.5 section 6.1), also where the file names none or a wrong one."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable

from pydicom import charset

from .walker import Items

CHARSET_VRS = frozenset({"SH", "LO", "ST", "PN", "LT", "UC", "UT"})
ASCII, LATIN_1, UTF_8 = "iso8859", "latin_1", "UTF8"
"""pydicom's names of the default repertoire, ISO_IR 100 and ISO_IR 192."""
_DELIMITERS = {ord(c) for c in ("\\", "^", "=", "\r", "\n", "\t", "\f")}
_ESCAPE = re.compile("\x1b[ -/]+[0-~]")
_PAIRS = re.compile(rb"(?:[\x81-\x9f\xe0-\xfc][\x40-\x7e\x80-\xfc]|[\xa1-\xdf])+")
"""Characters of Shift JIS in a row."""
_LEAD = re.compile(rb"[\x81-\x9f\xe0-\xfc]")
_EVERY = [
    "ISO 2022 IR 6",
    *(f"ISO 2022 IR {n}" for n in (100, 101, 109, 110, 144, 127, 126, 138, 148, 13, 87, 159, 149, 58)),
]
_WITHOUT_ESCAPES = {"euc_kr": "euc_kr", "iso_ir_58": "gb18030", "iso2022_jp": "shift_jis", "iso2022_jp_2": "shift_jis",
                    "shift_jis": "shift_jis"}  # fmt: skip


def encodings_of(items: Items, inherited: list[str], flag: Callable[[str], None]) -> list[str]:
    """Python's names for Specific Character Set (0008,0005)."""
    element = items.get(0x00080005)
    if element is None or not element.value:
        return inherited
    names = [part.strip() for part in element.value.decode("latin-1").rstrip("\0 ").split("\\")]
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        try:
            found = charset.convert_encodings(names)
        except (LookupError, ValueError):
            found = []
    if raised or not found:
        flag("dicom_charset_unknown")
    return found or inherited


def decode(value: bytes, vr: str, encodings: list[str], flag: Callable[[str], None]) -> str:
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii")
    if vr not in CHARSET_VRS:
        return value.decode("latin-1")
    other = _guessed(value, encodings)
    if other is not None:
        flag("dicom_charset_guessed")
        return other
    return _declared(value, encodings, flag)


def _declared(value: bytes, encodings: list[str], flag: Callable[[str], None]) -> str:
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        try:
            text = charset.decode_bytes(value, encodings, _DELIMITERS)
        except (LookupError, ValueError, AssertionError):
            text = value.decode("latin-1")
            flag("dicom_charset_unknown")
    if raised:
        flag("dicom_charset_unknown")
    return _ESCAPE.sub("", str(text))  # pydicom leaves the one of GB 2312 in


def _guessed(value: bytes, encodings: list[str]) -> str | None:
    """The text where the bytes do not fit what the file says; None where they may well.

    UTF-8 under another name is sure (chance makes no valid sequence of several). Escape sequences name their sets themselves.
    Bare double-byte text is told apart by its lead bytes; that is a guess, and the file is marked so.
    """
    first = encodings[0]
    escaped = b"\x1b" in value
    if first in (ASCII, LATIN_1) and not escaped:
        if (text := _as(value, "utf-8")) is not None:
            return text
        for name in encodings[1:]:  # the set is declared for use after an escape sequence, which the writer forgot
            if name in _WITHOUT_ESCAPES and (text := _as(value, _WITHOUT_ESCAPES[name])) is not None:
                return text
    if first == ASCII and len(encodings) == 1:
        if escaped:
            return _declared(value, charset.convert_encodings(_EVERY), lambda _code: None)
        return east_asian(value)
    if first == UTF_8 and _as(value, "utf-8") is None:
        return east_asian(value) or value.decode("cp1252", "replace")
    return None


def _as(value: bytes, name: str) -> str | None:
    try:
        return value.decode(name)
    except UnicodeDecodeError:
        return None


def east_asian(value: bytes) -> str | None:
    """Double bytes without any declaration: Shift JIS has lead bytes below 0xA0, Korean Hangul all within 0xB0 to 0xC8."""
    runs = re.findall(rb"[\x80-\xff][\x40-\xff]*", value)
    if any(0x81 <= run[0] <= 0x9F for run in runs):
        return _as(value, "shift_jis") if _japanese(value) else None
    high = re.findall(rb"[\x80-\xff]+", value)
    if not high or any(len(run) % 2 for run in high):
        return None
    leads = [lead for run in high for lead in run[::2]]
    if len(leads) < 2 or not all(0xB0 <= lead <= 0xF7 for lead in leads):
        return None
    if all(lead <= 0xC8 for lead in leads):
        return _as(value, "euc_kr")
    return _as(value, "gb18030") if all(lead <= 0xD7 for lead in leads) else None


def _japanese(value: bytes) -> bool:
    """Whether most double bytes stand in a row or apart from Latin letters.

    The quotation marks of Windows and the accented letters of old Macs are lead bytes too, but single ones in the middle of words.
    """
    pairs = [found for found in _PAIRS.finditer(value) if _LEAD.search(found[0])]
    inside = 0
    for found in pairs:
        start, end = found.span()
        around = value[max(start - 1, 0) : start] + value[end : end + 1]
        inside += end - start == 2 and re.search(rb"[A-Za-z]", around) is not None
    return 2 * inside < len(pairs) or sum(1 for byte in value if byte > 0x7F) > len(re.findall(rb"[A-Za-z]", value))
