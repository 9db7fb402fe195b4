"""The jitted pass over fences finds what the plain Python twin finds, and remembers the same."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from datetime import date
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jiaoan.rules import fences as twin
from jiaoan.rules.driving.book import Book, Former, Profile
from jiaoan.rules.fences import Fence, Fences, Finding, Road, RoadClass, Role, Vehicle, jitted
from jiaoan.rules.fences.memory import Memory, NotMemory
from jiaoan.rules.hours import Hours
from jiaoan.rules.shapes import corridor, line, outline
from jiaoan.stores.positions import DTYPE, key_of
from rules import test_fence_bans
from rules.test_fence_bans import ban, drive, told
from rules.test_fences import MIDDLE, SQUARE, START, WEST

Rows = npt.NDArray[np.void]
KINDS = {1: "hazmat", 2: "coach", 3: "", 4: "bus"}
INNER = {
    "type": "Polygon",
    "coordinates": [
        [[113.21, 29.42], [113.24, 29.42], [113.24, 29.48], [113.21, 29.48], [113.21, 29.42]]
    ],
}
HOURS = (
    Hours.parse({"from": "04:00", "to": "04:20"}),
    Hours.parse({"from": "23:00", "to": "04:05", "weekdays": [1, 7]}),
)
ROAD = [(113.19, 29.45), (113.26, 29.45)]
FENCES = (
    Fence(1, 1, outline(SQUARE), 50, 2),
    Fence(2, 1, outline(INNER), 20, 3, dwell_s=90, vehicle_kinds=frozenset({"hazmat"})),
    Fence(3, 1, outline(INNER), 50, 2, role=Role.FORBIDDEN, hours=HOURS),
    Fence(4, 1, outline(SQUARE), 50, 2, role=Role.FORBIDDEN, dwell_s=60,
          valid_from=date(2024, 4, 8), valid_to=date(2024, 4, 8)),
    Fence(5, 1, corridor(ROAD, 100), 30, 2, role=Role.ROUTE, bound=frozenset({1, 3})),
    Fence(6, 1, line([(113.2, 29.4), (113.2, 29.5)]), 50, 2, role=Role.GATE),
    Fence(7, 1, line([(113.22, 29.4), (113.22, 29.45), (113.225, 29.5)]), 0, 1, role=Role.GATE,
          direction="left", vehicle_kinds=frozenset({"coach"}), hours=HOURS[:1]),
    Fence(8, 1, outline(SQUARE), 0, 1, valid_from=date(2024, 4, 9)),
    Fence(9, 1, corridor(ROAD, 100), 0, 1, role=Role.ROAD, dwell_s=60,
          road=Road(RoadClass.EXPRESSWAY, line(ROAD))),
    Fence(10, 1, corridor(ROAD, 80), 20, 2, role=Role.ROUTE, bound=frozenset({1, 2, 3}),
          hours=(*HOURS, Hours.parse({"from": "04:20", "to": "04:50"})),
          valid_to=date(2024, 4, 8)),
)  # fmt: skip
# The first was a truck up to a quarter of an hour of the tracks, the third no known kind at first.
BOOK = Book(
    {vehicle: Profile(kind=kind) for vehicle, kind in KINDS.items()}
    | {
        1: Profile(KINDS[1], former=(Former(START + 900_000, Profile("truck")),)),
        3: Profile(former=(Former(START, Profile()), Former(START + 600_000, Profile("hazmat")))),
    }
)
EAST = (-9000, -600, -516, -300, -1, 0, 1, 300, 514, 517, 2000, 9_999, 10_000, 10_200, 12_000,
        20_000, 20_001, 39_900, 40_100, 45_000, 61_000)  # fmt: skip


@st.composite
def tracks(draw: st.DrawFn) -> Rows:
    """Interleaved points of some vehicles that hop between the edges of the places."""
    many = draw(st.integers(1, 40))
    array = np.zeros(many, DTYPE)
    time = draw(st.sampled_from((START, START + 72_000_000 - 60_000, START - 86_400_000)))
    for row in array:
        time += 1000 * draw(st.sampled_from((1, 10, 30, 30, 61, 301, 1200)))
        row["vehicle"] = draw(st.integers(1, 4))
        row["time_ms"] = time - draw(st.sampled_from((0, 0, 0, 40_000)))
        row["received_ms"] = time + draw(st.sampled_from((500, 500, -700_000)))
        row["lon"] = WEST + draw(st.sampled_from(EAST))
        row["lat"] = MIDDLE + draw(st.sampled_from((0, 0, 0, 800, 1200, -40_000)))
        row["status"] = draw(st.sampled_from((3, 3, 3, 3, 1)))
        row["alarm"] = draw(st.sampled_from((0, 0, 2**31)))
        row["speed"], row["terminal"] = 300, f"0139000000{int(row['vehicle']):02d}".encode()
    return array


def by_twin(fences: Fences, memory: dict[int, Vehicle], batch: Rows) -> tuple[Finding, ...]:
    outcome = twin.judge(fences, memory, batch, key_of=key_of, kinds=BOOK)
    memory.update(outcome.vehicles)
    return outcome.findings


def by_pass(fences: Fences, memory: Memory, batch: Rows) -> tuple[Finding, ...]:
    outcome = jitted.judge(fences, memory, batch, kinds=BOOK)
    assert [int(batch["time_ms"][row]) for row in outcome.rows] == [
        each.point.time_ms for each in outcome.findings
    ]
    memory.take(outcome.changes)
    return outcome.findings


def pieces(data: st.DataObject, rows: Rows) -> list[Rows]:
    cuts = data.draw(st.lists(st.integers(0, len(rows)), max_size=5))
    return [rows[begin:end] for begin, end in pairwise([0, *sorted(cuts), len(rows)])]


quiet = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@quiet
@given(st.data())
def test_it_finds_and_remembers_what_the_twin_does(data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(FENCES), unique_by=lambda each: each.place_id))
    fences = Fences(chosen)
    plain: dict[int, Vehicle] = {}
    packed = Memory()
    for batch in pieces(data, data.draw(tracks())):
        assert by_pass(fences, packed, batch) == by_twin(fences, plain, batch)
        assert packed.vehicles() == plain
        assert Memory.of(plain).encode() == packed.encode()
        if data.draw(st.booleans()):
            packed = Memory.decode(packed.encode())


def test_a_block_full_of_findings_takes_no_more_room_than_they_need(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A thousand points, each of which enters or leaves: an outage that is read out at once."""
    grown: list[int] = []
    grow = jitted._Desk._grow

    def measured(desk: jitted._Desk, by: int) -> None:
        grown.append(by)
        grow(desk, by)

    monkeypatch.setattr(jitted._Desk, "_grow", measured)
    rows = np.zeros(1000, DTYPE)
    rows["vehicle"], rows["status"], rows["lat"] = 1, 3, MIDDLE
    rows["time_ms"] = rows["received_ms"] = START + 30_000 * np.arange(1000)
    rows["lon"] = WEST + np.where(np.arange(1000) % 2, -9000, 9000)
    fences = Fences([Fence(1, 1, outline(SQUARE), 50, 2)])
    assert len(by_pass(fences, Memory(), rows)) == 1000
    assert sum(grown) < 1000


