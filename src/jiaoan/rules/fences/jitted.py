"""One batch of positions through all fences by the jitted pass: what the stream runs.

:func:`jiaoan.rules.fences.judge` says the same point by point in plain Python; it is the oracle.
A batch works on copies of what it touches: ``memory.take(outcome.changes)`` when the findings are
stored, all of it or nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from jiaoan.rules.fences import columns as c
from jiaoan.rules.fences import kernel
from jiaoan.rules.fences.judging import Fences, Found, look_up
from jiaoan.rules.fences.kinds import Kinds
from jiaoan.rules.fences.memory import POINT, Changes, Memory, points_of, presence_row, raw
from jiaoan.rules.fences.tables import Tables
from jiaoan.rules.fences.values import (
    KEPT_POINTS,
    Confirmed,
    Direction,
    Evidence,
    Finding,
    Kind,
    Presence,
    Stay,
)
from jiaoan.rules.keys import Key
from jiaoan.rules.shapes import SCALES, Line

Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.void]
_KINDS: Final[tuple[Kind, ...]] = (
    "entered", "left", "stayed", "forbidden", "off_route", "crossed", "off_route_over",
)  # fmt: skip
_ENDS: Final[frozenset[Kind]] = frozenset({"left", "off_route"})
_BY: Final[tuple[Confirmed, ...]] = ("depth", "consecutive", "dwell", "hours", "lapsed")
_SIDES: Final[dict[int, Direction]] = {0: "", 1: "right", -1: "left"}
_COLUMNS: Final = ("time_ms", "lat", "lon", "alarm", "status")


@dataclass(frozen=True)
class Outcome:
    """Findings in order of the batch, the row of each, and what :meth:`Memory.take` takes.

    ``late`` are the rows that would count but are not later than the last one that did.
    """

    findings: tuple[Finding, ...]
    rows: tuple[int, ...]
    changes: Changes
    late: tuple[int, ...]


def judge(
    fences: Fences,
    memory: Memory,
    positions: Rows,
    *,
    kinds: Kinds,
    found: Found | None = None,
) -> Outcome:
    """Apply the rule to ``positions`` in their order; ``memory`` itself is not changed.

    ``positions`` is a structured array with the fields of ``stores.positions.DTYPE``; ``kinds``
    answers of which kind a vehicle was at the moment of a point. ``found`` is what
    :func:`look_up` answered for the same batch, where it was asked before.
    """
    found = found or look_up(fences, positions)
    counted = positions[found.rows]
    ids, vehicle_rows = np.unique(counted["vehicle"].astype(np.int64), return_inverse=True)
    desk = _Desk(fences.tables, memory, ids, vehicle_rows, counted)
    points = np.empty((len(counted), c.POINT_COLUMNS), np.int64)
    for column, name in enumerate(_COLUMNS):
        points[:, column] = counted[name]
    points[:, c.VEHICLE] = vehicle_rows
    bits = fences.tables.kind_bits(ids, vehicle_rows, points[:, c.MS], kinds)
    events = desk.run(points, found, bits)
    return Outcome(
        tuple(_findings(events, desk, fences)),
        tuple(found.rows[events[:, c.E_ROW]].tolist()),
        desk.changes(),
        tuple(found.rows[desk.late].tolist()),
    )


class _Desk:
    """Copies of what a batch works on, so that memory stays as it is."""

    def __init__(
        self, tables: Tables, memory: Memory, ids: Ints, vehicle_rows: Ints, counted: Rows
    ) -> None:
        self.tables, self.ids, self.vehicle_rows = tables, ids, vehicle_rows
        rows, known = memory.look_up(ids)
        many = len(ids) * KEPT_POINTS
        self.points = np.zeros(many + len(counted), POINT)
        old, fresh = self.points[:many].reshape(len(ids), KEPT_POINTS), self.points[many:]
        raw(old)[known] = raw(memory.recent)[rows[known]]
        for name in POINT.names or ():
            fresh[name] = counted[name]
        self.counts = np.zeros(len(ids), np.int64)
        self.counts[known] = memory.counts[rows[known]]
        self.before = self.counts.copy()
        self.lasts = np.zeros((len(ids), 3), np.int64)
        at = np.flatnonzero(self.counts)
        newest = old[at, self.counts[at] - 1]
        for column, name in enumerate(("time_ms", "lat", "lon")):
            self.lasts[at, column] = newest[name]
        self.first = self.lasts[:, 0].copy()
        self.recent = np.arange(many).reshape(len(ids), KEPT_POINTS)
        self.late = np.zeros(len(counted), np.bool_)
        self._hang(memory)

    def _hang(self, memory: Memory) -> None:
        """What is known of the vehicles and of places that are still there, as lists."""
        mine, owner = memory.pairs_of(self.ids)
        numbers, there = _numbers(self.tables, memory.places[mine])
        mine, owner, numbers = mine[there], owner[there], numbers[there]
        self.used = len(mine)
        self.numbers, self.pairs = numbers, memory.pairs[mine]
        self.heads = np.full(len(self.ids), -1, np.int64)
        self.nexts = np.full(self.used, -1, np.int64)
        # Behind each other as they stand, the first of an owner at its head.
        follows = np.flatnonzero(owner[1:] == owner[:-1])
        self.nexts[follows] = follows + 1
        begins = np.flatnonzero(np.concatenate([[True], owner[1:] != owner[:-1]])[: self.used])
        self.heads[owner[begins]] = begins

    def run(self, points: Ints, found: Found, kinds: Ints) -> Ints:
        """All events of the batch, by row and fence."""
        tables, sides = self.tables, found.sides
        self._grow(len(self.ids) + 64)
        events = np.empty((256, c.EVENT_COLUMNS), np.int64)
        written: list[Ints] = []
        start = 0
        while start < len(points):
            begun = start
            start, many, self.used = kernel.run(
                points, start, sides.starts, sides.pairs, self.ids, kinds, self.recent,
                self.counts, self.heads, self.nexts, self.numbers, self.pairs, self.used,
                tables.fences, tables.hours, tables.bound, tables.gates, tables.corners,
                tables.ends, tables.squares, SCALES, self.lasts, events, self.late,
            )  # fmt: skip
            written.append(events[:many].copy())
            if start == begun:  # not even one row more: until then the events begin anew
                self._grow(len(self.pairs))
                events = np.empty((2 * len(events), c.EVENT_COLUMNS), np.int64)
        told = np.concatenate([np.empty((0, c.EVENT_COLUMNS), np.int64), *written])
        return told[np.lexsort((told[:, c.E_FENCE], told[:, c.E_ROW]))]

    def _grow(self, by: int) -> None:
        self.nexts = np.concatenate([self.nexts, np.full(by, -1, np.int64)])
        self.numbers = np.concatenate([self.numbers, np.zeros(by, np.int64)])
        self.pairs = np.concatenate([self.pairs, np.zeros((by, c.PAIR_COLUMNS), np.int64)])

    def changes(self) -> Changes:
        """Of the vehicles of which a point counted."""
        moved = (self.lasts[:, 0] != self.first) | (self.counts != self.before)
        owner = np.full(self.used, -1, np.int64)
        for vehicle in np.flatnonzero(moved & (self.heads >= 0)).tolist():
            at = int(self.heads[vehicle])
            while at >= 0:
                owner[at] = vehicle
                at = int(self.nexts[at])
        rows = np.flatnonzero(owner >= 0)
        places = self.tables.ids[self.numbers[rows]]
        order = np.lexsort((places, owner[rows]))
        rows, places = rows[order], places[order]
        recent = raw(self.points)[self.recent[moved]].view(POINT)
        recent[np.arange(KEPT_POINTS) >= self.counts[moved][:, np.newaxis]] = np.zeros((), POINT)
        return Changes(
            self.ids[moved], recent, self.counts[moved], self.ids[owner[rows]], places,
            self.pairs[rows],
        )  # fmt: skip


def _numbers(tables: Tables, places: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """The fence of each place, and whether there is one."""
    if not len(tables.places):
        return np.zeros(len(places), np.int64), np.zeros(len(places), np.bool_)
    at = np.minimum(np.searchsorted(tables.places, places), len(tables.places) - 1)
    return tables.numbers[at], np.asarray(tables.places[at] == places)


def _findings(events: Ints, desk: _Desk, fences: Fences) -> Iterator[Finding]:
    """In the order of the events; a fence is asked once for the points of all of its own."""
    counts = events[:, c.E_COUNT]
    ends = np.cumsum(counts)
    event = np.repeat(np.arange(len(events)), counts)
    column = np.arange(len(event)) - np.repeat(ends - counts, counts)
    rows = raw(desk.points)[events[event, c.E_POINTS + column]].view(POINT)
    vehicles = desk.ids[desk.vehicle_rows[events[:, c.E_ROW]]]
    points = points_of(rows, vehicles[event].tolist())
    away, inside = _sides(rows, events[event, c.E_FENCE], fences)
    looked = tuple(map(Evidence, points, away.tolist(), inside.tolist()))
    begins = (ends - counts).tolist()
    for said, vehicle, begin, end in zip(
        events.tolist(), vehicles.tolist(), begins, ends.tolist(), strict=True
    ):
        yield _finding(said, vehicle, fences, looked[begin:end])


def _finding(
    event: list[int], vehicle: int, fences: Fences, looked: tuple[Evidence, ...]
) -> Finding:
    fence = fences.all[event[c.E_FENCE]]
    assert fence is not None  # a number that is free concerns nobody
    kind, opened = _KINDS[event[c.E_KIND]], event[c.E_OPENED]
    return Finding(
        kind,
        vehicle,
        fence,
        looked[-1].point,
        Key(*event[c.E_FIRST : c.E_FIRST + 5]).text(vehicle),
        _BY[event[c.E_BY]],
        looked,
        None if opened == c.NONE else opened,
        _SIDES[event[c.E_SIDE]],
        event[c.E_FAR],
        _stay(event, vehicle) if kind in _ENDS else None,
    )


def _stay(event: list[int], vehicle: int) -> Stay:
    key, opened = event[c.E_STAY : c.E_STAY + 5], event[c.E_TOLD]
    return Stay(
        Key(*key).text(vehicle) if any(key) else "",
        bool(event[c.E_STAYED]),
        None if opened == c.NONE else opened,
    )


def _sides(
    rows: Rows, numbers: Ints, fences: Fences
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """As :func:`jiaoan.rules.fences.look`: depth of each point in its fence, and whether inside."""
    away, inside = np.zeros(len(rows)), np.zeros(len(rows), np.bool_)
    lat, lon = rows["lat"].astype(np.int64), rows["lon"].astype(np.int64)
    for number in np.unique(numbers).tolist():
        fence, mine = fences.all[number], numbers == number
        assert fence is not None
        outline, y, x = fence.outline, lat[mine], lon[mine]
        corners = np.ascontiguousarray(outline.vertices)
        far = np.sqrt(kernel.squared_distances(corners, outline.ends, y, x, SCALES))
        if isinstance(outline, Line):
            away[mine] = -far
        else:
            inside[mine] = shapely.intersects_xy(outline.exact, x.astype(np.float64), y)
            away[mine] = np.where(inside[mine], far, -np.maximum(far, 1e-9))
    return away, inside


def adopt(fences: Fences, memory: Memory, places: Iterable[int]) -> Changes | None:
    """As :func:`jiaoan.rules.fences.adopt`: vehicles inside a new place are inside, in silence."""
    wanted = {fences.by_place[place] for place in places if place in fences.by_place}
    heard = np.flatnonzero(memory.counts)
    if not wanted or not len(heard):
        return None
    newest = memory.recent[heard, memory.counts[heard] - 1]
    sides = fences.shapes.sides(newest["lat"], newest["lon"])
    inside = sides.inside & np.isin(sides.outlines, list(wanted))
    fresh: dict[tuple[int, int], list[int]] = {}
    for at, number, deep in zip(
        sides.rows[inside].tolist(), sides.outlines[inside].tolist(), sides.deep[inside].tolist(),
        strict=True,
    ):  # fmt: skip
        vehicle, fence = int(memory.ids[heard[at]]), fences.all[number]
        if fence is None or not fence.concerns(vehicle, ""):
            continue
        mine, _ = memory.pairs_of(np.array([vehicle], np.int64))
        known = mine[(memory.places[mine] == fence.place_id)]
        if len(known) and (
            memory.pairs[known[0], c.INSIDE] or memory.pairs[known[0], c.TOLD] != c.NONE
        ):
            continue
        row = presence_row(Presence(inside=True, settled=deep))
        row[c.S_KEY : c.S_KEY + 5] = [int(newest[at][name]) for name in _COLUMNS]
        fresh[vehicle, fence.place_id] = row
    return _with(memory, fresh) if fresh else None


def _with(memory: Memory, fresh: dict[tuple[int, int], list[int]]) -> Changes:
    """The vehicles of ``fresh`` as they are, with its pairs in the place of theirs."""
    ids = np.array(sorted({vehicle for vehicle, _ in fresh}), np.int64)
    rows, _ = memory.look_up(ids)
    mine, _ = memory.pairs_of(ids)
    kept = [
        at for at in mine.tolist() if (int(memory.owners[at]), int(memory.places[at])) not in fresh
    ]
    owners = np.concatenate([memory.owners[kept], np.array([each[0] for each in fresh], np.int64)])
    places = np.concatenate([memory.places[kept], np.array([each[1] for each in fresh], np.int64)])
    pairs = np.concatenate([memory.pairs[kept], np.array(list(fresh.values()), np.int64)])
    order = np.lexsort((places, owners))
    return Changes(
        ids, memory.recent[rows].copy(), memory.counts[rows].copy(), owners[order], places[order],
        pairs[order],
    )  # fmt: skip
