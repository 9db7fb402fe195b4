"""Findings of the stream at the desk: recorded once, folded, ended, taken back, never flooding."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import translation

from hazmat.factory import SYSTEM, World, finding_json, make_world
from jiaoan.hazmat.models import Trip
from jiaoan.journal.models import Fact, Outgoing
from jiaoan.ledger.errors import FieldErrors
from jiaoan.rules.driving.findings import Finding as Driving
from jiaoan.rules.driving.law import IDS, TITLES
from jiaoan.scope import Refused
from jiaoan.watch import actions as desk
from jiaoan.watch import queries as desk_queries
from jiaoan.watch.findings import actions, messages, queries, responses
from jiaoan.watch.findings.messages import BadMessage
from jiaoan.watch.findings.sentences import fence_sentence
from jiaoan.watch.kinds import AlarmKind, Severity
from jiaoan.watch.models import Alarm, Finding
from jiaoan.watch.states import AlarmState
from jiaoan.worker import steps
from jiaoan.worker.batches import checkpoint, found
from jiaoan.worker.models import Parked
from watch.told import continuous, end_of, invalid, message, overspeed

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def tell(world: World, *messages: bytes) -> None:
    """As the worker hears them."""
    after = checkpoint()
    waiting = [
        found("findings.01", data, number, datetime(2024, 4, 8, tzinfo=UTC))
        for number, data in enumerate(messages, start=after + 1)
    ]
    last = after + len(messages)
    while waiting:
        waiting = steps.handle_findings(waiting, last, world.clock)


def test_every_rule_has_a_kind_with_the_words_of_the_law() -> None:
    for rule, name in IDS.items():
        zh, en = TITLES[rule]
        kind = responses.kind_of(name)
        with translation.override("zh-hans"):
            assert str(kind.label) == zh
        with translation.override("en"):
            assert str(kind.label) == en


def test_an_own_vehicle_raises_an_alarm_that_its_firm_sees(world: World) -> None:
    at = world.clock.now()
    tell(world, message(world.own_truck, overspeed(world.own_truck, at)))
    alarm = Alarm.objects.get()
    assert (alarm.kind, alarm.severity, alarm.figure) == (AlarmKind.OVERSPEED, "high", "78/60")
    assert (alarm.happened_at, alarm.carrier_name) == (at, world.firm.name)
    assert (alarm.told, alarm.folded, alarm.ended_at) == (1, 0, None)
    assert alarm.respond_by - alarm.opened_at == timedelta(minutes=5)
    assert list(desk_queries.alarms(world.firm_user)) == [alarm]
    assert list(queries.findings(world.firm_user)) == [Finding.objects.get()]
    assert list(desk_queries.alarms(world.carrier_user)) == []
    assert list(queries.findings(world.carrier_user)) == []


def test_the_same_vehicle_and_kind_is_folded_and_each_finding_kept(world: World) -> None:
    at = world.clock.now()
    first = overspeed(world.own_truck, at)
    graver = overspeed(world.own_truck, at + timedelta(minutes=10), peak=900)
    milder = overspeed(world.own_truck, at + timedelta(minutes=20), peak=650)
    tell(world, *(message(world.own_truck, one) for one in (first, graver, milder)))
    alarm = Alarm.objects.get()
    assert (alarm.told, alarm.folded, alarm.figure) == (3, 2, "90/60")
    assert [one.figure for one in queries.of_alarm(world.clerk, alarm)] == [
        "78/60", "90/60", "65/60",
    ]  # fmt: skip
    assert Fact.objects.filter(kind="watch.folded", obj=f"watch.alarm:{alarm.pk}").count() == 2
    # Another kind, another vehicle, or a closed alarm: a new one.
    tell(world, message(world.own_truck, continuous(world.own_truck, at - timedelta(hours=5))))
    tell(world, message(world.tanker, overspeed(world.tanker, at)))
    assert Alarm.objects.count() == 3
    desk.dispose(world.clerk, world.clock, alarm, kind="phone", note="已提醒")
    desk.close(world.clerk, world.clock, alarm, note="已减速")
    tell(
        world,
        message(world.own_truck, overspeed(world.own_truck, at + timedelta(hours=1))),
    )
    assert Alarm.objects.filter(vehicle=world.own_truck, kind="overspeed").count() == 2


def test_an_end_writes_end_and_maximum_and_closes_nothing(world: World) -> None:
    at = world.clock.now()
    begun = overspeed(world.own_truck, at)
    tell(world, message(world.own_truck, begun), message(world.own_truck, end_of(begun, 95)))
    alarm, finding = Alarm.objects.get(), Finding.objects.get()
    assert alarm.status is AlarmState.PENDING
    assert alarm.ended_at == finding.ended_at == at + timedelta(seconds=95)
    assert (alarm.figure, finding.figure) == ("81/60", "81/60")
    assert finding.end_record is not None
    assert finding.end_record["finding"]["values"]["over_s"] == 95
    assert finding.record["finding"]["values"]["over_s"] == 31
    # A second event begins before anybody looked: the alarm lasts again.
    tell(world, message(world.own_truck, overspeed(world.own_truck, at + timedelta(minutes=5))))
    alarm.refresh_from_db()
    assert (alarm.told, alarm.ended_at) == (2, None)


def test_a_replay_changes_nothing(world: World) -> None:
    begun = overspeed(world.own_truck, world.clock.now())
    both = (message(world.own_truck, begun), message(world.own_truck, end_of(begun, 95)))
    tell(world, *both)
    facts, letters = Fact.objects.count(), Outgoing.objects.count()
    tell(world, *both)
    assert (Finding.objects.count(), Alarm.objects.count()) == (1, 1)
    assert (Fact.objects.count(), Outgoing.objects.count()) == (facts, letters)


def test_an_end_whose_beginning_was_lost_is_recorded_whole(world: World) -> None:
    begun = overspeed(world.own_truck, world.clock.now())
    tell(world, message(world.own_truck, end_of(begun, 95)))
    finding = Finding.objects.get()
    assert (finding.key, finding.end_key) == (begun.id, end_of(begun, 95).id)
    assert finding.ended_at is not None
    assert finding.alarm is not None
    assert finding.alarm.ended_at == finding.ended_at


def test_late_points_take_back_and_restore_but_a_person_decides(world: World) -> None:
    begun = overspeed(world.own_truck, world.clock.now())
    plain = message(world.own_truck, begun)
    back = message(world.own_truck, begun, correction="withdrawn", judged_after_s=600)
    again = message(world.own_truck, begun, correction="added", judged_after_s=900)
    tell(world, plain, back)
    finding, alarm = Finding.objects.get(), Alarm.objects.get()
    assert finding.withdrawn_at is not None
    assert (alarm.status, alarm.told, alarm.figure) == (AlarmState.PENDING, 1, "")
    kinds = [fact.kind for fact in desk_queries.facts_of(alarm)]
    assert kinds == ["watch.opened", "watch.withdrawn"]
    tell(world, again)
    finding.refresh_from_db()
    alarm.refresh_from_db()
    assert not finding.withdrawn_at
    assert alarm.figure == "78/60"
    # Replayed, the older word does not win over the newer.
    facts = Fact.objects.count()
    tell(world, plain, back, again)
    finding.refresh_from_db()
    assert finding.withdrawn_at is None
    assert Fact.objects.count() == facts


def test_late_points_correct_figures_and_ends(world: World) -> None:
    truck = world.own_truck
    begun = overspeed(truck, world.clock.now())
    over = end_of(begun, 95)
    tell(world, message(truck, begun), message(truck, over))
    faster = replace(begun, values={**begun.values, "peak_speed": 880})
    # The whole track has a faster point, and it lasted longer; both judged at one moment.
    corrections = [
        message(truck, faster, correction="added", judged_after_s=900),
        message(truck, end_of(begun, 120, peak=880), correction="added", judged_after_s=900),
    ]
    tell(world, *corrections)
    finding, alarm = Finding.objects.get(), Alarm.objects.get()
    assert (finding.figure, alarm.figure) == ("88/60", "88/60")
    assert finding.ended_at == alarm.ended_at == begun_at(begun) + timedelta(seconds=120)
    assert finding.record["finding"]["values"]["peak_speed"] == 880
    facts = Fact.objects.count()
    tell(world, message(truck, begun), message(truck, over), *corrections)
    assert Fact.objects.count() == facts
    # Later points: it was not over at all; and then it is, told live.
    tell(world, message(truck, over, correction="withdrawn", judged_after_s=1800))
    finding.refresh_from_db()
    alarm.refresh_from_db()
    assert (finding.end, finding.ended_at, alarm.ended_at) == (None, None, None)
    tell(world, message(truck, over), *corrections)
    finding.refresh_from_db()
    assert finding.ended_at is None
    tell(world, message(truck, end_of(begun, 300), judged_after_s=2400))
    finding.refresh_from_db()
    assert finding.ended_at == begun_at(begun) + timedelta(seconds=300)


def begun_at(finding: Driving) -> datetime:
    return datetime.fromtimestamp(finding.first.time_ms / 1000, UTC)


def test_what_late_points_add_is_an_alarm_and_says_so(world: World) -> None:
    begun = overspeed(world.own_truck, world.clock.now() - timedelta(hours=3))
    tell(world, message(world.own_truck, begun, correction="added"))
    finding = Finding.objects.get()
    assert finding.late
    assert finding.alarm is not None


def test_taking_back_what_was_never_told_is_parked(world: World) -> None:
    begun = overspeed(world.own_truck, world.clock.now())
    tell(world, message(world.own_truck, begun, correction="withdrawn"))
    assert Parked.objects.get().error.startswith("NotTold")
    assert Finding.objects.count() == 0


def test_data_quality_is_recorded_and_does_not_flood_the_desk(world: World) -> None:
    tell(world, message(world.own_truck, invalid(world.own_truck, world.clock.now())))
    finding = Finding.objects.get()
    assert (finding.kind, finding.alarm, Alarm.objects.count()) == (AlarmKind.INVALID, None, 0)
    # It has no time of its own: the record stands where it came in.
    assert finding.happened_at == finding.received_at
    assert finding.ended_at is not None


def test_the_bureau_says_which_findings_are_alarms(world: World) -> None:
    def put(rule: str, **changes: object) -> None:
        values: dict[str, object] = {
            "raises": True, "severity": "normal", "respond_minutes": 30, "finish_hours": 48,
            "confirmed": True, **changes,
        }  # fmt: skip
        actions.set_response(world.clerk, world.clock, rule, **values)  # type: ignore[arg-type]

    put("driving.invalid")
    put("driving.overspeed", raises=False, confirmed=False)
    tell(world, message(world.own_truck, invalid(world.own_truck, world.clock.now())))
    tell(world, message(world.own_truck, overspeed(world.own_truck, world.clock.now())))
    alarm = Alarm.objects.get()
    assert (alarm.kind, alarm.severity) == (AlarmKind.INVALID, Severity.NORMAL)
    assert alarm.respond_by - alarm.opened_at == timedelta(minutes=30)
    assert responses.response("driving.invalid").confirmed_by == world.clerk.name
    assert not responses.response("driving.overspeed").verified
    assert {one.rule for one in responses.table()} >= set(IDS.values())
    for field, changes in (
        ("severity", {"severity": "grave"}),
        ("respond_minutes", {"respond_minutes": 0}),
        ("finish_hours", {"respond_minutes": 90, "finish_hours": 1}),
    ):
        with pytest.raises(FieldErrors) as refused:
            put("driving.invalid", **changes)
        assert set(refused.value.errors) == {field}
    with pytest.raises(FieldErrors):
        put("driving.unknown")
    with pytest.raises(Refused):
        actions.set_response(
            world.firm_user, world.clock, "driving.invalid", raises=False, severity="low",
            respond_minutes=5, finish_hours=24, confirmed=False,
        )  # fmt: skip


def test_a_forbidden_zone_raises_an_alarm_that_ends_when_it_is_left(world: World) -> None:
    at = world.clock.now()
    place = {"place_name": "水源保护禁行区", "place_kind": "forbidden"}

    def fence(rule: str, minutes: int) -> bytes:
        moment = at + timedelta(minutes=minutes)
        return finding_json(world.own_truck, rule=rule, at=moment, **place)

    tell(world, fence("fence.enter", 0), fence("fence.forbidden", 0))
    alarm = Alarm.objects.get()
    assert (alarm.kind, alarm.place_name) == (AlarmKind.FORBIDDEN, "水源保护禁行区")
    assert alarm.ended_at is None
    tell(world, fence("fence.leave", 12))
    alarm.refresh_from_db()
    assert alarm.ended_at == at + timedelta(minutes=12)
    assert alarm.status is AlarmState.PENDING


def test_an_entry_that_late_positions_move_raises_no_second_alarm(world: World) -> None:
    at = world.clock.now()

    def enter(minutes: int, correction: str = "") -> bytes:
        body = json.loads(finding_json(world.tanker, at=at - timedelta(minutes=minutes)))
        if correction:
            judged = (at + timedelta(hours=2)).isoformat()
            body |= {"correction": correction, "received_at": judged, "judged_at": judged}
        return json.dumps(body).encode()

    tell(world, enter(0))
    alarm = Alarm.objects.get()
    tell(world, enter(0, "withdrawn"), enter(9, "added"))
    assert Alarm.objects.get() == alarm
    trip = Trip.objects.get()
    assert (alarm.subject, trip.entered_at) == (trip.subject, at - timedelta(minutes=9))
    assert not Parked.objects.exists()


def test_late_positions_move_the_end_of_what_happened_in_a_place(world: World) -> None:
    at = world.clock.now()

    def fence(rule: str, minutes: int, correction: str = "") -> bytes:
        moment = at + timedelta(minutes=minutes)
        body = json.loads(
            finding_json(
                world.own_truck, rule=rule, at=moment, place_name="水源地", place_kind="forbidden"
            )
        )
        if correction:
            judged = (at + timedelta(hours=2)).isoformat()
            body |= {"correction": correction, "received_at": judged, "judged_at": judged}
        return json.dumps(body).encode()

    def span() -> tuple[datetime | None, bool]:
        one = Finding.objects.get(happened_at=at)
        return one.ended_at, one.withdrawn_at is not None

    tell(world, fence("fence.forbidden", 0), fence("fence.leave", 30))
    assert span() == (at + timedelta(minutes=30), False)
    tell(world, fence("fence.leave", 12, "added"))  # it left earlier, and came again
    assert span() == (at + timedelta(minutes=12), False)
    tell(world, fence("fence.leave", 12, "withdrawn"))
    assert span() == (None, False)
    tell(world, fence("fence.leave", 30, "added"))  # told once more behind the change
    assert span() == (at + timedelta(minutes=30), False)
    tell(world, fence("fence.forbidden", 0, "withdrawn"))
    assert span() == (at + timedelta(minutes=30), True)
    # A visit that lay in a blind spot is recorded as late, and its end with it.
    tell(world, fence("fence.forbidden", 2, "added"), fence("fence.leave", 5, "added"))
    late = Finding.objects.get(happened_at=at + timedelta(minutes=2))
    assert (late.late, late.ended_at) == (True, at + timedelta(minutes=5))
    assert not Parked.objects.exists()


def off_route(
    world: World,
    rule: str,
    minutes: int,
    farthest_m: float,
    over: int | None = None,
    **more: Any,
) -> bytes:
    """A message of the route, so many minutes after now; it was over after ``over`` of them."""
    at = world.clock.now()
    moment = at + timedelta(minutes=minutes)
    body = json.loads(
        finding_json(
            world.own_truck, rule=rule, at=moment, place_name="危货一号线", place_kind="route"
        )
    )
    body["inputs"] |= {
        "farthest_m": farthest_m,
        "over_at": (at + timedelta(minutes=minutes if over is None else over)).isoformat()
        if rule == "fence.off_route_over"
        else None,
        "confirmed_by": "depth" if over is None else "lapsed",
    }
    body["id"] = hashlib.sha256(f"{rule}{more.pop('first', '')}".encode()).hexdigest()[:32]
    return json.dumps(body | more).encode()


def test_an_alarm_of_a_vehicle_off_its_route_ends_when_it_is_back(world: World) -> None:
    at = world.clock.now()
    tell(world, off_route(world, "fence.off_route", 0, 60.4))
    alarm = Alarm.objects.get()
    assert (alarm.kind, alarm.ended_at, alarm.figure) == (AlarmKind.OFF_ROUTE, None, "60 m")
    tell(world, off_route(world, "fence.off_route_over", 12, 1234.5))
    alarm.refresh_from_db()
    assert (alarm.ended_at, alarm.figure) == (at + timedelta(minutes=12), "1.2 km")
    assert alarm.status is AlarmState.PENDING, "over is not dealt with"
    finding = Finding.objects.get()
    said = fence_sentence(finding.record, finding.end)
    assert said.zh == (
        "4月8日06:00:00至06:12:00偏离规定线路“危货一号线”12分钟，最远1234米，后驶回线路。"
    )
    assert "from 2024-04-08 06:00:00 to 06:12:00 off its route" in said.en.lower()
    assert "12 min" in said.en
    assert fence_sentence(finding.record).zh == (
        "4月8日06:00:00驶离规定线路“危货一号线”，当时距线路60米。"
    )
    tell(world, off_route(world, "fence.off_route_over", 12, 1234.5))
    assert Finding.objects.get().ended_at == alarm.ended_at, "a replay changes nothing"


def test_a_long_stay_says_since_when_it_lasts(world: World) -> None:
    record = json.loads(finding_json(world.own_truck, rule="fence.stay", at=world.clock.now()))
    record |= {"place_name": "东港停车场", "inputs": {**record["inputs"], "dwell_s": 3600}}
    before = fence_sentence(record)  # as a release before told it
    assert before.zh == "4月8日06:00:00在“东港停车场”停留超过1小时。"
    said = fence_sentence({**record, "stay": {"begun_at": "2024-04-07T20:59:30+00:00"}})
    assert said.zh == ("4月8日06:00:00在“东港停车场”停留超过1小时（自4月8日04:59:30起在内）。")
    assert said.en == (
        "At 2024-04-08 06:00:00 stayed in “东港停车场” for more than 1 h "
        "(in it since 2024-04-08 04:59:30)."
    )


def test_an_alarm_off_a_route_that_is_over_ends_with_the_route(world: World) -> None:
    at = world.clock.now()
    tell(world, off_route(world, "fence.off_route", 0, 60.4))
    tell(world, off_route(world, "fence.off_route_over", 900, 80, over=30))
    finding = Finding.objects.get()
    assert finding.ended_at == at + timedelta(minutes=30)
    assert "至线路不再约束该车时止" in fence_sentence(finding.record, finding.end).zh


def test_late_positions_move_the_return_to_the_route(world: World) -> None:
    at = world.clock.now()
    judged = (at + timedelta(hours=2)).isoformat()
    added: dict[str, Any] = {"correction": "added", "received_at": judged, "judged_at": judged}

    def span() -> tuple[datetime | None, str]:
        one = Finding.objects.get(happened_at=at)
        return one.ended_at, one.figure

    over = "fence.off_route_over"
    tell(world, off_route(world, "fence.off_route", 0, 60.4), off_route(world, over, 30, 900))
    assert span() == (at + timedelta(minutes=30), "900 m")
    tell(world, off_route(world, over, 12, 300, **added))
    assert span() == (at + timedelta(minutes=12), "300 m")
    tell(world, off_route(world, over, 45, 1100, **added))
    assert span() == (at + timedelta(minutes=45), "1.1 km"), "the same end, later than before"
    tell(world, off_route(world, over, 45, 1100, **(added | {"correction": "withdrawn"})))
    assert span() == (None, "60 m")
    assert Alarm.objects.get().ended_at is None
    assert not Parked.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "names"),
    [
        ("id", "x", "id"),
        ("begun_id", None, "begun_id"),
        ("vehicle_id", True, "vehicle_id"),
        ("happened_at", "2024-04-08T06:00:00", "happened_at"),
        ("correction", "perhaps", "correction"),
        ("finding", {"form": 99}, "form"),
        ("version", None, "version"),
        ("rule", "fence.enter", "rule"),
    ],
)
def test_it_refuses_a_bad_message_by_its_field(
    world: World, field: str, value: object, names: str
) -> None:
    body = json.loads(message(world.own_truck, overspeed(world.own_truck, world.clock.now())))
    body[field] = value
    if value is None:
        del body[field]
    with pytest.raises(BadMessage, match=names):
        messages.read(json.dumps(body).encode())


def test_it_refuses_a_message_whose_parts_disagree(world: World) -> None:
    one = json.loads(message(world.own_truck, overspeed(world.own_truck, world.clock.now())))
    other = json.loads(message(world.tanker, overspeed(world.tanker, world.clock.now())))
    one["finding"] = other["finding"]
    with pytest.raises(BadMessage, match="finding"):
        messages.read(json.dumps(one).encode())


def test_it_finds_what_was_asked_for(world: World) -> None:
    at = world.clock.now()
    tell(
        world,
        message(world.own_truck, overspeed(world.own_truck, at)),
        message(world.tanker, overspeed(world.tanker, at)),
        message(world.own_truck, invalid(world.own_truck, at)),
    )
    day = date(2024, 4, 8)

    def wanted(**more: object) -> list[str]:
        found = queries.of_days(world.clerk, queries.Wanted(day, day, **more))  # type: ignore[arg-type]
        return sorted(f"{one.vehicle.plate} {one.kind}" for one in found)

    assert wanted(alarms=False) == ["湘F30001 invalid"]
    assert wanted(kind=AlarmKind.OVERSPEED) == ["湘F30001 overspeed", "鄂B9K307 overspeed"]
    assert wanted(plate="9K3") == ["鄂B9K307 overspeed"]
    assert queries.of_days(world.clerk, queries.Wanted(day, day, plate="F30001")).count() == 2
    every = queries.of_days(world.clerk, queries.Wanted(day, day))
    assert queries.count_by_kind(every) == {AlarmKind.OVERSPEED: 2, AlarmKind.INVALID: 1}
    yesterday = day - timedelta(days=1)
    assert not queries.of_days(world.clerk, queries.Wanted(yesterday, yesterday)).exists()
    begun = overspeed(world.own_truck, at)
    assert queries.by_id(world.clerk, begun.id) == queries.by_id(SYSTEM, begun.id)
    assert queries.by_id(world.carrier_user, begun.id) is None
