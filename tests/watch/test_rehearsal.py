"""Rehearsals: the past judged twice and laid side by side, in a job that ends one of three ways."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from hazmat.factory import SYSTEM, World, make_world
from jiaoan.journal.models import Fact
from jiaoan.kernel.clock import FixedClock, at_local
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.org.actions import add_person
from jiaoan.org.models import User
from jiaoan.registry.actions import add_place
from jiaoan.registry.models import Place, Vehicle
from jiaoan.registry.reference import place_value
from jiaoan.rules.driving.law import Rule
from jiaoan.rules.fences import Fence, Fences, Steady, judge
from jiaoan.rules.shapes import outline
from jiaoan.scope import Refused
from jiaoan.stores import cards, positions
from jiaoan.stores.positions import DriverCard, key_of
from jiaoan.watch.models import Rehearsal
from jiaoan.watch.models.rehearsal import Outcome, RehearsalKind
from jiaoan.watch.rehearsal import actions, queries, running, worlds
from jiaoan.watch.rehearsal.actions import Wanted
from jiaoan.watch.rehearsal.comparing import SLACK_MS, Event, compare
from jiaoan.watch.rehearsal.running import NEW_PLACE, Plan, Result
from jiaoan.watch.rehearsal.states import REHEARSAL, RehearsalState
from jiaoan.watch.rehearsal.worlds import BadPlace, warm_up_days
from jiaoan.watch.rules import actions as rules
from jiaoan.wire.jt808 import DriverCard as Body
from jiaoan.wire.jt808 import Edition, Form
from jiaoan.wire.jt808.driver import Card as BodyCard
from kernel.machines import assert_machine_is_exhaustive
from rehearsal_world import drive, fast, write
from rules.driving.tracks import LAT, LON, METRE, at, track
from rules.test_fences import SQUARE

pytestmark = pytest.mark.django_db
DAY = date(2024, 4, 7)


@pytest.fixture
def world(settings: Settings, tmp_path: Path) -> World:
    settings.DATA_DIR = tmp_path
    return make_world()


@pytest.fixture
def head(world: World) -> User:
    return add_person(
        SYSTEM,
        world.clock,
        username="head",
        password="Zx9-quiet",
        display_name="股长",
        organisation=world.bureau,
        role="section_head",
    )


def rehearse(world: World, data: Path, plan: Plan, first: date = DAY, last: date = DAY) -> Result:
    vehicles = running.profiles_of([world.tanker.pk, world.own_truck.pk])
    found = running.rehearse(data, plan, vehicles, first, last, 100)
    assert found is not None
    return found


def square(name: str, south: float, north: float, **changes: object) -> Place:
    """A place across the way from ``south`` to ``north`` metres from the tracks' beginning."""
    low, high = (LAT + south * METRE) / 1e6, (LAT + north * METRE) / 1e6
    west, east = LON / 1e6 - 0.01, LON / 1e6 + 0.01
    ring = [[west, low], [east, low], [east, high], [west, high], [west, low]]
    return Place.objects.create(
        name=name, kind="forbidden", geometry={"type": "Polygon", "coordinates": [ring]}, **changes
    )


# ---------------------------------------------------------------- comparing


def event(id: str, start: int, end: int = 0, rule: str = "r", vehicle: int = 1) -> Event:
    return Event(id, rule, vehicle, start, end, 0, 0, id, id)


def test_it_knows_the_same_event_by_its_id_or_its_time() -> None:
    now = [event("a", 0), event("b", 1_000_000, 1_300_000), event("c", 9_000_000)]
    proposed = [event("a", 0), event("x", 900_000, 1_100_000), event("y", 20_000_000)]
    told = compare(now, proposed)
    assert [one.id for one in told.same] == ["a", "x"]
    assert [one.id for one in told.new] == ["y"]
    assert [one.id for one in told.gone] == ["c"]


