"""Golden cases at every edge of the rule, and what must hold for any input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiaoan.rules import fences as rule
from jiaoan.rules.fences import Fence, Fences, Finding, Stay, Vehicle
from jiaoan.rules.shapes import outline

# A square of our own: its west edge runs along 113.200000 E; 50 m are 515.4 microdegrees there.
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[113.2, 29.4], [113.3, 29.4], [113.3, 29.5], [113.2, 29.5], [113.2, 29.4]]],
}
WEST, MIDDLE = 113_200_000, 29_450_000
FIXED = 3
SHALLOW, DEEP = 515, 517
START = 1_712_520_000_000  # 2024-04-08 04:00 local, in ms

DTYPE = np.dtype(
    [
        ("vehicle", "<i8"), ("terminal", "S20"), ("time_ms", "<i8"), ("received_ms", "<i8"),
        ("lat", "<i4"), ("lon", "<i4"), ("speed", "<u2"), ("alarm", "<u4"), ("status", "<u4"),
    ]
)  # fmt: skip
Rows = npt.NDArray[np.void]


def fence(**changes: object) -> Fence:
    made = Fence(place_id=1, version=1, outline=outline(SQUARE), buffer_m=50, consecutive=2)
    return replace(made, **changes)  # type: ignore[arg-type]


def rows(*east: int, vehicle: int = 7, start: int = 0, step: int = 30, status: int = FIXED) -> Rows:
    """Points ``east`` microdegrees east of the west edge, ``step`` seconds apart."""
    array = np.zeros(len(east), DTYPE)
    array["vehicle"], array["terminal"], array["status"] = vehicle, b"013900000007", status
    array["time_ms"] = START + 1000 * (start + step * np.arange(len(east)))
    array["received_ms"] = array["time_ms"] + 500
    array["lat"], array["lon"] = MIDDLE, WEST + np.array(east)
    return array


def key_of(row: np.void) -> str:
    return f"{row['vehicle']}:{(int(row['time_ms']) - START) // 1000}:{int(row['lon']) - WEST}"


def run(
    points: Rows | Sequence[Rows],
    places: Fences | None = None,
    kind: str = "hazmat",
    memory: dict[int, Vehicle] | None = None,
) -> list[Finding]:
    places = places or Fences([fence()])
    memory = {} if memory is None else memory
    found: list[Finding] = []
    for batch in [points] if isinstance(points, np.ndarray) else points:
        outcome = rule.judge(
            places, memory, batch, key_of=key_of, kinds=rule.Steady(lambda vehicle: kind)
        )
        memory.update(outcome.vehicles)
        found += outcome.findings
    return found


def told(found: Sequence[Finding]) -> list[tuple[str, int, str]]:
    """(kind, seconds after start of the confirming point, confirmed by)."""
    return [(each.kind, (each.point.time_ms - START) // 1000, each.confirmed_by) for each in found]


@pytest.mark.parametrize(
    ("east", "expected"),
    [
        pytest.param([-9000, DEEP], [("entered", 30, "depth")], id="first deep point"),
        pytest.param([-9000, SHALLOW], [], id="one shallow point"),
        pytest.param(
            [-9000, SHALLOW, 5], [("entered", 60, "consecutive")], id="second shallow point"
        ),
        pytest.param([-9000, SHALLOW, DEEP], [("entered", 60, "depth")], id="shallow, then deep"),
        pytest.param([-9000, 5, -5, 5, -5, 5], [], id="never two in a row"),
        pytest.param([-9000, 0, 0], [("entered", 60, "consecutive")], id="the edge is inside"),
        pytest.param([-9000, -1, -1], [], id="a decimetre outside is outside"),
        pytest.param([DEEP], [("entered", 0, "depth")], id="appears deep inside"),
        pytest.param([SHALLOW, 5], [("entered", 30, "consecutive")], id="appears near the edge"),
        pytest.param(
            [DEEP, -DEEP], [("entered", 0, "depth"), ("left", 30, "depth")], id="left at once"
        ),
        pytest.param([DEEP, -SHALLOW], [("entered", 0, "depth")], id="one shallow point outside"),
        pytest.param(
            [DEEP, -SHALLOW, -5],
            [("entered", 0, "depth"), ("left", 60, "consecutive")],
            id="left at the second shallow point",
        ),
        pytest.param(
            [DEEP, -5, 5, -5, 5], [("entered", 0, "depth")], id="a stray point outside, twice"
        ),
        pytest.param(
            [DEEP, -5, 0, -5], [("entered", 0, "depth")], id="a point on the edge breaks the run"
        ),
        pytest.param(
            [-9000, 5, 5, -5, -5, -5, 5, 5],
            [("entered", 60, "consecutive")],
            id="parked on the line: no change back within the buffer",
        ),
        pytest.param(
            [-9000, 5, 5, -5, -5, -DEEP],
            [("entered", 60, "consecutive"), ("left", 150, "depth")],
            id="parked on the line, then away",
        ),
        pytest.param(
            [-9000, 5, 5, DEEP, -5, -5],
            [("entered", 60, "consecutive"), ("left", 150, "consecutive")],
            id="settled inside, so two points in a row count again",
        ),
        pytest.param(
            [DEEP, -2_000_000], [("entered", 0, "depth"), ("left", 30, "depth")], id="far away"
        ),
        pytest.param(
            [DEEP, -DEEP, DEEP],
            [("entered", 0, "depth"), ("left", 30, "depth"), ("entered", 60, "depth")],
            id="two visits",
        ),
    ],
)
def test_it_follows_the_rule_at_every_edge(
    east: list[int], expected: list[tuple[str, int, str]]
) -> None:
    assert told(run(rows(*east))) == expected


def test_its_buffer_and_count_come_with_the_place() -> None:
    assert told(run(rows(-9000, 1), Fences([fence(buffer_m=0)]))) == [("entered", 30, "depth")]
    assert told(run(rows(-9000, 1, 1, 1), Fences([fence(consecutive=3)]))) == [
        ("entered", 90, "consecutive")
    ]
    wide = fence(buffer_m=200)
    assert told(run(rows(-9000, DEEP), Fences([wide]))) == []


def test_it_measures_the_depth_in_metres() -> None:
    found = run(rows(-9000, 1000, -300, -9000))
    assert [each.kind for each in found] == ["entered", "left"]
    # A degree of longitude at 29.45 N: 111,412.84 cos x - 93.5 cos 3x = 97.01 km.
    depths = [look.depth_m for look in found[0].evidence]
    assert depths == [pytest.approx(-873.1, abs=0.4), pytest.approx(97.01, abs=0.05)]
    inside = [look.inside for look in found[1].evidence]
    assert inside == [False, True, False, False]
    assert found[1].evidence[2].depth_m == pytest.approx(-29.1, abs=0.05)


def test_its_finding_names_the_first_point_of_the_run() -> None:
    entered, left = run(rows(-9000, 5, 6, DEEP, -5, -6))
    assert (entered.first_key, entered.point.key) == ("7:30:5", "7:60:6")
    assert (left.first_key, left.point.key) == ("7:120:-5", "7:150:-6")
    assert (entered.rule, left.rule) == ("fence.enter", "fence.leave")
    assert len({entered.id, left.id}) == 2
    assert len(entered.id) == 32
    assert int(entered.id, 16)
    assert run(rows(-9000, 5, 6))[0].id == entered.id
    assert run(rows(-9000, 5, 6, vehicle=8))[0].id != entered.id
    assert run(rows(-9000, 5, 6), Fences([fence(place_id=2)]))[0].id != entered.id
    assert run(rows(-9000, 5, 6), Fences([fence(version=2)]))[0].id == entered.id


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"status": 1}, "not fixed"),
        ({"time_ms": -1}, "no time"),
        ({"lat": 0, "lon": 0}, "at 0,0"),
        ({"lat": 90_000_001}, "not on earth"),
        ({"lon": -(2**31)}, "not on earth"),
        ({"received_ms": START - 600_001}, "stamped more than ten minutes ahead"),
    ],
)
def test_it_does_not_count_a_point_that_is(change: Mapping[str, int], why: str) -> None:
    points = rows(DEEP, -DEEP, DEEP)
    for name, value in change.items():
        points[name][0] = value
    assert told(run(points)) == [("entered", 60, "depth")], why


def test_a_clock_that_runs_ahead_does_not_stop_the_vehicle() -> None:
    points = rows(-9000, DEEP, DEEP)
    points["time_ms"][0] += 365 * 86_400_000
    assert told(run(points)) == [("entered", 30, "depth")]


def test_late_points_move_nothing_backwards() -> None:
    points = rows(DEEP, DEEP, -DEEP, -9000)
    points["time_ms"][2:] -= 90_000
    assert told(run(points)) == [("entered", 0, "depth")]


def test_it_tells_a_long_stay_once() -> None:
    place = Fences([fence(dwell_s=60)])
    assert told(run(rows(DEEP, DEEP, DEEP), place)) == [("entered", 0, "depth")]
    found = run(rows(5, DEEP, DEEP, DEEP, DEEP), place)
    assert told(found) == [("entered", 30, "depth"), ("stayed", 90, "dwell")]
    assert found[1].first_key == "7:0:5"
    again = run(rows(DEEP, *[DEEP] * 5, -DEEP, DEEP, *[DEEP] * 5), place)
    assert [each.kind for each in again] == ["entered", "stayed", "left", "entered", "stayed"]
    assert again[1].id != again[4].id


def test_a_stay_is_not_told_from_a_point_outside() -> None:
    found = run(rows(DEEP, -5, step=3600), Fences([fence(dwell_s=60)]))
    assert told(found) == [("entered", 0, "depth")]


def test_an_exit_says_what_it_ends() -> None:
    """Since its first point inside, not since the point that confirmed it."""
    long = Fences([fence(dwell_s=3600)])
    memory: dict[int, Vehicle] = {}
    run(rows(-DEEP, 1, 1, DEEP), long, memory=memory)
    (left,) = run(rows(-DEEP, start=3000), long, memory=dict(memory))
    assert left.stay == Stay("7:30:1", stayed=False)
    run(rows(DEEP, start=4000), long, memory=memory)
    (left,) = run(rows(-DEEP, start=5000), long, memory=memory)
    assert left.stay == Stay("7:30:1", stayed=True)


def test_it_judges_only_the_kinds_and_days_of_the_place() -> None:
    only_coaches = Fences([fence(vehicle_kinds=frozenset({"coach"}))])
    assert run(rows(DEEP), only_coaches) == []
    assert len(run(rows(DEEP), only_coaches, kind="coach")) == 1
    assert len(run(rows(DEEP), only_coaches, kind="")) == 1, "an unknown vehicle is judged"
    day = date(2024, 4, 8)
    for first, last, expected in [
        (day, day, 1),
        (date(2024, 4, 9), None, 0),
        (None, date(2024, 4, 7), 0),
    ]:
        assert len(run(rows(DEEP), Fences([fence(valid_from=first, valid_to=last)]))) == expected


def test_the_day_of_a_place_is_the_local_day() -> None:
    points = rows(DEEP)
    points["time_ms"] = START - 4 * 3600_000 - 1000  # 23:59:59 of the 7th at GMT+8
    assert run(points, Fences([fence(valid_from=date(2024, 4, 8))])) == []
    points["time_ms"] += 1000
    assert len(run(points, Fences([fence(valid_from=date(2024, 4, 8))]))) == 1


def test_several_places_are_judged_each_for_itself() -> None:
    inner = {
        "type": "Polygon",
        "coordinates": [
            [[113.21, 29.44], [113.22, 29.44], [113.22, 29.46], [113.21, 29.46], [113.21, 29.44]]
        ],
    }
    places = Fences([fence(), fence(place_id=2, outline=outline(inner))])
    found = run(rows(-9000, DEEP, 15_000, 30_000), places)
    assert [(each.kind, each.fence.place_id) for each in found] == [
        ("entered", 1),
        ("entered", 2),
        ("left", 2),
    ]


def test_a_new_place_is_silent_about_those_already_inside() -> None:
    memory: dict[int, Vehicle] = {}
    before = Fences([])
    assert run(rows(DEEP), before, memory=memory) == []
    assert run(rows(-9000, vehicle=8), before, memory=memory) == []
    after = Fences([fence(dwell_s=3600)])
    changed = rule.adopt(after, memory, [1])
    assert set(changed) == {7}
    memory.update(changed)
    assert told(run(rows(DEEP, start=30), after, memory=memory)) == []
    assert told(run(rows(DEEP, start=30, vehicle=8), after, memory=memory)) == [
        ("entered", 30, "depth")
    ]
    assert told(run(rows(DEEP, start=3601), after, memory=memory)) == [("stayed", 3601, "dwell")]
    assert told(run(rows(-DEEP, start=7200), after, memory=memory)) == [("left", 7200, "depth")]
    assert told(run(rows(DEEP, start=30, vehicle=9), after, memory=memory)) == [
        ("entered", 30, "depth")
    ], "a vehicle never seen"


def test_a_redrawn_place_keeps_those_inside_until_their_points_say_so() -> None:
    memory: dict[int, Vehicle] = {}
    run(rows(DEEP), Fences([fence()]), memory=memory)
    east = {
        "type": "Polygon",
        "coordinates": [
            [[113.25, 29.4], [113.3, 29.4], [113.3, 29.5], [113.25, 29.5], [113.25, 29.4]]
        ],
    }
    redrawn = Fences([fence(version=2, outline=outline(east))])
    assert rule.adopt(redrawn, memory, [1]) == {}
    assert told(run(rows(DEEP, start=30), redrawn, memory=memory)) == [("left", 30, "depth")]


def test_a_removed_place_is_forgotten() -> None:
    memory: dict[int, Vehicle] = {}
    run(rows(DEEP), Fences([fence()]), memory=memory)
    assert run(rows(DEEP, start=30), Fences([]), memory=memory) == []
    assert memory[7].places == {}


steps = st.lists(st.integers(-2000, 2000), min_size=1, max_size=60)


@settings(max_examples=150, deadline=None)
@given(
    approach=st.sampled_from([-9000, 9000]),
    noise=st.lists(st.integers(-SHALLOW, SHALLOW), min_size=1, max_size=200),
)
def test_it_never_flaps_on_noise_within_the_buffer(approach: int, noise: list[int]) -> None:
    """However long a lorry stands on the line, it changes sides at most once."""
    found = [each.kind for each in run(rows(approach, *noise))]
    if approach > 0:
        assert found in (["entered"], ["entered", "left"])
    else:
        assert found in ([], ["entered"])


@settings(max_examples=150, deadline=None)
@given(east=steps, cuts=st.sets(st.integers(1, 59)))
def test_any_cutting_into_batches_gives_the_same_findings(east: list[int], cuts: set[int]) -> None:
    place = Fences([fence(dwell_s=100)])
    whole: dict[int, Vehicle] = {}
    part: dict[int, Vehicle] = {}
    expected = run(rows(*east), place, memory=whole)
    got = run(
        np.split(rows(*east), sorted(cut for cut in cuts if cut < len(east))), place, memory=part
    )
    assert got == expected
    assert part == whole


@settings(max_examples=150, deadline=None)
@given(east=steps, data=st.data())
def test_repeated_and_late_reports_change_nothing(east: list[int], data: st.DataObject) -> None:
    points = rows(*east)
    order: list[int] = []
    for number in range(len(east)):
        order.append(number)
        order += data.draw(st.lists(st.integers(0, number), max_size=2))
    place = Fences([fence(dwell_s=100)])
    assert run(points[order], place) == run(points, place)


@settings(max_examples=150, deadline=None)
@given(east=steps, others=steps)
def test_vehicles_do_not_touch_each_other(east: list[int], others: list[int]) -> None:
    both = np.concatenate([rows(*east), rows(*others, vehicle=8)])
    mixed = both[np.argsort(both["time_ms"], kind="stable")]
    assert [each for each in run(mixed) if each.vehicle == 7] == run(rows(*east))


@settings(max_examples=150, deadline=None)
@given(east=steps)
def test_enters_and_leaves_alternate_and_each_id_is_its_own(east: list[int]) -> None:
    found = run(rows(*east))
    assert [each.kind for each in found] == ["entered", "left"] * (len(found) // 2) + [
        "entered"
    ] * (len(found) % 2)
    assert len({each.id for each in found}) == len(found)
