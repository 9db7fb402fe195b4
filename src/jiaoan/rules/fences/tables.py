"""A set of fences as integer tables for the jitted pass: see :mod:`~.columns`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from jiaoan.rules.fences import columns as c
from jiaoan.rules.fences.kinds import Kinds
from jiaoan.rules.fences.values import Direction, Fence, Role
from jiaoan.rules.shapes import Line

Ints = npt.NDArray[np.int64]
_EPOCH: Final = date(1970, 1, 1).toordinal()
_ROLES: Final[Mapping[Role, int]] = {
    Role.AREA: c.AREA,
    Role.FORBIDDEN: c.FORBIDDEN,
    Role.ROUTE: c.ROUTE,
    Role.ROAD: c.ROUTE,  # to which no vehicle is bound
    Role.GATE: c.AREA,  # one that is no line records who enters and leaves
}
_SIDES: Final[Mapping[Direction, int]] = {"": 0, "right": 1, "left": -1}
_UNNAMED: Final = 1 << 62  # a kind that no fence names
_MOST_KINDS: Final = 62


@dataclass(frozen=True)
class Tables:
    """``places`` are sorted ids, ``numbers`` the fence of each; ``kinds`` the bit of each kind."""

    fences: Ints
    hours: Ints
    bound: Ints
    gates: Ints
    corners: npt.NDArray[np.int32]
    ends: npt.NDArray[np.bool_]
    squares: npt.NDArray[np.float64]
    places: Ints
    numbers: Ints
    ids: Ints  # fence number → place id, 0 where the number is free
    kinds: Mapping[str, int]

    def kind_bits(self, ids: Ints, rows: Ints, times: Ints, kinds: Kinds) -> Ints:
        """The bit of each point of the vehicles ``ids[rows]``, by its moment; 0 = its kind is not
        known, so every fence concerns it.
        """
        bits = np.array([self._bit(kinds.kind_of(each)) for each in ids.tolist()], np.int64)[rows]
        if not kinds.moved:
            return bits
        for number in np.flatnonzero([each in kinds.moved for each in ids.tolist()]).tolist():
            vehicle, mine = int(ids[number]), np.flatnonzero(rows == number)
            changes = np.array(kinds.changes(vehicle), np.int64)
            since = np.searchsorted(changes, times[mine], "right")
            for each in np.unique(since).tolist():
                at = mine[since == each]
                bits[at] = self._bit(kinds.kind_at(vehicle, int(times[at[0]])))
        return bits

    def _bit(self, kind: str) -> int:
        return self.kinds.get(kind, _UNNAMED) if kind else 0


def tables_of(fences: Sequence[Fence | None]) -> Tables:
    """Raises ``ValueError`` when fences name more kinds of vehicles than there are bits."""
    named = sorted({kind for each in fences if each for kind in each.vehicle_kinds})
    if len(named) > _MOST_KINDS:
        raise ValueError(f"fences name {len(named)} kinds of vehicles, at most {_MOST_KINDS}")
    kinds = {kind: 1 << number for number, kind in enumerate(named)}
    table = np.zeros((len(fences), c.FENCE_COLUMNS), np.int64)
    table[:, c.F_ROLE] = c.NO_FENCE
    hours: list[list[int]] = []
    bound: list[int] = []
    corners: list[npt.NDArray[np.int32]] = [np.empty((0, 2), np.int32)]
    ends = [np.empty(0, np.bool_)]
    corner = 0
    for row, each in zip(table, fences, strict=True):
        if each is None:
            continue
        row[:] = _row(each, kinds)
        row[c.F_BOUND], row[c.F_BOUND_END] = len(bound), len(bound) + len(each.bound)
        row[c.F_HOURS], row[c.F_HOURS_END] = len(hours), len(hours) + len(each.hours)
        bound += sorted(each.bound)
        hours += [
            [
                one.start,
                one.end,
                sum(1 << day for day in one.weekdays),
                *_days(one.first_day, one.last_day),
            ]
            for one in each.hours
        ]
        drawn = each.outline
        if isinstance(drawn, Line):
            row[c.F_ROLE] = c.GATE
            row[c.F_WEST : c.F_NORTH + 1] = drawn.box
        if isinstance(drawn, Line) or each.role is Role.ROUTE:
            row[c.F_CORNER], row[c.F_CORNER_END] = corner, corner + len(drawn.vertices)
            corners.append(drawn.vertices)
            ends.append(drawn.ends)
            corner += len(drawn.vertices)
    ids = np.array([each.place_id if each else 0 for each in fences], np.int64)
    real = np.flatnonzero(table[:, c.F_ROLE] != c.NO_FENCE)
    order = real[np.argsort(ids[real], kind="stable")]
    return Tables(
        table,
        np.array(hours, np.int64).reshape(-1, c.HOURS_COLUMNS),
        np.array(bound, np.int64),
        np.flatnonzero(table[:, c.F_ROLE] == c.GATE).astype(np.int64),
        np.ascontiguousarray(np.concatenate(corners), np.int32),
        np.concatenate(ends),
        np.array([each.buffer_m**2 if each else 0.0 for each in fences], np.float64),
        ids[order],
        order.astype(np.int64),
        ids,
        kinds,
    )


def _row(fence: Fence, kinds: Mapping[str, int]) -> list[int]:
    row = [0] * c.FENCE_COLUMNS
    row[c.F_ROLE] = _ROLES[fence.role]
    row[c.F_CONSECUTIVE] = fence.consecutive
    row[c.F_DWELL_MS] = -1 if fence.dwell_s is None else fence.dwell_s * 1000
    row[c.F_KINDS] = sum(kinds[kind] for kind in fence.vehicle_kinds)
    row[c.F_FIRST_DAY], row[c.F_LAST_DAY] = _days(fence.valid_from, fence.valid_to)
    row[c.F_DIRECTION] = _SIDES[fence.direction]
    return row


def _days(first: date | None, last: date | None) -> tuple[int, int]:
    """Days since 1970, both inclusive; as good as for ever where none is given."""
    far = 10**9
    return (
        first.toordinal() - _EPOCH if first else -far,
        last.toordinal() - _EPOCH if last else far,
    )
