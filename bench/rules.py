"""All driving rules in one pass against the plain Python twin, in turn over the same fleet.

The twin is handed its points ready read, which is in its favour; the pass reads the stored rows.
Both are held to the same events before anything is measured. A run whose yardstick varies by more
than 30 % is refused.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from bench.result import Impossible, Result, machine
from jiaoan.rules.driving import kernel, twin
from jiaoan.rules.driving.book import Book, Profile
from jiaoan.rules.driving.findings import Finding
from jiaoan.rules.driving.judge import judge
from jiaoan.rules.driving.law import ON_ARRIVAL
from jiaoan.rules.driving.memory import Memory
from jiaoan.stores.positions import DTYPE

Rows = npt.NDArray[np.void]
POINTS, BATCH, STEP_S = 240, 1_000, 30
VEHICLES, GROWN = 400, 4
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


def by_pass(positions: Rows, book: Book) -> list[Finding]:
    """As the stream does it: batch by batch, memory taken over."""
    memory, found = Memory(), list[Finding]()
    for start in range(0, len(positions), BATCH):
        outcome = judge(memory, positions[start : start + BATCH], book)
        memory.take(outcome.changes)
        found += outcome.findings
    return found


def read(positions: Rows) -> dict[int, list[twin.Point]]:
    """The points of each vehicle for the twin."""
    read: dict[int, list[twin.Point]] = {}
    names = ("time_ms", "lat", "lon", "alarm", "status", "received_ms", "speed", "direction",
             "altitude", "mileage", "source", "terminal")  # fmt: skip
    columns = [positions[name].tolist() for name in names]
    for row, (vehicle, *values) in enumerate(
        zip(positions["vehicle"].tolist(), *columns, strict=True)
    ):
        read.setdefault(vehicle, []).append(twin.Point(row, *values))
    return read


def by_twin(points: dict[int, list[twin.Point]], book: Book) -> list[tuple[int, twin.Event]]:
    return [
        (vehicle, event)
        for vehicle, mine in points.items()
        for event in twin.judge(mine, (), book.profile(vehicle), book)
    ]


def _same(found: list[Finding], told: list[tuple[int, twin.Event]]) -> bool:
    ours = sorted(
        (each.vehicle, each.first.time_ms, int(each.rule), each.phase, each.end_ms)
        for each in found
        if each.rule not in ON_ARRIVAL
    )
    theirs = sorted(
        (vehicle, each.first[0], each.rule, "ended" if each.phase else "begun", each.end)
        for vehicle, each in told
        if each.rule not in ON_ARRIVAL
    )
    return ours == theirs


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def measure(runs: int, vehicles: int = VEHICLES) -> Result:
    """Positions a second of the pass; ``ratio`` says how many times the twin."""
    kernel.warm()
    small, grown = fleet(vehicles), fleet(vehicles * GROWN)
    book, more = book_of(vehicles), book_of(vehicles * GROWN)
    points = read(small)
    found = by_pass(small, book)
    if not found or not _same(found, by_twin(points, book)):
        raise Impossible("the pass and the twin do not find the same in the fleet of the bench")
    passes, twins, growths = [], [], []
    for _ in range(runs):
        twins.append(len(small) / _seconds(lambda: by_twin(points, book)))
        passes.append(len(small) / _seconds(lambda: by_pass(small, book)))
        growths.append(len(grown) / _seconds(lambda: by_pass(grown, more)))
    if max(twins) > 1.3 * min(twins):
        raise Impossible("the yardstick varied by more than 30 %: the machine is not quiet")
    yardstick = sorted(twins)[len(twins) // 2]
    return Result(
        name="rules",
        unit="positions/s",
        runs=passes,
        yardstick=yardstick,
        yardstick_is="plain Python twin of all driving rules, the same fleet, in turn",
        notes=dict(_notes(len(small), len(found), growths)),
    )


def _notes(rows: int, findings: int, growths: list[float]) -> Iterator[tuple[str, object]]:
    yield "positions", rows
    yield "findings", findings
    yield f"positions/s with {GROWN} times the vehicles", round(sorted(growths)[len(growths) // 2])
    yield "batch", BATCH
    yield "fences", "not in this figure: bench/run fence"
    yield "machine", machine()