@quiet
@given(st.data())
def test_places_that_come_go_and_change_are_adopted_as_by_the_twin(data: st.DataObject) -> None:
    fences = Fences([])
    plain: dict[int, Vehicle] = {}
    packed = Memory()
    for batch in pieces(data, data.draw(tracks())):
        chosen = data.draw(st.lists(st.sampled_from(FENCES), unique_by=lambda each: each.place_id))
        if data.draw(st.booleans()):
            chosen = [replace(each, bound=each.bound - {1}) for each in chosen]
        new = {each.place_id for each in chosen} - fences.by_place.keys()
        fences = Fences(chosen, before=fences)
        plain.update(twin.adopt(fences, plain, new))
        adopted = jitted.adopt(fences, packed, new)
        if adopted is not None:
            packed.take(adopted)
        assert by_pass(fences, packed, batch) == by_twin(fences, plain, batch)
        assert packed.vehicles() == plain


def golden() -> list[tuple[str, Rows, Fence]]:
    """The cases written by hand for the twin."""
    bans = test_fence_bans.test_a_ban_with_hours.pytestmark[0].args[1]  # type: ignore[attr-defined]
    gates = test_fence_bans.test_a_gate.pytestmark[0].args[1]  # type: ignore[attr-defined]
    ends = test_fence_bans.test_being_off_the_route_ends.pytestmark[0].args[1]  # type: ignore[attr-defined]
    gate = test_fence_bans.gate()
    return [
        *((f"ban: {each.id}", drive(*each.values[0]), ban()) for each in bans),
        *((f"gate: {each.id}", drive(*each.values[0]), gate) for each in gates),
        *(
            (f"route: {each.id}", test_fence_bans.weave(*each.values[0]), test_fence_bans.route())
            for each in ends
        ),
    ]


