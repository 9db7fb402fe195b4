"""Which road a vehicle is on 道路类别, as far as the drawn roads tell it.

A road section 路段 is an area or, better, a corridor along the road's middle. A corridor says
nothing of a vehicle that drives across it: over a bridge, under one, or through a crossing. So a
moving point counts for a corridor only when its direction lies within 45° of the corridor's, either
way [U]. A point that stands, or whose terminal tells no direction (0 is what such a terminal
sends), counts wherever it is inside.

Of the roads that a point is on, corridors tell more than areas (an expressway through a town drawn
as an area of urban roads); where two of the same sort tell different classes, none is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from jiaoan.rules.driving import columns as c
from jiaoan.rules.fences.columns import DAY_MS, F_FIRST_DAY, F_LAST_DAY, LOCAL_MS
from jiaoan.rules.shapes import Line, drawn, metres_per_microdegree

Ints = npt.NDArray[np.int32 | np.int64]
Bools = npt.NDArray[np.bool_]
KIND: Final = "road"  # the kind of place that is a road section
MOVING: Final = 50  # 0.1 km/h: from here on a terminal's direction is more than noise [U]
ACROSS_DEG: Final = 45.0
_CHUNK: Final = 1024


class RoadClass(StrEnum):
    """公路技术等级 and 城市道路. In the law of hazmat and school-bus speeds only the first is a
    高速公路; a 城市快速路 is none.
    """

    UNKNOWN = ""
    EXPRESSWAY = "expressway"  # 高速公路
    CLASS_1 = "class_1"  # 一级公路
    CLASS_2 = "class_2"
    CLASS_3 = "class_3"
    CLASS_4 = "class_4"
    UNCLASSED = "unclassed"  # 等外公路
    URBAN_EXPRESS = "urban_express"  # 城市快速路
    URBAN = "urban"  # 城市道路

    @property
    def code(self) -> int:
        """What the driving rules call it; 0 = not known."""
        if self is RoadClass.UNKNOWN:
            return 0
        return c.EXPRESSWAY if self is RoadClass.EXPRESSWAY else c.OTHER_ROAD


@dataclass(frozen=True, eq=False)
class Road:
    """A road section: its class, and the middle of its corridor if it was drawn as one."""

    grade: RoadClass = RoadClass.UNKNOWN
    axis: Line | None = None


def road_of(said: Mapping[str, object]) -> Road | None:
    """The road that a place is, as ``ref.place.*`` says it; ``None`` for any other kind of place.

    Raises ``ValueError`` with the field when the class is none of :class:`RoadClass`.
    """
    if said.get("kind") != KIND:
        return None
    name = str(said.get("road_class") or "")
    if name not in set(RoadClass):
        raise ValueError(f"road_class: {name!r} is no class of road")
    axis = None
    if said.get("shape") == "corridor":
        geometry = said.get("geometry")
        found = drawn("line", geometry if isinstance(geometry, Mapping) else {}, None)
        axis = found if isinstance(found, Line) else None
    return Road(RoadClass(name), axis)


def look(
    roads: Mapping[int, Road],
    tables: npt.NDArray[np.int64],
    holding: Ints,
    rows: Ints,
    positions: npt.NDArray[np.void],
) -> tuple[Bools, npt.NDArray[np.uint8]]:
    """Which places count, and the class of road at each of ``positions``.

    ``holding`` and ``rows`` are pairs of a place that holds a point and the point's row; ``tables``
    are those of the fences, for the days on which each holds. Of the pairs only those are no good
    where the vehicle drives across a road; classes are
    :data:`~jiaoan.rules.driving.columns.EXPRESSWAY` and so on.
    """
    kept = np.ones(len(holding), np.bool_)
    seen = np.zeros((2, len(positions)), np.uint8)  # of areas and of corridors: codes as bits
    day = (positions["time_ms"].astype(np.int64) + LOCAL_MS) // DAY_MS
    for number, pairs in _by_road(roads, holding, len(tables)):
        road, on_it = roads[number], pairs
        if road.axis is not None:
            kept[pairs] = ~_across(road.axis, positions[rows[pairs]])
            on_it = pairs[kept[pairs]]
        at = rows[on_it]
        first, last = tables[number, F_FIRST_DAY], tables[number, F_LAST_DAY]
        at = at[(day[at] >= first) & (day[at] <= last)]
        seen[int(road.axis is not None), at] |= np.uint8(road.grade.code)
    areas, corridors = _AGREED[seen]
    return kept, np.asarray(np.where(seen[1] > 0, corridors, areas), np.uint8)


def _by_road(
    roads: Mapping[int, Road], holding: Ints, count: int
) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
    """The pairs of each road that holds a point at all: a district has many roads."""
    mask = np.zeros(count, np.bool_)
    mask[list(roads)] = True
    pairs = np.flatnonzero(mask[holding])
    pairs = pairs[np.argsort(holding[pairs], kind="stable")]
    numbers, begins = np.unique(holding[pairs], return_index=True)
    yield from zip(numbers.tolist(), np.split(pairs, begins[1:]), strict=False)


_AGREED: Final = np.array([0, c.EXPRESSWAY, c.OTHER_ROAD, 0], np.uint8)  # both bits: not known


def _across(axis: Line, points: npt.NDArray[np.void]) -> Bools:
    """Which of the points drive across the line, not along it."""
    direction = points["direction"].astype(np.float64)
    told = (points["speed"] >= MOVING) & (direction > 0) & (direction < 360)
    found = np.zeros(len(points), np.bool_)
    rows = np.flatnonzero(told)
    for begin in range(0, len(rows), _CHUNK):
        part = rows[begin : begin + _CHUNK]
        apart = np.abs((direction[part] - _bearing(axis, points[part]) + 90) % 180 - 90)
        found[part] = apart > ACROSS_DEG
    return found


def _bearing(axis: Line, points: npt.NDArray[np.void]) -> npt.NDArray[np.float64]:
    """Degrees clockwise from north of the piece of the line that is nearest to each point."""
    _west, south, _east, north = axis.box
    per_lat, per_lon = metres_per_microdegree((south + north) / 2e6)
    scale = np.array([float(per_lon), float(per_lat)])
    corners = axis.vertices * scale
    begin, way = corners[:-1], np.diff(corners, axis=0)
    here = np.stack([points["lon"], points["lat"]], axis=1) * scale
    offset = here[:, None, :] - begin[None, :, :]
    length = np.maximum((way**2).sum(axis=1), 1e-9)
    share = np.clip((offset * way).sum(axis=2) / length, 0.0, 1.0)
    apart = ((offset - share[:, :, None] * way) ** 2).sum(axis=2)
    near = way[np.argmin(apart, axis=1)]
    return np.asarray(np.degrees(np.arctan2(near[:, 0], near[:, 1])), np.float64)
