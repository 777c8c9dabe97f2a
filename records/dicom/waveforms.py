"""Waveform objects (PS3.3 C.10.9): the stored samples as numbers in their unit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from .metadata import Values
from .report import meaning
from .walker import DicomError, Items

MAX_BYTES = 64 * 1024 * 1024
MAX_CHANNELS = 64
MAX_GROUPS = 16
_KINDS = {"SS": "i2", "US": "u2", "SB": "i1", "UB": "u1", "SL": "i4", "UL": "u4"}  # µ-law and A-law are sound
_TO_MILLIVOLT = {"uV": 0.001, "uv": 0.001, "µV": 0.001, "mV": 1.0, "mv": 1.0, "V": 1000.0}
_LEADS = {
    1: "I",
    2: "II",
    3: "V1",
    4: "V2",
    5: "V3",
    6: "V4",
    7: "V5",
    8: "V6",
    61: "III",
    62: "aVR",
    63: "aVL",
    64: "aVF",
}
_CODE = re.compile(r"(?:5\.6\.3-9-|2:)(\d+)\Z")  # SCP-ECG and MDC (IEEE 11073-10101) numbers of leads
_NAMED = re.compile(r"\b(aV[RLF]|V[1-9]R?|I{1,3})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Channel:
    """One line. `values` in `unit` (mV where the file uses volts of any size), NaN where nothing was recorded."""

    name: str
    unit: str
    values: np.ndarray
    low_hz: float | None = None
    high_hz: float | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Channels sampled together, `hz` times a second."""

    label: str
    hz: float
    channels: tuple[Channel, ...]

    @property
    def seconds(self) -> float:
        return len(self.channels[0].values) / self.hz if self.channels else 0.0


def groups_of(values: Values, body: BinaryIO) -> list[Group]:
    """The multiplex groups. Raises DicomError("dicom_damaged") when less is stored than the header claims."""
    found = [_group(values, item, body) for item in values.items(0x54000100)[:MAX_GROUPS]]
    return [group for group in found if group is not None]


def _group(values: Values, item: Items, body: BinaryIO) -> Group | None:
    def number(tag: int, default: float = 0) -> float:
        return next(iter(values.numbers(tag, item)), default)

    count, samples, hz = int(number(0x003A0005)), int(number(0x003A0010)), number(0x003A001A)
    kind = _KINDS.get(values.text(0x54001006, item))
    element = item.get(0x54001010)
    if kind is None or element is None or not 1 <= count <= MAX_CHANNELS or samples < 1 or not 0.1 <= hz <= 100_000:
        return None
    length = count * samples * int(kind[1])
    if length > MAX_BYTES:
        raise DicomError("image_too_large")
    if element.length < length:
        raise DicomError("dicom_damaged")
    body.seek(element.offset)
    order = "<" if values.file.little else ">"
    raw = np.frombuffer(body.read(length), f"{order}{kind}").reshape(samples, count).astype(np.float64)
    padding = item.get(0x5400100A)
    if padding is not None and padding.value and len(padding.value) >= int(kind[1]):
        raw[raw == float(np.frombuffer(padding.value, f"{order}{kind}", 1)[0])] = np.nan
    definitions = values.items(0x003A0200, item)
    channels = tuple(
        _channel(values, definitions[n] if n < len(definitions) else {}, n, raw[:, n]) for n in range(count)
    )
    return Group(values.text(0x003A0020, item), hz, channels)


def _channel(values: Values, item: Items, place: int, raw: np.ndarray) -> Channel:
    def number(tag: int, default: float) -> float:
        return next(iter(values.numbers(tag, item)), default)

    unit = next((values.text(0x00080100, one) for one in values.items(0x003A0211, item)), "")
    factor = number(0x003A0210, 1.0) * number(0x003A0212, 1.0)
    numbers = raw * factor + number(0x003A0213, 0.0)
    if unit in _TO_MILLIVOLT:
        numbers, unit = numbers * _TO_MILLIVOLT[unit], "mV"
    low, high = values.numbers(0x003A0220, item), values.numbers(0x003A0221, item)
    return Channel(_name(values, item, place), unit, numbers, low[0] if low else None, high[0] if high else None)


def _name(values: Values, item: Items, place: int) -> str:
    words = meaning(values, 0x003A0208, item) or values.text(0x003A0203, item)
    for source in values.items(0x003A0208, item)[:1]:
        code = _CODE.match(values.text(0x00080100, source))
        if code and int(code[1]) in _LEADS:
            return _LEADS[int(code[1])]
    named = _NAMED.search(words) if "lead" in words.lower() or len(words) <= 4 else None
    if named:
        text = named[1]
        return "aV" + text[2].upper() if text[:2].lower() == "av" else text.upper()
    return words[:40] or f"Channel {place + 1}"
