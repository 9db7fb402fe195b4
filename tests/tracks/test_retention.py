"""How long positions are kept: by kind, with what holds them, each removal a fact."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from jiaoan.hazmat.models import Trip
from jiaoan.journal.models import Fact
from jiaoan.kernel.clock import FixedClock, at_local
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.registry.models import Vehicle, VehicleKind
from jiaoan.scope import Refused, SystemActor
from jiaoan.stores import positions, tracks
from jiaoan.tracks import holds, removal
from jiaoan.tracks.actions import EVIDENCE
from jiaoan.tracks.keeping import goes_on, keeping
from jiaoan.tracks.retention import Period, PeriodRefused, months_before, periods, plan
from jiaoan.watch.models import Alarm, Finding, Rehearsal, TrackHold
from jiaoan.worker import steps
from portal.matrix import World

TODAY = date(2024, 12, 15)
CLOCK = FixedClock(at_local(TODAY, 4))
KEEPER = SystemActor("keeper", frozenset({removal.VERB}))
MONTHS_7, MONTHS_13 = date(2024, 5, 15), date(2023, 11, 15)


@pytest.fixture
def world(db: None, settings: Settings, tmp_path: Path) -> World:
    settings.DATA_DIR = tmp_path
    return World()


def vehicle(world: World, kind: VehicleKind, number: int) -> Vehicle:
    found = world.vehicle(f"湘F3000{number}")
    Vehicle.objects.filter(pk=found.pk).update(kind=kind)
    return found


def write(data: Path, day: date, *vehicles: int) -> None:
    array = positions.empty(len(vehicles))
    for row, number in zip(array, vehicles, strict=True):
        row["vehicle"], row["terminal"], row["status"] = number, "139", positions.FIXED
        row["time_ms"] = row["received_ms"] = at_local(day, 12).timestamp() * 1000
    number = day.toordinal()
    tracks.write(data / "tracks", number, number, array, [b""] * len(array))


def gone(data: Path) -> dict[date, frozenset[int]]:
    return {each.day: each.gone for each in plan(data, TODAY) if each.gone}


def fact() -> Fact:
    at = CLOCK.now()
    return Fact.objects.create(
        kind="x", actor="x", obj="x", happened_at=at, reported_at=at, recorded_at=at
    )


def finding_of(of: Vehicle, day: date, rule: str, alarm: Alarm | None) -> None:
    at = at_local(day, 12)
    Finding.objects.create(
        key=f"{rule}{day}"[:32], rule=rule, version="1", kind="overspeed", severity="high",
        vehicle=of, alarm=alarm, record={}, happened_at=at, certain_at=at, received_at=at,
        judged_at=at, recorded_at=at, fact=fact(),
    )  # fmt: skip


def alarm_of(of: Vehicle, day: date, state: str) -> None:
    at = at_local(day, 12)
    Alarm.objects.create(
        key=f"{of.pk}{day}", kind="unfiled", vehicle=of, subject="x", rule="r", version="1",
        record={}, happened_at=at, received_at=at, judged_at=at, opened_at=at, respond_by=at,
        finish_by=at, fact=fact(), state=state,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2024, 8, 31), 6, date(2024, 2, 29)),
        (date(2023, 8, 31), 6, date(2023, 2, 28)),
        (date(2024, 12, 15), 12, date(2023, 12, 15)),
        (date(2024, 1, 31), 1, date(2023, 12, 31)),
        (date(2024, 1, 15), 12, date(2023, 1, 15)),
    ],
)
def test_months_are_calendar_months(day: date, months: int, expected: date) -> None:
    assert months_before(day, months) == expected


def test_a_hazmat_vehicle_is_kept_longer_than_a_truck(world: World, tmp_path: Path) -> None:
    hazmat = vehicle(world, VehicleKind.HAZMAT, 1)
    truck = vehicle(world, VehicleKind.TRUCK, 2)
    unknown = 999_999
    for day in (MONTHS_7, MONTHS_13):
        write(tmp_path, day, hazmat.pk, truck.pk, unknown)
    assert gone(tmp_path) == {
        MONTHS_13: {hazmat.pk, truck.pk, unknown},
        MONTHS_7: {truck.pk},
    }


def test_the_day_at_the_edge_is_kept(world: World, tmp_path: Path) -> None:
    truck = vehicle(world, VehicleKind.TRUCK, 2)
    write(tmp_path, date(2024, 6, 15), truck.pk)
    write(tmp_path, date(2024, 6, 14), truck.pk)
    assert list(gone(tmp_path)) == [date(2024, 6, 14)]


def test_what_is_referred_to_is_kept(world: World, tmp_path: Path) -> None:
    trucks = [vehicle(world, VehicleKind.TRUCK, number) for number in range(1, 8)]
    alarmed, closed, beside, inside, evident, old, free = trucks
    write(tmp_path, MONTHS_7, *(each.pk for each in trucks))
    write(tmp_path, date(2021, 1, 1), old.pk, alarmed.pk)
    alarm_of(alarmed, MONTHS_7, "pending")
    alarm_of(alarmed, date(2021, 1, 1), "pending")
    alarm_of(closed, MONTHS_7, "closed")
    alarm_of(beside, MONTHS_7 + timedelta(days=1), "closed")
    alarm_of(old, date(2021, 1, 1), "closed")  # more than three years ago
    Trip.objects.create(
        vehicle=inside, place_id_seen=1, place_name="区", entered_finding="a",
        entered_at=at_local(MONTHS_7 - timedelta(days=30)),
    )  # fmt: skip
    at = datetime(2024, 6, 1, tzinfo=UTC)
    Fact.objects.create(
        kind=EVIDENCE, actor="x", obj="x", happened_at=at, reported_at=at, recorded_at=at,
        payload={"vehicle": evident.pk, "day": MONTHS_7.isoformat()},
    )  # fmt: skip
    assert gone(tmp_path) == {date(2021, 1, 1): {old.pk}, MONTHS_7: {old.pk, free.pk}}
    (day,) = [each for each in plan(tmp_path, TODAY) if each.day == MONTHS_7]
    assert day.held == {each.pk for each in (alarmed, closed, beside, inside, evident)}


def test_what_a_finding_is_judged_again_from_is_kept_with_its_alarm(
    world: World, tmp_path: Path
) -> None:
    truck = vehicle(world, VehicleKind.TRUCK, 1)
    days = [MONTHS_7 + timedelta(days=number) for number in range(-12, 6)]
    for day in days:
        write(tmp_path, day, truck.pk)
    alarm_of(truck, MONTHS_7, "closed")
    finding_of(truck, MONTHS_7, "driving.overspeed", Alarm.objects.get())
    assert set(days) - set(gone(tmp_path)) == {MONTHS_7 + timedelta(days=n) for n in range(-2, 3)}
    finding_of(truck, MONTHS_7, "driving.week-total", Alarm.objects.get())
    assert set(days) - set(gone(tmp_path)) == {MONTHS_7 + timedelta(days=n) for n in range(-9, 3)}


def test_a_finding_without_an_alarm_carries_its_figures_itself(
    world: World, tmp_path: Path
) -> None:
    truck = vehicle(world, VehicleKind.TRUCK, 1)
    write(tmp_path, MONTHS_7, truck.pk)
    finding_of(truck, MONTHS_7, "driving.drift", None)
    assert gone(tmp_path) == {MONTHS_7: {truck.pk}}


def test_a_rehearsal_under_way_keeps_what_it_reads(world: World, tmp_path: Path) -> None:
    truck, other = (vehicle(world, VehicleKind.TRUCK, number) for number in (1, 2))
    write(tmp_path, MONTHS_7, truck.pk, other.pk)
    asked = Rehearsal.objects.create(
        kind="rule", title="x", proposal={}, first_day=MONTHS_7, last_day=MONTHS_7,
        vehicles=[truck.pk], asked_at=CLOCK.now(), asked_by=world.person("leader"), fact=fact(),
    )  # fmt: skip
    assert gone(tmp_path) == {MONTHS_7: {other.pk}}
    Rehearsal.objects.filter(pk=asked.pk).update(ended_at=CLOCK.now())
    assert gone(tmp_path) == {MONTHS_7: {truck.pk, other.pk}}


def test_a_dry_run_changes_nothing_and_a_removal_leaves_a_fact(
    world: World, tmp_path: Path
) -> None:
    hazmat = vehicle(world, VehicleKind.HAZMAT, 1)
    truck = vehicle(world, VehicleKind.TRUCK, 2)
    write(tmp_path, MONTHS_7, hazmat.pk, truck.pk)
    assert gone(tmp_path) == gone(tmp_path) == {MONTHS_7: {truck.pk}}
    (done,) = removal.retain(KEEPER, CLOCK, tmp_path)
    assert (done.rows, done.left) == (1, 1)
    fact = Fact.objects.get(kind="tracks.retained")
    assert fact.payload["day"] == MONTHS_7.isoformat()
    assert (fact.payload["rows"], fact.payload["rows_left"]) == (1, 1)
    assert fact.payload["months"]["hazmat"] == 12
    start = at_local(MONTHS_7)
    kept = tracks.day(tmp_path, hazmat.pk, start, start + timedelta(days=1))
    assert len(kept) == 1
    assert list(removal.retain(KEEPER, CLOCK, tmp_path)) == [], "a second run finds nothing"
    assert Fact.objects.filter(kind="tracks.retained").count() == 1


def test_only_who_holds_the_verb_removes(world: World, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        list(removal.retain(world.person("administrator"), CLOCK, tmp_path))


@pytest.mark.parametrize("wrong", [{"hazmat": 5}, {"coach": 5}, {"truck": 0}, {"boat": 9}])
def test_a_period_below_the_law_is_refused(settings: Settings, wrong: dict[str, int]) -> None:
    settings.TRACKS_KEEP_MONTHS = wrong
    with pytest.raises(PeriodRefused, match=next(iter(wrong))):
        periods()


def test_a_figure_of_the_house_is_unverified_until_somebody_confirms_it(
    settings: Settings,
) -> None:
    assert {kind: period.mark for kind, period in periods().items()} == {
        "hazmat": "U", "coach": "V", "truck": "U", "school_bus": "U", "enforcement": "U",
    }  # fmt: skip
    settings.TRACKS_KEEP_CONFIRMED_BY = "李国梁"
    assert {period.mark for period in periods().values()} == {"V"}


def test_the_worker_removes_once_a_night_and_only_confirmed_figures(
    world: World, tmp_path: Path, settings: Settings
) -> None:
    import threading

    truck = vehicle(world, VehicleKind.TRUCK, 2)
    write(tmp_path, MONTHS_7, truck.pk)
    stop = threading.Event()
    assert steps.keep_tracks(CLOCK, stop) == 0, "nobody has confirmed the figures"
    settings.TRACKS_KEEP_CONFIRMED_BY = "李国梁"
    assert steps.keep_tracks(FixedClock(at_local(TODAY, 2)), stop) == 0, "not at 02:00"
    assert steps.keep_tracks(CLOCK, stop) == 1
    write(tmp_path, MONTHS_7 - timedelta(days=1), truck.pk)
    assert steps.keep_tracks(CLOCK, stop) == 0, "once a day"
    assert steps.keep_tracks(FixedClock(at_local(TODAY + timedelta(days=1), 4)), stop) == 1


# ---------------------------------------------------------------- held for a case


def held(world: World, of: Vehicle, **more: str) -> TrackHold:
    said = {
        "plate": of.plate, "first": str(MONTHS_7), "last": str(MONTHS_7), "reason": "案（2024）7号",
    }  # fmt: skip
    return holds.hold(world.person("safety_clerk"), CLOCK, **(said | more))


def test_what_is_held_for_a_case_stays_until_it_is_released(world: World, tmp_path: Path) -> None:
    truck = vehicle(world, VehicleKind.TRUCK, 2)
    other = vehicle(world, VehicleKind.TRUCK, 3)
    before = MONTHS_7 - timedelta(days=1)
    for day in (before, MONTHS_7):
        write(tmp_path, day, truck.pk, other.pk)
    made = held(world, truck)
    assert gone(tmp_path) == {before: {truck.pk, other.pk}, MONTHS_7: {other.pk}}
    removed = {each.day: each.vehicles for each in removal.retain(KEEPER, CLOCK, tmp_path)}
    assert removed == {before: {truck.pk, other.pk}, MONTHS_7: {other.pk}}
    (noted,) = Fact.objects.filter(kind=holds.HELD)
    assert noted.obj == f"registry.vehicle:{truck.pk}"
    assert "7号" not in str(noted.payload), "a reason may name a person"
    holds.release(world.person("safety_clerk"), CLOCK, made.pk, reason="结案")
    assert gone(tmp_path) == {MONTHS_7: {truck.pk}}
    assert Fact.objects.filter(kind=holds.RELEASED).count() == 1
    with pytest.raises(Blocked):
        holds.release(world.person("safety_clerk"), CLOCK, made.pk, reason="再次")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"plate": "没有"}, "plate"),
        ({"plate": "湘F99999"}, "plate"),
        ({"first": "1.5.2024"}, "first"),
        ({"first": "1999-01-01"}, "first"),
        ({"last": "2024-05-14"}, "last"),
        ({"reason": "  "}, "reason"),
        ({"reason": "字" * 201}, "reason"),
    ],
)
def test_a_bad_hold_is_refused_by_its_field(
    world: World, wrong: dict[str, str], field: str
) -> None:
    truck = vehicle(world, VehicleKind.TRUCK, 2)
    with pytest.raises(FieldErrors) as refused:
        held(world, truck, **wrong)
    assert set(refused.value.errors) == {field}
    assert not TrackHold.objects.exists()


def test_only_who_handles_alarms_may_hold(world: World) -> None:
    truck = vehicle(world, VehicleKind.TRUCK, 2)
    for role in ("leader", "enterprise"):
        with pytest.raises(Refused):
            holds.hold(
                world.person(role), CLOCK, plate=truck.plate, first="2024-05-15",
                last="2024-05-15", reason="x",
            )  # fmt: skip


def test_the_page_says_what_goes_next_and_what_went(world: World, tmp_path: Path) -> None:
    truck = vehicle(world, VehicleKind.TRUCK, 2)
    coming = date(2024, 6, 29)
    for day in (MONTHS_7, coming):
        write(tmp_path, day, truck.pk)
    clerk = world.person("safety_clerk")
    found = keeping(clerk, tmp_path, TODAY)
    assert [each.day for each in found.over] == [MONTHS_7]
    of = {each.period.kind: each for each in found.kinds}
    assert (of["truck"].first, of["truck"].next_day) == (date(2024, 6, 15), coming)
    assert of["truck"].goes_on == date(2024, 12, 30)
    assert of["hazmat"].next_day == MONTHS_7
    list(removal.retain(KEEPER, CLOCK, tmp_path))
    found = keeping(clerk, tmp_path, TODAY)
    assert (list(found.over), found.removed[0].payload["day"]) == ([], str(MONTHS_7))


@pytest.mark.parametrize("months", [1, 6, 12])
def test_a_day_goes_on_the_first_date_on_which_it_is_over(months: int) -> None:
    period = Period("truck", months, None, "U")
    for number in range(400):
        day = date(2023, 12, 1) + timedelta(days=number)
        on = goes_on(period, day)
        assert period.first_kept(on) > day
        assert period.first_kept(on - timedelta(days=1)) <= day


def test_the_pages_of_it(world: World, client: Client, tmp_path: Path) -> None:
    truck = vehicle(world, VehicleKind.TRUCK, 2)
    client.force_login(world.person("safety_clerk"))
    page = client.get(reverse("track_retention")).content.decode()
    assert "未核实" in page
    assert "没有暂停清除的轨迹" in page
    asked = {"plate": "湘F30002", "first": "2024-05-15", "last": "2024-05-01", "reason": "案7号"}
    refused = client.post(reverse("track_hold"), asked)
    assert refused.status_code == 422
    assert "截止日期不得早于起始日期" in refused.content.decode()
    assert 'value="案7号"' in refused.content.decode()
    client.post(reverse("track_hold"), asked | {"last": "2024-05-20"})
    (made,) = TrackHold.objects.all()
    assert (made.vehicle, made.reason) == (truck, "案7号")
    release = reverse("track_release", kwargs={"pk": made.pk})
    assert client.post(release, {"reason": ""}).status_code == 422
    assert client.post(release, {"reason": "结案"}).status_code == 302
    page = client.get(reverse("track_retention")).content.decode()
    assert "结案" in page
    assert (
        client.post(reverse("track_release", kwargs={"pk": 99}), {"reason": "x"}).status_code == 404
    )
