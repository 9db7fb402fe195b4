"""The last known position of every vehicle, in the order in which they changed."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

from jiaoan.rules.fences import AHEAD_MS
from jiaoan.stores.positions import FIXED, NO_TIME, Positions


@dataclass(frozen=True)
class Fix:
    """Where a vehicle said it was. Times are UTC milliseconds, degrees WGS-84, speed km/h."""

    vehicle: int
    time_ms: int
    received_ms: int
    lat: float
    lon: float
    speed: float
    direction: int
    fixed: bool
    stamp: int

    # Written once for all pages: with a thousand open pages this is the larger part of the work.
    @cached_property
    def json(self) -> str:
        """``[vehicle, lon, lat, speed, direction, time_ms, received_ms, fixed]``."""
        return json.dumps(
            [
                self.vehicle,
                self.lon,
                self.lat,
                self.speed,
                self.direction,
                self.time_ms,
                self.received_ms,
                int(self.fixed),
            ],
            separators=(",", ":"),
        )


class LastKnown:
    """Newest fix of each vehicle by device time; late backfill never moves a vehicle back.

    Written by the broadcaster, read by streams and by pages in other threads.
    """

    def __init__(self) -> None:
        self._fixes: OrderedDict[int, Fix] = OrderedDict()
        self._lock = Lock()
        self._stamp = 0

    @property
    def stamp(self) -> int:
        """A number that grows with every change."""
        return self._stamp

    def take(self, positions: Positions) -> int:
        """Take a block from the bus; the number of vehicles that it moved."""
        moved: set[int] = set()
        names = ("vehicle", "time_ms", "received_ms", "lat", "lon", "speed", "direction", "status")
        columns = [positions[name].tolist() for name in names]
        with self._lock:
            for vehicle, time, received, lat, lon, speed, direction, status in zip(
                *columns, strict=True
            ):
                known = self._fixes.get(vehicle)
                if time == NO_TIME or (known is not None and time < known.time_ms):
                    continue
                # A clock that runs ahead would hold its vehicle where it is until that time
                # comes; coordinates beyond the globe are none. History has both.
                if time > received + AHEAD_MS or abs(lat) > 90_000_000 or abs(lon) > 180_000_000:
                    continue
                self._stamp += 1
                self._fixes[vehicle] = Fix(
                    vehicle,
                    time,
                    received,
                    lat / 1e6,
                    lon / 1e6,
                    speed / 10,
                    direction,
                    bool(status & FIXED),
                    self._stamp,
                )
                self._fixes.move_to_end(vehicle)
                moved.add(vehicle)
        return len(moved)

    def since(self, stamp: int) -> list[Fix]:
        """Fixes that changed after ``stamp``, newest first; 0 gives all of them."""
        return list(self._since(stamp))

    def _since(self, stamp: int) -> Iterator[Fix]:
        with self._lock:
            for fix in reversed(self._fixes.values()):
                if fix.stamp <= stamp:
                    return
                yield fix

    def of(self, vehicle: int) -> Fix | None:
        with self._lock:
            return self._fixes.get(vehicle)
