"""A way over the ground: where a vehicle is after so many metres."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import atan2, cos, degrees, radians, sin

from jiaoan.kernel.coords import distance_m


def bearing(lat1: float, lon1: float, lat2: float, lon2: float) -> int:
    """Degrees clockwise from north, 0-359."""
    here, there, turn = radians(lat1), radians(lat2), radians(lon2 - lon1)
    east = sin(turn) * cos(there)
    north = cos(here) * sin(there) - sin(here) * cos(there) * cos(turn)
    return round(degrees(atan2(east, north))) % 360


class Route:
    """Waypoints ``(lat, lon)`` in WGS-84 degrees, at least one; ``loop`` closes the ring."""

    def __init__(self, waypoints: Sequence[tuple[float, float]], *, loop: bool) -> None:
        points = [*waypoints, waypoints[0]] if loop else [*waypoints]
        self._points = points
        self._loop = loop
        legs = [distance_m(*a, *b) for a, b in pairwise(points)]
        self._ends = list(accumulate(legs, initial=0.0))

    @property
    def length_m(self) -> float:
        return self._ends[-1]

    def at(self, metres: float) -> tuple[float, float, int, bool]:
        """Latitude, longitude, direction, and whether the vehicle still moves."""
        if self.length_m == 0:
            return (*self._points[0], 0, False)
        if self._loop:
            metres %= self.length_m
        moving = metres < self.length_m
        leg = min(max(bisect_right(self._ends, metres), 1), len(self._points) - 1)
        start, end = self._points[leg - 1], self._points[leg]
        span = self._ends[leg] - self._ends[leg - 1]
        share = min(1.0, (metres - self._ends[leg - 1]) / span) if span else 0.0
        lat = start[0] + (end[0] - start[0]) * share
        lon = start[1] + (end[1] - start[1]) * share
        return lat, lon, bearing(*start, *end), moving
