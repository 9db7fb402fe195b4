"""Vehicles of the register: every change is checked, told to the stream, and in the journal."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from jiaoan.journal.models import Fact, Outgoing
from jiaoan.kernel.clock import FixedClock
from jiaoan.registry import actions
from jiaoan.registry.models import Terminal, Vehicle
from jiaoan.registry.profiles import profile_value
from jiaoan.scope import Refused, SystemActor

pytestmark = pytest.mark.django_db
KEEPER = SystemActor("test", frozenset({"registry.manage"}))
CLOCK = FixedClock(datetime(2024, 6, 5, 6, 20, tzinfo=UTC))


def add(plate: str = "湘F12345", kind: str = "coach", **fields: object) -> Vehicle:
    return actions.add_vehicle(KEEPER, CLOCK, plate=plate, plate_colour=2, kind=kind, **fields)


def change(vehicle: Vehicle, **fields: object) -> Vehicle:
    return actions.change_vehicle(KEEPER, CLOCK, vehicle, seen_version=vehicle.version, **fields)


def test_a_change_goes_to_the_stream_with_its_version_and_to_every_terminal() -> None:
    coach = add()
    for phone in ("13900000001", "13900000002"):
        actions.add_terminal(KEEPER, CLOCK, vehicle=coach, phone=phone)
    Outgoing.objects.all().delete()
    changed = change(coach, service="relay", one_way_km=640, speed_limit_kmh=90)
    said = {row.topic: row.payload for row in Outgoing.objects.all()}
    profile = {"limit": 900, "service": "relay", "one_way_km": 640}
    assert set(said) == {
        f"ref.vehicle.{coach.pk}", "ref.terminal.13900000001", "ref.terminal.13900000002",
    }  # fmt: skip
    assert [one["profile"] for one in said.values()] == [profile] * 3
    assert said[f"ref.vehicle.{coach.pk}"]["version"] == changed.version == 2
    assert said["ref.terminal.13900000001"]["version"] == 2
    assert set(Terminal.objects.values_list("version", flat=True)) == {2}


def test_a_fact_tells_from_what_to_what_the_profile_changed_and_no_phone_number() -> None:
    tanker = add(kind="hazmat", outside=True, carrier_name="楚江危险品")
    change(tanker, speed_limit_kmh=70, carrier_phone="0711-1234567")
    fact = Fact.objects.get(kind="registry.vehicle_changed")
    assert fact.obj == f"registry.vehicle:{tanker.pk}"
    assert fact.payload["changes"] == {"speed_limit_kmh": [None, 70], "carrier_phone": []}
    assert "1234567" not in str(fact.payload)


def test_what_changes_nothing_leaves_no_trace() -> None:
    coach = change(add(), speed_limit_kmh=90)
    before = Fact.objects.count(), Outgoing.objects.count()
    assert change(coach, speed_limit_kmh=90).version == coach.version
    assert (Fact.objects.count(), Outgoing.objects.count()) == before


def test_two_people_do_not_overwrite_each_other() -> None:
    coach = add()
    change(coach, service="relay")
    with pytest.raises(actions.VehicleRefused) as refused:
        actions.change_vehicle(KEEPER, CLOCK, coach, seen_version=1, service="shuttle")
    assert set(refused.value.errors) == {"version"}
    assert Vehicle.objects.get().service == "relay"


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"plate": "F12345"}, "plate"),
        ({"plate": "湘FI2345"}, "plate"),
        ({"plate_colour": 7}, "plate_colour"),
        ({"kind": "tram"}, "kind"),
        ({"speed_limit_kmh": 0}, "speed_limit_kmh"),
        ({"speed_limit_kmh": 121}, "speed_limit_kmh"),
        ({"service": "taxi"}, "service"),
        ({"service": "relay", "kind": "truck"}, "service"),
        ({"one_way_km": 0}, "one_way_km"),
        ({"one_way_km": 40, "kind": "hazmat"}, "one_way_km"),
        ({"school_hours": [[390, 480]]}, "school_hours"),
        ({"kind": "school_bus", "school_hours": [[480, 390]]}, "school_hours"),
        ({"kind": "school_bus", "school_hours": [[390, 1441]]}, "school_hours"),
        ({"kind": "school_bus", "school_hours": [[390, 480], [470, 500]]}, "school_hours"),
        ({"kind": "school_bus", "school_hours": [[1, 2], [3, 4], [5, 6]]}, "school_hours"),
        ({"kind": "school_bus", "school_hours": [[390, 480]], "school_days": []}, "school_days"),
        ({"school_days": [0, 8]}, "school_days"),
        ({"valid_from": date(2024, 5, 2), "valid_to": date(2024, 5, 1)}, "valid_to"),
        ({"carrier_phone": "1" * 31}, "carrier_phone"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(
    fields: dict[str, object], wrong: str
) -> None:
    given: dict[str, object] = {"plate": "湘F12345", "plate_colour": 2, "kind": "coach", **fields}
    with pytest.raises(actions.VehicleRefused) as refused:
        actions.add_vehicle(KEEPER, CLOCK, **given)  # type: ignore[arg-type]
    assert set(refused.value.errors) == {wrong}
    assert not Vehicle.objects.exists()
    assert not Outgoing.objects.exists()


def test_a_plate_is_kept_in_one_form_and_once_for_each_colour() -> None:
    assert add("湘f·12345").plate == "湘F12345"
    with pytest.raises(actions.VehicleRefused) as refused:
        add("湘F-12345")
    assert set(refused.value.errors) == {"plate"}
    blue = actions.add_vehicle(KEEPER, CLOCK, plate="湘F12345", plate_colour=1, kind="truck")
    assert Vehicle.objects.count() == 2
    with pytest.raises(actions.VehicleRefused):
        change(blue, plate_colour=2)


def test_a_plate_that_somebody_registers_at_the_same_moment_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add()
    monkeypatch.setattr("jiaoan.registry.actions.vehicles.check_vehicle", lambda _vehicle: None)
    with pytest.raises(actions.VehicleRefused) as refused:
        add()
    assert set(refused.value.errors) == {"plate"}
    assert Vehicle.objects.count() == 1


def test_the_figures_of_another_kind_are_not_told_to_the_rules() -> None:
    bus = Vehicle(kind="school_bus", school_hours=[[390, 480]], school_days=[1, 3, 7])
    assert profile_value(bus) == {"school_hours": [[390, 480]], "school_days": 0b1000101}
    bus.kind = "truck"
    assert profile_value(bus) == {}


def test_who_keeps_no_register_changes_nothing() -> None:
    coach = add()
    stranger = SystemActor("stranger", frozenset({"place.manage"}))
    with pytest.raises(Refused):
        actions.change_vehicle(stranger, CLOCK, coach, seen_version=1, service="relay")
    with pytest.raises(Refused):
        actions.add_vehicle(stranger, CLOCK, plate="湘F54321", plate_colour=2, kind="coach")
    assert Vehicle.objects.get().service == ""


def test_a_field_that_no_vehicle_has_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(TypeError, match="version"):
        change(add(), version=9)
