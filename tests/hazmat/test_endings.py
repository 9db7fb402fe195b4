"""Stays and the district line by which they began: closed, redrawn as another, or another's."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from hazmat.factory import DAY, SYSTEM, World, approved_filing, finding, make_world
from jiaoan.hazmat import actions
from jiaoan.hazmat.models import Filing, Trip
from jiaoan.hazmat.queries import trips_inside, trips_of_day
from jiaoan.hazmat.states import FilingState
from jiaoan.journal.models import Fact, Outgoing
from jiaoan.kernel.clock import at_local
from jiaoan.registry.actions import add_place, change_place, close_place
from jiaoan.registry.models import Place
from jiaoan.worker import steps

pytestmark = pytest.mark.django_db
CORNERS = [[113.1, 29.4], [113.2, 29.4], [113.2, 29.5], [113.1, 29.4]]
MIDNIGHT = at_local(DAY + timedelta(days=1))


@pytest.fixture
def world() -> World:
    return make_world()


def place(world: World, kind: str = "district", valid_to: date | None = None) -> Place:
    ground = {"type": "Polygon", "coordinates": [CORNERS]}
    return add_place(
        SYSTEM, world.clock, name="临江区界", kind=kind, geometry=ground, valid_to=valid_to
    )


def told(world: World, line: Place, rule: str, at: datetime, correction: str = "") -> None:
    said = finding(world.tanker, rule=f"fence.{rule}", at=at, place_kind=line.kind)
    said = replace(said, place_id=line.pk, id=f"{rule}{line.pk}{at:%d%H%M}".ljust(32, "0"))
    if correction == "withdrawn":
        said = replace(said, correction="withdrawn")
    actions.handle_finding(SYSTEM, world.clock, said)


def states() -> list[str]:
    return [trip.state for trip in Trip.objects.order_by("entered_at")]


def test_a_stay_ends_unseen_with_its_district_line(world: World) -> None:
    line = place(world, valid_to=DAY + timedelta(days=1))
    approved_filing(world, valid_to="2024-04-12")
    told(world, line, "enter", at_local(DAY, 6))
    world.clock.instant = MIDNIGHT + timedelta(days=1) - timedelta(seconds=1)
    steps.due(world.clock)
    assert states() == ["inside"], "the line holds to the end of its last day"
    world.clock.instant = MIDNIGHT + timedelta(days=1, seconds=5)
    steps.due(world.clock)
    trip = Trip.objects.get()
    assert (trip.state, trip.left_at) == ("superseded", None), "nobody saw an exit"
    fact = Fact.objects.get(kind="hazmat.place_ended")
    assert (fact.obj, fact.happened_at) == (trip.subject, MIDNIGHT + timedelta(days=1))
    assert fact.payload["cause"] == "expired"
    assert Filing.objects.get().status is FilingState.APPROVED, "used up by a stay seen to its end"
    assert not trips_inside(SYSTEM).exists()
    facts, letters = Fact.objects.count(), Outgoing.objects.count()
    steps.due(world.clock)
    assert (Fact.objects.count(), Outgoing.objects.count()) == (facts, letters), "told once"
    days = [DAY + timedelta(days=number) for number in range(3)]
    assert [trips_of_day(SYSTEM, day).count() for day in days] == [1, 1, 0]


def test_closing_another_place_ends_no_stay(world: World) -> None:
    line, yard = place(world), place(world, kind="park")
    other = place(world)
    told(world, line, "enter", at_local(DAY, 6))
    told(world, yard, "enter", at_local(DAY, 7))
    world.clock.instant = at_local(DAY, 9)
    for each in (yard, other):
        close_place(SYSTEM, world.clock, each, last_day=DAY - timedelta(days=1))
    steps.due(world.clock)
    told(world, yard, "leave", at_local(DAY, 10))
    assert states() == ["inside"]


def test_the_exit_of_another_line_in_force_ends_no_stay(world: World) -> None:
    line, other = place(world), place(world)
    told(world, line, "enter", at_local(DAY, 6))
    told(world, other, "leave", at_local(DAY, 7))
    assert states() == ["inside"]
    told(world, line, "leave", at_local(DAY, 8))
    assert [(trip.state, trip.left_at) for trip in Trip.objects.all()] == [
        ("left", at_local(DAY, 8))
    ]


@pytest.mark.parametrize("noticed", [True, False])
def test_the_line_that_takes_its_place_tells_the_exit(world: World, noticed: bool) -> None:
    line = place(world, valid_to=DAY)
    told(world, line, "enter", at_local(DAY, 6))
    after = place(world)
    told(world, after, "leave", at_local(DAY, 23))
    assert states() == ["inside"], "the first line was still in force then"
    world.clock.instant = MIDNIGHT + timedelta(hours=2)
    if noticed:
        steps.due(world.clock)
        assert states() == ["superseded"]
    told(world, after, "leave", MIDNIGHT + timedelta(hours=1))
    trip = Trip.objects.get()
    assert (trip.state, trip.left_at) == ("left", MIDNIGHT + timedelta(hours=1))
    told(world, after, "leave", MIDNIGHT + timedelta(hours=1), "withdrawn")
    steps.due(world.clock)
    assert states() == ["superseded"], "the exit was disproved: it ended with its line again"


def test_a_new_stay_is_not_mixed_up_with_one_that_ended_with_its_line(world: World) -> None:
    line = place(world, valid_to=DAY)
    told(world, line, "enter", at_local(DAY, 6))
    world.clock.instant = MIDNIGHT + timedelta(hours=8)
    steps.due(world.clock)
    change_place(SYSTEM, world.clock, line, seen_version=1, valid_to=None)
    told(world, line, "enter", MIDNIGHT + timedelta(hours=9))
    told(world, line, "leave", MIDNIGHT + timedelta(hours=10))
    assert states() == ["superseded", "left"]


def test_a_line_of_other_vehicles_tells_no_exit(world: World) -> None:
    line = place(world)
    told(world, line, "enter", at_local(DAY, 6))
    world.clock.instant = at_local(DAY, 7)
    change_place(SYSTEM, world.clock, line, seen_version=1, vehicle_kinds=["coach"])
    steps.due(world.clock)
    assert states() == ["superseded"]
    assert Fact.objects.get(kind="hazmat.place_ended").happened_at == at_local(DAY, 7)
