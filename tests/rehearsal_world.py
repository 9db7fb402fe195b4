"""Past tracks in files, for rehearsals: two tankers, one of them fast for a while."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from jiaoan.stores import tracks
from jiaoan.stores.positions import Positions
from rules.driving.tracks import at, track

DAY = "2024-04-07"


def write(data_dir: Path, *parts: Positions) -> None:
    """The parts as the stream would have sealed them."""
    array = np.concatenate(parts)
    tracks.write(data_dir / "tracks", 1, len(array), array, [b""] * len(array))


def drive(
    vehicle: int, begin: str, speeds: Sequence[float], *, step_s: int = 10, north: float = 0.0
) -> Positions:
    """One point each ``step_s`` seconds with these km/h, driving north from ``north`` metres."""
    start, way = at(begin), north
    points = []
    for number, speed in enumerate(speeds):
        points.append((start + number * step_s * 1000, way, speed))
        way += speed / 3.6 * step_s
    return track(points, vehicle)


def fast(vehicle: int, seconds: int, kmh: float = 95.0, begin: str = f"{DAY} 08:00") -> Positions:
    """Ten minutes of 50 km/h, then ``seconds`` of ``kmh``, then ten minutes of 50."""
    return drive(vehicle, begin, [50.0] * 60 + [kmh] * (seconds // 10 + 1) + [50.0] * 60)
