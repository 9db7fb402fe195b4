"""What the places say about positions, as the driving rules need it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from jiaoan.rules.driving.columns import SURROUNDINGS
from jiaoan.rules.fences.judging import Fences, Found
from jiaoan.rules.fences.on_roads import look


def surroundings(
    fences: Fences,
    found: Found,
    positions: npt.NDArray[np.void],
    kind_at: Callable[[int, int], str],
) -> npt.NDArray[np.void]:
    """One row of :data:`SURROUNDINGS` for each of ``positions``.

    ``kind_at`` answers of which kind a vehicle was at a moment (UTC ms).

    The limit is the lowest of the places that hold the point, by the vehicle's kind and the moment
    of the point; the class of road is that of the road sections it is on (:mod:`~.roads`).
    """
    around = np.zeros(len(positions), SURROUNDINGS)
    sides, inside = found.sides, found.sides.inside
    holding, rows = sides.outlines[inside], found.rows[sides.rows[inside]]
    around["known"][rows[fences.standing[holding]]] = 1
    if fences.roads:
        kept, around["road"] = look(fences.roads, fences.tables.fences, holding, rows, positions)
        holding, rows = holding[kept], rows[kept]
    limited = fences.limited[holding]
    for number, row in zip(holding[limited].tolist(), rows[limited].tolist(), strict=True):
        fence = fences.all[number]
        assert fence is not None  # a number that is free holds nothing
        time_ms = int(positions["time_ms"][row])
        kmh = fence.limit_kmh(kind_at(int(positions["vehicle"][row]), time_ms), time_ms)
        if kmh is not None:
            limit, before = round(kmh * 10), int(around["limit"][row])
            around["limit"][row] = min(limit, before) if before else limit
    return around
