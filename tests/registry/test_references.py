"""What goes down to the gateways and the stream of a vehicle, and what it was before."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps

from hazmat.factory import World, make_world
from jiaoan.journal.models import Outgoing
from jiaoan.registry.actions import add_terminal, add_vehicle, change_vehicle
from jiaoan.registry.models import Vehicle, VehicleProfile
from jiaoan.registry.profiles import past_of, profile_by_day
from jiaoan.registry.reference import everything, vehicle_subject, vehicle_value
from jiaoan.scope import SystemActor
from jiaoan.stream import reference as stream

pytestmark = pytest.mark.django_db
SETTER = SystemActor("test", frozenset({"registry.manage"}))


def change(world: World, made: Vehicle, **fields: object) -> Vehicle:
    return change_vehicle(SETTER, world.clock, made, seen_version=made.version, **fields)


def a_coach(world: World) -> Vehicle:
    return add_vehicle(
        SETTER, world.clock, plate="鄂A12345", plate_colour=2, kind="coach", service="relay"
    )


def test_a_vehicle_without_a_terminal_is_told_too() -> None:
    """Positions of a vehicle that only another platform forwards are matched by it."""
    world = make_world()
    made = a_coach(world)
    subject = vehicle_subject(made)
    (sent,) = Outgoing.objects.filter(topic=subject)
    since = world.clock.now().isoformat()
    assert sent.payload == {**vehicle_value(made), "since": since, "before": []}
    assert sent.payload["plate"] == "鄂A12345"
    assert dict(everything())[subject] == sent.payload


def test_a_change_of_profile_is_told_with_what_the_vehicle_was_before() -> None:
    world = make_world()
    made = a_coach(world)
    terminal = add_terminal(SETTER, world.clock, vehicle=made, phone="013900000001")
    begun = world.clock.now()
    world.clock.advance(timedelta(hours=3))
    change(world, made, service="long-distance")
    before = {"since": begun.isoformat(), "vehicle_kind": "coach", "profile": {"service": "relay"}}
    for subject in (vehicle_subject(made), f"ref.terminal.{terminal.phone}"):
        sent = Outgoing.objects.filter(topic=subject).latest("pk").payload
        assert sent["profile"] == {"service": "long-distance"}
        assert sent["since"] == world.clock.now().isoformat()
        assert sent["before"] == [before]
        assert dict(everything())[subject] == sent


def test_what_no_rule_asks_for_begins_no_profile() -> None:
    world = make_world()
    made = a_coach(world)
    world.clock.advance(timedelta(hours=3))
    change(world, made, transport_certificate="湘交运管1")
    assert VehicleProfile.objects.filter(vehicle=made).count() == 1


def test_two_changes_of_one_moment_are_one_profile() -> None:
    world = make_world()
    made = change(world, a_coach(world), service="commuter", one_way_km=80)
    (held,) = made.profiles.all()
    assert held.profile == {"service": "commuter", "one_way_km": 80}


def test_a_vehicle_of_before_the_history_has_been_so_always() -> None:
    world = make_world()
    made = Vehicle.objects.create(plate="鄂A54321", plate_colour=2, kind="truck")
    assert past_of(made) == {}
    change(world, made, speed_limit_kmh=80)
    assert past_of(made)["before"] == [{"since": None, "vehicle_kind": "truck", "profile": {}}]


def test_what_ended_a_month_before_the_last_change_is_told_to_who_asks_about_the_past() -> None:
    world = make_world()
    made = a_coach(world)
    for limit in (80, 70, 60):
        world.clock.advance(timedelta(days=20))
        made = change(world, made, speed_limit_kmh=limit)
    # 70 ended at the last change and 80 twenty days before; without a limit it was forty days ago.
    carried = stream.dated_profile(past_of(made))
    assert [each.profile.limit for each in carried.former] == [800, 700]
    former = [each.profile.limit for each in profile_by_day(made).former]
    assert former == [0, 800, 700]


def test_the_history_is_read_back_from_what_was_published() -> None:
    world = make_world()
    made = a_coach(world)
    begun = world.clock.now()
    world.clock.advance(timedelta(hours=3))
    made = change(world, made, carrier_name="某公司")
    world.clock.advance(timedelta(hours=3))
    change(world, made, service="long-distance")
    VehicleProfile.objects.all().delete()
    migration = import_module("jiaoan.registry.migrations.0004_vehicle_profiles")
    migration.read_back(apps, None)
    held = [(each.since, each.kind, each.profile) for each in made.profiles.all()]
    assert held == [
        (begun, "coach", {"service": "relay"}),
        (world.clock.now(), "coach", {"service": "long-distance"}),
    ]
