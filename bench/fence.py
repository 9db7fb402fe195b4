"""``bench/run fence``: which polygons hold each point, exactly, against prepared shapely.

1,000 polygons of about 200 corners over 2 x 2 degrees, points even over the square in random order,
new ones in each round. Beside it, round by round: the fastest way that shapely has with its tree: a
tree of the points, asked for the boxes of all polygons, then ``intersects_xy`` polygon by polygon
(``docs/bench.md`` names the ways that were tried). In the notes stands what is faster still: boxes
by numpy over points sorted by longitude, and shapely only for the last question. Before anything is
measured all must agree on random points and on the hard ones: every corner, its four
neighbours, and lattice points on edges.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from bench.fence_ground import points, polygons
from bench.result import Impossible, Result, machine
from jiaoan.rules.grid import GridShapes
from jiaoan.rules.shapes import Outline

POLYGONS, POINTS = 1_000, 100_000
BUFFER_M = 50.0
Points = npt.NDArray[np.int32]
Pairs = tuple[npt.NDArray[np.int64], npt.NDArray[np.integer]]
Ask = Callable[[Points, Points], Pairs]


def measure(runs: int) -> Result:
    """Points a second; the ratio is that of the medians."""
    return measured(max(runs, 5), POLYGONS, POINTS)


def measured(runs: int, polygon_count: int, point_count: int) -> Result:
    grounds = {count: _Ground(count) for count in (polygon_count // 10, polygon_count)}
    checked = sum(ground.check() for ground in grounds.values())
    speeds: dict[tuple[int, int, str], list[float]] = {}
    sizes = (point_count // 10, point_count)
    for run in range(runs):
        for polygon_number, ground in grounds.items():
            for size in sizes:
                lat, lon = points(size, seed=run * 7 + size)
                for name, ask in ground.ways.items():
                    found = speeds.setdefault((polygon_number, size, name), [])
                    found.append(size / _seconds(ask, lat, lon))
    whole = speeds[polygon_count, point_count, "grid"]
    yard = speeds[polygon_count, point_count, "shapely"]
    return Result(
        "fence",
        "points/s",
        whole,
        statistics.median(yard),
        "shapely: STRtree of the points, then prepared intersects_xy, same points, by turns",
        notes={
            "yardstick_runs": [round(one) for one in yard],
            "yardstick_spread": round((max(yard) - min(yard)) / statistics.median(yard), 3),
            "points_checked_first": checked,
            "growth": [
                {
                    "polygons": polygon_number,
                    "points": size,
                    "grid": round(statistics.median(speeds[polygon_number, size, "grid"])),
                    "with_buffer_50_m": round(
                        statistics.median(speeds[polygon_number, size, "buffer"])
                    ),
                    "shapely": round(statistics.median(speeds[polygon_number, size, "shapely"])),
                    "numpy_boxes_then_shapely": round(
                        statistics.median(speeds[polygon_number, size, "sorted"])
                    ),
                }
                for polygon_number in grounds
                for size in sizes
            ],
            "build_s": {number: round(ground.built_s, 2) for number, ground in grounds.items()},
            "grid_octets": grounds[polygon_count].octets,
            "machine": machine(),
        },
    )


@dataclass
class _Ground:
    """``count`` polygons, and the ways to ask them; every way is warm."""

    count: int

    def __post_init__(self) -> None:
        self._areas = polygons(self.count)
        started = time.perf_counter()
        bare = GridShapes(self._areas, [0.0] * self.count)
        self.built_s = time.perf_counter() - started
        self.octets = bare.memory().octets
        rule = GridShapes(self._areas, [BUFFER_M] * self.count)
        exact = np.array([area.exact for area in self._areas], dtype=object)
        shapely.prepare(exact)
        self.ways: dict[str, Ask] = {
            "grid": _by(bare),
            "shapely": _by_tree(exact),
            "sorted": _by_boxes(exact),
            # What the rule asks for: also whether the edge is farther than the buffer.
            "buffer": _by(rule),
        }
        for way in self.ways.values():
            way(*points(1_000, seed=0))

    def check(self) -> int:
        """Both agree, or nothing is measured; answers on how many points."""
        checked = 0
        for lat, lon in (points(50_000, seed=99), _hard(self._areas)):
            expected = _sorted(self.ways["shapely"](lat, lon))
            for name in ("grid", "buffer", "sorted"):
                if not np.array_equal(_sorted(self.ways[name](lat, lon)), expected):
                    raise Impossible(f"{name} and shapely do not agree on every point")
            checked += len(lat)
        return checked


def _by(grid: GridShapes) -> Ask:
    """Without a buffer only points inside are named; with one, those near outside as well."""
    bare = not grid.reaches.any()

    def ask(lat: Points, lon: Points) -> Pairs:
        sides = grid.sides(lat, lon)
        if bare:
            return sides.rows, sides.outlines
        return sides.rows[sides.inside], sides.outlines[sides.inside]

    return ask


def _by_tree(polygons: npt.NDArray[np.object_]) -> Ask:
    """A tree of the points: they are many, and what it names comes polygon by polygon."""

    def ask(lat: Points, lon: Points) -> Pairs:
        x, y = lon.astype(np.float64), lat.astype(np.float64)
        near, rows = shapely.STRtree(shapely.points(x, y)).query(polygons)
        inside = shapely.intersects_xy(polygons[near], x[rows], y[rows])
        return rows[inside], near[inside]

    return ask


def _by_boxes(polygons: npt.NDArray[np.object_]) -> Ask:
    """No tree: of the points sorted by longitude those in each polygon's box."""
    west, south, east, north = shapely.bounds(polygons).T

    def ask(lat: Points, lon: Points) -> Pairs:
        order = np.argsort(lon)
        x, y = lon[order].astype(np.float64), lat[order].astype(np.float64)
        first, last = np.searchsorted(x, west), np.searchsorted(x, east, side="right")
        rows, inside = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for number in range(len(polygons)):
            here = slice(first[number], last[number])
            near = np.flatnonzero((y[here] >= south[number]) & (y[here] <= north[number]))
            near += first[number]
            held = near[shapely.intersects_xy(polygons[number], x[near], y[near])]
            rows.append(order[held])
            inside.append(np.full(len(held), number))
        return np.concatenate(rows), np.concatenate(inside)

    return ask


def _hard(areas: list[Outline]) -> tuple[Points, Points]:
    found = []
    for area in areas:
        corners = area.vertices.astype(np.int64)
        found += [corners + step for step in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))]
        for (ax, ay), (bx, by) in zip(corners[:-1].tolist(), corners[1:].tolist(), strict=True):
            steps = math.gcd(bx - ax, by - ay)
            if steps > 1:
                middle = steps // 2
                found.append(
                    np.array([[ax + (bx - ax) // steps * middle, ay + (by - ay) // steps * middle]])
                )
    every = np.concatenate(found).astype(np.int32)
    return np.ascontiguousarray(every[:, 1]), np.ascontiguousarray(every[:, 0])


def _sorted(pairs: Pairs) -> npt.NDArray[np.int64]:
    return np.sort(pairs[0].astype(np.int64) << 32 | pairs[1].astype(np.int64))


def _seconds(ask: Ask, lat: Points, lon: Points) -> float:
    started = time.perf_counter()
    ask(lat, lon)
    return time.perf_counter() - started
