"""What the places say about positions, as the driving rules need it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from jiaoan.rules.driving import columns as c
from jiaoan.rules.driving.columns import SURROUNDINGS
from jiaoan.rules.fences.judging import Fences, Found
from jiaoan.rules.fences.on_roads import Maybe, look

Rows = npt.NDArray[np.void]
Ints = npt.NDArray[np.int32 | np.int64]
KindAt = Callable[[int, int], str]


def surroundings(fences: Fences, found: Found, positions: Rows, kind_at: KindAt) -> Rows:
    """One row of :data:`SURROUNDINGS` for each of ``positions``.

    ``kind_at`` answers of which kind a vehicle was at a moment (UTC ms). Of the places that are no
    road and hold the point the lowest limit holds, by the vehicle's kind and the moment of the
    point; of the roads that it may be on the most generous one (:mod:`~.roads`).
    """
    around = np.zeros(len(positions), SURROUNDINGS)
    sides, inside = found.sides, found.sides.inside
    holding, rows = sides.outlines[inside], found.rows[sides.rows[inside]]
    around["known"][rows[fences.standing[holding]]] = 1
    if fences.roads:
        maybe = look(fences.roads, fences.tables.fences, holding, rows, positions)
        around["road"] = maybe.road
        _of_roads(fences, around, maybe, holding, rows, positions, kind_at)
        holding, rows = holding[maybe.others], rows[maybe.others]
    limited = fences.limited[holding]
    for number, row in zip(holding[limited].tolist(), rows[limited].tolist(), strict=True):
        limit, before = _limit(fences, number, positions[row], kind_at), int(around["limit"][row])
        if limit:
            around["limit"][row] = min(limit, before) if before else limit
    return around


def _of_roads(
    fences: Fences, around: Rows, maybe: Maybe, holding: Ints, rows: Ints, positions: Rows,
    kind_at: KindAt,
) -> None:  # fmt: skip
    """The limits of the candidates, and whether there are several that are not the same."""
    numbers, at = holding[maybe.pairs], rows[maybe.pairs]
    limits = np.zeros(len(at), np.int64)
    for pair in np.flatnonzero(fences.limited[numbers]).tolist():
        limits[pair] = _limit(fences, int(numbers[pair]), positions[at[pair]], kind_at)
    of_other = [at for at, road in fences.roads.items() if road.grade.code == c.OTHER_ROAD]
    other = np.isin(numbers, of_other)
    unlike = np.zeros(len(positions), np.bool_)
    for name, mine in (("express", ~other), ("other", other)):
        lowest, highest = _span(limits[mine], at[mine], len(positions))
        around[name] = np.where(lowest > 0, highest, 0)
        unlike |= lowest != highest
    sorts = maybe.sorts
    both = (sorts & c.OTHER_ROAD != 0) & (sorts & ~np.uint8(c.OTHER_ROAD) != 0)
    unlike |= (sorts & (sorts - 1)) != 0
    around["roads"] = np.where(both, c.BOTH_SORTS, np.where(unlike, c.ALIKE, c.ONE_ROAD))


def _span(limits: Ints, at: Ints, count: int) -> tuple[Ints, Ints]:
    """The lowest and the highest limit at each row; zeros where there is none."""
    most = np.iinfo(np.int64).max
    lowest, highest = np.full(count, most, np.int64), np.zeros(count, np.int64)
    np.minimum.at(lowest, at, limits)
    np.maximum.at(highest, at, limits)
    return np.where(lowest == most, 0, lowest), highest


def _limit(fences: Fences, number: int, point: np.void, kind_at: KindAt) -> int:
    """What a place allows at a point, 0.1 km/h; 0 = it says nothing of such a vehicle then."""
    fence, time_ms = fences.all[number], int(point["time_ms"])
    assert fence is not None  # a number that is free holds nothing
    kmh = fence.limit_kmh(kind_at(int(point["vehicle"]), time_ms), time_ms)
    return 0 if kmh is None else round(kmh * 10)