def test_it_pairs_each_finding_once_and_the_nearest() -> None:
    told = compare([event("a", 0)], [event("p", SLACK_MS), event("q", 10)])
    assert len(told.same) == 1
    assert len(told.new) == 1
    far = compare([event("a", 0)], [event("p", SLACK_MS + 1)])
    assert (len(far.new), len(far.gone), len(far.same)) == (1, 1, 0)
    other = compare([event("a", 0)], [event("p", 0, rule="s"), event("q", 0, vehicle=2)])
    assert (len(other.new), len(other.gone)) == (2, 1)


def test_an_id_wins_over_a_nearer_beginning() -> None:
    told = compare([event("a", 0), event("b", 1000)], [event("c", 0), event("a", 900)])
    assert {one.id for one in told.same} == {"a", "c"}
    assert not told.new


# ---------------------------------------------------------------- rules


def test_a_shorter_time_finds_more_and_says_which(world: World, tmp_path: Path) -> None:
    write(tmp_path, fast(world.tanker.pk, 20), fast(world.own_truck.pk, 120))
    plan = running.plan_of_rule("driving.overspeed", {"over_s": 10})
    found = rehearse(world, tmp_path, plan)
    (new,) = found.kept[Outcome.NEW]
    assert (new.vehicle, new.rule) == (world.tanker.pk, "driving.overspeed")
    assert new.zh
    assert new.en
    (same,) = found.kept[Outcome.SAME]
    assert same.vehicle == world.own_truck.pk
    assert same.end_ms > same.start_ms
    summary = found.summary(2, 2)
    assert (summary["new"], summary["gone"], summary["same"]) == (1, 0, 1)
    assert summary["by_rule"] == {"driving.overspeed": {"new": 1, "same": 1}}
    assert summary["with_track"] == 2


def test_a_longer_time_finds_less(world: World, tmp_path: Path) -> None:
    write(tmp_path, fast(world.own_truck.pk, 120))
    found = rehearse(world, tmp_path, running.plan_of_rule("driving.overspeed", {"over_s": 300}))
    assert [len(found.kept[one]) for one in Outcome] == [0, 1, 0]


def test_what_began_before_the_first_day_is_left_out(world: World, tmp_path: Path) -> None:
    write(tmp_path, fast(world.tanker.pk, 120, begin="2024-04-06 23:40"))
    plan = running.plan_of_rule("driving.overspeed", {"over_s": 20})
    before = rehearse(world, tmp_path, plan, date(2024, 4, 6), date(2024, 4, 6))
    assert len(before.kept[Outcome.SAME]) == 1
    after = rehearse(world, tmp_path, plan)
    assert not any(after.kept.values())


def test_a_rule_that_is_off_is_rehearsed_as_if_on(world: World, head: User, tmp_path: Path) -> None:
    write(tmp_path, fast(world.tanker.pk, 120))
    rules.switch(head, world.clock, "driving.overspeed", on=False, note="试", seen_version=0)
    found = rehearse(world, tmp_path, running.plan_of_rule("driving.overspeed", {}))
    assert [len(found.kept[one]) for one in Outcome] == [1, 0, 0]


def test_a_common_figure_is_asked_of_every_rule_of_driving() -> None:
    plan = running.plan_of_rule("driving.common", {"moving": 100})
    assert {Rule.CONTINUOUS, Rule.OVERSPEED, Rule.STAY} <= plan.rules
    assert not plan.rules & {Rule.INVALID, Rule.CLOCK, Rule.TOGETHER}


def test_a_clock_figure_is_asked_of_reports_as_they_came_in(world: World, tmp_path: Path) -> None:
    track = drive(world.tanker.pk, f"{DAY} 08:00", [50.0] * 120)
    track["received_ms"] += 240_000  # four minutes behind
    track["time_ms"][100] = positions.NO_TIME
    write(tmp_path, track)
    found = rehearse(world, tmp_path, running.plan_of_rule("driving.clock", {"behind_s": 180}))
    (new,) = found.kept[Outcome.NEW]
    assert (new.rule, new.start_ms) == ("driving.clock", int(track["received_ms"][0]))
    assert not found.kept[Outcome.SAME]
    plan = running.plan_of_rule("driving.clock", {"ahead_s": 300})
    assert plan.rules == {Rule.CLOCK, Rule.INVALID}


