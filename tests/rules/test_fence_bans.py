"""Bans, routes and gate lines: golden cases by hand at every edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiaoan.rules import fences as rule
from jiaoan.rules.fences import Fence, Fences, Finding, Role, Vehicle
from jiaoan.rules.hours import Hours
from jiaoan.rules.shapes import corridor, line, outline
from rules.test_fences import DTYPE, FIXED, MIDDLE, SQUARE, WEST

LOCAL = timezone(timedelta(hours=8))
MORNING = Hours.parse({"from": "07:00", "to": "09:00"})
DEEP, SHALLOW, OUT = 2000, 100, -9000
Rows = npt.NDArray[np.void]


def at(text: str) -> int:
    moment = datetime.fromisoformat(text).replace(tzinfo=LOCAL)
    return round(moment.astimezone(UTC).timestamp() * 1000)


def drive(*points: tuple[str, int], vehicle: int = 7, lat: int = MIDDLE) -> Rows:
    """Points of (local time of 2024-04-08 or a whole one, microdegrees east of the west edge)."""
    array = np.zeros(len(points), DTYPE)
    for row, (time, east) in zip(array, points, strict=True):
        row["time_ms"] = at(time if "T" in time else f"2024-04-08T{time}")
        row["received_ms"] = row["time_ms"] + 500
        row["lon"] = WEST + east
    array["vehicle"], array["status"], array["lat"] = vehicle, FIXED, lat
    return array


def ban(**changes: object) -> Fence:
    made = Fence(
        place_id=1, version=1, outline=outline(SQUARE), buffer_m=50, consecutive=2,
        role=Role.FORBIDDEN, hours=(MORNING,), law="示意通告第一条",
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def run(
    points: Rows | Sequence[Rows],
    fence: Fence,
    memory: dict[int, Vehicle] | None = None,
    kind: str = "hazmat",
) -> list[Finding]:
    memory = {} if memory is None else memory
    found: list[Finding] = []
    for batch in [points] if isinstance(points, np.ndarray) else points:
        outcome = rule.judge(
            Fences([fence]), memory, batch,
            key_of=lambda row: f"{row['vehicle']}:{row['time_ms']}",
            kinds=rule.Steady(lambda _: kind),
        )  # fmt: skip
        memory.update(outcome.vehicles)
        found += outcome.findings
    return found


def told(found: Sequence[Finding]) -> list[tuple[str, str, str]]:
    """(kind, local time of the confirming point, confirmed by)."""
    return [
        (one.kind, f"{datetime.fromtimestamp(one.point.time_ms / 1000, LOCAL):%H:%M:%S}",
         one.confirmed_by)
        for one in found
    ]  # fmt: skip


ENTERED, FORBIDDEN = "entered", "forbidden"


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        pytest.param(
            [("06:59:00", OUT), ("06:59:59", DEEP)], [(ENTERED, "06:59:59", "depth")],
            id="inside a second before it opens",
        ),
        pytest.param(
            [("06:59:00", OUT), ("07:00:00", DEEP)],
            [(ENTERED, "07:00:00", "depth"), (FORBIDDEN, "07:00:00", "depth")],
            id="enters as it opens",
        ),
        pytest.param(
            [("06:30:00", DEEP), ("07:00:00", DEEP), ("07:00:30", DEEP)],
            [(ENTERED, "06:30:00", "depth"), (FORBIDDEN, "07:00:00", "hours")],
            id="it opens while inside: told once",
        ),
        pytest.param(
            [("06:30:00", DEEP), ("09:00:00", DEEP)], [(ENTERED, "06:30:00", "depth")],
            id="no point while it is open: a gap is no proof",
        ),
        pytest.param(
            [("08:59:59", OUT), ("09:00:00", DEEP)], [(ENTERED, "09:00:00", "depth")],
            id="enters as it closes",
        ),
        pytest.param(
            [("08:58:00", OUT), ("08:59:59", SHALLOW), ("09:00:29", SHALLOW)],
            [(ENTERED, "09:00:29", "consecutive"), (FORBIDDEN, "09:00:29", "consecutive")],
            id="first point while open, confirmed after: forbidden by the first",
        ),
        pytest.param(
            [("08:58:00", OUT), ("08:59:59", SHALLOW), ("09:00:29", -SHALLOW)], [],
            id="one shallow point while open proves nothing",
        ),
        pytest.param(
            [("06:00:00", DEEP), ("06:59:00", -SHALLOW), ("07:30:00", -SHALLOW), ("07:31:00", OUT)],
            [(ENTERED, "06:00:00", "depth"), ("left", "07:30:00", "consecutive")],
            id="outside when it opens, leaving confirmed while open",
        ),
        pytest.param(
            [("07:10:00", DEEP), ("07:20:00", -DEEP), ("07:30:00", DEEP)],
            [
                (ENTERED, "07:10:00", "depth"), (FORBIDDEN, "07:10:00", "depth"),
                ("left", "07:20:00", "depth"),
                (ENTERED, "07:30:00", "depth"), (FORBIDDEN, "07:30:00", "depth"),
            ],
            id="two visits are two",
        ),
        pytest.param(
            [("07:10:00", SHALLOW), ("07:11:00", SHALLOW), ("07:12:00", -SHALLOW),
             ("07:13:00", SHALLOW), ("07:14:00", -SHALLOW), ("07:15:00", -SHALLOW)],
            [(ENTERED, "07:11:00", "consecutive"), (FORBIDDEN, "07:11:00", "consecutive")],
            id="parked on the line: told once",
        ),
    ],
)  # fmt: skip
def test_a_ban_with_hours(
    points: list[tuple[str, int]], expected: list[tuple[str, str, str]]
) -> None:
    assert told(run(drive(*points), ban())) == expected


def test_each_opening_is_told_once_and_has_its_own_id() -> None:
    days = [(f"2024-04-{day:02d}T{time}", DEEP) for day in (8, 9) for time in ("06:00", "08:00")]
    found = run(drive(*days), ban())
    assert [one.kind for one in found] == [ENTERED, FORBIDDEN, FORBIDDEN]
    assert [one.opened_ms for one in found[1:]] == [
        at("2024-04-08T07:00"), at("2024-04-09T07:00")
    ]  # fmt: skip
    assert len({one.id for one in found}) == 3


def test_a_night_over_the_end_of_the_year_is_one_opening() -> None:
    night = ban(hours=(Hours.parse({"from": "22:00", "to": "05:00"}),))
    found = run(
        drive(
            ("2024-12-31T21:00", DEEP), ("2024-12-31T23:59:59", DEEP), ("2025-01-01T00:00", DEEP),
            ("2025-01-01T04:59:59", DEEP), ("2025-01-01T05:00", DEEP), ("2025-01-01T22:00", DEEP),
        ),
        night,
    )  # fmt: skip
    assert told(found) == [
        (ENTERED, "21:00:00", "depth"), (FORBIDDEN, "23:59:59", "hours"),
        (FORBIDDEN, "22:00:00", "hours"),
    ]  # fmt: skip


def test_a_ban_without_hours_holds_always() -> None:
    found = run(drive(("03:00", OUT), ("03:01", DEEP), ("23:00", DEEP)), ban(hours=()))
    assert [(one.kind, one.opened_ms) for one in found] == [(ENTERED, None), (FORBIDDEN, 0)]


def test_a_ban_that_begins_to_hold_tells_who_is_inside_but_not_that_they_entered() -> None:
    later = ban(hours=(), valid_from=date(2024, 4, 9), valid_to=date(2024, 4, 9))
    points = drive(
        ("2024-04-08T23:59:59", DEEP), ("2024-04-09T00:00:00", DEEP), ("2024-04-09T23:59:59", DEEP),
        ("2024-04-10T00:00:00", -DEEP),
    )  # fmt: skip
    assert told(run(points, later)) == [(FORBIDDEN, "00:00:00", "hours")]
    last = drive(("2024-04-09T23:59:58", DEEP), ("2024-04-09T23:59:59", -DEEP))
    assert [one.kind for one in run(last, later)] == [ENTERED, FORBIDDEN, "left"]
    after = drive(("2024-04-10T00:00:00", DEEP), ("2024-04-10T00:01:00", -DEEP))
    assert run(after, later) == []


def test_a_stay_is_told_when_the_place_begins_to_hold() -> None:
    later = ban(role=Role.AREA, dwell_s=60, valid_from=date(2024, 4, 9))
    points = drive(("08:00", DEEP), ("08:02", DEEP), ("2024-04-09T00:00:00", DEEP))
    assert told(run(points, later)) == [("stayed", "00:00:00", "dwell")]


def test_a_clock_that_runs_back_over_the_opening_tells_nothing_twice() -> None:
    points = drive(
        ("06:50", DEEP), ("07:01", DEEP), ("06:59", DEEP), ("07:00:30", DEEP), ("07:02", DEEP)
    )
    assert [one.kind for one in run(points, ban())] == [ENTERED, FORBIDDEN]


def test_a_new_ban_tells_who_stands_in_it() -> None:
    memory: dict[int, Vehicle] = {}
    run(drive(("07:10", DEEP)), ban(place_id=9, role=Role.AREA), memory)
    memory.update(rule.adopt(Fences([ban()]), memory, [1]))
    assert told(run(drive(("07:11", DEEP)), ban(), memory)) == [(FORBIDDEN, "07:11:00", "hours")]


def test_a_ban_of_other_kinds_is_not_remembered() -> None:
    memory: dict[int, Vehicle] = {}
    for_coaches = ban(vehicle_kinds=frozenset({"coach"}))
    assert run(drive(("07:10", DEEP)), for_coaches, memory) == []
    assert memory[7].places == {}


def test_its_finding_carries_rule_limits_and_law() -> None:
    found = run(drive(("07:10", DEEP)), ban())[1]
    assert (found.rule, found.fence.law) == ("fence.forbidden", "示意通告第一条")
    assert found.evidence[-1].depth_m > 50


def test_its_speed_limit_goes_by_kind_and_hour() -> None:
    limited = ban(role=Role.AREA, limits_kmh={"hazmat": 40, "": 60})
    assert limited.limit_kmh("hazmat", at("2024-04-08T08:00")) == 40
    assert limited.limit_kmh("truck", at("2024-04-08T08:00")) == 60
    assert limited.limit_kmh("hazmat", at("2024-04-08T09:00")) is None
    assert ban().limit_kmh("hazmat", at("2024-04-08T08:00")) is None


ROAD = corridor([(113.2, 29.45), (113.3, 29.45)], 200)  # 100 m, 902 microdegrees to each side


def route(**changes: object) -> Fence:
    made = ban(role=Role.ROUTE, hours=(), outline=ROAD, bound=frozenset({7}))
    return replace(made, **changes)  # type: ignore[arg-type]


def weave(*points: tuple[str, int], vehicle: int = 7) -> Rows:
    """Points of (time, microdegrees north of the road's middle)."""
    rows = drive(*((time, 50_000) for time, _ in points), vehicle=vehicle)
    rows["lat"] = MIDDLE + np.array([north for _, north in points])
    return rows


def test_a_vehicle_of_the_route_is_told_when_it_leaves_it() -> None:
    away = weave(("08:00", 9000), ("08:01", 0), ("08:02", 1000), ("08:03", 1000), ("08:04", 0))
    found = run(away, route())
    assert told(found) == [("off_route", "08:03:00", "consecutive"), (OVER, "08:04:00", "depth")]
    assert found[0].first_key == f"7:{at('2024-04-08T08:02')}"
    assert run(weave(("08:00", 9000), ("08:01", 12_000)), route()) == [], "was never on it"
    assert run(weave(("08:01", 0), ("08:02", 9000), vehicle=8), route()) == [], "not bound to it"
    short = weave(("08:01", 0), ("08:02", 1000), ("08:03", 0), ("08:04", 1000), ("08:05", 0))
    assert run(short, route()) == [], "a stray point each"
    on_its_edge = weave(("08:01", 0), *((f"08:{m:02d}", 895 + m % 3 * 7) for m in range(2, 40)))
    assert len(run(on_its_edge, route())) <= 1


OFF, OVER = "off_route", "off_route_over"
EDGE = 902  # microdegrees north of the middle: the last ones that the road holds
BUFFER = 1353  # and the last ones within 50 m of it


def far_m(found: Finding) -> int:
    return found.far_dm // 10


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        pytest.param(
            [("08:00", 0), ("08:01", 9000), ("08:02", 9000), ("08:03", 0)],
            [(OFF, "08:01:00", "depth"), (OVER, "08:03:00", "depth")], id="away and back",
        ),
        pytest.param(
            [("08:00", 0), ("08:01", BUFFER), ("08:02", 0)], [], id="exactly at the buffer: noise",
        ),
        pytest.param(
            [("08:00", 0), ("08:01", BUFFER + 1), ("08:02", 0)],
            [(OFF, "08:01:00", "depth"), (OVER, "08:02:00", "depth")], id="just beyond the buffer",
        ),
        pytest.param(
            [("08:00", 0), ("08:01", 9000), ("08:02", EDGE), ("08:03", 9000), ("08:04", 0)],
            [(OFF, "08:01:00", "depth"), (OVER, "08:04:00", "depth")],
            id="one point on the edge is no return",
        ),
        pytest.param(
            [("08:00", 0), ("08:01", 9000), ("08:02", EDGE), ("08:03", EDGE), ("08:04", 0)],
            [(OFF, "08:01:00", "depth"), (OVER, "08:03:00", "consecutive")],
            id="the second point on it is one",
        ),
        pytest.param(
            [("08:00", 0), ("08:01", EDGE + 1), ("08:02", EDGE + 1), ("08:03", EDGE),
             ("08:04", EDGE), ("08:05", EDGE + 1), ("08:06", 0)],
            [(OFF, "08:02:00", "consecutive"), (OVER, "08:06:00", "depth")],
            id="along its edge: never flapping",
        ),
        pytest.param(
            [("08:00", 0), ("08:01", 9000), ("16:00", 0), ("16:01", 9000)],
            [(OFF, "08:01:00", "depth"), (OVER, "16:00:00", "depth"), (OFF, "16:01:00", "depth")],
            id="a gap: over with the first point back, and again is a new one",
        ),
        pytest.param(
            [("08:00", 0), ("08:01", 9000), ("2024-04-09T00:00:00", 9000),
             ("2024-04-09T08:00:00", 0)],
            [(OFF, "08:01:00", "depth"), (OVER, "08:00:00", "depth")], id="midnight ends nothing",
        ),
        pytest.param([("08:00", 9000), ("08:01", 0), ("08:02", 0)], [], id="came onto it: silence"),
    ],
)  # fmt: skip
def test_being_off_the_route_ends(
    points: list[tuple[str, int]], expected: list[tuple[str, str, str]]
) -> None:
    assert told(run(weave(*points), route())) == expected


