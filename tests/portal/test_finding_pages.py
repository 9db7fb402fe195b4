"""Findings as people see them: the desk, the records, the explanation, and what leads to alarms."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from html import unescape
from io import BytesIO
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from openpyxl import load_workbook
from pytest_django.fixtures import Settings

from hazmat.factory import SYSTEM
from hazmat_world import NOW, alarm_of
from jiaoan.portal.watch.sketch import sketch_of
from jiaoan.portal.watch.trace import WIDTH, trace_of
from jiaoan.portal.watch.why import plates_of, sentence_of
from jiaoan.registry.models import Vehicle
from jiaoan.rules.driving.findings import Finding as Driving
from jiaoan.rules.driving.law import Rule
from jiaoan.scope import SystemActor
from jiaoan.stores import positions, tracks
from jiaoan.watch.findings import actions, messages, responses
from jiaoan.watch.kinds import AlarmKind, Severity
from jiaoan.watch.models import Alarm, Finding, Response
from portal.matrix import World
from watch.told import continuous, end_of, invalid, message, overspeed

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return World()


def client_of(world: World, language: str = "en", role: str = "safety_clerk") -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE=language)
    client.cookies["django_language"] = language
    client.force_login(world.person(role), backend="django.contrib.auth.backends.ModelBackend")
    return client


def seen(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def tell(vehicle: Vehicle, *findings: Driving) -> Finding:
    for finding in findings:
        told = messages.read(message(vehicle, finding))
        last = actions.take(SYSTEM, NOW, told)
    return last


def fast(world: World, minutes: int = 5, **figures: int) -> Finding:
    vehicle = world.vehicle()
    begun = overspeed(vehicle, NOW.now() - timedelta(minutes=minutes), **figures)
    return tell(vehicle, begun, end_of(begun, 95))


def cells(octets: bytes) -> list[str]:
    sheet = load_workbook(BytesIO(octets)).active
    assert sheet is not None
    return [str(cell) for row in sheet.iter_rows(values_only=True) for cell in row]


def test_the_desk_explains_an_overspeed_from_its_record(world: World) -> None:
    fast(world)
    alarm = Alarm.objects.get()
    english = seen(client_of(world), reverse("alarm", args=[alarm.pk]))
    for words in (
        "Overspeed 81/60",
        "Highest speed, against 60 km/h (limit of the vehicle kind)",
        "Over the limit in one go for more than 30 s",
        "Rule Overspeed · driving.overspeed, version",
        "《危险货物道路运输安全管理办法》第四十六条",
        "Limit of the first response",
        "Called the dispatcher of the firm",
        "en-hot",
    ):
        assert words in english, words
    assert "Make up the filing" not in english
    assert "Judge again from the kept inputs" not in english
    chinese = seen(client_of(world, "zh-hans"), reverse("alarm", args=[alarm.pk]))
    for words in (
        "超速行驶 81/60",
        "最高车速，限速 60 公里/时（车型限速）",
        "持续超速，超过30秒",
        "严重",
    ):
        assert words in chinese, words
    assert "Overspeed" not in chinese


def test_an_unverified_clause_says_so(world: World) -> None:
    vehicle = world.vehicle()
    frozen = Driving(
        Rule.FROZEN, "begun", vehicle.pk, vehicle.kind, 0,
        overspeed(vehicle, NOW.now()).first, overspeed(vehicle, NOW.now()).deciding, 0,
        {"speed": 300, "points": 6}, {"needed_points": 5},
    )  # fmt: skip
    tell(vehicle, frozen)
    body = seen(client_of(world, "zh-hans"), reverse("alarm", args=[Alarm.objects.get().pk]))
    law = body[body.index("《安全生产法》") :]
    assert "未核实" in law[: law.index("</dd>")]


def test_folded_findings_are_all_listed_and_a_taken_back_one_is_struck_out(world: World) -> None:
    vehicle = world.vehicle()
    first, second = fast(world, 30), fast(world, 10, peak=900)
    taken = Driving.from_json(second.record["finding"])
    back = message(vehicle, taken, correction="withdrawn", judged_after_s=3600)
    actions.take(SYSTEM, NOW, messages.read(back))
    client = client_of(world)
    body = seen(client, reverse("alarm", args=[Alarm.objects.get().pk]))
    for finding in (first, second):
        assert reverse("finding", args=[finding.pk]) in body
    assert body.count("<s>") == 1
    assert "later positions do not bear it out" in body
    assert "1 folded in" in body
    assert "Today 1 alarms, folded from 2 findings" in body


def test_the_queue_is_narrowed_by_kind_and_severity(world: World) -> None:
    fast(world)
    other = alarm_of(world)
    client = client_of(world)
    whole = seen(client, reverse("alarms"))
    assert whole.count("data-alarm=") == 2
    narrowed = seen(client, reverse("alarms") + "?kind=overspeed")
    assert narrowed.count("data-alarm=") == 1
    assert f'data-alarm="{other.pk}"' not in narrowed
    assert "kind=overspeed" in narrowed[narrowed.index("hx-get") :].split('"')[1]
    assert seen(client, reverse("alarms") + "?severity=low").count("data-alarm=") == 0
    assert seen(client, reverse("alarms") + "?kind=nonsense").count("data-alarm=") == 2
    sheet = client.get(reverse("alarms_export", args=["xlsx"]) + "?kind=overspeed")
    said = cells(sheet.content)
    assert "Overspeed 81/60" in said
    assert not any("unfiled" in cell for cell in said)


def test_records_list_what_is_no_alarm_and_say_what_they_led_to(world: World) -> None:
    fast(world)
    vehicle = world.vehicle()
    tell(vehicle, invalid(vehicle, NOW.now()))
    client, url = client_of(world), reverse("findings")
    body = seen(client, url)
    assert "Record only" in body
    assert "Invalid data: speed out of range" in body
    only = seen(client, url + "?alarms=no")
    assert "Overspeed 81/60" not in only
    assert "Invalid data: speed out of range" in only
    assert "No findings here" in seen(client, url + "?first=2001-01-01&last=2001-01-02")
    assert "The last day lies before the first day." in seen(
        client, url + "?first=2024-04-08&last=2024-04-01"
    )
    assert "Write the day like 2024-04-08." in seen(client, url + "?first=tomorrow")
    said = cells(client.get(reverse("findings_export", args=["xlsx"])).content)
    assert "仅记录" in said
    assert Finding.objects.get(kind="invalid").key in said
    assert client.get(reverse("findings_export", args=["pdf"])).status_code == 404


def test_a_finding_is_judged_again_from_the_track(
    world: World, tmp_path: Path, settings: Settings
) -> None:
    settings.DATA_DIR = tmp_path
    finding = fast(world)
    client = client_of(world)
    again = reverse("finding_again", args=[finding.pk])
    assert "No track of these days is kept" in seen(client, again)
    driven(tmp_path, finding)
    body = seen(client, again)
    assert "Judged again from the track: it differs." in body
    assert "<code>finding</code>" in body
    evidence = client.get(reverse("finding_evidence", args=[finding.pk]))
    assert evidence.headers["Content-Disposition"].endswith(f'"finding-{finding.key}.json"')
    assert json.loads(evidence.content)["told"]["id"] == finding.key


def driven(data: Path, finding: Finding) -> None:
    """A track of five minutes around the finding, on the way to the east."""
    begin = round(finding.happened_at.timestamp() * 1000) - 60_000
    array = positions.empty(30)
    for number, row in enumerate(array):
        row["vehicle"], row["status"] = finding.vehicle_id, positions.FIXED
        row["time_ms"] = row["received_ms"] = begin + number * 10_000
        row["lat"], row["lon"] = 29_489_500, 113_160_000 + number * 2000
        row["speed"] = 500
    tracks.write(data / "tracks", 1, 1, array, [b""] * len(array))


def test_the_map_sketch_joins_track_and_named_positions(world: World, tmp_path: Path) -> None:
    finding = fast(world)
    begun = Driving.from_json(finding.record["finding"])
    alone = trace_of(tmp_path, begun)
    assert alone is not None
    assert [mark.number for mark in alone.marks] == [1, 2]
    assert (len(alone.hot), alone.ways, alone.points) == (1, (), 2)
    driven(tmp_path, finding)
    assert finding.end_record is not None
    joined = trace_of(tmp_path, begun, Driving.from_json(finding.end_record["finding"]))
    assert joined is not None
    assert len(joined.ways) == 2
    assert joined.points > 20
    assert all(0 <= mark.x <= WIDTH for mark in joined.marks)
    assert joined.scale_m in (200, 500, 1000, 2000)


def test_a_long_drive_is_drawn_whole_with_silences_as_gaps(world: World, tmp_path: Path) -> None:
    vehicle = world.vehicle()
    finding = tell(vehicle, continuous(vehicle, NOW.now() - timedelta(hours=5)))
    begun = Driving.from_json(finding.record["finding"])
    sketch = trace_of(tmp_path, begun)
    assert sketch is not None
    # Four hours without a report between: nothing is drawn where nothing is known.
    assert sketch.hot == ()
    body = seen(client_of(world), reverse("finding", args=[finding.pk]))
    assert "Driven without a rest, at most 4 h" in body
    assert "4:00" in body


def test_a_record_of_another_release_is_shown_and_not_guessed_at(world: World) -> None:
    finding = fast(world)
    Alarm.objects.update(record={**finding.record, "finding": {"form": 99}})
    assert finding.end_record is not None
    finding.record["finding"] = finding.end_record["finding"] = {"form": 99}
    finding.save()
    for url in (
        reverse("finding", args=[finding.pk]),
        reverse("alarm", args=[finding.alarm_id]),
        reverse("findings"),
    ):
        seen(client_of(world), url)
    body = seen(client_of(world), reverse("finding_again", args=[finding.pk]))
    assert "It cannot be judged again" in body


def test_the_section_says_which_findings_are_alarms(world: World) -> None:
    clerk = client_of(world)
    url = reverse("response", args=["driving.invalid"])
    typed = {"raises": "yes", "severity": "low", "respond_minutes": "60", "finish_hours": "72"}
    assert clerk.post(url, typed | {"confirmed": "on"}).status_code == 302
    found = responses.response("driving.invalid")
    assert (found.raises, found.severity, found.minutes, found.verified) == (
        True, Severity.LOW, 60, True,
    )  # fmt: skip
    assert f"confirmed by {world.person('safety_clerk').name}" in seen(clerk, reverse("responses"))
    wrong = clerk.post(url, typed | {"respond_minutes": "soon", "finish_hours": "9"})
    assert wrong.status_code == 422
    body = unescape(wrong.content.decode())
    assert "From 1 minute to 30 days." in body
    assert 'value="soon"' in body
    assert clerk.post(reverse("response", args=["driving.none"]), typed).status_code == 422
    assert Response.objects.get().respond_minutes == 60
    leader = seen(client_of(world, role="leader"), reverse("responses"))
    assert "<form" not in leader[leader.index("ja-table") :]
    assert {kind.label for kind in AlarmKind}


def test_a_fence_finding_is_explained_too(world: World) -> None:
    vehicle = world.vehicle()
    at = datetime(2024, 6, 5, 6, 20, tzinfo=UTC)
    record = {
        "id": "a" * 32, "rule": "fence.forbidden", "version": "2", "kind": "forbidden",
        "vehicle_id": vehicle.pk, "place_id": 3, "place_name": "水源保护禁行区",
        "place_kind": "forbidden", "place_version": 1, "happened_at": at.isoformat(),
        "received_at": at.isoformat(), "judged_at": at.isoformat(), "law": "示意通告第三条",
        "first_position": f"{vehicle.pk}-1-2-3-0-3",
        "inputs": {
            "points": [
                {"key": "k", "time": at.isoformat(), "lat": 29.5, "lon": 113.2, "speed_kmh": 40.0,
                 "depth_m": 86.0, "inside": True},
            ],
            "buffer_m": 50, "consecutive": 2, "dwell_s": None, "confirmed_by": "depth",
        },
    }  # fmt: skip
    actions.take(SYSTEM, NOW, messages.told(record))  # type: ignore[arg-type]
    english = seen(client_of(world), reverse("alarm", args=[Alarm.objects.get().pk]))
    assert "in the forbidden zone “水源保护禁行区”" in english
    assert "Farther beyond the line than 50 m" in english
    assert "示意通告第三条" in english
    assert "86 m" in english


def test_the_sketch_of_a_route_that_was_left_marks_the_points_off_it() -> None:
    points = [
        {"time": f"2024-04-08T06:00:{second:02d}+00:00", "depth_m": depth, "speed_kmh": 40,
         "inside": depth >= 0}
        for second, depth in ((0, 30.0), (10, -20.0), (20, -80.0))
    ]  # fmt: skip
    inputs = {"points": points, "buffer_m": 50}
    left = sketch_of({"rule": "fence.off_route", "inputs": inputs})
    entered = sketch_of({"rule": "fence.forbidden", "inputs": inputs})
    assert left is not None
    assert entered is not None
    assert [point.hit for point in left.points] == [False, True, True]
    assert left.buffer < left.line < entered.buffer
    assert (left.deepest, entered.deepest) == (80.0, 30.0)
    assert left.points[-1].x < left.buffer, "beyond the buffer"


def pair(world: World, other: Vehicle) -> Finding:
    """A tanker that stood beside ``other``."""
    vehicle, at = world.vehicle(), overspeed(world.vehicle(), NOW.now() - timedelta(minutes=20))
    found = Driving(
        Rule.TOGETHER, "begun", vehicle.pk, vehicle.kind, 0, at.first, at.deciding, at.end_ms,
        {"other": other.pk, "together_s": 630}, {"near_m": 50, "limit_s": 600},
    )  # fmt: skip
    return tell(vehicle, found)


@pytest.mark.parametrize(
    ("language", "near", "rule"),
    [
        ("en", "of another hazmat vehicle (湘F·90001) for 10 min 30 s",
         "Rule Two hazmat vehicles too long together · driving.together, version"),
        ("zh-hans", "与另一辆危货车辆（湘F·90001）相距不超过50米",
         "规则 危货车辆异常靠近 · driving.together 第"),
    ],
)  # fmt: skip
def test_a_pair_names_the_other_by_its_plate(
    world: World, language: str, near: str, rule: str
) -> None:
    found = pair(world, world.vehicle("湘F90001"))
    client = client_of(world, language)
    pages = [
        seen(client, reverse("finding", args=[found.pk])),
        seen(client, reverse("alarm", args=[Alarm.objects.get().pk])),
    ]
    for page in pages:
        assert near in page
        assert rule in page
    assert near in seen(client, reverse("findings"))
    sheet = cells(client.get(reverse("findings_export", args=["xlsx"])).content)
    assert any(near in cell for cell in sheet)


def test_a_pair_keeps_back_the_plate_of_who_is_out_of_reach(world: World) -> None:
    other = world.vehicle("湘F90001")
    found = pair(world, other)
    nobody = SystemActor("nobody", frozenset({"alarm.view"}))
    everybody = SystemActor("everybody", frozenset({"alarm.view", "map.view"}))
    assert plates_of(everybody, [found]) == {other.pk: "湘F·90001"}
    assert plates_of(nobody, [found]) == {}
    with override("en"):
        assert f"(number {other.pk})" in sentence_of(found, plates_of(nobody, [found]))
