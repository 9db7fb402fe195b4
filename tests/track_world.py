"""Tracks of a day for tests above the line: a vehicle drives, stands, falls silent and is moved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np

from jiaoan.kernel.clock import at_local
from jiaoan.stores import positions, tracks
from jiaoan.stores.positions import Positions

DAY = date(2024, 6, 5)
MORNING = at_local(DAY, 8)
NORTH = 9_020  # microdegrees of latitude a kilometre, about


def report(
    second: float, *, km: float = 0.0, kmh: float = 45.0, vehicle: int = 7, fixed: bool = True
) -> Positions:
    """One report, seconds behind 08:00, kilometres north of a place in the district."""
    array = positions.empty(1)
    array["vehicle"], array["terminal"], array["speed"] = vehicle, b"13900000007", round(kmh * 10)
    array["time_ms"] = round((MORNING.timestamp() + second) * 1000)
    array["received_ms"] = array["time_ms"] + 500
    array["lat"], array["lon"] = 29_450_000 + round(km * NORTH), 113_250_000
    array["status"] = (positions.FIXED if fixed else 0) | 1
    return array


def a_day(vehicle: int) -> Positions:
    """08:00 drives, 08:10 stands, 08:20 too fast, 08:30 to 09:10 moved off line, then bad data."""
    rows = [report(s, km=s / 80, vehicle=vehicle) for s in range(0, 600, 10)]
    rows += [report(s, km=7.5, kmh=0, vehicle=vehicle) for s in range(600, 1200, 10)]
    rows += [
        report(s, km=7.5 + (s - 1200) / 40, kmh=90, vehicle=vehicle) for s in range(1200, 1800, 10)
    ]
    rows += [report(s, km=30 + s / 100, vehicle=vehicle) for s in range(4200, 4800, 10)]
    rows += [report(s, vehicle=vehicle, fixed=False) for s in range(4900, 5300, 100)]
    rows += [report(s, km=78, vehicle=vehicle) for s in range(5400, 5500, 10)]
    return np.concatenate(rows)


def write(data: Path, array: Positions, *, number: int = 1) -> None:
    tracks.write(data / "tracks", number, number, array, [b""] * len(array))


def at(seconds: float) -> datetime:
    return MORNING + timedelta(seconds=seconds)


def seconds(moments: Sequence[datetime]) -> list[float]:
    return [(moment - MORNING).total_seconds() for moment in moments]
