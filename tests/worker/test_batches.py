"""Bursts: many findings in one transaction, bad ones alone, and those that cannot wait first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError
from hypothesis import given
from hypothesis import strategies as st

from hazmat.factory import SYSTEM, World, finding_json, make_world
from jiaoan.hazmat.models import Trip
from jiaoan.registry.actions import add_vehicle
from jiaoan.registry.models import Vehicle
from jiaoan.watch.models import Alarm
from jiaoan.worker import batches, steps
from jiaoan.worker.batches import Found, checkpoint, found, in_turn
from jiaoan.worker.models import Parked

pytestmark = pytest.mark.django_db
STORED = datetime(2024, 4, 7, 22, 40, 6, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    return make_world()


def message(world: World, sequence: int, vehicle: Vehicle | None = None, **wanted: str) -> Found:
    at = world.clock.now() + timedelta(seconds=sequence)
    data = finding_json(vehicle or world.tanker, at=at, **wanted)
    return found("findings.03", data, sequence, STORED)


def tankers(world: World, count: int) -> list[Vehicle]:
    return [
        add_vehicle(
            SYSTEM, world.clock, plate=f"鄂B{number:05d}", plate_colour=2, kind="hazmat",
            outside=True,
        )
        for number in range(count)
    ]  # fmt: skip


def test_it_takes_a_burst_in_one_transaction(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a burst costs is commits: each waits for the disk."""
    monkeypatch.setattr(batches, "LONGEST_S", 60.0)
    advanced: list[int] = []
    real = batches._advance

    def advance(last: int) -> None:
        advanced.append(last)
        real(last)

    monkeypatch.setattr(batches, "_advance", advance)
    burst = [message(world, n, one) for n, one in enumerate(tankers(world, 40), start=1)]
    assert steps.handle_findings(burst, 40, world.clock) == []
    assert (Alarm.objects.count(), advanced) == (40, [40])


def test_it_parks_the_bad_ones_of_a_batch_alone(world: World) -> None:
    first, second = tankers(world, 2)
    waiting = [
        message(world, 1, first),
        found("findings.03", b"{broken", 2, STORED),
        found("findings.03", b'{"vehicle_id": [], "rule": 5}', 3, STORED),
        message(world, 4, second),
    ]
    rest = waiting
    while rest:
        rest = steps.handle_findings(rest, waiting[-1].sequence, world.clock)
    assert sorted(Parked.objects.values_list("sequence", flat=True)) == [2, 3]
    assert (Alarm.objects.count(), checkpoint()) == (2, 4)


def test_it_takes_the_entry_of_an_outside_tanker_first_and_keeps_the_order_of_a_vehicle(
    world: World,
) -> None:
    own = world.own_truck
    waiting = [
        message(world, 1, own),
        message(world, 2, rule="fence.leave"),
        message(world, 3, own, rule="fence.leave"),
        message(world, 4),
        message(world, 5, rule="fence.leave", place_kind="plant"),
    ]
    first, others = in_turn(waiting)
    assert [one.sequence for one in first] == [2, 4]
    assert [one.sequence for one in others] == [1, 3, 5]
    rest = steps.handle_findings(waiting, waiting[-1].sequence, world.clock)
    assert Alarm.objects.count() == 1
    # Nothing before the oldest that waits is passed over after a kill.
    assert checkpoint() == 0
    assert [one.sequence for one in rest] == [1, 3, 5]
    # Killed here: the bus gives all of them again.
    rest = waiting
    while rest:
        rest = steps.handle_findings(rest, waiting[-1].sequence, world.clock)
    assert (checkpoint(), Alarm.objects.count(), Parked.objects.count()) == (5, 1, 0)
    assert Trip.objects.count() == 2


def test_it_ends_a_transaction_that_takes_long(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "LONGEST_S", 0.0)
    waiting = [message(world, n, one) for n, one in enumerate(tankers(world, 3), start=1)]
    rest = steps.handle_findings(waiting, waiting[-1].sequence, world.clock)
    assert [one.sequence for one in rest] == [2, 3]
    assert checkpoint() == 1


def test_it_undoes_the_whole_batch_when_the_database_fails(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "LONGEST_S", 60.0)
    waiting = [message(world, n, one) for n, one in enumerate(tankers(world, 3), start=1)]
    handled: list[bytes] = []
    real = steps._finding

    def failing(clock: object, data: bytes) -> None:
        if len(handled) == 2:
            raise OperationalError("disk I/O error")
        handled.append(data)
        real(world.clock, data)

    monkeypatch.setattr(steps, "_finding", failing)
    with pytest.raises(OperationalError):
        steps.handle_findings(waiting, waiting[-1].sequence, world.clock)
    assert (Trip.objects.count(), checkpoint(), Parked.objects.count()) == (0, 0, 0)


ONE = st.tuples(st.integers(0, 4), st.booleans())


@given(st.lists(ONE, max_size=30))
def test_a_turn_loses_nothing_and_keeps_the_order_of_each_vehicle(
    messages: list[tuple[int, bool]],
) -> None:
    waiting = [
        Found("findings.00", b"", number, STORED, vehicle, pressing and vehicle > 0)
        for number, (vehicle, pressing) in enumerate(messages, start=1)
    ]
    first, others = in_turn(waiting)
    assert sorted([*first, *others], key=lambda one: one.sequence) == waiting
    assert all(one in first for one in waiting if one.pressing)
    for vehicle in range(5):
        turns = [one.sequence for one in [*first, *others] if one.vehicle == vehicle]
        assert turns == sorted(turns)
    # Who has nothing pressing never comes before who has.
    pressing = {one.vehicle for one in waiting if one.pressing}
    assert {one.vehicle for one in first} <= pressing