def test_the_end_names_what_it_ends_and_how_far_the_vehicle_was() -> None:
    north = (0, 1000, 3000, 9000, 5000, EDGE, 9500, 0, 1400, 0)
    there = weave(*((f"08:{minute:02d}", each) for minute, each in enumerate(north)))
    first, over, again, last = run(there, route())
    assert [first.kind, over.kind, again.kind, last.kind] == [OFF, OVER, OFF, OVER]
    assert first.first_key == over.first_key == f"7:{at('2024-04-08T08:01')}"
    assert len({first.id, over.id, again.id, last.id}) == 4
    # 9500 microdegrees of latitude from the middle, 100 m of them on the road
    assert (far_m(first), far_m(over)) == (232, 953)
    assert far_m(last) == 55, "what was before the return is forgotten"
    assert over.over_ms == over.point.time_ms


def test_a_stray_point_off_the_route_does_not_count_as_its_distance() -> None:
    stray = weave(("08:00", 0), ("08:01", 1340), ("08:02", 0), ("08:03", EDGE + 1),
                  ("08:04", EDGE + 1))  # fmt: skip
    (off,) = run(stray, route())
    assert far_m(off) == 0


def lapses(*points: tuple[str, int], there: Fence) -> list[tuple[str, str, str, str]]:
    """As :func:`told`, with the local moment at which it was over."""
    found = run(weave(*points), there)
    over = [datetime.fromtimestamp(one.over_ms / 1000, LOCAL) for one in found]
    return [(*one, f"{end:%d %H:%M:%S}") for one, end in zip(told(found), over, strict=True)]


