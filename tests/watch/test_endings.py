"""What lasts in a place is over with it: closed, expired, or changed so that it ends for one."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from hazmat.factory import SYSTEM, World, finding_json, make_world
from jiaoan.journal.models import Fact, Outgoing
from jiaoan.kernel.clock import at_local
from jiaoan.registry.actions import add_place, change_place, close_place
from jiaoan.registry.endings import Cause
from jiaoan.registry.models import Place
from jiaoan.watch.findings import actions
from jiaoan.watch.findings.actions import end_with_places, endings
from jiaoan.watch.models import Alarm, Finding
from jiaoan.watch.states import AlarmState
from jiaoan.worker import steps
from jiaoan.worker.batches import checkpoint, found
from jiaoan.worker.models import Parked

pytestmark = pytest.mark.django_db
TODAY = date(2024, 4, 8)
MIDNIGHT = at_local(date(2024, 4, 9))
CORNERS = [[113.1, 29.4], [113.2, 29.4], [113.2, 29.5], [113.1, 29.4]]


@pytest.fixture
def world() -> World:
    return make_world()


def zone(world: World, **more: Any) -> Place:
    ground = {"type": "Polygon", "coordinates": [CORNERS]}
    return add_place(
        SYSTEM, world.clock, name="松林隧道", kind="forbidden", geometry=ground, **more
    )


def route(world: World) -> Place:
    line = {"type": "LineString", "coordinates": CORNERS[:3]}
    return add_place(
        SYSTEM, world.clock, name="危货一号线", kind="road", geometry=line, shape="corridor",
        size_m=60.0, role="route", bound=[world.own_truck],
    )  # fmt: skip


def said(world: World, place: Place, rule: str, at: datetime, **more: Any) -> bytes:
    body = json.loads(
        finding_json(world.own_truck, rule=rule, at=at, place_name=place.name, place_kind="road")
    )
    body |= {"place_id": place.pk, "place_version": place.version, "first_position": f"{at}"}
    if rule.startswith("fence.off_route"):
        body["inputs"] |= {"farthest_m": 60.4, "over_at": None, "confirmed_by": "depth"}
    body["inputs"] |= more.pop("inputs", {})
    return json.dumps(body | more).encode()


def tell(world: World, *messages: bytes) -> None:
    """As the worker hears them."""
    after = checkpoint()
    waiting = [
        found("findings.01", data, number, datetime(2024, 4, 8, tzinfo=UTC))
        for number, data in enumerate(messages, start=after + 1)
    ]
    while waiting:
        waiting = steps.handle_findings(waiting, after + len(messages), world.clock)
    assert not Parked.objects.exists()


def end() -> tuple[datetime | None, str]:
    one = Finding.objects.get()
    alarm = Alarm.objects.filter(findings=one).first()
    if alarm is not None:
        assert (alarm.ended_at, alarm.ended_with) == (one.ended_at, one.ended_with)
    return one.ended_at, one.ended_with


@pytest.mark.parametrize("rule", ["fence.forbidden", "fence.stay"])
def test_the_end_of_the_last_day_ends_what_lasts_in_a_place(world: World, rule: str) -> None:
    place = zone(world)
    tell(world, said(world, place, rule, world.clock.now()))
    close_place(SYSTEM, world.clock, place, last_day=TODAY)
    world.clock.instant = MIDNIGHT - timedelta(seconds=1)
    steps.due(world.clock)
    assert end() == (None, ""), "it holds to the end of its last day"
    world.clock.instant = MIDNIGHT + timedelta(seconds=4)
    steps.due(world.clock)
    assert end() == (MIDNIGHT, Cause.EXPIRED)
    alarm = Alarm.objects.get()
    assert alarm.status is AlarmState.PENDING, "over is not dealt with"
    fact = Fact.objects.get(kind="watch.ended_with_place")
    assert (fact.obj, fact.happened_at) == (f"watch.alarm:{alarm.pk}", MIDNIGHT)
    assert (fact.payload["place"], fact.payload["place_version"]) == (place.pk, 2)
    facts, letters = Fact.objects.count(), Outgoing.objects.count()
    steps.due(world.clock)
    assert (Fact.objects.count(), Outgoing.objects.count()) == (facts, letters), "told once"


def test_a_place_that_is_closed_at_once_ends_it_at_once(world: World) -> None:
    place = zone(world)
    tell(world, said(world, place, "fence.forbidden", world.clock.now()))
    world.clock.instant += timedelta(hours=2)
    closed = world.clock.now()
    close_place(SYSTEM, world.clock, place, last_day=TODAY - timedelta(days=1))
    world.clock.instant += timedelta(minutes=7)
    assert end_with_places(SYSTEM, world.clock) == 1
    assert end() == (closed, Cause.CLOSED)


def test_a_place_in_force_or_unknown_ends_nothing(world: World) -> None:
    place = zone(world, valid_to=TODAY + timedelta(days=1))
    other = zone(world, valid_to=TODAY)
    tell(world, said(world, place, "fence.forbidden", world.clock.now()))
    stranger = Place(pk=other.pk + 100, name="?")
    tell(world, said(world, stranger, "fence.stay", world.clock.now()))
    world.clock.instant = MIDNIGHT + timedelta(hours=1)
    assert end_with_places(SYSTEM, world.clock) == 0


@pytest.mark.parametrize("change", [{"vehicle_kinds": ["coach"]}, {"role": "area"}])
def test_a_zone_that_concerns_the_vehicle_no_more_ends_it(
    world: World, change: dict[str, Any]
) -> None:
    place = zone(world)
    tell(world, said(world, place, "fence.forbidden", world.clock.now()))
    world.clock.instant += timedelta(hours=1)
    change_place(SYSTEM, world.clock, place, seen_version=1, name="松林隧道东")
    assert end_with_places(SYSTEM, world.clock) == 0
    world.clock.instant += timedelta(hours=1)
    changed = world.clock.now()
    change_place(SYSTEM, world.clock, place, seen_version=2, **change)
    change_place(SYSTEM, world.clock, place, seen_version=3, name="松林隧道西")
    world.clock.instant += timedelta(hours=1)
    assert end_with_places(SYSTEM, world.clock) == 1
    assert end() == (changed, Cause.CHANGED)


def test_a_vehicle_that_is_taken_off_a_route_is_off_it_no_more(world: World) -> None:
    place = route(world)
    began = world.clock.now()
    tell(world, said(world, place, "fence.off_route", began))
    world.clock.instant += timedelta(minutes=30)
    change_place(SYSTEM, world.clock, place, seen_version=1, bound=[world.tanker])
    freed = world.clock.now()
    steps.due(world.clock)
    assert end() == (freed, Cause.CHANGED)
    # Its next point says the same, and how far it had come: that is the better word.
    over = freed + timedelta(seconds=20)
    inputs = {"over_at": over.isoformat(), "confirmed_by": "lapsed", "farthest_m": 900.0}
    last = said(
        world, place, "fence.off_route_over", over, inputs=inputs, first_position=f"{began}"
    )
    tell(world, last, last)
    finding = Finding.objects.get()
    assert (end(), finding.figure) == ((over, ""), "900 m")
    assert finding.end is not None


def test_an_exit_told_late_goes_before_the_end_of_the_place(world: World) -> None:
    place = zone(world, valid_to=TODAY)
    tell(world, said(world, place, "fence.forbidden", world.clock.now()))
    world.clock.instant = MIDNIGHT + timedelta(minutes=1)
    steps.due(world.clock)
    left = MIDNIGHT - timedelta(minutes=10)
    tell(world, said(world, place, "fence.leave", left))
    assert end() == (left, "")
    withdrawn = {"correction": "withdrawn", "judged_at": MIDNIGHT.isoformat()}
    tell(world, said(world, place, "fence.leave", left, **withdrawn))
    assert end() == (None, "")
    steps.due(world.clock)
    assert end() == (MIDNIGHT, Cause.EXPIRED), "what lasted after all is over with its place"


def test_an_exit_of_a_later_visit_ends_no_earlier_one(world: World) -> None:
    place = zone(world, valid_to=TODAY)
    tell(world, said(world, place, "fence.forbidden", world.clock.now()))
    world.clock.instant = MIDNIGHT + timedelta(hours=9)
    steps.due(world.clock)
    change_place(SYSTEM, world.clock, place, seen_version=1, valid_to=None)
    tell(world, said(world, place, "fence.leave", world.clock.now()))
    assert end() == (MIDNIGHT, Cause.EXPIRED)


def test_a_finding_that_comes_after_the_end_is_over_when_it_began(world: World) -> None:
    place = zone(world)
    world.clock.instant += timedelta(hours=1)
    close_place(SYSTEM, world.clock, place, last_day=TODAY - timedelta(days=1))
    at = world.clock.now() + timedelta(seconds=1)  # the stream had not heard of it
    tell(world, said(world, place, "fence.forbidden", at))
    world.clock.instant += timedelta(minutes=1)
    steps.due(world.clock)
    assert end() == (at, Cause.CLOSED)


def test_the_alarm_lasts_while_another_of_its_findings_does(world: World) -> None:
    first, second = zone(world, valid_to=TODAY), zone(world)
    tell(world, said(world, first, "fence.forbidden", world.clock.now()))
    tell(world, said(world, second, "fence.forbidden", world.clock.now(), id="0" * 32))
    world.clock.instant = MIDNIGHT + timedelta(hours=1)
    steps.due(world.clock)
    alarm = Alarm.objects.get()
    assert (alarm.told, alarm.ended_at, alarm.ended_with) == (2, None, "")


def test_a_fleet_ends_in_turns_at_one_moment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endings, "AT_ONCE", 2)
    place = zone(world, valid_to=TODAY)
    for number in range(3):
        tell(world, said(world, place, "fence.stay", world.clock.now(), id=f"{number:032}"))
    world.clock.instant = MIDNIGHT + timedelta(hours=1)
    assert [actions.end_with_places(SYSTEM, world.clock) for _ in range(3)] == [2, 1, 0]
    assert set(Finding.objects.values_list("ended_at", flat=True)) == {MIDNIGHT}
