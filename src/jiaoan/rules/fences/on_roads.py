"""Which road sections points may be on, and which class of road that is: see :mod:`~.roads`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from jiaoan.rules.driving import columns as c
from jiaoan.rules.fences.columns import DAY_MS, F_FIRST_DAY, F_LAST_DAY, LOCAL_MS
from jiaoan.rules.fences.roads import Road

Ints = npt.NDArray[np.int32 | np.int64]
Bools = npt.NDArray[np.bool_]
_UNKNOWN: Final = 4


@dataclass(frozen=True)
class Maybe:
    """The roads that points may be on.

    ``pairs`` are the candidates: numbers of the pairs that were asked. ``others`` says which of all
    pairs are of no road at all. ``sorts`` holds for each point the classes of its candidates as
    bits (1 expressway, 2 another road, 4 not known).
    """

    pairs: Ints
    others: Bools
    sorts: npt.NDArray[np.uint8]

    @property
    def road(self) -> npt.NDArray[np.uint8]:
        """The class on which all candidates agree: ``columns.EXPRESSWAY`` and so on."""
        return _AGREED[self.sorts]


_AGREED: Final = np.array([0, c.EXPRESSWAY, c.OTHER_ROAD, 0, 0, 0, 0, 0], np.uint8)


def look(
    roads: Mapping[int, Road],
    tables: npt.NDArray[np.int64],
    holding: Ints,
    rows: Ints,
    positions: npt.NDArray[np.void],
) -> Maybe:
    """Of pairs of a place that holds a point (``holding``) and its row those that are candidates.

    ``tables`` are those of the fences, for the days on which each holds. A corridor counts where
    the vehicle drives along it; an area where no corridor does.
    """
    others = np.ones(len(holding), np.bool_)
    seen = np.zeros((2, len(positions)), np.uint8)  # of areas and of corridors
    on_it: list[list[Ints]] = [[], []]
    day = (positions["time_ms"].astype(np.int64) + LOCAL_MS) // DAY_MS
    for number, pairs in _by_road(roads, holding, len(tables)):
        road = roads[number]
        others[pairs] = False
        if road.axis is not None:
            pairs = pairs[~_across(road, positions[rows[pairs]])]
        days = day[rows[pairs]]
        pairs = pairs[(days >= tables[number, F_FIRST_DAY]) & (days <= tables[number, F_LAST_DAY])]
        seen[int(road.axis is not None), rows[pairs]] |= np.uint8(road.grade.code or _UNKNOWN)
        on_it[int(road.axis is not None)].append(pairs)
    areas, corridors = (np.concatenate([np.zeros(0, np.int64), *each]) for each in on_it)
    areas = areas[seen[1, rows[areas]] == 0]
    sorts = np.where(seen[1] > 0, seen[1], seen[0]).astype(np.uint8)
    return Maybe(np.concatenate([areas, corridors]), others, sorts)


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
