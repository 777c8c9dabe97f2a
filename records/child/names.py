"""Names of files whose bytes do not say their character set: inside ZIP, tar and copies of discs.

All names of an archive were written by one program on one computer, so they are judged together: a single one is often too short.
"""

from __future__ import annotations

import re
import struct
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

OLD_PC = ("cp437", "cp850", "cp1252")
"""What a ZIP without a word about its letters may hold (APPNOTE.TXT, appendix D), the likeliest first, where they are Latin."""
UNIX = ("cp1252",)
SAMPLE = 64 * 1024
"""Bytes of names that are looked at."""
LATIN_RUN = 2
"""Accented letters in a row; other scripts have more."""
SURE = 0.7
_FEW, _GERMAN = frozenset("ðÐþÞýÝ"), frozenset("ÄÖÜ")
_HIGH = re.compile(rb"[\x80-\xff]+")
_UTF_8_NAME = 0x7075


def _korean(lead: int, trail: int) -> float:
    return 1.0 if 0xB0 <= lead <= 0xC8 and trail > 0xA0 else 0.9 if 0xA1 <= lead <= 0xA3 and trail > 0xA0 else 0.2


def _chinese(lead: int, trail: int) -> float:
    if trail <= 0xA0:
        return 0.2
    return 1.0 if 0xB0 <= lead <= 0xD7 else 0.9 if lead in (0xA1, 0xA3) else 0.6 if 0xD8 <= lead <= 0xF7 else 0.2


def _taiwanese(lead: int, _trail: int) -> float:
    return 1.0 if 0xA4 <= lead <= 0xC6 else 0.9 if 0xA1 <= lead <= 0xA3 else 0.5 if 0xC9 <= lead <= 0xF9 else 0.2


def _japanese(lead: int, trail: int) -> float:
    """Of half-width letters, which are one byte, `trail` is 0."""
    return 0.3 if not trail else 1.0 if 0x81 <= lead <= 0x97 else 0.5


_PAIRS: tuple[tuple[str, Callable[[int, int], float]], ...] = (
    ("cp949", _korean),
    ("gbk", _chinese),
    ("big5", _taiwanese),
    ("cp932", _japanese),
)
"""How usual a double byte is in each set: its first rows hold the letters that people use."""
_OFTEN = {
    "cp949": "검사결과지영상흉부복두의무기록진단서소견병원김이박최정강조윤장임사진파일년월",
    "gbk": "检查报告影像结果医院诊断病历出小化验血图片照扫描文件张王李刘陈杨赵黄周吴年月日胸部头肺心肝腹科",
}
"""Words of records and family names: the usual letters of these two share their bytes."""


def encoding_of(names: Iterable[bytes], latin: tuple[str, ...]) -> str:
    """Python's name of the character set that all of `names`, of which none is ASCII, are most likely written in."""
    sample = b"\n".join(_up_to_sample(names))
    with suppress(UnicodeDecodeError):
        sample.decode("utf-8")
        return "utf-8"
    if max((len(run[0]) for run in _HIGH.finditer(sample)), default=0) <= LATIN_RUN:
        fitting = [name for name in latin if _share(sample, name, "LATIN") == 1.0]
        if fitting:
            return min(fitting, key=lambda name: _unlikely(sample.decode(name)))  # the first of equals
    scored = [(_of_pairs(sample, name, usual), name) for name, usual in _PAIRS]
    scored += [(_share(sample, name, "CYRILLIC"), name) for name in ("cp866", "cp1251")]
    best, name = max(scored, key=lambda one: one[0])  # the first of equals
    return name if best >= SURE else latin[0]


def _up_to_sample(names: Iterable[bytes]) -> Iterator[bytes]:
    left = SAMPLE
    for name in names:
        if (left := left - len(name)) < 0:
            return
        yield name


def _share(sample: bytes, name: str, script: str) -> float:
    """Of the letters beyond ASCII, how many are of this script."""
    found = [letter for letter in sample.decode(name, "replace") if letter > "\x7f"]
    return sum(unicodedata.name(letter, "").startswith(f"{script} ") for letter in found) / (len(found) or 1)


def _unlikely(text: str) -> int:
    """How many letters beyond ASCII stand where a wrong set of letters puts them: capitals behind small letters or all by themselves,
    letters that few languages have. "é.txt" must not become "Ú.txt", nor "ä" an "õ"; "Último" and "Leões" are words."""
    found = 0
    for before, letter, after in zip(f" {text}", text, f"{text[1:]} ", strict=False):
        if letter <= "\x7f":
            continue
        if letter in _FEW or (letter in "õÕ" and after not in "eE"):
            found += 1
        elif letter.isupper():
            alone = not before.isalpha() and not after.isalpha()
            found += before.islower() or (alone and letter not in _GERMAN)
    return found


def _of_pairs(sample: bytes, name: str, usual: Callable[[int, int], float]) -> float:
    try:
        letters = sample.decode(name)
    except UnicodeDecodeError:
        return 0.0
    found = [one.encode(name, "replace") for one in letters if one > "\x7f"]
    known = sum(letter in _OFTEN.get(name, "") for letter in letters)
    return (sum(usual(one[0], one[1] if len(one) > 1 else 0) for one in found) + known / 2) / (len(found) or 1)


def decoded(name: bytes, encoding: str) -> str:
    """UTF-8 where it is that, whatever the others are; else as all of them are written."""
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return name.decode(encoding, "replace")


class ZipNames:
    """Names of a ZIP's members: bit 11 says UTF-8, the extra field 0x7075 holds it (APPNOTE.TXT 4.6.9), or nothing is said."""

    def __init__(self, entries: Iterable[Any]) -> None:
        unsaid = (_raw(one) for one in entries if not one.flag_bits & 0x800 and not one.orig_filename.isascii())
        self.encoding = encoding_of(unsaid, OLD_PC)

    def of(self, entry: Any) -> str:
        if entry.flag_bits & 0x800 or entry.orig_filename.isascii():
            return str(entry.filename)
        raw = _raw(entry)
        return _beside(entry.extra, raw) or decoded(raw, self.encoding)


def _raw(entry: Any) -> bytes:
    """As it lies in the file: both ZIP readers take what says nothing for code page 437."""
    name: bytes = entry.orig_filename.encode("cp437", "replace")
    return name.partition(b"\0")[0]


def _beside(extra: bytes, raw: bytes) -> str:
    """The name in the Info-ZIP Unicode path extra field, when it belongs to this one."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        body, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == _UTF_8_NAME and len(body) > 5 and body[0] == 1 and body[1:5] == struct.pack("<I", zlib.crc32(raw)):
            with suppress(UnicodeDecodeError):
                return body[5:].decode("utf-8")
    return ""


class Names:
    """Names as a reader gives them that takes all for UTF-8: what is none are surrogates (PEP 383).

    Each is judged with those of `before` and all that came until then (tar, a copy of a disc).
    """

    def __init__(self, before: Iterable[str] = ()) -> None:
        self.seen: list[bytes] = []
        self.held = 0
        for name in before:
            self._learn(name)

    def _learn(self, name: str) -> None:
        if self.held < SAMPLE and not name.isascii():
            self.seen.append(_bytes(name))
            self.held += len(name)

    def of(self, name: str) -> str:
        self._learn(name)
        raw = _bytes(name)
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return decoded(raw, encoding_of([*self.seen, raw], UNIX))


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
