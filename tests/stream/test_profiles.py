"""What the register says of vehicles and roads, through the stream's own judging.

Rows of the register (not stored) → reference values → :class:`References` → ``judging.judge``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import copy
from datetime import UTC, date, datetime
from typing import cast

import numpy as np
import pytest

from jiaoan.kernel.clock import LOCAL
from jiaoan.registry.models import Place, Terminal, Vehicle
from jiaoan.registry.reference import place_value, terminal_value, vehicle_value
from jiaoan.rules.driving import columns as c
from jiaoan.rules.driving.findings import Finding
from jiaoan.rules.driving.sentences import sentence
from jiaoan.rules.fences.judging import look_up
from jiaoan.rules.fences.surroundings import surroundings
from jiaoan.stores.bus import Bus, Message
from jiaoan.stores.positions import Positions, empty
from jiaoan.stream.reference import References
from stream.world import World

BUS, WEST, SOUTH = 7, 113.20, 29.50
ROAD = [[WEST, SOUTH], [WEST + 0.5, SOUTH]]  # some 48 km due east
PER_S = 10.3e-6  # degrees of longitude a second at 1 m/s, near 29.5 N


def apply(references: References, subject: str, value: object) -> None:
    data = json.dumps(value).encode()
    references.apply(Message(subject, data, 0, datetime.now(UTC)))


def vehicle(**fields: object) -> Vehicle:
    return Vehicle(pk=BUS, plate="湘F12345", plate_colour=2, **fields)


def road(pk: int = 1, line: Sequence[Sequence[float]] = ROAD, **fields: object) -> Place:
    said = {"name": "示意高速", "role": "road", "road_class": "expressway", "shape": "corridor",
            "size_m": 60.0, **fields}  # fmt: skip
    geometry = {"type": "LineString", "coordinates": [list(one) for one in line]}
    return Place(pk=pk, kind="road", geometry=geometry, **said)


def world(known: Vehicle, *places: Place, bound: Sequence[Vehicle] = ()) -> World:
    references = References(cast(Bus, None))
    terminal = Terminal(phone="13900000007", vehicle=known)
    apply(references, "ref.terminal.13900000007", terminal_value(terminal))
    for place in places:
        told = bound if place.role == "route" else ()
        apply(references, f"ref.place.{place.pk}", place_value(place, told))
    references.rebuild()
    return World(references)


def drive(
    begin: str, minutes: float, kmh: float, *, lat: float = SOUTH, lon: float = WEST + 0.01,
    direction: int = 90,
) -> Positions:  # fmt: skip
    """A drive due east (or where ``direction`` points, on the spot), a report each ten seconds."""
    count = int(minutes * 6)
    rows = empty(count)
    seconds = np.arange(count) * 10
    first = datetime.fromisoformat(begin).replace(tzinfo=LOCAL).timestamp()
    rows["vehicle"], rows["terminal"], rows["status"] = BUS, b"13900000007", 3
    rows["time_ms"] = (first + seconds) * 1000
    rows["received_ms"] = rows["time_ms"] + 700
    rows["lat"] = round(lat * 1e6)
    rows["lon"] = np.rint((lon + seconds * kmh / 3.6 * PER_S) * 1e6)
    rows["speed"], rows["direction"] = round(kmh * 10), direction
    return rows


def heard(known: World, *drives: Positions) -> list[str]:
    """The rules that a drive told of, each once, in the order in which it began."""
    for rows in drives:
        known.hear(rows)
    found = [json.loads(each) for each in known.stored.values()]
    return list(dict.fromkeys(str(one["rule"]) for one in found))


NIGHT = "2024-04-08T01:00"


def test_a_tanker_on_an_expressway_at_night_drives_in_banned_hours() -> None:
    assert heard(world(vehicle(kind="hazmat"), road()), drive(NIGHT, 5, 70)) == [
        "driving.hazmat-ban"
    ]


@pytest.mark.parametrize(
    ("kind", "place", "rows"),
    [
        ("hazmat", road(), drive(NIGHT, 5, 50, lat=SOUTH + 0.01)),  # a kilometre beside it
        ("hazmat", road(), drive("2024-04-08T06:00", 5, 70)),  # the hours are over
        ("coach", road(), drive(NIGHT, 5, 70)),
        ("hazmat", road(road_class="class_1"), drive(NIGHT, 5, 50)),
        ("hazmat", road(road_class=""), drive(NIGHT, 5, 50)),
        ("hazmat", road(valid_to=date(2024, 4, 7)), drive(NIGHT, 5, 70)),
        ("hazmat", road(), drive(NIGHT, 5, 20, direction=0 + 180)),  # across it
    ],
)
def test_elsewhere_and_at_other_hours_nothing_is_told(
    kind: str, place: Place, rows: Positions
) -> None:
    assert heard(world(vehicle(kind=kind), place), rows) == []


def test_a_tanker_keeps_80_on_an_expressway_and_60_on_other_roads() -> None:
    noon = drive("2024-04-08T12:00", 3, 70)
    tanker = vehicle(kind="hazmat")
    assert heard(world(tanker, road()), noon) == []
    assert heard(world(tanker, road(road_class="class_2")), noon) == ["driving.overspeed"]
    assert heard(world(tanker), noon) == []  # on which road it is nobody knows


def test_the_limit_of_a_section_holds_on_it_and_not_off_it() -> None:
    section = road(road_class="urban", limits_kmh={"": 40, "coach": 30})
    noon = "2024-04-08T12:00"
    assert heard(world(vehicle(kind="truck"), section), drive(noon, 3, 45)) == ["driving.overspeed"]
    assert heard(world(vehicle(kind="coach"), section), drive(noon, 3, 35)) == ["driving.overspeed"]
    assert heard(world(vehicle(kind="truck"), section), drive(noon, 3, 38)) == []
    off = drive(noon, 3, 45, lat=SOUTH + 0.001)
    assert heard(world(vehicle(kind="truck"), section), off) == []


def test_the_firms_own_limit_comes_from_the_register() -> None:
    noon = drive("2024-04-08T12:00", 3, 85)
    assert heard(world(vehicle(kind="truck")), noon) == []
    assert heard(world(vehicle(kind="truck", speed_limit_kmh=80)), noon) == ["driving.overspeed"]


@pytest.mark.parametrize(
    ("service", "one_way_km", "told"),
    [
        ("", None, True), ("long-distance", 80, True), ("relay", 900, False),
        ("commuter", 200, False), ("commuter", 201, True), ("commuter", None, True),
        ("shuttle", 30, False), ("airport-rail", 150, False), ("customised", 150, False),
    ],
)  # fmt: skip
def test_who_may_run_between_two_and_five_stands_in_the_register(
    service: str, one_way_km: int | None, told: bool
) -> None:
    coach = vehicle(kind="coach", service=service, one_way_km=one_way_km)
    found = heard(world(coach), drive("2024-04-08T03:00", 5, 50))
    assert found == (["driving.small-hours"] if told else [])


def school_bus() -> Vehicle:
    hours = [[6 * 60 + 30, 8 * 60], [16 * 60, 17 * 60 + 30]]
    return vehicle(kind="school_bus", school_hours=hours, school_days=[1, 2, 3, 4, 5])


@pytest.mark.parametrize(
    ("begin", "told"),
    [
        ("2024-04-08T06:30", False), ("2024-04-08T07:55", False), ("2024-04-08T08:00", True),
        ("2024-04-08T06:25", True), ("2024-04-08T16:00", False), ("2024-04-08T17:30", True),
        ("2024-04-06T07:00", True),  # a Saturday
    ],
)  # fmt: skip
def test_a_school_bus_runs_in_its_hours(begin: str, told: bool) -> None:
    found = heard(world(school_bus()), drive(begin, 5, 40))
    assert found == (["driving.school-hours"] if told else [])


def test_a_school_bus_that_leaves_its_route_is_told() -> None:
    route = road(role="route", road_class="", name="一号校车线路", consecutive=2, buffer_m=50)
    bus = school_bus()
    on_it = drive("2024-04-08T07:00", 2, 40)
    off_it = drive("2024-04-08T07:02", 2, 40, lat=SOUTH + 0.001, lon=WEST + 0.0237)
    assert heard(world(bus, route, bound=[bus]), on_it) == []
    assert heard(world(bus, route, bound=[bus]), on_it, off_it) == ["fence.off_route"]


# --- which road it is ----------------------------------------------------------------------------


def roads(rows: Positions, *places: Place) -> list[int]:
    fences = world(vehicle(kind="hazmat"), *places).references.fences
    found = surroundings(fences, look_up(fences, rows), rows, lambda _vehicle, _time_ms: "hazmat")
    return [int(each) for each in np.unique(found["road"])]


CROSSING = road(2, [[WEST + 0.02, SOUTH - 0.1], [WEST + 0.02, SOUTH + 0.1]], road_class="class_2")
TOWN = Place(
    pk=3, kind="road", role="road", road_class="urban", shape="polygon", name="城区道路",
    geometry={"type": "Polygon", "coordinates": [
        [[WEST, SOUTH - 0.1], [WEST + 0.5, SOUTH - 0.1], [WEST + 0.5, SOUTH + 0.1],
         [WEST, SOUTH + 0.1], [WEST, SOUTH - 0.1]]]},
)  # fmt: skip


def test_a_road_that_crosses_above_or_below_is_not_the_road() -> None:
    through = drive("2024-04-08T12:00", 2, 60, lon=WEST + 0.015)  # over the crossing at 0.02
    assert roads(through, road(), CROSSING) == [c.EXPRESSWAY]
    on_the_other = drive("2024-04-08T12:00", 1, 0, lon=WEST + 0.02, direction=180)
    on_the_other["speed"] = 300
    assert roads(on_the_other, road(), CROSSING) == [c.OTHER_ROAD]


def test_who_stands_on_a_crossing_is_on_no_road_that_is_known() -> None:
    standing = drive("2024-04-08T12:00", 1, 0, lon=WEST + 0.02)
    assert roads(standing, road(), CROSSING) == [c.ANY_ROAD]
    assert roads(standing, road()) == [c.EXPRESSWAY]


def test_a_corridor_tells_more_than_an_area() -> None:
    assert roads(drive("2024-04-08T12:00", 1, 60), road(), TOWN) == [c.EXPRESSWAY]
    beside = drive("2024-04-08T12:00", 1, 60, lat=SOUTH + 0.01)
    assert roads(beside, road(), TOWN) == [c.OTHER_ROAD]


# --- where roads lie over each other -------------------------------------------------------------

VIADUCT = road(limits_kmh={"": 100, "hazmat": 80})
STREET = road(4, road_class="urban", name="高架下地面道路", limits_kmh={"": 40})


@pytest.mark.parametrize(("kmh", "told"), [(35, False), (80, False), (100, False), (101, True)])
def test_over_speed_is_who_is_too_fast_for_every_road_he_may_be_on(kmh: float, told: bool) -> None:
    known = world(vehicle(kind="enforcement"), VIADUCT, STREET)
    found = heard(known, drive("2024-04-08T12:00", 3, kmh))
    assert found == (["driving.overspeed"] if told else [])
    for each in map(json.loads, known.stored.values()):
        said = sentence(Finding.from_json(each["finding"])).zh
        assert "几条道路重叠，按其中最宽的路段限速100" in said


def test_a_tanker_above_or_below_keeps_80() -> None:
    tanker, noon = vehicle(kind="hazmat"), "2024-04-08T12:00"
    assert heard(world(tanker, VIADUCT, STREET), drive(noon, 3, 80)) == []
    assert heard(world(tanker, VIADUCT, STREET), drive(noon, 3, 81)) == ["driving.overspeed"]
    assert heard(world(tanker, STREET), drive(noon, 3, 41)) == ["driving.overspeed"]


@pytest.mark.parametrize("grade", ["urban", ""])
def test_a_ban_on_expressways_needs_every_road_to_be_one(grade: str) -> None:
    tanker, night = vehicle(kind="hazmat"), drive(NIGHT, 5, 30)
    assert heard(world(tanker, road(), road(4, road_class=grade)), night) == []
    assert heard(world(tanker, road(), road(4)), night) == ["driving.hazmat-ban"]


def test_at_the_joint_of_two_sections_the_higher_limit_holds() -> None:
    """40 up to 113.25, 60 from 113.24 on: between them both."""
    slow = road(1, [[WEST, SOUTH], [WEST + 0.05, SOUTH]], road_class="urban", limits_kmh={"": 40})
    fast = road(2, [[WEST + 0.04, SOUTH], [WEST + 0.5, SOUTH]], road_class="urban",
                limits_kmh={"": 60})  # fmt: skip
    truck = vehicle(kind="truck")
    joint = drive("2024-04-08T12:00", 1, 50, lon=WEST + 0.0405)
    assert heard(world(truck, slow, fast), joint) == []
    assert heard(world(truck, slow), joint) == ["driving.overspeed"]


def test_a_road_without_a_limit_leaves_the_limit_open() -> None:
    noon = drive("2024-04-08T12:00", 3, 80)
    assert heard(world(vehicle(kind="truck"), STREET, road()), noon) == []


def test_the_limit_of_an_area_is_not_that_of_an_expressway_through_it() -> None:
    town = copy(TOWN)
    town.limits_kmh = {"": 40}
    noon = "2024-04-08T12:00"
    truck = vehicle(kind="truck")
    assert heard(world(truck, road(), town), drive(noon, 3, 80)) == []
    beside = drive(noon, 3, 45, lat=SOUTH + 0.01)
    assert heard(world(truck, road(), town), beside) == ["driving.overspeed"]


def test_a_place_that_is_no_road_limits_on_every_road() -> None:
    site = Place(
        pk=5, kind="park", role="area", shape="polygon", name="施工区", geometry=TOWN.geometry,
        limits_kmh={"": 30},
    )  # fmt: skip
    noon = drive("2024-04-08T12:00", 3, 35)
    found = heard(world(vehicle(kind="truck"), VIADUCT, STREET, site), noon)
    assert "driving.overspeed" in found


def test_a_road_says_nothing_of_who_enters_it() -> None:
    assert heard(world(vehicle(kind="truck"), road()), drive("2024-04-08T12:00", 3, 60)) == []


# --- references ----------------------------------------------------------------------------------


def test_a_vehicle_that_another_platform_forwards_has_its_profile_too() -> None:
    references = References(cast(Bus, None))
    apply(references, f"ref.vehicle.{BUS}", vehicle_value(school_bus()))
    assert references.book().kind_of(BUS) == "school_bus"
    assert references.book().profile(BUS).school_hours == ((390, 480), (960, 1050))
    assert references.book().profile(BUS).school_days == 0b0011111


def test_the_last_word_on_a_vehicle_holds_and_a_terminal_may_go() -> None:
    references = References(cast(Bus, None))
    subject = "ref.terminal.13900000007"
    coach = vehicle(kind="coach", service="relay")
    apply(references, subject, terminal_value(Terminal(phone="13900000007", vehicle=coach)))
    apply(references, f"ref.vehicle.{BUS}", vehicle_value(vehicle(kind="coach")))
    assert references.book().profile(BUS).service == ""
    assert references.vehicles[BUS].phone == "13900000007"
    apply(references, subject, {"deleted": True})
    assert references.vehicles[BUS].phone == ""
    apply(references, f"ref.vehicle.{BUS}", {"deleted": True})
    assert BUS not in references.vehicles


def test_a_reference_of_an_older_release_is_read() -> None:
    references = References(cast(Bus, None))
    old = terminal_value(Terminal(phone="13900000007", vehicle=vehicle(kind="coach")))
    del old["profile"]
    apply(references, "ref.terminal.13900000007", old)
    assert references.book().profile(BUS).kind == "coach"
    place = place_value(road(), ())
    del place["road_class"]
    apply(references, "ref.place.1", place | {"kind": "forbidden", "role": "forbidden"})
    assert references.places[1].fence.road is None


def test_a_wrong_reference_leaves_the_vehicle_as_it_was() -> None:
    references = References(cast(Bus, None))
    subject = "ref.terminal.13900000007"
    good = terminal_value(Terminal(phone="13900000007", vehicle=school_bus()))
    apply(references, subject, good)
    for wrong in ({"service": "taxi"}, {"school_hours": [[480, 420]]}, {"limit": "fast"}):
        apply(references, subject, {**good, "profile": wrong})
        assert references.book().profile(BUS).school_hours == ((390, 480), (960, 1050))


def test_a_class_of_road_that_nobody_knows_is_refused_by_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    references = References(cast(Bus, None))
    apply(references, "ref.place.1", place_value(road(), ()) | {"road_class": "motorway"})
    assert 1 not in references.places
    assert "road_class: 'motorway'" in caplog.text


def test_the_names_of_the_register_are_those_of_the_rules() -> None:
    from typing import get_args

    from jiaoan.registry.models import CoachService, PlaceRole, RoadClass, VehicleKind
    from jiaoan.rules import fences
    from jiaoan.rules.driving.book import KINDS, Service

    assert set(RoadClass.values) == set(fences.RoadClass)
    assert set(PlaceRole.values) == set(fences.Role)
    assert set(CoachService.values) == set(get_args(Service))
    assert set(VehicleKind.values) == set(KINDS) - {""}


def test_a_day_is_local() -> None:
    """01:00 of 8 April is still 7 April in UTC: a road that holds from the 8th holds."""
    place = road(valid_from=date(2024, 4, 8))
    assert heard(world(vehicle(kind="hazmat"), place), drive(NIGHT, 5, 70)) == [
        "driving.hazmat-ban"
    ]