def test_invalid_data_is_rehearsed_by_the_day_of_its_receipt(
    world: World, head: User, tmp_path: Path
) -> None:
    track = drive(world.tanker.pk, f"{DAY} 08:00", [50.0] * 120)
    track["time_ms"][[7, 9]] = positions.NO_TIME
    write(tmp_path, track)
    rules.switch(head, world.clock, "driving.invalid", on=False, note="试", seen_version=0)
    found = rehearse(world, tmp_path, running.plan_of_rule("driving.invalid", {}))
    (new,) = found.kept[Outcome.NEW]
    assert new.start_ms == int(track["received_ms"][7])
    other = rehearse(
        world, tmp_path, running.plan_of_rule("driving.invalid", {}), date(2024, 4, 6),
        date(2024, 4, 6),
    )  # fmt: skip
    assert not any(other.kept.values())


def test_pairs_are_rehearsed_over_all_hazmat_vehicles(
    world: World, head: User, tmp_path: Path
) -> None:
    ids = (world.tanker.pk, world.own_truck.pk)
    stand = [drive(each, "2024-04-06 23:30", [0.0] * 200, step_s=30) for each in ids]
    stand[0]["lat"][:100] += 9000  # they meet at twenty past midnight
    write(tmp_path, *stand)
    rules.switch(head, world.clock, "driving.together", on=False, note="试", seen_version=0)
    plan = running.plan_of_rule("driving.together", {})
    (new,) = rehearse(world, tmp_path, plan).kept[Outcome.NEW]
    assert (new.rule, new.vehicle) == ("driving.together", min(ids))
    assert new.start_ms == int(stand[0]["time_ms"][100])
    # In a place where vehicles may stand it is nothing.
    low, high = LON / 1e6 - 0.01, LON / 1e6 + 0.01
    ring = [
        [low, LAT / 1e6 - 1],
        [high, LAT / 1e6 - 1],
        [high, LAT / 1e6 + 1],
        [low, LAT / 1e6 + 1],
    ]
    park = Place(
        name="停车场", kind="park", geometry={"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    )
    value = {**place_value(park, ()), "place_id": NEW_PLACE}
    rules.switch(head, world.clock, "driving.together", on=True, note="试", seen_version=1)
    found = rehearse(world, tmp_path, running.plan_of_place(value))
    assert "driving.together" in {one.rule for one in found.kept[Outcome.GONE]}


def test_a_driver_change_is_seen_by_his_card(world: World, tmp_path: Path) -> None:
    track = drive(world.tanker.pk, f"{DAY} 00:10", [50.0] * 560, step_s=60)
    write(tmp_path, track)
    plan = running.plan_of_rule("driving.continuous", {"continuous_s": 6 * 3600})
    alone = rehearse(world, tmp_path, plan)
    assert len(alone.kept[Outcome.SAME]) == 1
    said = [
        driver_card(world.tanker.pk, int(track["time_ms"][0]) - 1000, "A"),
        driver_card(world.tanker.pk, int(track["time_ms"][280]), "B"),
    ]
    cards.write(tmp_path / "tracks", 1, 2, list(enumerate(said, 1)))
    shared = rehearse(world, tmp_path, plan)
    assert [len(shared.kept[each]) for each in (Outcome.SAME, Outcome.NEW)] == [0, 0]


def driver_card(vehicle: int, moment: int, number: str) -> DriverCard:
    when = datetime.fromtimestamp(moment / 1000, UTC)
    body = Body(1, when, 0, BodyCard("张三", f"43060219800101001{number}", "岳阳", "20991231"))
    octets = body.build(Form(Edition.V2013))
    return DriverCard(0, vehicle, "13900000001", moment, moment, positions.V2013, octets)


def test_days_before_a_total_are_read_for_it() -> None:
    assert warm_up_days(frozenset({Rule.WEEK_TOTAL})) == 9
    assert warm_up_days(frozenset({Rule.OVERSPEED})) == 2


# ---------------------------------------------------------------- places


def test_a_new_place_is_rehearsed_as_if_it_had_been_there(world: World, tmp_path: Path) -> None:
    write(tmp_path, drive(world.tanker.pk, f"{DAY} 08:00", [50.0] * 120))
    place = square("东湖隧道", 3000, 6000, role="forbidden", valid_from=date(2030, 1, 1))
    value = {**place_value(place), "place_id": NEW_PLACE}
    place.delete()
    found = rehearse(world, tmp_path, running.plan_of_place(value))
    rules_found = {one.rule for one in found.kept[Outcome.NEW]}
    assert rules_found == {"fence.enter", "fence.leave", "fence.forbidden"}
    assert all("东湖隧道" in one.zh for one in found.kept[Outcome.NEW])
    assert not found.kept[Outcome.GONE]


def test_a_place_that_is_moved_loses_what_it_found(world: World, tmp_path: Path) -> None:
    write(tmp_path, drive(world.tanker.pk, f"{DAY} 08:00", [50.0] * 120))
    place = square("东湖隧道", 3000, 6000)
    away = square("别处", 900_000, 903_000)
    value = {**place_value(place), "geometry": away.geometry}
    away.delete()
    found = rehearse(world, tmp_path, running.plan_of_place(value))
    assert {one.rule for one in found.kept[Outcome.GONE]} == {"fence.enter", "fence.leave"}
    assert not found.kept[Outcome.NEW]
    same = rehearse(world, tmp_path, running.plan_of_place(place_value(place)))
    assert len(same.kept[Outcome.SAME]) == 2


def test_a_limit_of_a_place_is_asked_of_the_rule_of_speed(world: World, tmp_path: Path) -> None:
    write(tmp_path, drive(world.tanker.pk, f"{DAY} 08:00", [50.0] * 120))
    place = square("学校路段", 3000, 6000)
    value = {**place_value(place), "limits_kmh": {"": 30}}
    found = rehearse(world, tmp_path, running.plan_of_place(value))
    assert [one.rule for one in found.kept[Outcome.NEW]] == ["driving.overspeed"]


def test_a_road_is_rehearsed_with_its_class(world: World, tmp_path: Path) -> None:
    """Two kilometres of what is to be an expressway, at 02:00, north as the vehicle drives."""
    write(tmp_path, drive(world.tanker.pk, f"{DAY} 02:00", [50.0] * 120))
    place = square("示意高速", 3000, 6000)
    value = {**place_value(place), "kind": "road", "role": "road", "road_class": "expressway"}
    found = rehearse(world, tmp_path, running.plan_of_place(value))
    assert [one.rule for one in found.kept[Outcome.NEW]] == ["driving.hazmat-ban"]


def test_a_rehearsal_judges_a_vehicle_by_its_profile(world: World, tmp_path: Path) -> None:
    """The firm's own limit of 60 makes 65 km/h too fast; without it nothing would be found."""
    write(tmp_path, fast(world.own_truck.pk, 60, kmh=65.0))
    plan = running.plan_of_rule("driving.overspeed", {"over_s": 10})
    assert not rehearse(world, tmp_path, plan).counts
    Vehicle.objects.filter(pk=world.own_truck.pk).update(speed_limit_kmh=60)
    assert rehearse(world, tmp_path, plan).counts[("driving.overspeed", Outcome.SAME.value)] == 1


def test_a_place_to_stand_in_ends_long_stays(world: World, tmp_path: Path) -> None:
    stand = drive(world.tanker.pk, f"{DAY} 08:00", [0.0] * 200, step_s=60)
    stand["lat"] += round(4000 * METRE)
    write(tmp_path, stand)
    place = square("停车场", 3000, 6000)
    value = {**place_value(place), "kind": "park"}
    found = rehearse(world, tmp_path, running.plan_of_place(value))
    assert [one.rule for one in found.kept[Outcome.GONE]] == ["driving.stay"]


def test_each_day_is_judged_by_the_places_of_that_day(world: World, tmp_path: Path) -> None:
    """A limit that was drawn at noon says nothing about the morning, and all about the evening."""
    ways = [drive(world.tanker.pk, f"{DAY} {hour:02d}:00", [50.0] * 120) for hour in (8, 18)]
    write(tmp_path, *ways)
    place = square("学校路段", 3000, 6000)
    ring = place.geometry
    place.delete()
    drawn_at = FixedClock(at_local(DAY, 12))
    add_place(
        SYSTEM, drawn_at, name="学校路段", kind="forbidden", role="area", geometry=ring,
        limits_kmh={"": 30},
    )  # fmt: skip
    found = rehearse(world, tmp_path, running.plan_of_rule("driving.overspeed", {"merge_s": 70}))
    (same,) = found.kept[Outcome.SAME]
    assert same.start_ms > drawn_at.now().timestamp() * 1000


def test_a_place_that_the_stream_would_refuse_is_refused() -> None:
    place = square("坏", 0, 10)
    with pytest.raises(BadPlace):
        running.plan_of_place({**place_value(place), "buffer_m": -5})


# ---------------------------------------------------------------- the job


def asked_by(person: User, world: World, **changes: str) -> Rehearsal:
    wanted = Wanted(**{"first_day": "2024-04-07", "last_day": "2024-04-07", **changes})
    return actions.ask(
        person, world.clock, RehearsalKind.RULE, subject="driving.overspeed", title="超速行驶",
        proposal={"over_s": 10}, wanted=wanted,
    )  # fmt: skip


def test_it_walks_the_table_of_rehearsals() -> None:
    assert_machine_is_exhaustive(REHEARSAL)


def test_it_is_asked_started_told_and_done(world: World, head: User, tmp_path: Path) -> None:
    write(tmp_path, fast(world.tanker.pk, 20))
    made = asked_by(head, world)
    assert set(made.vehicles) == {world.tanker.pk, world.own_truck.pk}
    claimed = actions.claim(SYSTEM, world.clock)
    assert claimed == made
    assert actions.claim(SYSTEM, world.clock) is None
    assert actions.tell(world.clock, claimed, 1)
    plan = running.plan_of(claimed)
    result = running.rehearse(
        tmp_path, plan, running.profiles_of(claimed.vehicles), DAY, DAY, 100,
        lambda done: actions.tell(world.clock, claimed, done),
    )  # fmt: skip
    assert result is not None
    rows = running.rows_of(claimed, result)
    assert actions.finish(SYSTEM, world.clock, claimed, result.summary(2, len(rows)), rows)
    made.refresh_from_db()
    assert (made.status, made.percent) == (RehearsalState.DONE, 100)
    (row,) = queries.findings(head, made)
    assert (row.outcome, row.vehicle) == ("new", world.tanker)
    kinds = Fact.objects.filter(kind__startswith="watch.rehearsal").order_by("id")
    assert [fact.kind.rpartition("_")[2] for fact in kinds] == ["asked", "started", "done"]


def test_a_cancelled_one_stops_and_leaves_nothing(world: World, head: User) -> None:
    made = asked_by(head, world)
    claimed = actions.claim(SYSTEM, world.clock)
    assert claimed is not None
    actions.cancel(head, world.clock, made := Rehearsal.objects.get(pk=made.pk))
    assert not actions.tell(world.clock, claimed, 1)
    assert not actions.finish(SYSTEM, world.clock, claimed, {}, [])
    assert not actions.break_off(SYSTEM, world.clock, claimed, "late")
    made.refresh_from_db()
    assert (made.status, made.summary) == (RehearsalState.CANCELLED, None)


def test_a_worker_that_starts_breaks_off_what_ran_and_it_can_begin_anew(
    world: World, head: User
) -> None:
    made = asked_by(head, world)
    first = actions.claim(SYSTEM, world.clock)
    assert first is not None
    assert actions.break_all(SYSTEM, world.clock) == 1
    made.refresh_from_db()
    assert made.status is RehearsalState.BROKEN
    assert made.reason
    actions.again(head, world.clock, made)
    second = actions.claim(SYSTEM, world.clock)
    assert second is not None
    assert second.run == first.run + 1
    assert not actions.tell(world.clock, first, 1), "the first process must stop"
    assert actions.tell(world.clock, second, 1)


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"first_day": "x"}, {"first_day"}),
        ({"last_day": "2024-04-06"}, {"last_day"}),
        ({"last_day": "2024-04-09"}, {"last_day"}),
        ({"first_day": "2024-01-01"}, {"last_day"}),
        ({"vehicle_kind": "boat"}, {"vehicle_kind"}),
        ({"vehicle_kind": "coach"}, {"vehicle_kind"}),
        ({"first_day": "", "last_day": ""}, {"first_day", "last_day"}),
    ],
)
def test_it_refuses_bounds_by_field(
    world: World, head: User, changes: dict[str, str], fields: set[str]
) -> None:
    with pytest.raises(FieldErrors) as refused:
        asked_by(head, world, **changes)
    assert set(refused.value.errors) == fields


