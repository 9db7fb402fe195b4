"""Findings become trips and verdicts, once each, with the papers that were there."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from hazmat.factory import (
    DAY,
    SYSTEM,
    World,
    approved_filing,
    finding,
    finding_json,
    make_world,
    typed_waybill,
)
from jiaoan.hazmat import actions, queries
from jiaoan.hazmat.findings import BadFinding, parse
from jiaoan.hazmat.models import Trip, Verdict
from jiaoan.hazmat.states import FilingState, TripState
from jiaoan.journal.models import Fact
from jiaoan.kernel.clock import at_local
from jiaoan.registry.models import Vehicle
from jiaoan.scope import Refused, SystemActor

pytestmark = pytest.mark.django_db
ENTRY_AT = at_local(DAY, 6, 40, 5)


@pytest.fixture
def world() -> World:
    made = make_world()
    made.clock.instant = ENTRY_AT + timedelta(seconds=1)
    return made


def enter(world: World, vehicle: Vehicle | None = None, salt: str = "") -> Fact | None:
    found = finding(vehicle or world.tanker, at=ENTRY_AT, salt=salt)
    return actions.handle_finding(SYSTEM, world.clock, found)


def leave(world: World) -> Fact | None:
    world.clock.advance(timedelta(hours=3))
    at = world.clock.now()
    return actions.handle_finding(
        SYSTEM, world.clock, finding(world.tanker, rule="fence.leave", at=at)
    )


def test_it_opens_a_trip_and_finds_it_unfiled(world: World) -> None:
    fact = enter(world)
    trip = Trip.objects.get()
    assert fact is not None
    assert fact.kind == "hazmat.verdict.unfiled"
    assert (trip.entered_at, trip.status) == (ENTRY_AT, TripState.INSIDE)
    verdict = trip.verdicts.get()
    assert (verdict.happened_at, verdict.received_at, verdict.judged_at) == (
        ENTRY_AT,
        ENTRY_AT + timedelta(milliseconds=300),
        ENTRY_AT + timedelta(seconds=1),
    )


def test_it_takes_the_same_finding_once(world: World) -> None:
    enter(world)
    before = Fact.objects.count()
    assert enter(world) is None
    assert (Trip.objects.count(), Verdict.objects.count()) == (1, 1)
    assert Fact.objects.count() == before


def test_it_clears_a_vehicle_with_filing_and_waybill(world: World) -> None:
    world.clock.advance(timedelta(hours=-1))
    filing = approved_filing(world)
    bill = actions.enter_waybill(SYSTEM, world.clock, typed_waybill(), carrier=world.carrier)
    world.clock.advance(timedelta(hours=1))
    fact = enter(world)
    trip = Trip.objects.get()
    assert fact is not None
    assert fact.kind == "hazmat.verdict.clear"
    assert (trip.filing, trip.waybill) == (filing, bill)


def test_it_judges_a_stay_again_when_it_is_filed_and_once_only(world: World) -> None:
    enter(world)
    world.clock.advance(timedelta(minutes=30))
    filing = approved_filing(world)
    facts = actions.rejudge_for_filing(SYSTEM, world.clock, filing)
    assert [fact.kind for fact in facts] == ["hazmat.rejudged"]
    assert actions.rejudge_for_filing(SYSTEM, world.clock, filing) == []
    verdicts = list(Trip.objects.get().verdicts.all())
    assert [verdict.lead for verdict in verdicts] == ["unfiled", "waybill_missing"]
    assert Trip.objects.get().filing == filing


def test_it_matches_a_waybill_that_comes_in_during_the_stay(world: World) -> None:
    enter(world)
    approved_filing(world)
    bill = actions.enter_waybill(SYSTEM, world.clock, typed_waybill(), carrier=world.carrier)
    assert len(actions.match_waybill(SYSTEM, world.clock, bill)) == 1
    assert actions.match_waybill(SYSTEM, world.clock, bill) == []
    trip = Trip.objects.get()
    assert trip.waybill == bill
    assert trip.verdicts.last().lead == ""  # type: ignore[union-attr]


def test_it_does_not_give_a_used_waybill_to_the_next_stay(world: World) -> None:
    """One vehicle, one trip, one waybill (domain 5.4)."""
    enter(world)
    bill = actions.enter_waybill(SYSTEM, world.clock, typed_waybill(), carrier=world.carrier)
    actions.match_waybill(SYSTEM, world.clock, bill)
    leave(world)
    again = finding(world.tanker, at=world.clock.now() + timedelta(hours=1))
    world.clock.advance(timedelta(hours=1))
    actions.handle_finding(SYSTEM, world.clock, again)
    second = Trip.objects.get(entered_finding=again.id)
    assert second.waybill is None
    assert second.verdicts.get().waybill_outcome == "missing"


def test_it_ends_the_trip_and_its_single_filing_at_the_exit(world: World) -> None:
    enter(world)
    filing = approved_filing(world)
    actions.rejudge_for_filing(SYSTEM, world.clock, filing)
    left = leave(world)
    filing.refresh_from_db()
    assert left is not None
    assert left.kind == "hazmat.left"
    assert Trip.objects.get().status is TripState.LEFT
    assert filing.status is FilingState.EXPIRED


def test_it_keeps_a_filing_for_several_days_after_the_exit(world: World) -> None:
    enter(world)
    filing = approved_filing(world, period="days", valid_to="2024-04-20")
    actions.rejudge_for_filing(SYSTEM, world.clock, filing)
    leave(world)
    filing.refresh_from_db()
    assert filing.status is FilingState.APPROVED


def test_it_says_when_an_exit_was_never_seen(world: World) -> None:
    enter(world)
    enter(world, salt="second")
    states = list(Trip.objects.order_by("id").values_list("state", flat=True))
    assert states == [TripState.SUPERSEDED, TripState.INSIDE]
    assert Fact.objects.filter(kind="hazmat.trip_superseded").count() == 1


def test_it_ignores_an_exit_from_before_the_entry(world: World) -> None:
    enter(world)
    early = finding(world.tanker, rule="fence.leave", at=ENTRY_AT - timedelta(minutes=5))
    assert actions.handle_finding(SYSTEM, world.clock, early) is None
    assert Trip.objects.get().status is TripState.INSIDE


def test_it_notes_a_plant_on_the_strip_once(world: World) -> None:
    enter(world)
    at = ENTRY_AT + timedelta(minutes=20)
    reached = finding(world.tanker, at=at, place_kind="plant", place_name="松林化工装卸区")
    assert actions.handle_finding(SYSTEM, world.clock, reached) is not None
    assert actions.handle_finding(SYSTEM, world.clock, reached) is None
    kinds = [fact.kind for fact in queries.trip_facts(Trip.objects.get())]
    assert kinds == ["hazmat.entered", "hazmat.verdict.unfiled", "hazmat.reached_place"]


def test_it_raises_no_lead_for_a_vehicle_of_the_district(world: World) -> None:
    fact = enter(world, world.own_truck)
    assert fact is not None
    assert fact.kind == "hazmat.verdict.clear"


def test_it_leaves_other_kinds_of_vehicles_alone(world: World) -> None:
    Vehicle.objects.filter(pk=world.tanker.pk).update(kind="coach")
    assert enter(world) is None
    assert not Trip.objects.exists()


def test_it_lets_nobody_else_judge(world: World) -> None:
    with pytest.raises(Refused):
        actions.handle_finding(
            SystemActor("other", frozenset()), world.clock, finding(world.tanker, at=ENTRY_AT)
        )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": "short"}, "32 hexadecimal"),
        ({"vehicle_id": "7"}, "no whole number"),
        ({"happened_at": "2024-04-08T06:40:05"}, "time zone"),
        ({"inputs": []}, "inputs"),
        ({"inputs": {"points": [{}], "buffer_m": 50, "consecutive": 2}}, "time"),
    ],
)
def test_it_names_what_is_wrong_with_a_message(
    world: World, change: dict[str, object], said: str
) -> None:
    body = json.loads(finding_json(world.tanker, at=ENTRY_AT)) | change
    with pytest.raises(BadFinding, match=said):
        parse(json.dumps(body).encode())
    with pytest.raises(BadFinding, match="JSON"):
        parse(b"\xff")


def test_it_shows_trips_to_their_own_firm_only(world: World) -> None:
    enter(world)
    enter(world, world.own_truck)
    assert queries.trips(world.clerk).count() == 2
    (own,) = queries.trips(world.firm_user)
    assert own.vehicle == world.own_truck
    assert not queries.trips(world.carrier_user).exists()


def test_it_lists_the_stays_that_touch_a_day(world: World) -> None:
    enter(world)
    assert queries.trips_of_day(world.clerk, DAY).count() == 1
    assert queries.trips_of_day(world.clerk, DAY - timedelta(days=1)).count() == 0
    assert queries.trips_of_day(world.clerk, DAY + timedelta(days=1)).count() == 1
    leave(world)
    assert queries.trips_of_day(world.clerk, DAY + timedelta(days=1)).count() == 0
