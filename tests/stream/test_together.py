"""Two hazmat vehicles too long together: told once, however the stream is cut, killed, repeated."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiaoan.rules.driving.book import Book, Former, Profile
from jiaoan.rules.driving.findings import Finding
from jiaoan.rules.driving.law import Rule
from jiaoan.rules.fences import Fence, Fences
from jiaoan.rules.shapes import outline
from jiaoan.stores.positions import Positions
from jiaoan.stream import together
from jiaoan.stream.reference import References, VehicleCard
from jiaoan.stream.together import Memory, decode, encode, judge
from rules.driving.tracks import LAT, LON, at, track
from stream.world import references_of

BEGIN = at("2024-04-08T10:00")
STEPS = 60


def known(off: frozenset[Rule] = frozenset()) -> References:
    """1 and 2 carry hazmat, 3 does not."""
    kinds = {1: "hazmat", 2: "hazmat", 3: "truck"}
    book = Book({vehicle: Profile(kind=kind) for vehicle, kind in kinds.items()}, off=off)
    references = references_of(book)
    for vehicle, kind in kinds.items():
        profile = Profile(kind=kind)
        references.know(
            vehicle, VehicleCard(str(vehicle), f"鄂A{vehicle}", 2, kind, False, profile)
        )
    return references


def standing(*apart: float) -> Positions:
    """Vehicles 1, 2, 3… that stand so many metres north of each other, every 15 s, interleaved."""
    parts = [
        track([(BEGIN + 15_000 * n, north, 0) for n in range(STEPS)], vehicle=number)
        for number, north in enumerate(apart, 1)
    ]
    rows = np.concatenate(parts)
    return rows[np.argsort(rows["time_ms"], kind="stable")]


def told(
    rows: Positions,
    references: References,
    cuts: Sequence[int] = (),
    kills: Sequence[int] = (),
) -> list[Finding]:
    """Findings, each once; at a kill the memory of the last snapshot reads its blocks again, all
    at once."""
    edges = [0, *sorted(cuts), len(rows)]
    blocks = [rows[begin:end] for begin, end in itertools.pairwise(edges)]
    memory, saved = Memory.new(), encode(Memory.new(), "me")
    found: dict[str, Finding] = {}
    for number, block in enumerate(blocks, 1):
        found |= {each.id: each for each in judge(memory, [block], references)}
        memory.sequence = number
        if number % 3 == 0:
            saved = encode(memory, "me")
        if number in kills:
            memory, owner = decode(saved)
            assert owner == "me"
            if again := blocks[memory.sequence : number]:
                found |= {each.id: each for each in judge(memory, again, references)}
            memory.sequence = number
    return list(found.values())


@pytest.mark.parametrize(
    ("former", "now", "minute", "begun"),
    [
        ("truck", "hazmat", 2, [2]),
        ("hazmat", "truck", 12, [0]),
        ("hazmat", "truck", 2, []),
        ("truck", "hazmat", 12, []),
    ],
)
def test_a_report_counts_by_the_kind_of_its_moment_however_late_it_comes(
    former: str, now: str, minute: int, begun: list[int]
) -> None:
    """Beside each other for 15 minutes; the second became another vehicle meanwhile."""
    references, change = known(), BEGIN + minute * 60_000
    profile = Profile(now, former=(Former(change, Profile(former)),))
    references.know(2, VehicleCard("2", "鄂A2", 2, now, outside=False, profile=profile))
    found = told(standing(0, 60), references)
    assert [(each.first.time_ms - BEGIN) // 60_000 for each in found] == begun


def test_it_is_told_once_after_the_time_and_only_for_hazmat() -> None:
    found = told(standing(0, 60, 30), known())
    assert [(each.rule, each.vehicle, each.values["other"]) for each in found] == [
        (Rule.TOGETHER, 1, 2)
    ]
    assert found[0].values["together_s"] == 630
    assert found[0].first.time_ms == BEGIN + 15_000


@pytest.mark.parametrize(("apart", "count"), [(99, 1), (102, 0)])
def test_it_looks_at_the_distance(apart: float, count: int) -> None:
    assert len(told(standing(0, apart), known())) == count


def test_a_place_where_vehicles_may_stand_is_none_of_it() -> None:
    references = known()
    west, south, east, north = (
        (LON - 5000) / 1e6, (LAT - 5000) / 1e6, (LON + 5000) / 1e6, (LAT + 5000) / 1e6,
    )  # fmt: skip
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    area = outline({"type": "Polygon", "coordinates": [ring]})
    for may_stand, count in ((True, 0), (False, 1)):
        references.fences = Fences([Fence(1, 1, area, 50, 2, may_stand=may_stand)])
        assert len(told(standing(0, 60), references)) == count


def test_it_can_be_switched_off() -> None:
    assert told(standing(0, 60), known(off=frozenset({Rule.TOGETHER}))) == []


def test_a_slice_is_judged_a_minute_after_its_end_by_the_stream_alone() -> None:
    memory, references = Memory.new(), known()
    rows = standing(0, 60)
    judge(memory, [rows[:4]], references)
    assert sorted(memory.slices.open) == [BEGIN // 30_000]
    late = rows[:1].copy()
    late["received_ms"] += 30_000 + together.GRACE_S * 1000
    judge(memory, [late], references)
    assert (memory.slices.open, memory.slices.closed) == ({}, BEGIN // 30_000)
    judge(memory, [rows[:4]], references)
    assert memory.slices.open == {}, "a slice is judged once"


def test_a_damaged_snapshot_is_refused() -> None:
    with pytest.raises(ValueError, match="damaged"):
        decode(b"nothing")


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_any_cutting_and_any_kills_tell_the_same(data: st.DataObject) -> None:
    north = data.draw(st.lists(st.sampled_from([0.0, 40, 90, 140, 400]), min_size=2, max_size=2))
    rows = standing(*north)
    order = sorted(range(len(rows)), key=lambda row: row + data.draw(st.integers(0, 6)))
    rows = rows[order]
    cuts = data.draw(st.lists(st.integers(0, len(rows)), max_size=12))
    kills = data.draw(st.lists(st.integers(1, 12), max_size=3))
    whole = told(rows, known())
    assert told(rows, known(), cuts, kills) == whole
