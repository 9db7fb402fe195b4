"""Entered, left, stayed: what the position alone tells about a vehicle and a fence 电子围栏.

Theory of operation
-------------------
The rule, version ``1`` (issue 2 section 3; domain.md 5.5; buffer 50 m and two points are [U],
so they come with each place):

*entered* 驶入: at the first fixed point deeper inside than the buffer, else at the second
(``consecutive``) inside point in a row. A point on the edge is inside.
*left* 驶离: the same, outside.
*stayed* 滞留: at the first point inside more than ``dwell_s`` seconds after the stay began (its
first inside point), once a stay.

*Never flap.* Counting points in a row confirms a change only when the vehicle was *settled* on
the side it comes from: seen there deeper than the buffer since its last change, or never changed.
Without that, a lorry parked on the line would enter and leave for ever, two noisy points at a
time. After a change within the buffer only a point deeper than the buffer changes it back.

Which points count. A point moves the state of its vehicle only if it is fixed (status bit 1), has
a device time, lies on the earth and not at 0,0, is not stamped later than ten minutes after its
arrival [U], and is later than the last point that counted. So repeated, late and out-of-order
reports change nothing, and any cutting of the stream into batches gives the same findings.

What is not known. A vehicle never seen before counts as outside: a lorry that appears inside is
inside, and says so by the ordinary rule. When a place is new, or redrawn, every known vehicle
whose last point lies inside it is taken as inside without a finding (:func:`adopt`); its leaving
is told. A stay seen so begins at that last point.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from jiaoan.kernel.clock import LOCAL
from jiaoan.rules.shapes import Outline, ShapelyShapes, Shapes

VERSION: Final = "1"
FIXED: Final = 0x02
AHEAD_MS: Final = 600_000
KEPT_POINTS: Final = 5

Kind = Literal["entered", "left", "stayed"]
RULES: Final[Mapping[Kind, str]] = {
    "entered": "fence.enter",
    "left": "fence.leave",
    "stayed": "fence.stay",
}


@dataclass(frozen=True)
class Fence:
    """A place as the rule needs it. ``vehicle_kinds`` empty = all; the days are inclusive."""

    place_id: int
    version: int
    outline: Outline
    buffer_m: float
    consecutive: int
    dwell_s: int | None = None
    vehicle_kinds: frozenset[str] = frozenset()
    valid_from: date | None = None
    valid_to: date | None = None

    def applies(self, vehicle_kind: str, day: date) -> bool:
        """Whether a vehicle of that kind is judged on that local day; unknown kinds always are."""
        if self.vehicle_kinds and vehicle_kind and vehicle_kind not in self.vehicle_kinds:
            return False
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )


@dataclass(frozen=True)
class Point:
    """A point that counted: UTC milliseconds, microdegrees WGS-84, 0.1 km/h."""

    key: str
    terminal: str
    time_ms: int
    received_ms: int
    lat: int
    lon: int
    speed: int


@dataclass(frozen=True)
class Presence:
    """One vehicle and one place. The default is "outside, settled", and is not stored."""

    inside: bool = False
    settled: bool = True
    run: int = 0  # points in a row on the other side
    run_key: str = ""  # the first of them
    run_ms: int = 0
    stay_key: str = ""  # first inside point of the stay
    stay_ms: int = 0
    stayed: bool = False


OUTSIDE: Final = Presence()


@dataclass(frozen=True)
class Vehicle:
    """What is remembered of a vehicle: its last points, newest last, and where it is."""

    recent: tuple[Point, ...]
    places: Mapping[int, Presence]


@dataclass(frozen=True)
class Evidence:
    """A point as it looked to one fence; depth is negative outside, ``None`` = out of reach."""

    point: Point
    depth_m: float | None
    inside: bool


@dataclass(frozen=True)
class Finding:
    """What the rule found, with everything it looked at."""

    kind: Kind
    vehicle: int
    fence: Fence
    point: Point
    first_key: str
    confirmed_by: Literal["depth", "consecutive", "dwell"]
    evidence: tuple[Evidence, ...]

    @property
    def rule(self) -> str:
        return RULES[self.kind]

    @property
    def id(self) -> str:
        """32 hex digits from rule, version, vehicle, place and first position: replay-proof."""
        parts = (self.rule, VERSION, str(self.vehicle), str(self.fence.place_id), self.first_key)
        return hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Outcome:
    """Findings in order, and the new memory of the vehicles that moved."""

    findings: tuple[Finding, ...]
    vehicles: Mapping[int, Vehicle]


class Fences:
    """A fixed set of fences over a geometry; ``shapes`` may be a faster one than shapely's."""

    def __init__(
        self,
        fences: Iterable[Fence],
        shapes: Callable[[Sequence[Outline]], Shapes] = ShapelyShapes,
    ) -> None:
        self.all = tuple(fences)
        self.by_place = {fence.place_id: number for number, fence in enumerate(self.all)}
        self.shapes = shapes([fence.outline for fence in self.all])


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


