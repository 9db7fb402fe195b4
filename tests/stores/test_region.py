"""A region in a time: the same stays as a plain walk over every report."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from jiaoan.kernel.clock import at_local
from jiaoan.rules.shapes import outline
from jiaoan.stores import compaction, positions, region, tracks
from jiaoan.stores.positions import Positions
from jiaoan.stores.region import CLOSE, Edge, Passage, Seen, Stay, seen

NOON = at_local(date(2024, 4, 8), 12)
HOUR = timedelta(hours=1)
SQUARE = outline(
    {
        "type": "Polygon",
        "coordinates": [
            [[113.2, 29.4], [113.3, 29.4], [113.3, 29.5], [113.2, 29.5], [113.2, 29.4]]
        ],
    }
)
INSIDE, OUTSIDE, ON_THE_EDGE = 113_250_000, 113_310_000, 113_300_000


def report(vehicle: int, minute: float, lon: int = INSIDE, *, fixed: bool = True) -> Positions:
    array = positions.empty(1)
    array["vehicle"], array["terminal"], array["speed"] = vehicle, b"139", 400 + round(minute)
    array["time_ms"] = round((NOON.timestamp() + minute * 60) * 1000)
    array["received_ms"] = array["time_ms"] + 500
    array["lat"], array["lon"] = 29_450_000, lon
    array["status"] = positions.FIXED if fixed else 0
    return array


def write(data: Path, *rows: Positions) -> None:
    for number, row in enumerate(rows, 1):
        tracks.write(data / "tracks", number, number, row, [b""] * len(row))


def ask(
    data: Path,
    *,
    vehicles: Collection[int] | None = None,
    now: datetime = NOON + timedelta(days=1),
    unsealed: Positions | None = None,
) -> list[Stay]:
    end = NOON + HOUR
    found = seen(data, SQUARE, NOON, end, vehicles=vehicles, now=now, unsealed=unsealed)
    return list(found.stays)


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


def test_it_tells_when_a_vehicle_came_in_and_left(tmp_path: Path) -> None:
    write(
        tmp_path,
        *(report(7, minute, OUTSIDE) for minute in (10, 11)),
        *(report(7, minute) for minute in (12, 13, 14)),
        report(7, 15, OUTSIDE),
        *(report(8, minute, OUTSIDE) for minute in (10, 11, 12)),
    )
    crossed = Edge.CROSSED
    assert ask(tmp_path) == [
        Stay(7, at(11), at(12), at(14), at(15), crossed, crossed, 3, 41.4),
    ]


def test_the_edge_of_the_area_is_inside(tmp_path: Path) -> None:
    write(tmp_path, report(7, 10, ON_THE_EDGE), report(8, 10, ON_THE_EDGE + 1))
    assert [stay.vehicle for stay in ask(tmp_path)] == [7]


def test_a_silence_ends_a_stay_and_is_said(tmp_path: Path) -> None:
    write(tmp_path, *(report(7, minute) for minute in (10, 14, 30, 31)))
    assert [(stay.first, stay.last, stay.begins, stay.ends) for stay in ask(tmp_path)] == [
        (at(10), at(14), Edge.SILENCE, Edge.SILENCE),
        (at(30), at(31), Edge.SILENCE, Edge.SILENCE),
    ]


def test_it_says_who_was_inside_already_and_still(tmp_path: Path) -> None:
    write(tmp_path, *(report(7, minute) for minute in range(-6, 70, 2)))
    (stay,) = ask(tmp_path)
    assert (stay.begins, stay.ends) == (Edge.WINDOW, Edge.WINDOW)
    write(tmp_path / "b", *(report(7, minute) for minute in (10, 12)))
    (stay,) = ask(tmp_path / "b", now=at(13))
    assert stay.ends is Edge.WINDOW, "it reported a minute ago: it did not fall silent"


def test_only_vehicles_that_the_scope_allows_are_told(tmp_path: Path) -> None:
    write(tmp_path, report(7, 1), report(8, 1), report(9, 1))
    assert [stay.vehicle for stay in ask(tmp_path, vehicles={8, 9, 100})] == [8, 9]
    assert ask(tmp_path, vehicles=()) == []
    together = np.concatenate([report(vehicle, 1) for vehicle in (17, 18, 19)])
    write(tmp_path / "one file", together)
    assert [stay.vehicle for stay in ask(tmp_path / "one file", vehicles={18})] == [18]


def test_reports_that_say_no_place_say_nothing(tmp_path: Path) -> None:
    write(tmp_path, report(7, 1, fixed=False))
    assert ask(tmp_path) == []


def test_what_is_on_the_bus_only_is_merged_in(tmp_path: Path) -> None:
    write(tmp_path, report(7, 10))
    (stay,) = ask(tmp_path, unsealed=report(7, 12))
    assert (stay.first, stay.last) == (at(10), at(12))
    assert [stay.vehicle for stay in ask(tmp_path, unsealed=report(9, 12))] == [7, 9]
    (stay,) = ask(tmp_path, unsealed=report(7, 10))
    assert stay.reports == 1, "a report sealed meanwhile is told once"


def test_it_asks_again_when_files_were_put_together_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, *(report(7, minute) for minute in range(20)))
    before, real = ask(tmp_path), tracks.current

    def listed_before(folder: Path) -> list[tracks.Source]:
        found = real(folder)
        for job in compaction.jobs(tmp_path / "tracks", 99, NOON + timedelta(days=2)):
            compaction.merge(job)
        return found

    monkeypatch.setattr(region, "current", listed_before)
    assert ask(tmp_path) == before


def plain(rows: list[Positions], start: datetime, end: datetime) -> list[tuple[int, float, float]]:
    """Vehicle, first and last second of each run of reports inside: a walk without arrays."""
    found: list[tuple[int, float, float]] = []
    said = sorted(
        {(int(r["vehicle"][0]), int(r["time_ms"][0]) / 1000, int(r["lon"][0])) for r in rows}
    )
    last: tuple[int, float, bool] | None = None
    for vehicle, time, lon in said:
        if not start.timestamp() - 300 <= time < end.timestamp() + 300:
            continue
        inside = 113_200_000 <= lon <= 113_300_000
        goes_on = last is not None and last[0] == vehicle and time - last[1] <= 300
        if inside and goes_on and last and last[2]:
            found[-1] = (vehicle, found[-1][1], time)
        elif inside:
            found.append((vehicle, time, time))
        last = (vehicle, time, inside)
    return [run for run in found if run[2] >= start.timestamp() and run[1] < end.timestamp()]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 4),
            st.integers(-20, 90),
            st.sampled_from([INSIDE, OUTSIDE, ON_THE_EDGE]),
        ),
        max_size=60,
        unique_by=lambda row: row[:2],
    ),
    st.integers(0, 60),
)
def test_it_tells_what_a_plain_walk_tells(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[int, int, int]], cut: int
) -> None:
    data = tmp_path_factory.mktemp("region")
    rows = [report(*one) for one in said]
    write(data, *rows[:cut])
    fresh = positions.empty(0)
    for row in rows[cut:]:
        fresh = np.concatenate([fresh, row])
    # A run that only touches the time by its reports outside of it is no stay in it.
    expected = [
        run
        for run in plain(rows, NOON, NOON + HOUR)
        if any(
            vehicle == run[0]
            and run[1] <= NOON.timestamp() + minute * 60 <= run[2]
            and 0 <= minute < 60
            for vehicle, minute, _ in said
        )
    ]
    assert [
        (stay.vehicle, stay.first.timestamp(), stay.last.timestamp())
        for stay in ask(data, unsealed=fresh)
    ] == expected


# ---------------------------------------------------------------- ways that no report inside tells

RING = [(0, 0), (10_000, 0), (10_000, 10_000), (5000, 5000), (0, 10_000)]
CORNER = {
    "type": "Polygon",
    "coordinates": [[[113.2 + x / 1e6, 29.4 + y / 1e6] for x, y in (*RING, RING[0])]],
}
NOTCHED = outline(CORNER)
Spot = tuple[int, int, int, int]  # vehicle, seconds behind noon, microdegrees east and north


def spot(vehicle: int, second: int, east: int, north: int) -> Positions:
    row = report(vehicle, second / 60)
    row["lon"], row["lat"] = 113_200_000 + east, 29_400_000 + north
    return row


def passages(data: Path, *, unsealed: Positions | None = None, **more: object) -> list[Passage]:
    asked: dict[str, object] = {"vehicles": None, **more}
    end = NOON + HOUR
    found: Seen = seen(
        data, NOTCHED, NOON, end, now=end, unsealed=unsealed, **asked,  # type: ignore[arg-type]
    )  # fmt: skip
    return list(found.passages)


def test_a_way_between_two_reports_outside_is_told_apart(tmp_path: Path) -> None:
    rows = [spot(7, 60, -1000, 2000), spot(7, 120, 11_000, 2000)]
    write(tmp_path, *rows)
    (way,) = passages(tmp_path)
    assert (way.vehicle, way.before, way.after) == (7, at(1), at(2))
    assert way.start == (113.199, 29.402)
    assert way.through_m == pytest.approx(971, abs=2)
    everything = seen(tmp_path, NOTCHED, NOON, NOON + HOUR, vehicles=None, now=NOON + HOUR)
    assert everything.stays == []
    assert passages(tmp_path, vehicles={8}) == []
    assert passages(tmp_path, close=timedelta(seconds=59)) == []
    assert passages(tmp_path / "none", unsealed=np.concatenate(rows)) == [way]
    write(tmp_path / "between", *rows, spot(7, 90, 5000, -20_000))
    assert passages(tmp_path / "between") == [], "it drove round it"
    write(tmp_path / "inside", *rows, spot(7, 90, 3000, 2000))
    assert passages(tmp_path / "inside") == [], "that is a stay"


def test_through_the_notch_of_an_area_leads_no_way_but_its_corner_is_in_it(tmp_path: Path) -> None:
    write(tmp_path, spot(7, 0, 4500, 9000), spot(7, 50, 5500, 9000))
    assert passages(tmp_path) == []
    write(tmp_path / "corner", spot(7, 0, -1000, 9000), spot(7, 50, 1000, 11_000))
    (way,) = passages(tmp_path / "corner")
    assert way.through_m == pytest.approx(0, abs=0.01), "it touches the corner: the edge belongs"


def test_what_nobody_can_drive_is_an_error_of_place(tmp_path: Path) -> None:
    write(tmp_path, spot(7, 60, -1000, 2000), spot(7, 70, 11_000, 2000))
    assert passages(tmp_path) == []


def test_a_way_over_midnight_is_seen(tmp_path: Path) -> None:
    start = NOON + timedelta(hours=11)
    write(tmp_path, spot(7, 12 * 3600 - 20, -1000, 2000), spot(7, 12 * 3600 + 20, 11_000, 2000))
    found = seen(tmp_path, NOTCHED, start, start + 2 * HOUR, vehicles=None, now=start + 2 * HOUR)
    assert [way.vehicle for way in found.passages] == [7]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 2),
            st.integers(-90, 400),
            st.integers(-6000, 16_000),
            st.integers(-6000, 16_000),
        ),
        max_size=30,
        unique_by=lambda row: row[:2],
    ),
    st.integers(0, 30),
)
def test_it_tells_the_ways_that_a_plain_walk_tells(
    tmp_path_factory: pytest.TempPathFactory, said: list[Spot], cut: int
) -> None:
    data = tmp_path_factory.mktemp("ways")
    rows = [spot(*one) for one in said]
    write(data, *rows[:cut])
    fresh = np.concatenate([positions.empty(0), *rows[cut:]])
    area = shapely.Polygon(RING)
    expected = []
    for one, other in pairwise(sorted(said)):
        seconds, line = other[1] - one[1], shapely.LineString([one[2:], other[2:]])
        ends = [shapely.Point(each[2:]) for each in (one, other)]
        metres = np.hypot((other[2] - one[2]) * 0.09705, (other[3] - one[3]) * 0.11084)
        if one[0] != other[0] or seconds > CLOSE.total_seconds() or other[1] < 0:
            continue
        if abs(metres / seconds * 3.6 - region.FASTEST_KMH) < 1:
            return  # how long a degree is there is not what this asks
        if metres / seconds * 3.6 > region.FASTEST_KMH or any(map(area.intersects, ends)):
            continue
        if area.intersects(line):
            expected.append((one[0], at(one[1] / 60), at(other[1] / 60)))
    assert [
        (each.vehicle, each.before, each.after) for each in passages(data, unsealed=fresh)
    ] == expected
