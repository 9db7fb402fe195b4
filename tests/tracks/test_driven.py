"""A vehicle's day is judged by the figures, the profile and the places that held on that day."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from hazmat.factory import SYSTEM, World, make_world
from jiaoan.org.actions import add_person
from jiaoan.org.models import User
from jiaoan.registry.actions import add_place, add_vehicle, change_place, change_vehicle
from jiaoan.registry.models import Vehicle
from jiaoan.rules.driving.law import Rule
from jiaoan.tracks.driven import Driven
from jiaoan.tracks.queries import Store, day_of
from jiaoan.watch.rules import actions
from jiaoan.watch.rules.queries import standing
from track_world import DAY, at, report, write

pytestmark = pytest.mark.django_db
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[113.2, 29.4], [113.3, 29.4], [113.3, 29.5], [113.2, 29.5], [113.2, 29.4]]],
}


@pytest.fixture
def world() -> World:
    """Some weeks before the day."""
    return make_world()


@pytest.fixture
def head(world: World) -> User:
    return add_person(
        SYSTEM, world.clock, username="head", password="Zx9-quiet", display_name="股长",
        organisation=world.bureau, role="section_head",
    )  # fmt: skip


def a_truck(world: World, **fields: object) -> Vehicle:
    return add_vehicle(
        SYSTEM, world.clock, plate="鄂A12345", plate_colour=2, kind="truck", **fields
    )


def drive(data: Path, vehicle: Vehicle, kmh: float, begin: int = 0) -> None:
    """Four minutes in the square."""
    rows = [report(begin + s, km=s / 80, kmh=kmh, vehicle=vehicle.pk) for s in range(0, 240, 10)]
    write(data, np.concatenate(rows))


def day(world: World, vehicle: Vehicle, data: Path) -> list[Driven]:
    """As it is shown two days later."""
    world.clock.instant = at(0) + timedelta(days=2)
    found = day_of(Store(data, "nats://127.0.0.1:9"), vehicle, DAY, world.clock)
    return list(found.driven)


def test_the_figures_of_the_bureau_hold(world: World, head: User, tmp_path: Path) -> None:
    truck = a_truck(world)
    drive(tmp_path, truck, 85)
    assert day(world, truck, tmp_path) == []  # 100 as shipped
    world.clock.instant = at(0) - timedelta(days=20)
    for figure, first in (("80", DAY), ("100", DAY + timedelta(days=1))):
        actions.change_figures(
            head, world.clock, {"heavy_general": figure}, valid_from=first.isoformat(),
            note="局定", seen_version=standing().version,
        )  # fmt: skip
    assert [each.limit_kmh for each in day(world, truck, tmp_path)] == [80.0]


def test_a_rule_that_is_switched_off_finds_nothing(
    world: World, head: User, tmp_path: Path
) -> None:
    truck = a_truck(world, speed_limit_kmh=80)
    drive(tmp_path, truck, 85)
    assert [each.rule for each in day(world, truck, tmp_path)] == [Rule.OVERSPEED]
    actions.switch(
        head, world.clock, "driving.overspeed", on=False, note="试运行",
        seen_version=standing().version,
    )  # fmt: skip
    assert day(world, truck, tmp_path) == []


def test_the_profile_of_the_day_holds(world: World, tmp_path: Path) -> None:
    truck = a_truck(world, speed_limit_kmh=80)
    drive(tmp_path, truck, 85)
    world.clock.instant = at(60)
    truck = change_vehicle(
        SYSTEM, world.clock, truck, seen_version=truck.version, speed_limit_kmh=None
    )
    (stretch,) = day(world, truck, tmp_path)
    assert (stretch.start, stretch.end) == (at(0), at(50))  # from 08:01:00 on there is no limit


def test_the_places_of_the_day_hold(world: World, tmp_path: Path) -> None:
    truck = a_truck(world)
    drive(tmp_path, truck, 45)
    place = add_place(
        SYSTEM, world.clock, name="限速区", kind="park", geometry=SQUARE, limits_kmh={"": 40}
    )
    world.clock.instant = at(0) + timedelta(days=1)
    change_place(SYSTEM, world.clock, place, seen_version=place.version, limits_kmh={})
    (stretch,) = day(world, truck, tmp_path)
    assert (stretch.limit_kmh, stretch.start) == (40.0, at(0))


def test_a_place_that_limits_since_then_did_not_on_the_day(world: World, tmp_path: Path) -> None:
    truck = a_truck(world)
    drive(tmp_path, truck, 45)
    world.clock.instant = at(0) + timedelta(days=1)
    add_place(SYSTEM, world.clock, name="限速区", kind="park", geometry=SQUARE, limits_kmh={"": 40})
    assert day(world, truck, tmp_path) == []
