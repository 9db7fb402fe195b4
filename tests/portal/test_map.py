"""What the map is given: only one's own vehicles, silences as gaps, a table without script."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from jiaoan.hazmat.models import Trip
from jiaoan.hazmat.states import TripState
from jiaoan.journal.actions import record
from jiaoan.kernel.clock import OffsetClock
from jiaoan.org.models import User
from jiaoan.portal.map import alarms, movements, shapes
from jiaoan.registry.models import Place
from jiaoan.scope import SystemActor
from jiaoan.stores import positions, tracks
from jiaoan.watch.kinds import AlarmKind
from jiaoan.watch.models import Alarm
from jiaoan.watch.states import AlarmState
from portal.matrix import World

MORNING = datetime(2024, 6, 4, 22, 40, tzinfo=UTC)  # 06:40 of 5 June in GMT+8


@pytest.fixture
def world(db: None) -> World:
    return World()


def log_in(client: Client, user: User) -> None:
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")


def rows(*seconds: int) -> positions.Positions:
    array = positions.empty(len(seconds))
    for at, after in enumerate(seconds):
        ms = int((MORNING + timedelta(seconds=after)).timestamp() * 1000)
        array[at]["time_ms"] = array[at]["received_ms"] = ms
        array[at]["lat"], array[at]["lon"] = 29_500_000 + after, 113_200_000
        array[at]["status"], array[at]["speed"] = positions.FIXED, 400 + after
    return array


def test_it_gives_an_enterprise_only_its_own_vehicles(client: Client, world: World) -> None:
    mine = world.vehicle("湘F32718")
    world.vehicle("湘F32719", "other_firm")
    log_in(client, world.person("enterprise"))
    found = client.get(reverse("map_vehicles")).json()
    assert [vehicle["id"] for vehicle in found["vehicles"]] == [mine.pk]
    table = client.get(reverse("map"), {"view": "table"}).content.decode()
    assert "湘F·32718" in table
    assert "湘F·32719" not in table


def test_it_gives_a_track_of_one_local_day_from_the_files(
    client: Client, world: World, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    vehicle = world.vehicle()
    array = rows(0, 10, 20)
    array["vehicle"] = vehicle.pk
    tracks.write(tmp_path / "tracks", 1, 1, array, [b""] * 3)
    log_in(client, world.person("enterprise"))
    asked = {"vehicle": str(vehicle.pk), "day": "2024-06-05"}
    found = client.get(reverse("map_track"), asked).json()
    assert [feature["properties"]["kind"] for feature in found["features"]] == [
        "way",
        "start",
        "end",
    ]
    assert found["features"][0]["properties"]["from"] == "2024-06-05T06:40:00.000+08:00"
    assert found["summary"] == "定位 3 个，中断 0 处"
    empty = client.get(reverse("map_track"), {**asked, "day": "2024-06-04"}).json()
    assert empty["features"] == []
    assert "0" not in empty["summary"]


def test_it_refuses_a_track_of_somebody_elses_vehicle(client: Client, world: World) -> None:
    theirs = world.vehicle("湘F32719", "other_firm")
    log_in(client, world.person("enterprise"))
    asked = {"vehicle": str(theirs.pk), "day": "2024-06-05"}
    assert client.get(reverse("map_track"), asked).status_code == 403
    assert client.get(reverse("map"), {"vehicle": theirs.pk}).status_code == 403


@pytest.mark.parametrize(
    "asked", [{}, {"vehicle": "x"}, {"vehicle": "1" * 30}, {"vehicle": "-1", "day": "2024-06-05"}]
)
def test_it_answers_a_sentence_to_a_bad_question(
    client: Client, world: World, asked: dict[str, str]
) -> None:
    log_in(client, world.person("leader"))
    answer = client.get(reverse("map_track"), asked)
    assert answer.status_code == 400
    assert answer.json()["error"]
    pk = str(world.vehicle().pk)
    assert client.get(reverse("map_track"), {"vehicle": pk, "day": "5.6."}).status_code == 400


def test_it_gives_the_fences_that_hold_today(client: Client, world: World) -> None:
    square = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    Place.objects.create(name="今天的", kind="park", geometry=square)
    old = world.clock.today() - timedelta(days=1)
    Place.objects.create(name="过去的", kind="park", geometry=square, valid_to=old)
    log_in(client, world.person("leader"))
    found = client.get(reverse("map_places")).json()
    assert [place["properties"]["name"] for place in found["features"]] == ["今天的"]


def test_it_lists_entries_and_exits_of_today_newest_first(client: Client, world: World) -> None:
    vehicle, now = world.vehicle(), datetime.now(UTC)
    gone = Trip.objects.create(
        vehicle=vehicle,
        place_id_seen=1,
        place_name="区界",
        entered_at=now - timedelta(seconds=60),
        entered_finding="a",
        left_at=now,
        left_finding="b",
        state=TripState.LEFT,
    )
    log_in(client, world.person("leader"))
    page = client.get(reverse("map_happenings")).content.decode()
    assert page.count("湘F·32718") >= 1
    rows = movements.trips_today(world.person("leader"), OffsetClock())
    assert [str(row.label) for row in alarms.alarms(world.person("leader"), OffsetClock())]
    assert {row.happened_at for row in rows} <= {gone.entered_at, gone.left_at}
    elsewhere = world.person("enterprise", elsewhere=True)
    assert movements.trips_today(elsewhere, OffsetClock()) == []


def test_it_marks_a_vehicle_with_an_open_alarm_and_unmarks_it_when_closed(
    client: Client, world: World
) -> None:
    vehicle, now = world.vehicle(), datetime.now(UTC)
    fact = record("x", actor=SystemActor("t", frozenset()), obj="x", clock=OffsetClock())
    alarm = Alarm.objects.create(
        key="k",
        kind=AlarmKind.UNFILED,
        vehicle=vehicle,
        subject="hazmat.trip:1",
        rule="r",
        version="1",
        record={},
        happened_at=now,
        received_at=now,
        judged_at=now,
        opened_at=now,
        respond_by=now - timedelta(minutes=6),
        finish_by=now + timedelta(hours=1),
        fact=fact,
    )
    log_in(client, world.person("leader"))
    marked = client.get(reverse("map_vehicles")).json()["alarms"]
    assert [one["vehicle"] for one in marked] == [vehicle.pk]
    Alarm.objects.filter(pk=alarm.pk).update(state=AlarmState.CLOSED, closed_at=now)
    assert client.get(reverse("map_vehicles")).json()["alarms"] == []
    log_in(client, world.person("enterprise", elsewhere=True))
    assert "湘F·32718" not in client.get(reverse("map_happenings")).content.decode()


def test_it_serves_the_roads_of_the_installation_or_none(
    client: Client, world: World, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    log_in(client, world.person("leader"))
    assert client.get(reverse("map_base")).json()["features"] == []
    (tmp_path / shapes.BASE_MAP).parent.mkdir()
    (tmp_path / shapes.BASE_MAP).write_text(json.dumps({"features": [1]}), encoding="utf-8")
    assert client.get(reverse("map_base")).json()["features"] == [1]
