"""Geometry of a chart of one test over time, in the units of its SVG (640 by 220). The template draws; here are only numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

from records.rules.labs import Series

WIDTH, HEIGHT = 640.0, 220.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 16.0, 14.0, 34.0


@dataclass(frozen=True)
class Dot:
    x: str
    y: str
    outside: bool
    label: str


@dataclass(frozen=True)
class Tick:
    at: str
    text: str
    anchor: str = "end"


@dataclass(frozen=True)
class Chart:
    """Numbers as text, so that no language setting puts a comma into an SVG."""

    dots: tuple[Dot, ...]
    line: str
    across: tuple[Tick, ...]
    along: tuple[Tick, ...]
    band_y: str = ""
    band_height: str = ""
    width: str = f"{WIDTH:g}"
    height: str = f"{HEIGHT:g}"
    left: str = f"{LEFT:g}"
    right: str = f"{WIDTH - RIGHT:g}"
    bottom: str = f"{HEIGHT - BOTTOM:g}"
    inner: str = f"{WIDTH - LEFT - RIGHT:g}"


def steps(low: float, high: float, wanted: int = 4) -> list[float]:
    """Round numbers (1, 2 or 5 times a power of ten) that cover low to high in about `wanted` steps."""
    span = high - low or abs(high) or 1.0
    size = 10.0 ** math.floor(math.log10(span / wanted))
    size *= next((by for by in (1.0, 2.0, 5.0, 10.0) if span / (size * by) <= wanted), 10.0)
    first, last = math.floor(low / size), math.ceil(high / size)
    return [round(number * size, 12) for number in range(first, last + 1)]


def chart(series: Series) -> Chart:
    """The chart of a series of at least two points."""
    newest = series.latest
    values = [point.value for point in series.points]
    ends = [end for end in (newest.low, newest.high) if end is not None]
    ticks = steps(min([*values, *ends]), max([*values, *ends]))
    low, high = ticks[0], ticks[-1]
    first, last = series.points[0].day.toordinal(), newest.day.toordinal()

    def x(day: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * ((day - first) / (last - first) if last > first else 0.5)

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / ((high - low) or 1.0)

    places = [(x(point.day.toordinal()), y(point.value)) for point in series.points]
    band_y = band_height = ""
    if ends:
        top = y(newest.high) if newest.high is not None else TOP
        bottom = y(newest.low) if newest.low is not None else HEIGHT - BOTTOM
        band_y, band_height = f"{top:.1f}", f"{max(0.0, bottom - top):.1f}"
    return Chart(
        dots=tuple(
            Dot(f"{a:.1f}", f"{b:.1f}", point.outside, f"{point.day.isoformat()}: {point.value:g}")
            for (a, b), point in zip(places, series.points, strict=True)
        ),
        line=" ".join(f"{a:.1f},{b:.1f}" for a, b in places),
        across=tuple(Tick(f"{y(tick):.1f}", f"{tick:g}") for tick in ticks),
        along=_days(series),
        band_y=band_y,
        band_height=band_height,
    )


def _days(series: Series) -> tuple[Tick, ...]:
    first, last = series.points[0].day, series.latest.day
    left = Tick(f"{LEFT:.1f}", first.isoformat(), "start")
    right = Tick(f"{WIDTH - RIGHT:.1f}", last.isoformat(), "end")
    return (left, right) if first != last else (Tick(f"{(LEFT + WIDTH - RIGHT) / 2:.1f}", first.isoformat(), "middle"),)
