"""An ECG as the standard sheet: 25 mm for a second, 10 mm for a millivolt, on A4 with millimetre grid, as a PDF true to scale.

Twelve leads stand in three rows of four with lead II below, 10 s a page; other waveforms one below the other. Drawn with lines, so
that it stays sharp at any size, and with text that can be read and searched.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .waveforms import Channel, Group

SPEED, GAIN = 25.0, 10.0  # mm/s, mm/mV
WIDTH, HEIGHT = 297.0, 210.0  # mm, A4 landscape
LEFT, RIGHT, TOP, BOTTOM = 11.0, 286.0, 27.0, 197.0  # of the grid, mm
START = LEFT + 15.0  # where traces begin; the calibration mark stands before
SECONDS = 10.0
MAX_PAGES = 30
ROWS = (("I", "aVR", "V1", "V4"), ("II", "aVL", "V2", "V5"), ("III", "aVF", "V3", "V6"))
LEADS = tuple(name for column in zip(*ROWS, strict=True) for name in column)
_POINT = 72 / 25.4


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above the sheet, each part as read from the header; "" is left out."""

    title: str
    name: str = ""
    patient_id: str = ""
    birth: str = ""
    sex: str = ""
    recorded: str = ""
    device: str = ""


def sheets(groups: Sequence[Group], heading: Heading) -> bytes:
    """The PDF of all groups; b"" when there is nothing to draw."""
    pages = [page for group in groups for page in _pages(group, heading)][:MAX_PAGES]
    return _pdf(pages, heading.title) if pages else b""


def twelve_leads(group: Group) -> dict[str, Channel] | None:
    """The leads by name when all are there or follow from I and II (Einthoven, Goldberger)."""
    found = {channel.name: channel for channel in group.channels if channel.unit == "mV"}
    if "I" in found and "II" in found:
        one, two = found["I"].values, found["II"].values
        derived = {"III": two - one, "aVR": -(one + two) / 2, "aVL": one - two / 2, "aVF": two - one / 2}
        for name, numbers in derived.items():
            found.setdefault(name, Channel(name, "mV", numbers, found["I"].low_hz, found["I"].high_hz))
    return {name: found[name] for name in LEADS} if all(name in found for name in LEADS) else None


def _pages(group: Group, heading: Heading) -> list[bytes]:
    leads = twelve_leads(group)
    if leads is not None and group.seconds >= 2.5:
        starts = range(max(1, int(np.ceil((group.seconds - 0.5) / SECONDS))))
        return [_twelve(group, leads, n * SECONDS, heading, len(starts)) for n in starts[:MAX_PAGES]]
    pages = []
    for first in range(0, len(group.channels), 6):
        some = group.channels[first : first + 6]
        count = max(1, int(np.ceil(group.seconds / SECONDS)))
        pages += [_plain(group, some, n * SECONDS, heading) for n in range(min(count, MAX_PAGES))]
    return pages