@pytest.mark.parametrize(("name", "points", "fence"), golden(), ids=lambda one: str(one)[:40])
def test_it_says_what_was_written_by_hand(name: str, points: Rows, fence: Fence) -> None:
    wide = np.zeros(len(points), DTYPE)
    for field in points.dtype.names or ():
        wide[field] = points[field]
    found = jitted.judge(
        Fences([fence]), Memory(), wide, kinds=twin.Steady(lambda _: "hazmat")
    ).findings
    assert told(found) == told(test_fence_bans.run(points, fence)), name


@pytest.mark.parametrize(("seconds", "count"), [(59, 1), (60, 1), (61, 2)])
def test_a_stay_is_too_long_only_behind_its_time(seconds: int, count: int) -> None:
    rows = _inside()[:2]
    rows["time_ms"][1] = rows["received_ms"][1] = int(rows["time_ms"][0]) + 1000 * seconds
    fences = Fences([Fence(1, 1, outline(SQUARE), 50, 2, dwell_s=60)])
    found = by_pass(fences, Memory(), rows)
    assert found == by_twin(fences, {}, rows)
    assert len(found) == count


def test_one_point_may_tell_more_than_there_was_room_for() -> None:
    """Hundreds of places on one spot, entered and left by one point each."""
    fences = Fences([Fence(n, 1, outline(SQUARE), 0, 1, dwell_s=1) for n in range(1, 400)])
    rows = np.zeros(4, DTYPE)
    rows["vehicle"], rows["status"], rows["lat"] = 1, 3, MIDDLE
    rows["time_ms"] = START + 10_000 * np.arange(4)
    rows["received_ms"] = rows["time_ms"]
    rows["lon"] = WEST + np.array([-9000, 9000, 9000, -9000])
    plain: dict[int, Vehicle] = {}
    packed = Memory()
    found = by_pass(fences, packed, rows)
    assert found == by_twin(fences, plain, rows)
    assert len(found) == 3 * 399
    assert len(packed.pairs) == 0


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: data[:5], "too few"),
        (lambda data: b"XXXX" + data[4:], "begins with"),
        (lambda data: data[:4] + b"\x09" + data[5:], "another form"),
        (lambda data: data[:-1] + bytes([data[-1] ^ 1]), "checksum"),
    ],
)
def test_a_foreign_or_damaged_memory_is_refused(damage: object, reason: str) -> None:
    packed = Memory()
    by_pass(Fences(FENCES), packed, _inside())
    with pytest.raises(NotMemory, match=reason):
        Memory.decode(damage(packed.encode()))  # type: ignore[operator]


def _inside() -> Rows:
    rows = np.zeros(3, DTYPE)
    rows["vehicle"], rows["status"], rows["lat"] = 1, 3, MIDDLE
    rows["time_ms"] = START + 10_000 * np.arange(3)
    rows["received_ms"], rows["lon"] = rows["time_ms"], WEST + 9000
    return rows


def test_a_memory_of_the_form_before_is_read() -> None:
    """It had no column of how far a vehicle is off its route."""
    packed = Memory()
    by_pass(Fences(FENCES), packed, _inside())
    head, body = packed.encode()[:20], zlib.decompress(packed.encode()[20:])
    many, pairs = len(packed.ids), len(packed.owners)
    at = 8 * (2 * many + (2 + 22) * pairs)
    before = zlib.compress(body[:at] + body[at + 8 * pairs :])
    magic, _form, _columns, *rest = struct.unpack("<4sHHIII", head)
    old = struct.pack("<4sHHIII", magic, 1, 22, *rest[:2], zlib.crc32(before)) + before
    assert pairs
    assert Memory.decode(old).vehicles() == packed.vehicles()


def test_memory_is_not_changed_before_it_takes() -> None:
    packed = Memory()
    fences = Fences(FENCES)
    by_pass(fences, packed, _inside())
    before = packed.encode()
    later = _inside()
    later["time_ms"] += 60_000
    later["received_ms"] += 60_000
    later["lon"] = WEST - 9000
    outcome = jitted.judge(fences, packed, later, kinds=twin.Steady(lambda _: "hazmat"))
    assert outcome.findings
    assert packed.encode() == before