def test_being_off_the_route_is_over_when_the_route_is() -> None:
    off = [("08:58", 0), ("08:59", 9000)]
    began = (OFF, "08:59:00", "depth", "08 08:59:00")
    hours = route(hours=(MORNING,))
    assert lapses(*off, ("08:59:59", 9000), there=hours) == [began]
    closed = (OVER, "09:00:00", "lapsed", "08 09:00:00")
    assert lapses(*off, ("09:00", 9000), ("09:01", 0), there=hours) == [began, closed]
    assert lapses(*off, ("09:00", 0), there=hours) == [began, closed], "not by its return"
    late = (OVER, "08:30:00", "lapsed", "08 09:00:00")
    next_day = ("2024-04-09T08:30", 9000)
    assert lapses(*off, next_day, there=hours) == [began, late], "another opening is another"
    days = route(valid_to=date(2024, 4, 8))
    midnight = (OVER, "06:00:00", "lapsed", "09 00:00:00")
    assert lapses(*off, ("2024-04-09T06:00", 9000), there=days) == [began, midnight]
    assert lapses(*off, ("23:59:59", 9000), there=days) == [began]


def test_hours_that_follow_each_other_are_one() -> None:
    off = [("08:58", 0), ("08:59", 9000)]
    more = Hours.parse({"from": "09:00", "to": "11:00"})
    split = route(hours=(MORNING, more))
    assert lapses(*off, ("10:00", 9000), there=split)[1:] == []
    assert lapses(*off, ("10:00", 9000), ("12:00", 9000), there=split)[1:] == [
        (OVER, "12:00:00", "lapsed", "08 11:00:00")
    ]
    whole = route(hours=(Hours.parse({"from": "00:00", "to": "24:00"}),))
    assert lapses(*off, ("2024-04-11T08:00", 9000), ("2024-04-11T08:01", 0), there=whole)[1:] == [
        (OVER, "08:01:00", "depth", "11 08:01:00")
    ]
    workdays = route(hours=(Hours.parse({"from": "00:00", "to": "24:00", "weekdays": [1]}),))
    assert lapses(*off, ("2024-04-11T08:00", 9000), there=workdays)[1:] == [
        (OVER, "08:00:00", "lapsed", "09 00:00:00")
    ]