class _Sheet:
    """Drawing operators of one page; positions in mm from the upper left corner."""

    def __init__(self) -> None:
        self.out: list[str] = []

    def place(self, x: float, y: float) -> str:
        return f"{x * _POINT:.2f} {(HEIGHT - y) * _POINT:.2f}"

    def text(self, x: float, y: float, words: str, size: float = 9, *, bold: bool = False) -> None:
        safe = "".join(c for c in words if c.isprintable()).encode("cp1252", "replace").decode("cp1252")
        safe = safe.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        self.out.append(f"BT /{'F2' if bold else 'F1'} {size} Tf {self.place(x, y)} Td ({safe}) Tj ET")

    def grid(self) -> None:
        for step, colour, width in ((1.0, "0.98 0.86 0.86", 0.1), (5.0, "0.93 0.66 0.66", 0.2)):
            self.out.append(f"{colour} RG {width * _POINT:.2f} w")
            for x in np.arange(LEFT, RIGHT + 0.01, step):
                self.out.append(f"{self.place(float(x), TOP)} m {self.place(float(x), BOTTOM)} l")
            for y in np.arange(TOP, BOTTOM + 0.01, step):
                self.out.append(f"{self.place(LEFT, float(y))} m {self.place(RIGHT, float(y))} l")
            self.out.append("S")
        self.out.append("0 0 0 RG 0 0 0 rg")

    def calibration(self, y: float, height: float = GAIN) -> None:
        """The mark of 1 mV for 0.2 s in front of a row."""
        x = LEFT + 3
        path = [(x, y), (x + 1.5, y), (x + 1.5, y - height), (x + 6.5, y - height), (x + 6.5, y), (x + 8, y)]
        self.line(path, 0.3)

    def line(self, points: Sequence[tuple[float, float]], width: float) -> None:
        if len(points) < 2:
            return
        first, *rest = points
        self.out.append(f"{width * _POINT:.2f} w 1 j {self.place(*first)} m")
        self.out += [f"{self.place(*point)} l" for point in rest]
        self.out.append("S")

    def trace(self, numbers: np.ndarray, hz: float, x: float, y: float, gain: float, room: float) -> None:
        """Broken where nothing was recorded, cut off at `room` mm above and below its row."""
        heights = np.clip(numbers * gain, -room, room)
        step = max(1, int(hz / 1000))  # 1,000 points a second are 40 to a millimetre
        if step > 1:
            heights = heights[: len(heights) // step * step].reshape(-1, step).mean(axis=1)
            hz = hz / step
        known = np.isfinite(heights)
        edges = np.flatnonzero(np.diff(np.concatenate(([0], known.astype(np.int8), [0]))))
        for start, stop in zip(edges[::2], edges[1::2], strict=True):
            points = [(x + n / hz * SPEED, y - float(heights[n])) for n in range(int(start), int(stop))]
            self.line(points, 0.25)

    def head(self, heading: Heading, note: str) -> None:
        person = ", ".join(part for part in (heading.name, heading.patient_id) if part)
        born = ", ".join(part for part in (f"born {heading.birth}" if heading.birth else "", heading.sex) if part)
        self.text(LEFT, 11, heading.title, 12, bold=True)
        self.text(LEFT, 17, person)
        self.text(LEFT, 22, born)
        self.text(170, 11, f"Date of recording: {heading.recorded}" if heading.recorded else "")
        self.text(170, 17, heading.device)
        self.text(170, 22, "Drawn from the stored values.")
        self.text(LEFT, 203, note)

    def bytes(self) -> bytes:
        return "\n".join(self.out).encode("cp1252", "replace")


def _twelve(group: Group, leads: dict[str, Channel], start: float, heading: Heading, pages: int) -> bytes:
    sheet = _Sheet()
    sheet.grid()
    column = SECONDS / 4
    for row, names in enumerate(ROWS):
        y = TOP + 25 + row * 40
        sheet.calibration(y)
        for place, name in enumerate(names):
            x = START + place * column * SPEED
            sheet.trace(_cut(leads[name], group.hz, start + place * column, column), group.hz, x, y, GAIN, 24)
            sheet.text(x + 1, y - 13, name, 10, bold=True)
            if place:
                sheet.line([(x, y - 4), (x, y + 4)], 0.2)
    y = TOP + 25 + 3 * 40
    sheet.calibration(y)
    sheet.trace(_cut(leads["II"], group.hz, start, SECONDS), group.hz, START, y, GAIN, 22)
    sheet.text(START + 1, y - 13, "II", 10, bold=True)
    part = f"from second {start:g}" if pages > 1 else ""
    sheet.head(heading, _note(group, list(leads.values()), "10 mm/mV", part))
    return sheet.bytes()


def _plain(group: Group, channels: Sequence[Channel], start: float, heading: Heading) -> bytes:
    """Up to six lines; volts at 10 mm/mV while they fit, everything else so that it fills its row, with the scale written."""
    sheet = _Sheet()
    sheet.grid()
    height = (BOTTOM - TOP) / len(channels)
    scales = set()
    for place, channel in enumerate(channels):
        numbers = channel.values[np.isfinite(channel.values)]
        low, high = (float(numbers.min()), float(numbers.max())) if len(numbers) else (0.0, 0.0)
        room = min(height / 2, 24.0)
        volts = channel.unit == "mV" and max(abs(low), abs(high)) * GAIN <= room
        gain = GAIN if volts else (room * 1.8) / ((high - low) or 1.0)
        middle = 0.0 if volts else (low + high) / 2
        y = TOP + place * height + height / 2
        if volts:
            sheet.calibration(y)
            scales.add("10 mm/mV")
        sheet.trace(_cut(channel, group.hz, start, SECONDS) - middle, group.hz, START, y, gain, room)
        scale = "" if volts else f"   {5 / gain:.3g} {channel.unit} in 5 mm"
        sheet.text(START + 1, y - room + 4, f"{channel.name}{scale}", 9, bold=True)
    part = f"from second {start:g}" if group.seconds > SECONDS else ""
    sheet.head(heading, _note(group, channels, ", ".join(sorted(scales)), part))
    return sheet.bytes()


def _cut(channel: Channel, hz: float, start: float, seconds: float) -> np.ndarray:
    first = round(start * hz)
    return channel.values[first : first + round(seconds * hz) + 1]


def _note(group: Group, channels: Sequence[Channel], scale: str, part: str) -> str:
    lows = {channel.low_hz for channel in channels if channel.low_hz}
    highs = {channel.high_hz for channel in channels if channel.high_hz}
    filters = f"{min(lows):g} to {max(highs):g} Hz" if lows and highs else ""
    words = ("25 mm/s", scale, filters, f"{group.hz:g} samples a second", group.label, part)
    return "   ".join(word for word in words if word)


def _pdf(pages: Sequence[bytes], title: str) -> bytes:
    import pikepdf

    with pikepdf.new() as document:
        fonts = pikepdf.Dictionary(
            {
                f"/F{n}": document.make_indirect(
                    pikepdf.Dictionary(
                        Type=pikepdf.Name.Font,
                        Subtype=pikepdf.Name.Type1,
                        BaseFont=pikepdf.Name(f"/{name}"),
                        Encoding=pikepdf.Name.WinAnsiEncoding,
                    )
                )
                for n, name in ((1, "Helvetica"), (2, "Helvetica-Bold"))
            }
        )
        for content in pages:
            page = document.add_blank_page(page_size=(WIDTH * _POINT, HEIGHT * _POINT))
            page.Resources = pikepdf.Dictionary(Font=fonts)
            page.Contents = document.make_stream(content)
        document.docinfo["/Title"] = title
        out = io.BytesIO()
        document.save(out, compress_streams=True, deterministic_id=True)
    return out.getvalue()
