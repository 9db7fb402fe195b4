"""Which road sections points are on, and which class of road that is: see :mod:`~.roads`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from jiaoan.rules.driving import columns as c
from jiaoan.rules.fences.columns import DAY_MS, F_FIRST_DAY, F_LAST_DAY, LOCAL_MS
from jiaoan.rules.fences.roads import Road

Ints = npt.NDArray[np.int32 | np.int64]
Bools = npt.NDArray[np.bool_]


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
            kept[pairs] = ~_across(road, positions[rows[pairs]])
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


def _across(road: Road, points: npt.NDArray[np.void]) -> Bools:
    """Which of the points drive across the road, not along it."""
    from jiaoan.rules.fences import road_kernel  # numba: only where there are roads

    columns = [points[name] for name in ("lon", "lat", "direction", "speed")]
    found = np.zeros(len(points), np.bool_)
    road_kernel.across(
        np.stack(columns, axis=1).astype(np.int64), road.scale, road.corners,
        road.boxes, road.bearings, found,
    )  # fmt: skip
    return found
