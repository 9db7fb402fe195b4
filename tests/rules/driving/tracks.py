"""Tracks written by hand or drawn at random, and both ways of judging them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from jiaoan.kernel.clock import LOCAL
from jiaoan.rules.driving import columns as c
from jiaoan.rules.driving import judge as pass_
from jiaoan.rules.driving import kernel, twin
from jiaoan.rules.driving.book import Ban, Book, Former, Profile
from jiaoan.rules.driving.cards import Card
from jiaoan.rules.driving.findings import Finding
from jiaoan.rules.driving.memory import Memory
from jiaoan.rules.driving.settings import Settings
from jiaoan.stores.positions import DTYPE, NO_MILEAGE

Rows = npt.NDArray[np.void]
LAT, LON = 29_400_000, 113_100_000
METRE = 1 / 0.111195  # microdegrees of latitude
FIXED_ON = 0x03


def at(text: str) -> int:
    """Local wall-clock time as UTC milliseconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=LOCAL).timestamp() * 1000)


def rows(many: int, vehicle: int = 7) -> Rows:
    array = np.zeros(many, DTYPE)
    array["vehicle"], array["terminal"], array["status"] = vehicle, b"013900000007", FIXED_ON
    array["mileage"], array["lat"], array["lon"] = NO_MILEAGE, LAT, LON
    return array


def track(points: Sequence[tuple[int, float, float]], vehicle: int = 7) -> Rows:
    """Points (UTC ms, metres north of the start, km/h); received half a second later."""
    array = rows(len(points), vehicle)
    for row, (time_ms, north, speed) in zip(array, points, strict=True):
        row["time_ms"], row["received_ms"] = time_ms, time_ms + 500
        row["lat"] = LAT + round(north * METRE)
        row["speed"] = round(speed * 10)
    return array


def run(
    positions: Rows,
    book: Book,
    cards: Sequence[Card] = (),
    surroundings: Rows | None = None,
    cuts: Sequence[int] = (),
    memory: Memory | None = None,
    through_snapshots: bool = False,
) -> list[Finding]:
    """Findings of the pass, the stream cut into batches at ``cuts``."""
    memory = Memory() if memory is None else memory
    found: list[Finding] = []
    edges = [0, *sorted(set(cuts)), len(positions)]
    for begin, end in pairwise(edges):
        mine = [
            Card(card.before_row - begin, card.vehicle, card.driver, card.time_ms, card.qualified)
            for card in cards
            if begin <= card.before_row < end or (card.before_row == end == len(positions))
        ]
        around = None if surroundings is None else surroundings[begin:end]
        outcome = pass_.judge(memory, positions[begin:end], book, cards=mine, surroundings=around)
        memory.take(outcome.changes)
        if through_snapshots:
            memory = Memory.decode(memory.encode())
        found += outcome.findings
    return found


def twin_points(positions: Rows, surroundings: Rows | None, vehicle: int) -> list[twin.Point]:
    points = []
    for row in np.flatnonzero(positions["vehicle"] == vehicle):
        each = positions[row]
        around = (0, 0, False, 0, 0, 0)
        if surroundings is not None:
            there = surroundings[row]
            around = (
                int(there["limit"]), int(there["road"]), bool(there["known"]),
                int(there["express"]), int(there["other"]), int(there["roads"]),
            )  # fmt: skip
        points.append(
            twin.Point(
                int(row), int(each["time_ms"]), int(each["lat"]), int(each["lon"]),
                int(each["alarm"]), int(each["status"]), int(each["received_ms"]),
                int(each["speed"]), int(each["direction"]), int(each["altitude"]),
                int(each["mileage"]), int(each["source"]), bytes(each["terminal"]), *around,
            )
        )  # fmt: skip
    return points


def twin_findings(
    positions: Rows, book: Book, cards: Sequence[Card] = (), surroundings: Rows | None = None
) -> list[tuple[int, twin.Event]]:
    """(vehicle, event) of the plain Python twin, by row."""
    found: list[tuple[int, twin.Event]] = []
    for vehicle in sorted(set(positions["vehicle"].tolist()) | {card.vehicle for card in cards}):
        points = twin_points(positions, surroundings, vehicle)
        mine = [
            twin.CardIn(card.before_row, card.driver, card.time_ms)
            for card in cards
            if card.vehicle == vehicle and card.qualified
        ]
        events = twin.judge(points, mine, vehicle, book)
        found += [(vehicle, event) for event in events]
    return sorted(found, key=lambda each: (each[1].row, each[0], each[1]))