def test_it_bounds_vehicles_and_what_waits(world: World, head: User, settings: Settings) -> None:
    settings.REHEARSAL_VEHICLES = 1
    with pytest.raises(FieldErrors, match="vehicle_kind"):
        asked_by(head, world)
    settings.REHEARSAL_VEHICLES = 2
    asked_by(head, world)
    with pytest.raises(Blocked):
        asked_by(head, world)


def test_only_who_manages_asks(world: World) -> None:
    for person in (world.clerk, world.firm_user):
        with pytest.raises(Refused):
            asked_by(person, world)
    assert not queries.rehearsals(world.firm_user)


def test_more_findings_than_are_kept_are_still_counted(world: World, tmp_path: Path) -> None:
    parts = [fast(world.tanker.pk, 20, begin=f"2024-04-07 {hour:02d}:00") for hour in range(3, 9)]
    write(tmp_path, *parts)
    plan = running.plan_of_rule("driving.overspeed", {"over_s": 10})
    found = running.rehearse(tmp_path, plan, running.profiles_of([world.tanker.pk]), DAY, DAY, 4)
    assert found is not None
    assert len(found.kept[Outcome.NEW]) == 4
    assert found.summary(1, 4)["new"] == 6
    assert world.clock.today() - timedelta(days=1) == DAY


def test_an_exit_that_is_rehearsed_says_since_when_and_how_long() -> None:
    begin = at("2024-04-08T10:00")
    square = Fence(1, 1, outline(SQUARE), 50, 2)
    rows = track([(begin + n * 1_800_000, 0, 40) for n in range(4)], vehicle=1)
    rows["lat"], rows["lon"] = 29_450_000, [113_190_000, 113_209_000, 113_209_000, 113_190_000]
    found = judge(Fences([square]), {}, rows, key_of=key_of, kinds=Steady(lambda _: "")).findings
    assert [each.kind for each in found] == ["entered", "left"]
    event = worlds._fenced_event(found[1], "东港")
    assert event.zh == "4月8日11:30:00驶离东港（自4月8日10:30:00起在内，停留1小时）。"
    assert event.en == "left 东港 at 2024-04-08 11:30:00 (in it since 2024-04-08 10:30:00, 1 h)"
