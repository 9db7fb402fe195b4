"""The memory of a partition and its snapshot."""

from __future__ import annotations

import json
import zlib

import numpy as np
import pytest

from jiaoan.rules.fences import Point, Presence, Vehicle
from jiaoan.stores.bus import LARGEST
from jiaoan.stores.positions import DTYPE, NO_MILEAGE, Positions
from jiaoan.stream import memory
from jiaoan.stream.memory import HOUR_MS, Hearing, Memory
from rules.driving.tracks import at, quick_book, track
from stream.world import World, references_of

BEGIN = at("2024-04-08T10:00")


def moving() -> Positions:
    """One of each kind of vehicle, too fast now and then."""
    points = [(BEGIN + 20_000 * n, 400.0 * n, 40 + 30 * (n % 3)) for n in range(20)]
    return np.concatenate([track(points, vehicle=number) for number in range(1, 7)])


def test_a_snapshot_gives_back_everything() -> None:
    world = World(references_of(quick_book(6)))
    positions = moving()
    world.hear(positions)
    kept = world.memory
    kept.sequence, kept.places = 77, {1: "mark"}
    kept.late, kept.silent, kept.withdrawn = {3: 5}, {4: 6}, {"id": 2}
    kept.marks, kept.hearing = [(HOUR_MS, 9)], Hearing(1, 2)
    data = memory.encode(kept, "me")
    again, owner = memory.decode(data)
    assert owner == "me"
    assert memory.encode(again, "me") == data
    assert (again.late, again.silent, again.withdrawn) == ({3: 5}, {4: 6}, {"id": 2})
    assert (again.marks, again.hearing, again.places) == (
        [(HOUR_MS, 9)],
        Hearing(1, 2),
        {1: "mark"},
    )


def test_a_copy_stays_as_it_was() -> None:
    world = World(references_of(quick_book(6)))
    positions = moving()
    world.hear(positions)
    copied = world.memory.copy(lambda vehicles: np.ones(len(vehicles), np.bool_))
    before = memory.encode(copied, "me")
    later = positions.copy()
    later["time_ms"] += 86_400_000
    later["received_ms"] += 86_400_000
    world.hear(later)
    world.memory.late[1] = 1
    assert memory.encode(copied, "me") == before
    assert memory.encode(world.memory, "me") != before


def test_a_snapshot_of_the_release_before_is_read_and_its_driving_begins_anew() -> None:
    point = ["7-1712520000000--29400000-113200000-80000000-3", "013900000007", 1_712_520_000_000,
             1_712_520_000_500, -29_400_000, 113_200_000, 455]  # fmt: skip
    presence = [True, False, 1, point[0], point[2], point[0], point[2], True, 0, None, "", 0]
    said = {
        "form": 1, "owner": "old", "sequence": 12, "places": {"5": "mark"},
        "vehicles": {"7": [[point], {"5": presence}]},
    }  # fmt: skip
    found, owner = memory.decode(zlib.compress(json.dumps(said).encode()))
    assert (owner, found.sequence, found.places) == ("old", 12, {5: "mark"})
    assert found.fences.vehicles() == {
        7: Vehicle((Point(*point),), {5: Presence(*presence)})  # type: ignore[arg-type]
    }
    assert len(found.driving) == 0
    assert found.late == {}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"nothing", "damaged"),
        (zlib.compress(b'{"form": 99}'), "another release"),
        (memory.encode(Memory(), "me")[:-1], "driving rules"),
    ],
)
def test_what_is_no_snapshot_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        memory.decode(data)


def test_two_thousand_vehicles_a_partition_fit_the_bus() -> None:
    """Every one moving at random in every figure: worse than a fleet."""
    world = World(references_of(quick_book(6)))
    dice = np.random.default_rng(808)
    many = 2_000
    for step in range(8):
        rows = np.zeros(many, DTYPE)
        rows["vehicle"] = 16 * np.arange(many) + 1
        rows["terminal"] = [f"0139{number:08d}".encode() for number in range(many)]
        rows["time_ms"] = BEGIN + 30_000 * step + dice.integers(0, 29_000, many)
        rows["received_ms"] = rows["time_ms"] + dice.integers(300, 9_000, many)
        rows["lat"] = 29_400_000 + dice.integers(-300_000, 300_000, many)
        rows["lon"] = 113_100_000 + dice.integers(-300_000, 300_000, many)
        rows["speed"] = dice.integers(0, 1200, many)
        rows["status"], rows["mileage"] = 3, NO_MILEAGE
        world.hear(rows)
    assert len(world.memory.driving) == many
    assert len(memory.encode(world.memory, "me")) < LARGEST * 3 // 4


def test_it_knows_where_the_findings_of_an_hour_begin() -> None:
    kept = Memory()
    for hour, sequence in ((1, 10), (1, 11), (2, 20), (5, 50)):
        kept.mark(hour * HOUR_MS + sequence, sequence)
    assert kept.marks == [(HOUR_MS + 10, 10), (2 * HOUR_MS + 20, 20), (5 * HOUR_MS + 50, 50)]
    assert kept.findings_since(0) == 0
    assert kept.findings_since(4 * HOUR_MS) == 19
    kept.mark(400 * HOUR_MS, 99)
    assert kept.marks == [(400 * HOUR_MS, 99)]
    kept.mark(3 * HOUR_MS, 120)
    assert kept.marks == [(3 * HOUR_MS, 120)], "a clock that was set back begins anew"