def test_a_vehicle_that_is_released_from_its_route_is_off_it_no_more() -> None:
    memory: dict[int, Vehicle] = {}
    run(weave(("08:00", 0), ("08:01", 9000)), route(), memory)
    found = run(weave(("08:05", 9000)), route(bound=frozenset()), memory)
    assert told(found) == [(OVER, "08:05:00", "lapsed")]
    assert memory[7].places == {}


def test_a_route_drawn_anew_under_a_vehicle_that_is_off_it_takes_it_back_by_the_rule() -> None:
    memory: dict[int, Vehicle] = {}
    run(weave(("08:00", 0), ("08:01", 9000)), route(), memory)
    wide = route(outline=corridor([(113.2, 29.459), (113.3, 29.459)], 200), version=2)
    memory.update(rule.adopt(Fences([wide]), memory, [1]))
    assert told(run(weave(("08:02", 9000)), wide, memory)) == [(OVER, "08:02:00", "depth")]


def test_a_route_with_hours_is_silent_outside_them() -> None:
    there = route(hours=(MORNING,))
    assert run(weave(("06:58", 0), ("06:59", 9000), ("07:30", 9000)), there) == []
    assert len(run(weave(("06:59", 0), ("07:00", 9000)), there)) == 1
    assert run(weave(("08:59", 0), ("09:00", 9000)), there) == []


