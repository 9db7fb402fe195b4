"""A finding comes out again from its evidence alone, or it is said where it differs."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from hazmat.factory import SYSTEM, World, make_world
from jiaoan.journal.actions import Json, enqueue
from jiaoan.registry.actions import add_place, change_vehicle
from jiaoan.registry.models import Place, Vehicle
from jiaoan.registry.reference import place_value
from jiaoan.rules import fences
from jiaoan.rules.driving import judge as driving
from jiaoan.rules.driving.book import Book, Profile
from jiaoan.rules.driving.findings import Finding as Driving
from jiaoan.rules.driving.judge import silent
from jiaoan.rules.driving.law import Rule
from jiaoan.rules.driving.memory import Memory
from jiaoan.rules.driving.settle import run
from jiaoan.scope import SystemActor
from jiaoan.stores import cards, positions, tracks
from jiaoan.stores.bus import Bus
from jiaoan.stores.positions import DriverCard, Positions, key_of
from jiaoan.stream import together
from jiaoan.stream.backtrack import events
from jiaoan.stream.findings import encode, encode_driven
from jiaoan.stream.reference import References, VehicleCard
from jiaoan.watch.findings import actions, messages
from jiaoan.watch.findings.evidence import Fresh, NoEvidence, gather
from jiaoan.watch.findings.explaining import Explained, NotEvidence, explain, fence_of, read
from jiaoan.watch.models import Finding
from jiaoan.wire.jt808 import DriverCard as Body
from jiaoan.wire.jt808 import Edition, Form
from jiaoan.wire.jt808.driver import Card as BodyCard
from watch.told import message

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def drive(world: World, data: Path, speeds: list[int], *, every_s: int = 10) -> Positions:
    """A report each ``every_s`` seconds with these speeds (km/h) on a way to the east, sealed."""
    track = positions.empty(len(speeds))
    begin = round(world.clock.now().timestamp() * 1000)
    east = 0.0
    for number, kmh in enumerate(speeds):
        row = track[number]
        row["vehicle"], row["terminal"] = world.own_truck.pk, "13900000001"
        row["status"] = positions.FIXED | 1
        row["time_ms"] = begin + number * every_s * 1000
        row["received_ms"] = row["time_ms"] + 400
        row["lat"], row["lon"] = 29_489_500, 113_160_000 + round(east / 0.0968)
        row["speed"] = kmh * 10
        east += kmh / 3.6 * every_s
    tracks.write(data / "tracks", 1, 1, track, [b""] * len(track))
    return track


def told_by(world: World, track: Positions, rule: str) -> Finding:
    """What the rules find in the track, told and recorded; the record of ``rule``."""
    truck = world.own_truck
    book = Book({truck.pk: Profile(kind=truck.kind)})
    for finding in run(track, book):
        actions.take(SYSTEM, world.clock, messages.read(message(truck, finding)))
    return Finding.objects.get(rule=rule)


FAST = [50] * 6 + [82, 84, 86, 84, 82] + [50] * 20


def test_an_overspeed_comes_out_equal_without_the_database(world: World, tmp_path: Path) -> None:
    finding = told_by(world, drive(world, tmp_path, FAST), "driving.overspeed")
    assert finding.end_record is not None
    text = json.dumps(gather(tmp_path, finding), ensure_ascii=False)
    explained = explain(read(text))
    assert explained.equal, explained.differences
    assert explained.id == finding.key
    assert explained.positions == len(FAST)
    assert "86" in explained.said.zh
    assert "86" in explained.said.en


def slower(evidence: dict[str, Any]) -> None:
    evidence["positions"]["rows"][8][4] = 830


def stricter(evidence: dict[str, Any]) -> None:
    for one in evidence["settings"]:
        one["hazmat_express"] = 700


def unknown_vehicle(evidence: dict[str, Any]) -> None:
    evidence["profile"]["kind"] = ""


def switched_off(evidence: dict[str, Any]) -> None:
    evidence["off"].append("driving.overspeed")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (slower, "values.peak_speed"),
        (stricter, "limits.limit_milli"),
        (unknown_vehicle, "finding"),
        (switched_off, "ended.finding"),
    ],
)
def test_it_says_field_by_field_where_it_differs(
    world: World, tmp_path: Path, change: Callable[[dict[str, Any]], None], field: str
) -> None:
    finding = told_by(world, drive(world, tmp_path, FAST), "driving.overspeed")
    evidence = gather(tmp_path, finding)
    change(evidence)
    explained = explain(evidence)
    assert not explained.equal
    assert field in {one.field for one in explained.differences}, explained.differences


def test_published_figures_and_limits_of_places_are_part_of_it(
    world: World, tmp_path: Path
) -> None:
    square = [[113.1, 29.4], [113.3, 29.4], [113.3, 29.6], [113.1, 29.6], [113.1, 29.4]]
    add_place(
        SYSTEM, world.clock, name="示意工业园", kind="plant",
        geometry={"type": "Polygon", "coordinates": [square]}, limits_kmh={"hazmat": 40},
    )  # fmt: skip
    figures: dict[str, Json] = {
        "settings": [{"valid_from": "0001-01-01", "over_s": 20}],
        "off": ["driving.drift"],
    }
    enqueue("ref.rules.driving", figures, clock=world.clock)
    track = drive(world, tmp_path, FAST)
    evidence = gather(tmp_path, told_by(world, track, "driving.overspeed"))
    assert evidence["surroundings"] == [[400, 0, 1, 0, 0, 0]] * len(track)
    assert [one["over_s"] for one in evidence["settings"]] == [20]
    assert evidence["off"] == ["driving.drift"]
    # It was judged without all that here, so it does not come out.
    assert not explain(evidence).equal


def test_the_profile_and_the_class_of_the_road_are_part_of_it(world: World, tmp_path: Path) -> None:
    """The vehicle has no terminal of its own: another platform forwards it."""
    square = [[113.1, 29.4], [113.3, 29.4], [113.3, 29.6], [113.1, 29.6], [113.1, 29.4]]
    add_place(
        SYSTEM, world.clock, name="示意高速", kind="road", road_class="expressway",
        geometry={"type": "Polygon", "coordinates": [square]},
    )  # fmt: skip
    truck = world.own_truck
    truck.terminals.all().delete()
    change_vehicle(SYSTEM, world.clock, truck, seen_version=truck.version, speed_limit_kmh=70)
    track = drive(world, tmp_path, FAST)
    evidence = gather(tmp_path, told_by(world, track, "driving.overspeed"))
    assert evidence["surroundings"] == [[0, 1, 0, 0, 0, 0]] * len(track)
    assert evidence["profile"]["limit"] == 700


def test_a_silence_is_judged_at_its_own_moment(world: World, tmp_path: Path) -> None:
    track = drive(world, tmp_path, [50] * 10)
    truck = world.own_truck
    book, memory = Book({truck.pk: Profile(kind="hazmat")}), Memory()
    memory.take(driving.judge(memory, track, book).changes)
    later = int(track["time_ms"][-1]) + 3_600_000
    begun = silent(memory, book, later)[0]
    actions.take(SYSTEM, world.clock, messages.read(message(truck, begun)))
    finding = Finding.objects.get(rule="driving.offline")
    explained = explain(gather(tmp_path, finding))
    assert explained.equal, explained.differences


def test_a_fence_finding_comes_out_of_the_track_and_its_place(world: World, tmp_path: Path) -> None:
    square = [[113.162, 29.48], [113.3, 29.48], [113.3, 29.5], [113.162, 29.5], [113.162, 29.48]]
    place = add_place(
        SYSTEM, world.clock, name="示意禁行区", kind="forbidden", role="forbidden",
        geometry={"type": "Polygon", "coordinates": [square]}, vehicle_kinds=["hazmat"],
    )  # fmt: skip
    truck = world.own_truck
    track = drive(world, tmp_path, [50] * 20)
    outcome = fences.judge(
        fences.Fences([fence_of(place_value(place))]), {}, track, key_of=key_of,
        kinds=fences.Steady(lambda _vehicle: "hazmat"),
    )  # fmt: skip
    found = next(one for one in outcome.findings if one.kind == "forbidden")
    envelope = json.loads(encode(found, None, None, datetime(2024, 4, 8, tzinfo=UTC)))
    envelope |= {"place_name": place.name, "place_kind": place.kind}
    finding = actions.take(SYSTEM, world.clock, messages.told(envelope))
    evidence = gather(tmp_path, finding)
    explained = explain(evidence)
    assert explained.equal, explained.differences
    assert place.name in explained.said.zh
    assert truck.pk == finding.vehicle_id
    # Another buffer, and other points confirm it.
    evidence["place"]["buffer_m"] = 400
    assert "inputs.buffer_m" in {one.field for one in explain(evidence).differences} or (
        explain(evidence).differences[0].field == "finding"
    )
    # Changed since: the version that was judged was published, and is found there.
    Place.objects.filter(pk=place.pk).update(version=place.version + 1, buffer_m=7)
    assert explain(gather(tmp_path, finding)).equal
    finding.record["place_version"] = 99
    with pytest.raises(NoEvidence):
        gather(tmp_path, finding)


def test_leaving_a_route_and_the_return_come_out_of_the_track(world: World, tmp_path: Path) -> None:
    truck = world.own_truck
    place = add_place(
        SYSTEM, world.clock, name="示意线路", kind="road", role="route", shape="corridor",
        geometry={"type": "LineString", "coordinates": [[113.1, 29.4895], [113.3, 29.4895]]},
        size_m=60, bound=[truck],
    )  # fmt: skip
    track = drive(world, tmp_path / "unused", [50] * 40)
    track["lat"][10:25] += 3000
    track["lat"][17] += 4000
    tracks.write(tmp_path / "tracks", 1, 1, track, [b""] * len(track))
    fence = fence_of(place_value(place))
    outcome = fences.judge(
        fences.Fences([fence]),
        {},
        track,
        key_of=key_of,
        kinds=fences.Steady(lambda _vehicle: "hazmat"),
    )
    off, over = outcome.findings
    said = [
        json.dumps(json.loads(encode(one, None, None, world.clock.now())) | {"place_name": "示意"})
        for one in (off, over)
    ]
    finding = actions.take(SYSTEM, world.clock, messages.read(said[0].encode()))
    assert explain(gather(tmp_path, finding)).equal
    actions.end_by_place(SYSTEM, world.clock, messages.over(said[1].encode()))
    finding.refresh_from_db()
    evidence = gather(tmp_path, finding)
    explained = outside(evidence)
    assert explained.equal, explained.differences
    assert "最远746米" in explained.said.zh
    evidence["positions"]["rows"][17][2] -= 4000  # it was not so far
    assert "ended.inputs.farthest_m" in {one.field for one in outside(evidence).differences}


def test_it_refuses_what_it_cannot_judge(world: World, tmp_path: Path) -> None:
    finding = told_by(world, drive(world, tmp_path, FAST), "driving.overspeed")
    evidence = gather(tmp_path, finding)
    for bad, names in (
        ({**evidence, "form": "else"}, "form"),
        ({**evidence, "version": 9}, "version"),
    ):
        with pytest.raises(NotEvidence, match=names):
            read(json.dumps(bad))
    with pytest.raises(NotEvidence, match="JSON"):
        read("{")
    for name in ("positions", "surroundings", "settings", "profile", "cards"):
        less = {key: value for key, value in evidence.items() if key != name}
        with pytest.raises(NotEvidence, match=name):
            explain(less)
    with pytest.raises(NotEvidence, match="surroundings"):
        explain({**evidence, "surroundings": []})
    finding.record["finding"]["driver"] = 7
    with pytest.raises(NoEvidence):
        gather(tmp_path, finding)
    finding.record["finding"]["driver"] = 0
    elsewhere = tmp_path / "empty"
    elsewhere.mkdir()
    with pytest.raises(NoEvidence):
        gather(elsewhere, finding)


def test_reports_that_no_track_holds_yet_are_taken_from_the_bus(
    world: World, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "other"
    elsewhere.mkdir()
    track = drive(world, elsewhere, FAST)
    finding = told_by(world, track, "driving.overspeed")
    assert explain(gather(tmp_path, finding, Fresh(track))).equal
    assert finding.happened_at == world.clock.now() + timedelta(seconds=60)


def record(
    world: World, vehicle: Vehicle, told: Driving, received_ms: int | None = None
) -> Finding:
    """As the stream tells it and the worker records it."""
    now = world.clock.now()
    data = encode_driven(told, None, now, terminal="13900000001", received_ms=received_ms)
    return actions.take(SYSTEM, world.clock, messages.read(data))


def outside(evidence: dict[str, Any]) -> Explained:
    """As an outsider: from a file alone."""
    return explain(read(json.dumps(evidence, ensure_ascii=False)))


def test_cloned_plates_come_out_by_the_terminals_of_the_track(world: World, tmp_path: Path) -> None:
    truck = world.own_truck
    track = drive(world, tmp_path / "unused", [50] * 12, every_s=60)
    track["lon"][1::2] += 400_000  # another lorry with the same plates, 39 km away
    track["terminal"][1::2] = b"13900000002"
    tracks.write(tmp_path / "tracks", 1, 1, track, [b""] * len(track))
    found = run(track, Book({truck.pk: Profile(kind=truck.kind)}))
    told = next(each for each in found if each.rule is Rule.CLONED)
    evidence = gather(tmp_path, record(world, truck, told))
    assert {row[-1] for row in evidence["positions"]["rows"]} == {"13900000001", "13900000002"}
    assert outside(evidence).equal, outside(evidence).differences
    for row in evidence["positions"]["rows"]:
        row[-1] = "13900000001"  # one terminal alone would be drift, not two lorries
    assert outside(evidence).differences[0].field == "finding"


def test_hours_of_a_driver_come_out_by_his_card(world: World, tmp_path: Path) -> None:
    truck = world.own_truck
    track = drive(world, tmp_path, [60] * 600, every_s=30)
    said = driver_card(int(track["time_ms"][0]) - 60_000, truck.pk)
    (card,) = events([said])
    book = Book({truck.pk: Profile(kind=truck.kind)})
    told = next(each for each in run(track, book, cards=[card]) if each.rule is Rule.CONTINUOUS)
    assert told.driver == card.driver
    finding = record(world, truck, told)
    with pytest.raises(NoEvidence):  # as a release before left it: the card is in no file
        gather(tmp_path, finding)
    assert outside(gather(tmp_path, finding, Fresh(cards=[said]))).equal
    cards.write(tmp_path / "tracks", 1, 1, [(1, said)])
    evidence = gather(tmp_path, finding)
    assert outside(evidence).equal, outside(evidence).differences
    evidence["cards"] = []
    assert "driver" in {one.field for one in outside(evidence).differences}


def driver_card(moment: int, vehicle: int) -> DriverCard:
    when = datetime.fromtimestamp(moment / 1000, UTC)
    body = Body(1, when, 0, BodyCard("张三", "430602198001010011", "岳阳", "20991231"))
    octets = body.build(Form(Edition.V2013))
    return DriverCard(0, vehicle, "13900000001", moment, moment, positions.V2013, octets)


@pytest.mark.parametrize(("field", "value"), [("time_ms", positions.NO_TIME), ("speed", 1700)])
def test_a_bad_report_comes_out_of_the_day_of_its_receipt(
    world: World, tmp_path: Path, field: str, value: int
) -> None:
    truck = world.own_truck
    track = drive(world, tmp_path / "unused", [50] * 12)
    track[field][[5, 7]] = value
    track["received_ms"][4:8] = track["received_ms"][4]  # one batch, and its order is not known
    tracks.write(tmp_path / "tracks", 1, 1, track, [b""] * len(track))
    book = Book({truck.pk: Profile(kind=truck.kind)})
    outcome = driving.judge(Memory(), track, book)
    told, row = next(
        (each, row)
        for each, row in zip(outcome.findings, outcome.rows, strict=True)
        if each.rule is Rule.INVALID
    )
    finding = record(world, truck, told, int(track["received_ms"][row]))
    evidence = gather(tmp_path, finding)
    assert outside(evidence).equal, outside(evidence).differences
    # The same had been told before on that day: then this one would not have been.
    place = evidence["positions"]["columns"].index(field)
    evidence["positions"]["rows"][0][place] = value
    assert not outside(evidence).equal


def test_a_clock_that_runs_behind_comes_out_whatever_its_day(world: World, tmp_path: Path) -> None:
    truck = world.own_truck
    track = drive(world, tmp_path / "unused", [50] * 4)
    track["time_ms"][2] = 946_684_800_000  # the first day of 2000
    tracks.write(tmp_path / "tracks", 1, 1, track, [b""] * len(track))
    outcome = driving.judge(Memory(), track, Book({truck.pk: Profile(kind=truck.kind)}))
    told = next(each for each in outcome.findings if each.rule is Rule.CLOCK)
    finding = record(world, truck, told, int(track["received_ms"][2]))
    assert outside(gather(tmp_path, finding)).equal


def pair(world: World, data: Path) -> tuple[Finding, Vehicle]:
    """Two tankers beside each other for twelve minutes, told by the job of the stream."""
    one, other = sorted([world.own_truck, world.tanker], key=lambda each: each.pk)
    first = drive(world, data / "unused", [0] * 40, every_s=30)
    second = first.copy()
    first["vehicle"], second["vehicle"] = one.pk, other.pk
    second["lat"] += 300
    first["lat"][:8] += 9000  # it comes to the other
    both = np.concatenate([first, second])
    both = both[np.argsort(both["received_ms"], kind="stable")]
    tracks.write(data / "tracks", 1, 1, both, [b""] * len(both))
    references = References(cast(Bus, None))
    for each in (one, other):
        card = VehicleCard("1", each.plate, 2, "hazmat", False, Profile(kind="hazmat"))
        references.know(each.pk, card)
    memory = together.Memory.new()
    later = both[-1:].copy()
    later["vehicle"], later["received_ms"] = 99_999, later["received_ms"] + 600_000
    (told,) = together.judge(memory, [np.concatenate([both, later])], references)
    return record(world, one, told), other


def test_two_vehicles_together_come_out_of_both_tracks(world: World, tmp_path: Path) -> None:
    finding, other = pair(world, tmp_path)
    assert finding.rule == "driving.together"
    everybody = SystemActor("explain", frozenset({"alarm.view", "map.view"}))
    evidence = gather(tmp_path, finding, actor=everybody)
    assert outside(evidence).equal, outside(evidence).differences
    assert outside(evidence).positions == 80
    lat = evidence["other"]["positions"]["columns"].index("lat")
    for row in evidence["other"]["positions"]["rows"]:
        row[lat] += 5000
    assert outside(evidence).differences[0].field == "finding"
    # Who may not see the other vehicle does not get its track.
    nobody = SystemActor("nobody", frozenset({"alarm.view"}))
    for actor in (None, nobody):
        with pytest.raises(NoEvidence, match=r"other vehicle|另一辆车"):
            gather(tmp_path, finding, actor=actor)
    assert other.pk != finding.vehicle_id
