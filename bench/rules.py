"""All rules and fences as the stream runs them against their plain Python twins, in turn.

One fleet, one set of places. The side that is measured does what a block goes through: one look-up
of the grid for fences and surroundings, the jitted pass over fences, the jitted pass over driving,
memory taken over. The yardstick is the twins: fences point by point in Python (over the same grid),
and driving over points that are handed to it ready read, which is in its favour. Both are held to
the same findings before anything is measured. A run whose yardstick varies by more than 30 % is
refused.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from bench.result import Impossible, Result, machine
from jiaoan.rules import fences
from jiaoan.rules.driving import kernel, twin
from jiaoan.rules.driving.book import Book, Profile
from jiaoan.rules.driving.findings import Finding
from jiaoan.rules.driving.judge import judge
from jiaoan.rules.driving.law import ON_ARRIVAL
from jiaoan.rules.driving.memory import Memory
from jiaoan.rules.fences import jitted
from jiaoan.rules.fences.memory import Memory as Fenced
from jiaoan.rules.fences.surroundings import surroundings
from jiaoan.rules.shapes import line, outline
from jiaoan.stores.positions import DTYPE, key_of

Rows = npt.NDArray[np.void]
POINTS, BATCH, STEP_S = 240, 1_000, 30
VEHICLES, GROWN, PLACES = 400, 4, 12
START_MS = 1_712_494_800_000  # 2024-04-07 21:00 local: the night share begins on the way
KINDS = (
    Profile(kind="hazmat"),
    Profile(kind="coach", service="long-distance", one_way_km=900),
    Profile(kind="truck", limit=800),
)


def fleet(vehicles: int, seed: int = 4) -> Rows:
    """Two hours of ``vehicles`` that drive, stop and speed, interleaved as they would report."""
    draw = np.random.default_rng(seed)
    shape = (POINTS, vehicles)
    stopped = np.repeat(draw.random((POINTS // 12, vehicles)) < 0.15, 12, axis=0)
    speed = np.clip(700 + 200 * draw.standard_normal(shape), 0, 1500).astype(np.int64)
    speed[stopped] = 0
    # Made of the speed of the last step, so that hardly anything drifts or freezes.
    north = np.cumsum(speed, axis=0) * STEP_S / 36 / 0.111195
    array = np.zeros(shape, DTYPE)
    array["vehicle"] = 1 + np.arange(vehicles)
    array["terminal"] = b"013900000000"
    array["time_ms"] = START_MS + 1000 * STEP_S * np.arange(POINTS)[:, np.newaxis]
    array["received_ms"] = array["time_ms"] + 500
    array["lat"] = 28_000_000 + north.astype(np.int64)
    array["lon"] = 113_000_000 + 1_000 * np.arange(vehicles)
    array["speed"], array["status"] = speed, 3
    array["mileage"] = (np.cumsum(speed, axis=0) * STEP_S // 36_000).astype(np.int64)
    return array.reshape(-1)


def book_of(vehicles: int) -> Book:
    return Book({number: KINDS[number % len(KINDS)] for number in range(1, vehicles + 1)})


def places() -> fences.Fences:
    """Areas along the way of the fleet, of every role, and a gate line across it."""
    west, east = 112.9, 113.6
    rings = [(28.2 + 0.2 * step, 28.31 + 0.2 * step) for step in range(PLACES)]
    made = [
        fences.Fence(
            number,
            1,
            outline(_ring(west, south, east, north)),
            50,
            2,
            dwell_s=1_800 if number % 3 else None,
            role=fences.Role.FORBIDDEN if number % 4 == 0 else fences.Role.AREA,
            limits_kmh={"": 80.0} if number % 5 == 0 else {},
        )
        for number, (south, north) in enumerate(rings, 1)
    ]
    gate = line([(west, 28.15), (east, 28.15)])
    return fences.Fences([*made, fences.Fence(PLACES + 1, 1, gate, 50, 2, role=fences.Role.GATE)])


def _ring(west: float, south: float, east: float, north: float) -> dict[str, object]:
    """An area with a hundred corners on each long side."""
    steps = [west + (east - west) * step / 100 for step in range(101)]
    ring = [[x, south] for x in steps] + [[x, north] for x in reversed(steps)]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def by_pass(positions: Rows, book: Book, ground: fences.Fences) -> list[Finding | fences.Finding]:
    """As the stream does it: batch by batch, memory taken over."""
    memory, fenced, found = Memory(), Fenced(), list[Finding | fences.Finding]()

    for start in range(0, len(positions), BATCH):
        batch = positions[start : start + BATCH]
        seen = fences.look_up(ground, batch)
        inside = jitted.judge(ground, fenced, batch, kinds=book, found=seen)
        around = surroundings(ground, seen, batch, book.kind_at)
        driven = judge(memory, batch, book, surroundings=around)
        fenced.take(inside.changes)
        memory.take(driven.changes)
        found += inside.findings
        found += driven.findings
    return found


def by_twins(
    positions: Rows, points: dict[int, list[twin.Point]], book: Book, ground: fences.Fences
) -> tuple[list[tuple[int, twin.Event]], list[fences.Finding]]:
    """The plain ways, one vehicle or point at a time."""
    memory: dict[int, fences.Vehicle] = {}
    inside: list[fences.Finding] = []
    for start in range(0, len(positions), BATCH):
        outcome = fences.judge(
            ground,
            memory,
            positions[start : start + BATCH],
            key_of=key_of,
            kinds=book,
        )
        memory.update(outcome.vehicles)
        inside += outcome.findings
    return by_twin(points, book), inside


def read(positions: Rows, book: Book, ground: fences.Fences) -> dict[int, list[twin.Point]]:
    """The points of each vehicle for the twin, with what the places say of them."""
    seen = fences.look_up(ground, positions)
    around = surroundings(ground, seen, positions, book.kind_at)
    read: dict[int, list[twin.Point]] = {}
    names = ("time_ms", "lat", "lon", "alarm", "status", "received_ms", "speed", "direction",
             "altitude", "mileage", "source", "terminal")  # fmt: skip
    columns = [positions[name].tolist() for name in names]
    columns += [
        around[name].tolist() for name in ("limit", "road", "known", "express", "other", "roads")
    ]
    for row, (vehicle, *values) in enumerate(
        zip(positions["vehicle"].tolist(), *columns, strict=True)
    ):
        read.setdefault(vehicle, []).append(twin.Point(row, *values))
    return read


def by_twin(points: dict[int, list[twin.Point]], book: Book) -> list[tuple[int, twin.Event]]:
    return [
        (vehicle, event)
        for vehicle, mine in points.items()
        for event in twin.judge(mine, (), vehicle, book)
    ]


def _same(
    found: list[Finding | fences.Finding],
    told: tuple[list[tuple[int, twin.Event]], list[fences.Finding]],
) -> bool:
    ours = sorted(
        (each.vehicle, each.first.time_ms, int(each.rule), each.phase, each.end_ms)
        for each in found
        if isinstance(each, Finding) and each.rule not in ON_ARRIVAL
    )
    theirs = sorted(
        (vehicle, each.first[0], each.rule, "ended" if each.phase else "begun", each.end)
        for vehicle, each in told[0]
        if each.rule not in ON_ARRIVAL
    )
    inside = [each for each in found if isinstance(each, fences.Finding)]
    return bool(ours and inside) and ours == theirs and inside == told[1]


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def measure(runs: int, vehicles: int = VEHICLES) -> Result:
    """Positions a second of the pass; ``ratio`` says how many times the twin."""
    kernel.warm()
    small, grown = fleet(vehicles), fleet(vehicles * GROWN)
    book, more = book_of(vehicles), book_of(vehicles * GROWN)
    ground = places()
    points = read(small, book, ground)
    found = by_pass(small, book, ground)
    if not _same(found, by_twins(small, points, book, ground)):
        raise Impossible("the pass and the twin do not find the same in the fleet of the bench")
    passes, twins, growths = [], [], []
    for _ in range(runs):
        twins.append(len(small) / _seconds(lambda: by_twins(small, points, book, ground)))
        passes.append(len(small) / _seconds(lambda: by_pass(small, book, ground)))
        growths.append(len(grown) / _seconds(lambda: by_pass(grown, more, ground)))
    if max(twins) > 1.3 * min(twins):
        raise Impossible("the yardstick varied by more than 30 %: the machine is not quiet")
    yardstick = sorted(twins)[len(twins) // 2]
    return Result(
        name="rules",
        unit="positions/s",
        runs=passes,
        yardstick=yardstick,
        yardstick_is="plain Python twins of all rules and fences, the same fleet, in turn",
        notes=dict(_notes(len(small), len(found), growths)),
    )


def _notes(rows: int, findings: int, growths: list[float]) -> Iterator[tuple[str, object]]:
    yield "positions", rows
    yield "findings", findings
    yield f"positions/s with {GROWN} times the vehicles", round(sorted(growths)[len(growths) // 2])
    yield "batch", BATCH
    yield "places", PLACES + 1
    yield "machine", machine()
