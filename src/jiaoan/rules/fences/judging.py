"""Many points against many fences: which points count, what is near, and the rule for each pair."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from jiaoan.rules.fences.kinds import Kinds
from jiaoan.rules.fences.steps import cross, follow, released, step
from jiaoan.rules.fences.tables import tables_of
from jiaoan.rules.fences.values import (
    AHEAD_MS,
    FIXED,
    GATE_GAP_MS,
    KEPT_POINTS,
    OUTSIDE,
    Evidence,
    Fence,
    Finding,
    Point,
    Presence,
    Role,
    Told,
    Vehicle,
)
from jiaoan.rules.shapes import (
    Line,
    Outline,
    Shapes,
    Sides,
    best_shapes,
    depths,
    squared_distances,
)

MakeShapes = Callable[[Sequence[Outline | None], Sequence[float]], Shapes]
Side = tuple[bool, bool]  # inside, deep
FAR: Side = (False, True)
_COLUMNS = ("vehicle", "time_ms", "received_ms", "lat", "lon", "speed", "terminal")


@dataclass(frozen=True)
class Outcome:
    """Findings in order, and the new memory of the vehicles that moved."""

    findings: tuple[Finding, ...]
    vehicles: Mapping[int, Vehicle]


class Fences:
    """A fixed set of fences over a geometry. ``before`` is one that this takes the place of: what
    did not change is taken over from its geometry.

    A fence keeps its number in ``all`` for as long as it is there; ``None`` holds a number free.
    """

    def __init__(
        self,
        fences: Iterable[Fence],
        shapes: MakeShapes = best_shapes,
        before: Fences | None = None,
    ) -> None:
        wanted = {fence.place_id: fence for fence in fences}
        places = [one.place_id if one else None for one in before.all] if before else []
        held = [place if place in wanted else None for place in places]
        new = [place for place in wanted if place not in held]
        for number, place in enumerate(held):
            if place is None and new:
                held[number] = new.pop(0)
        self.all: tuple[Fence | None, ...] = tuple(
            None if one is None else wanted[one] for one in [*held, *new]
        )
        self.by_place = {one.place_id: number for number, one in enumerate(self.all) if one}
        self.gates = {
            number: (one, one.outline)
            for number, one in enumerate(self.all)
            if one and isinstance(one.outline, Line)
        }
        outlines = [
            one.outline if one and isinstance(one.outline, Outline) else None for one in self.all
        ]
        self.standing = np.array([one is not None and one.may_stand for one in self.all], np.bool_)
        self.limited = np.array(
            [one is not None and bool(one.limits_kmh) for one in self.all], np.bool_
        )
        self.roads = {number: one.road for number, one in enumerate(self.all) if one and one.road}
        reaches = [one.buffer_m if one else 0.0 for one in self.all]
        self.tables = tables_of(self.all)
        if before is None:
            self.shapes = shapes(outlines, reaches)
        else:
            self.shapes = before.shapes.replaced(outlines, reaches)


def counts(positions: npt.NDArray[np.void]) -> npt.NDArray[np.bool_]:
    """Which rows may move a state at all (order in time is judged for each vehicle)."""
    lat, lon, time = positions["lat"], positions["lon"], positions["time_ms"]
    return np.asarray(
        (positions["status"] & FIXED != 0)
        & (time >= 0)
        & (time <= positions["received_ms"] + AHEAD_MS)
        & ((lat != 0) | (lon != 0))
        & (np.abs(lat.astype(np.int64)) <= 90_000_000)
        & (np.abs(lon.astype(np.int64)) <= 180_000_000)
    )


@dataclass(frozen=True)
class Found:
    """The rows of a batch that may count, and how each of them lies to the fences."""

    rows: npt.NDArray[np.int64]
    sides: Sides


def look_up(fences: Fences, positions: npt.NDArray[np.void]) -> Found:
    """Ask the geometry once for a whole batch: for :func:`judge`, and for what else needs it."""
    rows = np.flatnonzero(counts(positions))
    return Found(rows, fences.shapes.sides(positions["lat"][rows], positions["lon"][rows]))


def judge(
    fences: Fences,
    memory: Mapping[int, Vehicle],
    positions: npt.NDArray[np.void],
    *,
    key_of: Callable[[np.void], str],
    kinds: Kinds,
    found: Found | None = None,
) -> Outcome:
    """Apply the rule to ``positions`` in their order; ``memory`` itself is not changed.

    ``positions`` is a structured array with the fields vehicle, terminal, time_ms, received_ms,
    lat, lon, speed and status (:data:`jiaoan.stores.positions.DTYPE` has them). ``key_of`` names
    a report, ``kinds`` answers of which kind a vehicle was at the moment of a point. ``found`` is
    what :func:`look_up` answered for the same batch, where it was asked before.
    """
    found = found or look_up(fences, positions)
    rows, sides = found.rows, found.sides
    starts, numbers = sides.starts.tolist(), sides.outlines.tolist()
    pairs = list(zip(sides.inside.tolist(), sides.deep.tolist(), strict=True))
    # Whole columns at once: asking a record for each field costs more than the rule.
    columns = [positions[name][rows].tolist() for name in _COLUMNS]
    changed: dict[int, Vehicle] = {}
    findings: list[Finding] = []
    for number, (row, vehicle, time_ms, *said) in enumerate(zip(rows, *columns, strict=True)):
        before = changed.get(vehicle) or memory.get(vehicle) or Vehicle((), {})
        if before.recent and time_ms <= before.recent[-1].time_ms:
            continue
        received_ms, lat, lon, speed, terminal = said
        point = Point(
            key_of(positions[row]), terminal.decode("ascii", "replace"),
            time_ms, received_ms, lat, lon, speed,
        )  # fmt: skip
        part = slice(starts[number], starts[number + 1])
        near = dict(zip(numbers[part], pairs[part], strict=True))
        kind = kinds.kind_at(vehicle, time_ms)
        after, told = _judge_point(fences, vehicle, kind, before, point, near)
        changed[vehicle] = after
        findings += told
    return Outcome(tuple(findings), changed)


def _judge_point(
    fences: Fences,
    vehicle: int,
    vehicle_kind: str,
    before: Vehicle,
    point: Point,
    near: Mapping[int, Side],
) -> tuple[Vehicle, list[Finding]]:
    """One point that counts: new memory of its vehicle and what was found."""
    recent = (*before.recent, point)[-KEPT_POINTS:]
    changes: dict[int, Presence] = {}
    findings: list[Finding] = []
    for number in _concerned(fences, before, near):
        fence = fences.all[number]
        if fence is None:
            continue
        was = before.places.get(fence.place_id, OUTSIDE)
        if not fence.concerns(vehicle, vehicle_kind):
            now, told = released(was) if fence.role is Role.ROUTE else (OUTSIDE, [])
        elif isinstance(fence.outline, Line):
            now, told = _gate(fence, fence.outline, was, before, point)
        elif fence.role is Role.ROUTE:
            now, told = follow(fence, was, *near.get(number, FAR), point)
        else:
            now, told = step(fence, was, *near.get(number, FAR), point)
        if now is not was:
            changes[fence.place_id] = now
        if not fence.holds_at(point.time_ms):
            told = [one for one in told if one.kind == "off_route_over"]
        if told:
            evidence = look(fence, recent)
            findings += [_finding(one, vehicle, fence, point, evidence) for one in told]
    return Vehicle(recent, _with(fences, before.places, changes)), findings


def _concerned(fences: Fences, before: Vehicle, near: Mapping[int, Side]) -> list[int]:
    """Fences near the point, those the vehicle has to do with, and all gates, in order."""
    by_place = fences.by_place
    known = {by_place[place] for place in before.places if place in by_place}
    return sorted(known | near.keys() | fences.gates.keys())


def _with(
    fences: Fences, places: Mapping[int, Presence], changes: Mapping[int, Presence]
) -> Mapping[int, Presence]:
    """``places`` with the changes and without places that are gone; the same when nothing is."""
    if not changes and places.keys() <= fences.by_place.keys():
        return places
    whole = {**places, **changes}
    return {
        place: one for place, one in whole.items() if place in fences.by_place and one != OUTSIDE
    }


def _finding(
    told: Told, vehicle: int, fence: Fence, point: Point, evidence: tuple[Evidence, ...]
) -> Finding:
    return Finding(
        told.kind, vehicle, fence, point, told.first_key, told.confirmed_by, evidence,
        told.opened_ms, told.direction, told.far_dm, told.stay,
    )  # fmt: skip


def _gate(
    fence: Fence, gate: Line, was: Presence, before: Vehicle, point: Point
) -> tuple[Presence, list[Told]]:
    last = before.recent[-1] if before.recent else None
    if last is None or point.time_ms - last.time_ms > GATE_GAP_MS:
        return Presence(settled=was.settled), []  # whether it crossed meanwhile is not known
    crossed = gate.crossed((last.lat, last.lon), (point.lat, point.lon))
    if was is OUTSIDE and not crossed:
        return was, []
    lat, lon = np.array([point.lat], np.int32), np.array([point.lon], np.int32)
    deep = bool(squared_distances(gate, lat, lon)[0] > fence.buffer_m**2)
    return cross(fence, was, crossed, deep, point)


def look(fence: Fence, points: Sequence[Point]) -> tuple[Evidence, ...]:
    """How each of ``points`` lies to the fence."""
    lat = np.array([point.lat for point in points], dtype=np.int32)
    lon = np.array([point.lon for point in points], dtype=np.int32)
    if isinstance(fence.outline, Line):
        metres = -np.sqrt(squared_distances(fence.outline, lat, lon))
        found = [(one, False) for one in metres.tolist()]
    else:
        found = [(one, one >= 0) for one in depths(fence.outline, lat, lon).tolist()]
    return tuple(
        Evidence(point, depth, inside) for point, (depth, inside) in zip(points, found, strict=True)
    )


def adopt(
    fences: Fences, memory: Mapping[int, Vehicle], places: Iterable[int]
) -> dict[int, Vehicle]:
    """Memory of vehicles whose last point lies inside a new or redrawn place, without a finding.

    Vehicles already known to be inside are left as they are: if the redrawn place no longer
    holds them, their next points say so. Answers only the vehicles that change.
    """
    wanted = {fences.by_place[place] for place in places if place in fences.by_place}
    known = [(vehicle, value) for vehicle, value in memory.items() if value.recent]
    if not wanted or not known:
        return {}
    lat = np.array([value.recent[-1].lat for _, value in known], dtype=np.int32)
    lon = np.array([value.recent[-1].lon for _, value in known], dtype=np.int32)
    sides = fences.shapes.sides(lat, lon)
    changed: dict[int, Vehicle] = {}
    for row, number, inside, deep in zip(
        sides.rows.tolist(),
        sides.outlines.tolist(),
        sides.inside.tolist(),
        sides.deep.tolist(),
        strict=True,
    ):
        fence = fences.all[number]
        if fence is None or number not in wanted or not inside:
            continue
        vehicle, value = known[row]
        if not fence.concerns(vehicle, ""):
            continue
        value = changed.get(vehicle, value)
        known_as = value.places.get(fence.place_id, OUTSIDE)
        if known_as.inside or known_as.told is not None:
            continue  # back on its route is told by the rule
        last = value.recent[-1]
        presence = Presence(inside=True, settled=deep, stay_key=last.key, stay_ms=last.time_ms)
        changed[vehicle] = Vehicle(value.recent, {**value.places, fence.place_id: presence})
    return changed
