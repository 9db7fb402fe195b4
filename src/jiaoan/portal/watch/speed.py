"""The speed curve 车速: half an hour up to the alarm, or all of what lasted; silences as gaps.

It is drawn from the sealed track and from the alarm's own recorded points, which are there also
while the last half minute is not sealed yet. The limit is drawn where the record holds one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final

from jiaoan.portal.watch.sketch import Sketch
from jiaoan.rules.driving.settings import Settings
from jiaoan.stores import tracks

WIDTH: Final = 420
HEIGHT: Final = 190
BEFORE: Final = timedelta(minutes=30)
AFTER: Final = timedelta(minutes=2)
SILENCE: Final = timedelta(seconds=Settings.gap_s)
"""A longer pause between two reports is a gap: as shipped; the day's figure is handed in."""
SHORTEST_S: Final = 60.0
STEP_KMH: Final = 20


@dataclass(frozen=True)
class SpeedCurve:
    """``lines`` and ``areas`` are SVG paths, one for each stretch without silence; ``now`` is the
    x of the alarm, ``grid`` pairs a height with its km/h, ``limit`` is the height of the limit."""

    lines: tuple[str, ...]
    areas: tuple[str, ...]
    now: float
    begins: datetime
    at_alarm_kmh: float
    grid: tuple[tuple[float, int], ...]
    limit: float | None = None


def speed_curve(
    data: Path,
    vehicle: int,
    at: datetime,
    sketch: Sketch | None,
    *,
    until: datetime | None = None,
    limit_kmh: float | None = None,
    silence: timedelta = SILENCE,
) -> SpeedCurve | None:
    """The curve of ``vehicle`` around ``at`` (aware); ``None`` with fewer than two reports.

    ``until`` is when the thing that began at ``at`` was over or is known to last; a longer pause
    than ``silence`` is a gap.
    """
    begins, ends = at - BEFORE, max(at, until or at) + AFTER
    speeds = {
        point.time: point.speed_kmh
        for point in tracks.day(data, vehicle, begins, ends)
        if point.fixed
    }
    if sketch:
        speeds |= {
            point.at: point.speed_kmh for point in sketch.points if begins <= point.at < ends
        }
    if len(speeds) < 2:
        return None
    times = sorted(speeds)
    first = times[0]
    fastest = max(*speeds.values(), limit_kmh or 0.0)
    top = max(80, STEP_KMH * -(-round(fastest) // STEP_KMH))
    span = max((max(times[-1], at) - first).total_seconds() * 1.03, SHORTEST_S)

    def place(moment: datetime) -> tuple[float, float]:
        x = (moment - first).total_seconds() / span * WIDTH
        return round(x, 1), round(HEIGHT * (1 - speeds[moment] / top), 1)

    stretches = [[place(moment) for moment in stretch] for stretch in _stretches(times, silence)]
    nearest = min(times, key=lambda moment: abs(moment - at))
    return SpeedCurve(
        tuple(_line(stretch) for stretch in stretches),
        tuple(_area(stretch) for stretch in stretches if len(stretch) > 1),
        round((at - first).total_seconds() / span * WIDTH, 1),
        first,
        speeds[nearest],
        tuple((round(HEIGHT * (1 - kmh / top), 1), kmh) for kmh in range(STEP_KMH, top, STEP_KMH)),
        None if not limit_kmh else round(HEIGHT * (1 - limit_kmh / top), 1),
    )


def _stretches(times: Sequence[datetime], silence: timedelta) -> list[list[datetime]]:
    found = [[times[0]]]
    for before, moment in pairwise(times):
        if moment - before > silence:
            found.append([])
        found[-1].append(moment)
    return found


def _line(points: Sequence[tuple[float, float]]) -> str:
    """A stretch of one report is a dot: a line of no length with round ends."""
    path = "L".join(f"{x} {y}" for x, y in points)
    return f"M{path}" if len(points) > 1 else f"M{path}h0"


def _area(points: Sequence[tuple[float, float]]) -> str:
    path = "L".join(f"{x} {y}" for x, y in points)
    return f"M{path}V{HEIGHT}H{points[0][0]}Z"