def test_a_vehicle_that_is_bound_again_does_not_leave_from_where_it_was() -> None:
    memory: dict[int, Vehicle] = {}
    run(weave(("08:00", 0)), route(), memory)
    run(weave(("08:01", 20_000)), route(bound=frozenset()), memory)
    assert run(weave(("08:02", 20_000)), route(), memory) == []


# A gate along 113.2 E from south to north: west of it is left, east of it is right.
GATE = line([(113.2, 29.44), (113.2, 29.46)])


def gate(**changes: object) -> Fence:
    made = ban(role=Role.GATE, hours=(), outline=GATE)
    return replace(made, **changes)  # type: ignore[arg-type]


def crossings(found: Sequence[Finding]) -> list[tuple[str, str, str]]:
    return [(one.direction, said[1], said[2]) for one, said in zip(found, told(found), strict=True)]


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        pytest.param([("08:00", OUT), ("08:01", DEEP)], [("right", "08:01:00", "depth")],
                     id="to the right"),
        pytest.param([("08:00", DEEP), ("08:01", OUT)], [("left", "08:01:00", "depth")],
                     id="to the left"),
        pytest.param([("08:00", OUT), ("08:01", 5), ("08:02", 9)],
                     [("right", "08:02:00", "consecutive")], id="second point beyond"),
        pytest.param([("08:00", OUT), ("08:01", 5), ("08:02", -5), ("08:03", 5)], [],
                     id="there and back"),
        pytest.param([("08:00", OUT), ("08:01", 0), ("08:02", 0)],
                     [("right", "08:02:00", "consecutive")], id="on the line is right of it"),
        pytest.param([("08:00", OUT), ("08:01", 5), ("08:02", 9), ("08:03", -5), ("08:04", -5),
                      ("08:05", 5), ("08:06", 5)], [("right", "08:02:00", "consecutive")],
                     id="parked on the line"),
        pytest.param([("08:00", OUT), ("08:01", 5), ("08:02", 9), ("08:03", -5), ("08:04", OUT)],
                     [("right", "08:02:00", "consecutive"), ("left", "08:04:00", "depth")],
                     id="over, and back for good"),
        pytest.param([("08:00", OUT), ("08:05:00", DEEP)], [("right", "08:05:00", "depth")],
                     id="five minutes are a way"),
        pytest.param([("08:00", OUT), ("08:05:01", DEEP)], [], id="a longer silence is none"),
    ],
)  # fmt: skip
def test_a_gate(points: list[tuple[str, int]], expected: list[tuple[str, str, str]]) -> None:
    assert crossings(run(drive(*points), gate())) == expected


