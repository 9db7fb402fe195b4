"""The speed curve of a day 车速曲线 as SVG paths, with what happened on the same axis of time.

Gaps are bands without a line, so nothing is drawn that nobody knows. A day of ten thousand reports
is drawn by the fastest and the slowest of each of :data:`BINS` parts of its time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from jiaoan.kernel.clock import local
from jiaoan.stores.tracks import Point
from jiaoan.tracks.files import ways_of
from jiaoan.tracks.queries import Day

WIDTH: Final = 1000
HEIGHT: Final = 150
BINS: Final = 700
STEP_KMH: Final = 20
SHORTEST: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class Band:
    """A part of the axis: ``kind`` is gap, displaced, stand or over."""

    kind: str
    x: float
    width: float
    label: str


@dataclass(frozen=True)
class Tick:
    """``x`` in per cent of the axis."""

    x: float
    label: str


@dataclass(frozen=True)
class Curve:
    """``begins`` to ``ends`` is the axis; ``limit`` pairs x, width and y of each known limit."""

    begins: datetime
    ends: datetime
    lines: tuple[str, ...]
    areas: tuple[str, ...]
    bands: tuple[Band, ...]
    limits: tuple[tuple[float, float, float], ...]
    grid: tuple[tuple[float, int], ...]
    ticks: tuple[Tick, ...]


def curve_of(day: Day) -> Curve | None:
    """``None`` for a day without a place."""
    points = day.reading.points
    if not points:
        return None
    axis = _Axis(points)
    lines = [axis.thinned(way) for way in ways_of(day.reading)]
    return Curve(
        axis.begins,
        axis.ends,
        tuple(_line(line) for line in lines),
        tuple(_area(line) for line in lines if len(line) > 1),
        tuple(_bands(day, axis)),
        tuple(
            (axis.x(each.start), axis.x(each.end) - axis.x(each.start), axis.y(each.limit_kmh))
            for each in day.driven
            if each.limit_kmh is not None
        ),
        tuple((axis.y(kmh), kmh) for kmh in range(STEP_KMH, axis.top, STEP_KMH)),
        tuple(axis.ticks()),
    )


class _Axis:
    def __init__(self, points: Sequence[Point]) -> None:
        self.begins = points[0].time
        self.ends = max(points[-1].time, self.begins + SHORTEST)
        self.seconds = (self.ends - self.begins).total_seconds()
        fastest = max(point.speed_kmh for point in points)
        self.top = max(80, STEP_KMH * -(-round(fastest + 1) // STEP_KMH))

    def x(self, moment: datetime) -> float:
        share = (moment - self.begins).total_seconds() / self.seconds
        return round(min(max(share, 0.0), 1.0) * WIDTH, 1)

    def y(self, kmh: float) -> float:
        return round(HEIGHT * (1 - kmh / self.top), 1)

    def thinned(self, way: Sequence[Point]) -> list[tuple[float, float]]:
        """Its first and last report, and the extremes of each part of the axis between."""
        kept: list[Point] = []
        low = high = way[0]
        bin_at = -1
        for point in way:
            place = int(self.x(point.time) * BINS / WIDTH)
            if place != bin_at:
                kept += _in_time(low, high) if bin_at >= 0 else []
                low = high = point
                bin_at = place
            low = point if point.speed_kmh < low.speed_kmh else low
            high = point if point.speed_kmh > high.speed_kmh else high
        kept += _in_time(low, high)
        kept += [way[0], way[-1]]
        every = sorted({each.time: each for each in kept}.values(), key=_time)
        return [(self.x(each.time), self.y(each.speed_kmh)) for each in every]

    def ticks(self) -> list[Tick]:
        hours = self.seconds / 3600
        step = next((each for each in (1 / 6, 0.5, 1, 2, 3) if hours / each <= 12), 3)
        minutes = round(step * 60)
        at = local(self.begins).replace(minute=0, second=0, microsecond=0)
        found: list[Tick] = []
        while at <= self.ends:
            if at >= self.begins:
                found.append(Tick(round(self.x(at) * 100 / WIDTH, 2), f"{local(at):%H:%M}"))
            at += timedelta(minutes=minutes)
        return found


def _time(point: Point) -> datetime:
    return point.time


def _in_time(one: Point, other: Point) -> list[Point]:
    return [one] if one is other else sorted((one, other), key=_time)


def _bands(day: Day, axis: _Axis) -> list[Band]:
    found = [
        _band("displaced" if gap.displaced else "gap", gap.start, gap.end, axis)
        for gap in day.reading.gaps
        if gap.before and gap.after
    ]
    found += [_band("stand", each.first.time, each.last.time, axis) for each in day.reading.stands]
    found += [_band("over", each.start, each.end, axis) for each in day.driven]
    return found


def _band(kind: str, start: datetime, end: datetime, axis: _Axis) -> Band:
    label = f"{local(start):%H:%M:%S}–{local(end):%H:%M:%S}"
    return Band(kind, axis.x(start), max(round(axis.x(end) - axis.x(start), 1), 1.0), label)


def _line(points: Sequence[tuple[float, float]]) -> str:
    """A stretch of one report is a dot: a line of no length with round ends."""
    path = "L".join(f"{x} {y}" for x, y in points)
    return f"M{path}" if len(points) > 1 else f"M{path}h0"


def _area(points: Sequence[tuple[float, float]]) -> str:
    path = "L".join(f"{x} {y}" for x, y in points)
    return f"M{path}V{HEIGHT}H{points[0][0]}Z"
