"""Where it was 轨迹示意: the way of a vehicle while something lasted, as a small map without tiles.

Drawn from the sealed track and from the positions that the finding itself names, which are there
also while the track is not sealed yet. North is up; both directions have one scale.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final

from jiaoan.kernel.coords import distance_m
from jiaoan.portal.watch.speed import SILENCE
from jiaoan.rules.driving.findings import Finding
from jiaoan.stores import tracks

WIDTH: Final = 302
HEIGHT: Final = 175
EDGE: Final = 20
AROUND: Final = timedelta(minutes=3)
MOST: Final = 400
"""So many positions are drawn; of more, every so manieth."""
LEAST_M: Final = 200.0
_SCALES: Final = (20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)


@dataclass(frozen=True)
class Mark:
    """A position that the finding names: 1 where it began, 2 where it became certain, 3 its end."""

    number: int
    x: float
    y: float
    at: datetime


@dataclass(frozen=True)
class Trace:
    """``ways`` are SVG paths before and after, ``hot`` those while it lasted."""

    ways: tuple[str, ...]
    hot: tuple[str, ...]
    marks: tuple[Mark, ...]
    scale_m: int
    scale_width: float
    points: int

    @property
    def scale(self) -> str:
        return f"{self.scale_m} m" if self.scale_m < 1000 else f"{self.scale_m // 1000} km"

    @property
    def scale_end(self) -> float:
        return round(EDGE / 2 + self.scale_width, 1)


@dataclass(frozen=True)
class _Spot:
    at: datetime
    lat: float
    lon: float


def trace_of(
    data: Path, finding: Finding, end: Finding | None = None, silence: timedelta = SILENCE
) -> Trace | None:
    """The map sketch of a driving finding; ``None`` where it names no position on the earth.

    A longer pause than ``silence`` is a gap in the way.
    """
    named = [finding.first, finding.deciding]
    if end is not None:
        named.append(end.deciding)
    spots = [
        _Spot(datetime.fromtimestamp(key.time_ms / 1000, UTC), key.lat / 1e6, key.lon / 1e6)
        for key in named
        if key.time_ms > 0 and (key.lat or key.lon)
    ]
    if not spots:
        return None
    begins, ends = spots[0].at, max(spot.at for spot in spots)
    found = [
        _Spot(point.time, point.lat, point.lon)
        for point in tracks.day(data, finding.vehicle, begins - AROUND, ends + AROUND)
        if point.fixed
    ]
    way = sorted({spot.at: spot for spot in [*spots, *found[:: len(found) // MOST + 1]]}.values(),
                 key=lambda spot: spot.at)  # fmt: skip
    place, metres = _plane(way)
    hot = [spot for spot in way if begins <= spot.at <= ends]
    before = [spot for spot in way if spot.at <= begins]
    after = [spot for spot in way if spot.at >= ends]
    scale = max((one for one in _SCALES if one / metres <= WIDTH / 3), default=_SCALES[0])
    return Trace(
        tuple(path for part in (before, after) for path in _paths(part, place, silence)),
        tuple(_paths(hot, place, silence)),
        tuple(
            Mark(number, *place[spot.lat, spot.lon], spot.at)
            for number, spot in enumerate(spots, start=1)
        ),
        scale,
        round(scale / metres, 1),
        len(way),
    )


_Places = Mapping[tuple[float, float], tuple[float, float]]


def _plane(way: Sequence[_Spot]) -> tuple[_Places, float]:
    """Where each spot stands on the drawing, and how many metres one of its units is."""
    lats, lons = [spot.lat for spot in way], [spot.lon for spot in way]
    middle_lat, middle_lon = (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2
    north = distance_m(min(lats), middle_lon, max(lats), middle_lon)
    east = distance_m(middle_lat, min(lons), middle_lat, max(lons))
    metres = max(
        north / (HEIGHT - 2 * EDGE), east / (WIDTH - 2 * EDGE), LEAST_M / (WIDTH - 2 * EDGE)
    )
    up = 111_195.0 / metres
    right = up * math.cos(math.radians(middle_lat))
    places = {
        (spot.lat, spot.lon): (
            round(WIDTH / 2 + (spot.lon - middle_lon) * right, 1),
            round(HEIGHT / 2 - (spot.lat - middle_lat) * up, 1),
        )
        for spot in way
    }
    return places, metres


def _paths(way: Sequence[_Spot], place: _Places, silence: timedelta) -> list[str]:
    """One path for each stretch without silence; what happened in a silence is not drawn."""
    stretches: list[list[_Spot]] = []
    for before, spot in pairwise([None, *way]):
        if spot is None:
            continue
        if before is None or spot.at - before.at > silence:
            stretches.append([])
        stretches[-1].append(spot)
    return [
        "M" + "L".join("{} {}".format(*place[one.lat, one.lon]) for one in stretch)
        for stretch in stretches
        if len(stretch) > 1
    ]