def judge(
    fences: Fences,
    memory: Mapping[int, Vehicle],
    positions: npt.NDArray[np.void],
    *,
    key_of: Callable[[np.void], str],
    kind_of: Callable[[int], str],
) -> Outcome:
    """Apply the rule to ``positions`` in their order; ``memory`` itself is not changed.

    ``positions`` is a structured array with the fields vehicle, terminal, time_ms, received_ms,
    lat, lon, speed and status (:data:`jiaoan.stores.positions.DTYPE` has them). ``key_of`` names
    a report, ``kind_of`` answers a vehicle's kind ("" = unknown).
    """
    rows = np.flatnonzero(counts(positions))
    depths = fences.shapes.depths(positions["lat"][rows], positions["lon"][rows])
    starts = np.searchsorted(depths.rows, np.arange(len(rows) + 1))
    changed: dict[int, Vehicle] = {}
    findings: list[Finding] = []
    for number, row in enumerate(rows):
        record = positions[row]
        vehicle = int(record["vehicle"])
        before = changed.get(vehicle) or memory.get(vehicle) or Vehicle((), {})
        if before.recent and int(record["time_ms"]) <= before.recent[-1].time_ms:
            continue
        point = _point(record, key_of(record))
        part = slice(starts[number], starts[number + 1])
        near = {
            int(index): float(metres) if inside else min(float(metres), -1e-9)
            for index, metres, inside in zip(
                depths.outlines[part], depths.metres[part], depths.inside[part], strict=True
            )
        }
        after, found = _step(fences, vehicle, kind_of(vehicle), before, point, near)
        changed[vehicle] = after
        findings += found
    return Outcome(tuple(findings), changed)


def _point(record: np.void, key: str) -> Point:
    return Point(
        key=key,
        terminal=bytes(record["terminal"]).decode("ascii", "replace"),
        time_ms=int(record["time_ms"]),
        received_ms=int(record["received_ms"]),
        lat=int(record["lat"]),
        lon=int(record["lon"]),
        speed=int(record["speed"]),
    )


def _local_day(time_ms: int) -> date:
    return datetime.fromtimestamp(time_ms / 1000, LOCAL).date()


def _step(
    fences: Fences,
    vehicle: int,
    vehicle_kind: str,
    before: Vehicle,
    point: Point,
    near: Mapping[int, float],
) -> tuple[Vehicle, list[Finding]]:
    """One point that counts: new memory of its vehicle and what was found."""
    recent = (*before.recent, point)[-KEPT_POINTS:]
    places = {place: it for place, it in before.places.items() if place in fences.by_place}
    findings: list[Finding] = []
    known = {fences.by_place[place] for place in places}
    day = _local_day(point.time_ms)
    for number in sorted(known | near.keys()):
        fence = fences.all[number]
        if not fence.applies(vehicle_kind, day):
            continue
        presence = before.places.get(fence.place_id, OUTSIDE)
        presence, kind, confirmed_by = step(fence, presence, near.get(number), point)
        if presence == OUTSIDE:
            places.pop(fence.place_id, None)
        else:
            places[fence.place_id] = presence
        if kind is not None and confirmed_by is not None:
            first = presence.stay_key if kind != "left" else _first_outside(before, fence, point)
            evidence = look(fences, number, recent)
            findings.append(Finding(kind, vehicle, fence, point, first, confirmed_by, evidence))
    return Vehicle(recent, places), findings


def _first_outside(before: Vehicle, fence: Fence, point: Point) -> str:
    presence = before.places.get(fence.place_id, OUTSIDE)
    return presence.run_key if presence.run else point.key


def step(
    fence: Fence, was: Presence, depth_m: float | None, point: Point
) -> tuple[Presence, Kind | None, Literal["depth", "consecutive", "dwell"] | None]:
    """The rule itself for one fence and one point; ``depth_m`` ``None`` = far outside."""
    depth = depth_m if depth_m is not None else -float("inf")
    inside = depth >= 0
    deep = abs(depth) > fence.buffer_m
    if inside == was.inside:
        now = replace(was, run=0, run_key="", run_ms=0, settled=was.settled or deep)
        overdue = (
            inside
            and not was.stayed
            and fence.dwell_s is not None
            and point.time_ms - was.stay_ms > fence.dwell_s * 1000
        )
        if overdue:
            return replace(now, stayed=True), "stayed", "dwell"
        return now, None, None
    run_key, run_ms = (was.run_key, was.run_ms) if was.run else (point.key, point.time_ms)
    run = was.run + 1
    if not deep and not (was.settled and run >= fence.consecutive):
        return replace(was, run=run, run_key=run_key, run_ms=run_ms), None, None
    confirmed_by: Literal["depth", "consecutive"] = "depth" if deep else "consecutive"
    if inside:
        now = Presence(inside=True, settled=deep, stay_key=run_key, stay_ms=run_ms)
        return now, "entered", confirmed_by
    return Presence(inside=False, settled=deep), "left", confirmed_by


def look(fences: Fences, number: int, points: Sequence[Point]) -> tuple[Evidence, ...]:
    """How each of ``points`` lies to the fence with that number in ``fences.all``."""
    lat = np.array([point.lat for point in points], dtype=np.int32)
    lon = np.array([point.lon for point in points], dtype=np.int32)
    depths = fences.shapes.depths(lat, lon)
    mine = depths.outlines == number
    found = {
        int(row): (float(metres), bool(inside))
        for row, metres, inside in zip(
            depths.rows[mine], depths.metres[mine], depths.inside[mine], strict=True
        )
    }
    return tuple(
        Evidence(point, *found.get(row, (None, False))) for row, point in enumerate(points)
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
    depths = fences.shapes.depths(lat, lon)
    changed: dict[int, Vehicle] = {}
    for row, number, metres, inside in zip(
        depths.rows, depths.outlines, depths.metres, depths.inside, strict=True
    ):
        vehicle, value = known[int(row)]
        fence = fences.all[int(number)]
        value = changed.get(vehicle, value)
        if int(number) not in wanted or not inside:
            continue
        if value.places.get(fence.place_id, OUTSIDE).inside:
            continue
        last = value.recent[-1]
        presence = Presence(
            inside=True,
            settled=bool(metres > fence.buffer_m),
            stay_key=last.key,
            stay_ms=last.time_ms,
        )
        changed[vehicle] = Vehicle(value.recent, {**value.places, fence.place_id: presence})
    return changed