def pass_events(
    positions: Rows, book: Book, cards: Sequence[Card] = (), surroundings: Rows | None = None
) -> list[tuple[int, twin.Event]]:
    """The same from the jitted pass, in one batch."""
    events: list[tuple[int, twin.Event]] = []
    memory = Memory()

    def spy(*tables: object) -> tuple[int, int]:
        start, many = kernel.run(*tables)  # type: ignore[arg-type]
        written = tables[11][:many]  # type: ignore[index]
        events.extend(
            (
                int(positions["vehicle"][event[c.ROW]]),
                twin.Event(
                    event[c.ROW], event[c.RULE], event[c.PHASE],
                    tuple(event[c.F_MS : c.F_MS + 5]), *event[c.END :],
                ),
            )
            for event in written.tolist()
        )  # fmt: skip
        return start, many

    pass_.judge(memory, positions, book, cards=cards, surroundings=surroundings, run=spy)
    return sorted(events, key=lambda each: (each[1].row, each[0], each[1]))


# --- fleets at random ----------------------------------------------------------------------------

PROFILES = (
    Profile(),
    Profile(kind="truck", limit=800),
    Profile(kind="hazmat", terminal_limit=700),
    Profile(kind="coach", service="long-distance", one_way_km=900),
    Profile(kind="coach", service="commuter", one_way_km=150),
    Profile(kind="school_bus", school_hours=((390, 480), (960, 1080))),
)
# Small figures bring every edge within reach of a short random track.
QUICK = Settings(
    gap_s=60, hole_s=45, rest_s=200, halt_s=60, continuous_s=600, night_s=300, day_total_min=12,
    week_total_min=20, offline_s=180, displaced_m=800, stay_s=240, frozen_s=40, behind_s=900,
    frozen_points=3, hazmat_fatigue=1,
)  # fmt: skip


def quick_book(many: int, pauses_count: int = 1) -> Book:
    """Vehicles 1…many, one of each profile in turn; other figures from 2024-04-09 on.

    The odd ones were another vehicle (the one before) up to an hour of a night or a dawn.
    """
    first = Settings(**{**vars(QUICK), "pauses_count": pauses_count})
    later = Settings(
        **{
            **vars(first),
            "valid_from": datetime(2024, 4, 9, tzinfo=LOCAL).date(),
            "merge_s": 30,
            "night_percent": 70,
            "frozen_points": 4,
        }
    )
    bans = (
        Ban("通告甲", frozenset({"hazmat"}), datetime(2020, 1, 1, tzinfo=LOCAL), None, 0, 360, 1),
        Ban(
            "通告乙", frozenset({"hazmat"}), datetime(2024, 4, 8, 21, tzinfo=LOCAL),
            datetime(2024, 4, 9, 1, tzinfo=LOCAL), 1290, 30,
        ),
    )  # fmt: skip
    profiles = {number: PROFILES[number % len(PROFILES)] for number in range(1, many + 1)}
    changes = ("2024-04-08T02:00", "2024-04-08T22:00", "2024-04-09T00:10", "2024-04-09T05:00")
    former = {
        number: (
            Former(at(changes[0]), PROFILES[(number + 2) % len(PROFILES)]),
            Former(at(changes[number % 3 + 1]), PROFILES[(number - 1) % len(PROFILES)]),
        )
        for number in range(1, many + 1, 2)
    }
    profiles |= {number: replace(profiles[number], former=former[number]) for number in former}
    return Book(profiles, (first, later), bans)


STARTS = ("2024-04-08T21:50", "2024-04-08T05:50", "2024-04-08T01:55", "2024-04-08T23:55",
          "2024-12-31T23:50", "2024-04-09T04:50")  # fmt: skip
STEPS = (0, 1, 10, 29, 30, 30, 31, 40, 60, 61, 90, 200, 400, 4000, 30_000, 87_000)
SPEEDS = (0, 0, 49, 50, 300, 560, 561, 600, 640, 641, 700, 701, 800, 801, 1000, 1001, 1601)
MOODS = ("drive", "drive", "stand", "creep", "freeze", "chaos", "chaos")