def test_a_gate_is_not_crossed_beside_its_ends() -> None:
    north = drive(("08:00", OUT), ("08:01", DEEP), lat=29_460_001)
    assert run(north, gate()) == []
    assert len(run(drive(("08:00", OUT), ("08:01", DEEP), lat=29_450_000), gate())) == 1


def test_round_the_end_and_over_again_is_twice_in_the_same_direction() -> None:
    over = drive(("08:00", OUT), ("08:01", DEEP), ("08:02", DEEP), ("08:03", OUT), ("08:04", DEEP))
    over["lat"][2:4] = 29_470_000
    over["lat"][3] = 29_470_000
    assert crossings(run(over, gate())) == [
        ("right", "08:01:00", "depth"), ("right", "08:04:00", "depth")
    ]  # fmt: skip


def test_a_gate_of_one_direction_tells_only_that_one() -> None:
    both_ways = drive(("08:00", OUT), ("08:01", DEEP), ("08:02", OUT))
    assert [one.direction for one in run(both_ways, gate(direction="left"))] == ["left"]
    assert [one.direction for one in run(both_ways, gate(direction="right"))] == ["right"]
    assert run(both_ways, gate(hours=(Hours.parse({"from": "09:00", "to": "10:00"}),))) == []


@settings(max_examples=60, deadline=None)
@given(
    start=st.tuples(st.integers(-400, 400), st.integers(-400, 400)),
    way=st.lists(st.tuples(st.integers(-400, 400), st.integers(-400, 400)), max_size=12),
)
def test_a_way_that_ends_where_it_began_crosses_a_ring_as_often_out_as_in(
    start: tuple[int, int], way: list[tuple[int, int]]
) -> None:
    """However the way lies to the corners of the ring: that is what makes a sum of crossings."""
    ring = line([(0, 0), (0.0003, 0.0001), (0.0001, 0.0003), (-0.0002, 0.0001), (0, 0)])
    stops = [start, *way, start]
    total = sum(ring.crossed(p, q) for p, q in pairwise(stops))
    assert total == 0


@settings(max_examples=60, deadline=None)
@given(
    east=st.lists(st.integers(-600, 600), min_size=1, max_size=40),
    cuts=st.sets(st.integers(1, 39)),
)
def test_any_cutting_into_batches_gives_the_same_bans_and_crossings(
    east: list[int], cuts: set[int]
) -> None:
    rows = drive(*((f"2024-04-08T06:{n + 20:02d}", one) for n, one in enumerate(east)))
    parts = np.split(rows, sorted(cut for cut in cuts if cut < len(rows)))
    open_at_half = ban(hours=(Hours.parse({"from": "06:30", "to": "06:45"}),))
    for fence in (open_at_half, gate()):
        assert run(parts, fence) == run(rows, fence)


def test_noise_on_a_gate_line_is_told_once_at_most() -> None:
    random = np.random.default_rng(4)
    noise = random.integers(-400, 400, 50).tolist()
    points = [("07:59", OUT), *((f"08:{n:02d}", one) for n, one in enumerate(noise))]
    assert len(run(drive(*points), gate())) == 1