@st.composite
def fleets(draw: st.DrawFn, vehicles: int = 3, segments: int = 5) -> tuple[Rows, Rows]:
    """Interleaved tracks of some vehicles with every kind of trouble, and their surroundings.

    A vehicle drives, stands, creeps while it says 0, freezes, or does anything, a few points each.
    """
    start = at(draw(st.sampled_from(STARTS)))
    chosen = draw(st.lists(st.integers(1, 6), min_size=1, max_size=vehicles, unique=True))
    parts = []
    for vehicle in chosen:
        told = [_segment(draw) for _ in range(draw(st.integers(1, segments)))]
        parts.append(_lay(draw, vehicle, start, [point for each in told for point in each]))
    order = [number for number, part in enumerate(parts) for _ in range(len(part[0]))]
    draw(st.randoms(use_true_random=False)).shuffle(order)
    array = rows(len(order))
    around = np.zeros(len(order), c.SURROUNDINGS)
    done = [0] * len(parts)
    for row, number in enumerate(order):
        array[row], around[row] = (each[done[number]] for each in parts[number])
        done[number] += 1
    return array, around


def _segment(draw: st.DrawFn) -> list[tuple[str, int, int]]:
    """Some points of one mood: (mood, seconds, speed)."""
    mood = draw(st.sampled_from(MOODS))
    many = draw(st.integers(1, 14))
    if mood == "chaos":
        anything = st.tuples(st.just(mood), st.sampled_from(STEPS), st.sampled_from(SPEEDS))
        return draw(st.lists(anything, min_size=1, max_size=6))
    step = draw(st.sampled_from((10, 29, 30, 31, 59, 60)))
    fastest = {"drive": SPEEDS, "freeze": SPEEDS}.get(mood, (0, 0, 49))
    return [(mood, step, draw(st.sampled_from(fastest)))] * many


def _lay(
    draw: st.DrawFn, vehicle: int, start: int, points: Sequence[tuple[str, int, int]]
) -> tuple[Rows, Rows]:
    """Rows of one vehicle along a meridian."""
    array, around = rows(len(points), vehicle), np.zeros(len(points), c.SURROUNDINGS)
    time, north = start, 0.0
    for number, (mood, step, speed) in enumerate(points):
        row, there = array[number], around[number]
        time += step * 1000
        wild = mood == "chaos"
        pace = {"drive": speed / 36, "creep": 9.0}.get(mood, 0.0)
        if wild:
            pace = draw(st.sampled_from((speed / 36, 0.0, 9.0, 1000.0)))
        north += pace * step
        row["time_ms"] = time - 1000 * (
            draw(st.sampled_from((0, 0, -700, 40, 5000))) if wild else 0
        )
        row["received_ms"] = time + (draw(st.sampled_from((500, 2_000_000))) if wild else 500)
        # As far as the field goes: a fast vehicle may be drawn with days between its reports.
        row["lat"] = min(max(LAT + round(north * METRE), -(2**31)), 2**31 - 1)
        row["speed"] = speed
        row["mileage"] = NO_MILEAGE
        if wild:
            row["alarm"] = draw(st.sampled_from((0, 2)))
            row["status"] = draw(st.sampled_from((3, 3, 2, 1)))
            row["altitude"] = draw(st.sampled_from((50, -201)))
            row["direction"] = draw(st.sampled_from((90, 360)))
            row["mileage"] = draw(st.sampled_from((NO_MILEAGE, 1000 + number, 7)))
            row["source"] = draw(st.sampled_from((0, 2)))
            row["terminal"] = draw(st.sampled_from((b"A1", b"B2")))
            there["known"] = draw(st.sampled_from((0, 1)))
        if wild or draw(st.integers(0, 3)) == 0:
            there["limit"] = draw(st.sampled_from((0, 600, 700)))
            there["road"] = draw(st.sampled_from((0, 1, 2)))
            there["express"] = draw(st.sampled_from((0, 0, 600, 800)))
            there["other"] = draw(st.sampled_from((0, 0, 500, 600)))
            there["roads"] = draw(st.sampled_from((0, 0, 1, 2)))
    return array, around


@st.composite
def cards_for(draw: st.DrawFn, positions: Rows) -> list[Card]:
    """Some drivers changing on the vehicles of ``positions``."""
    cards = []
    for _ in range(draw(st.integers(0, 5))):
        row = draw(st.integers(0, len(positions) - 1))
        cards.append(
            Card(
                row,
                int(positions["vehicle"][row]),
                draw(st.integers(1, 3)),
                int(positions["time_ms"][row]) - draw(st.sampled_from((1, 1000, 400_000))),
                draw(st.booleans()) or draw(st.booleans()),
            )
        )
    return sorted(cards, key=lambda card: card.before_row)
