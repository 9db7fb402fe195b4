"""Replay and region: one's own vehicles only, what is not known is said, exports say the same."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
from django.test import Client
from django.urls import reverse
from docx import Document
from pytest_django import Settings

from jiaoan.journal.models import Fact
from jiaoan.kernel.clock import FixedClock
from jiaoan.org.models import User
from jiaoan.portal.tracks.curve import BINS, HEIGHT, WIDTH, curve_of
from jiaoan.portal.tracks.events import events_of
from jiaoan.registry.models import Place, Vehicle
from jiaoan.rules.driving.law import Rule
from jiaoan.tracks import queries
from jiaoan.tracks.queries import Store, day_of
from portal.matrix import World
from track_world import DAY, a_day, at, report, write

SQUARE = {
    "type": "Polygon",
    "coordinates": [[[113.2, 29.4], [113.3, 29.4], [113.3, 29.5], [113.2, 29.5], [113.2, 29.4]]],
}
ASKED = {"day": DAY.isoformat()}
BOX = {"box": "113.2,29.4,113.3,29.5", "start": "2024-06-05T08:00", "end": "2024-06-05T09:30"}


@pytest.fixture
def world(db: None, settings: Settings, tmp_path: Path) -> World:
    settings.DATA_DIR = tmp_path
    return World()


@pytest.fixture
def vehicle(world: World, tmp_path: Path) -> Vehicle:
    found = world.vehicle()
    write(tmp_path, a_day(found.pk))
    return found


def log_in(client: Client, user: User) -> Client:
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def url(name: str, vehicle: Vehicle, **kwargs: str) -> str:
    return reverse(name, kwargs={"pk": vehicle.pk, **kwargs})


def day(world: World, vehicle: Vehicle, data: Path) -> queries.Day:
    clock = FixedClock(datetime(2024, 6, 6, tzinfo=UTC))
    return day_of(Store(data, "nats://127.0.0.1:9"), vehicle, DAY, clock)


def test_the_day_is_complete_without_script(client: Client, world: World, vehicle: Vehicle) -> None:
    page = log_in(client, world.person("safety_clerk")).get(url("track_day", vehicle), ASKED)
    text = page.content.decode()
    for said in ("离线位移", "数据不合格", "停车", "超速行驶", "08:20:00", "08:29:50–09:10:00"):
        assert said in text, said
    assert text.count('<path class="sp-line"') == 3, "two gaps cut the curve in three"
    assert "08:00:00" in text.split('id="rows"')[1], "the reports stand in the table"
    english = client.get(url("track_day", vehicle), ASKED, headers={"accept-language": "en"})
    assert english.status_code == 200


def test_an_event_leads_to_its_reports(client: Client, world: World, vehicle: Vehicle) -> None:
    log_in(client, world.person("safety_clerk"))
    first = client.get(url("track_day", vehicle), ASKED).content.decode().split('id="rows"')[1]
    assert "09:15:00" not in first, "200 reports a page"
    asked = {**ASKED, "at": "09:15:00"}
    page = client.get(url("track_day", vehicle), asked).content.decode().split('id="rows"')[1]
    assert "09:15:00" in page
    late = client.get(url("track_day", vehicle), {**ASKED, "at": "99"})
    assert late.status_code == 200


def test_events_come_in_order_with_their_kinds(
    world: World, vehicle: Vehicle, tmp_path: Path
) -> None:
    events = events_of(day(world, vehicle, tmp_path))
    kinds = [each.kind for each in events]
    assert kinds == ["gap", "stand", "over", "displaced", "gap", "gap"]
    assert [each.start for each in events] == sorted(each.start for each in events)
    over, moved, bad = events[2], events[3], events[4]
    assert (over.start, over.end) == (at(1200), at(1790))
    assert (moved.start, moved.end) == (at(1790), at(4200))
    assert (bad.start, bad.end) == (at(4790), at(5400))


def test_a_limit_of_a_place_is_known(world: World, vehicle: Vehicle, tmp_path: Path) -> None:
    assert [each.limit_kmh for each in day(world, vehicle, tmp_path).driven] == [80.0]
    Place.objects.create(name="限速区", kind="park", geometry=SQUARE, limits_kmh={"hazmat": 40.0})
    stretches = day(world, vehicle, tmp_path).driven
    assert stretches[0].limit_kmh == 40.0
    assert stretches[0].start == at(0), "45 km/h is over the limit of the place"


def test_a_drive_that_began_before_midnight_is_judged_whole(world: World, tmp_path: Path) -> None:
    found = world.vehicle()
    ten, three = -10 * 3600, -5 * 3600  # 22:00 of the day before, 03:00
    drive = [report(s, km=s / 72, kmh=50, vehicle=found.pk) for s in range(ten, three, 60)]
    write(tmp_path, np.concatenate(drive))
    (stretch,) = day(world, found, tmp_path).driven
    assert (stretch.rule, stretch.start) == (Rule.CONTINUOUS, at(ten))
    shown = day(world, found, tmp_path).track["time_ms"]
    assert shown.min() == at(-8 * 3600).timestamp() * 1000, "the day itself begins at midnight"


def test_the_curve_keeps_the_fastest_report_of_ten_thousand(world: World, tmp_path: Path) -> None:
    found = world.vehicle()
    rows = [report(s, km=s / 1000, kmh=40, vehicle=found.pk) for s in range(0, 50_000, 10)]
    rows[2345] = report(23_450, km=23.45, kmh=131, vehicle=found.pk)
    write(tmp_path, np.concatenate(rows))
    curve = curve_of(day(world, found, tmp_path))
    assert curve is not None
    (line,) = curve.lines
    assert len(line.split("L")) <= 2 * BINS + 2
    top = 140
    x = round(23_450 / 49_990 * WIDTH, 1)
    assert f"{x} {round(HEIGHT * (1 - 131 / top), 1)}" in line


def test_a_day_without_a_position_says_so(client: Client, world: World, vehicle: Vehicle) -> None:
    log_in(client, world.person("safety_clerk"))
    page = client.get(url("track_day", vehicle), {"day": "2024-06-04"}).content.decode()
    assert "当日无定位点" in page
    data = client.get(url("track_data", vehicle), {"day": "2024-06-04"}).json()
    assert data["points"] == []


@pytest.mark.parametrize("said", ["5.6.", "2024-13-01", "9999-12-31", "0001-01-01"])
def test_a_bad_day_is_answered_with_a_sentence(
    client: Client, world: World, vehicle: Vehicle, said: str
) -> None:
    log_in(client, world.person("safety_clerk"))
    page = client.get(url("track_day", vehicle), {"day": said})
    assert page.status_code == 200
    assert 'role="alert"' in page.content.decode()
    assert client.get(url("track_data", vehicle), {"day": said}).status_code == 400
    assert client.get(url("track_export", vehicle, form="csv"), {"day": said}).status_code == 400


def test_the_island_gets_what_the_page_says(client: Client, world: World, vehicle: Vehicle) -> None:
    log_in(client, world.person("safety_clerk"))
    found = client.get(url("track_data", vehicle), ASKED).json()
    kinds = [each["properties"]["kind"] for each in found["features"]]
    assert kinds.count("way") == 3
    assert kinds.count("displaced") == 1
    assert {"stand", "over", "start", "end"} <= set(kinds)
    assert len(found["points"]) == 60 + 60 + 60 + 60 + 10
    assert found["points"][0][1:] == [113.25, 29.45, 45.0, 0]
    edges = [
        each for each in found["features"]
        if each["properties"]["kind"] == "gap" and each["geometry"] is None
    ]  # fmt: skip
    assert len(edges) == 2, "before the first and behind the last report there is no line"


def test_exports_hold_the_same_reports(client: Client, world: World, vehicle: Vehicle) -> None:
    log_in(client, world.person("enterprise"))

    def octets(form: str) -> bytes:
        answer = client.get(url("track_export", vehicle, form=form), ASKED)
        assert "attachment" in answer.headers["Content-Disposition"]
        return answer.content

    rows = list(csv.DictReader(io.StringIO(octets("csv").decode("utf-8-sig"))))
    table = pyarrow.parquet.read_table(io.BytesIO(octets("parquet")))
    assert len(rows) == table.num_rows == 254, "reports without a fix are exported too"
    assert rows[0]["time"] == "2024-06-05T08:00:00.000+08:00"
    assert (rows[0]["lat"], rows[0]["speed_kmh"]) == ("29.450000", "45.0")
    assert [row["fixed"] for row in rows].count("0") == 4
    shapes = json.loads(octets("geojson"))
    assert shapes["properties"]["plate"] == vehicle.plate
    assert client.get(url("track_export", vehicle, form="exe"), ASKED).status_code == 404


def test_an_evidence_sheet_names_the_digest_of_the_export_and_leaves_a_fact(
    client: Client, world: World, vehicle: Vehicle
) -> None:
    log_in(client, world.person("safety_clerk"))
    answer = client.post(f"{url('track_evidence', vehicle)}?day={DAY}")
    fact = Fact.objects.get(kind="tracks.evidence")
    exported = client.get(url("track_export", vehicle, form="csv"), ASKED).content
    assert fact.payload["sha256"] == hashlib.sha256(exported).hexdigest()
    assert (fact.payload["vehicle"], fact.payload["day"]) == (vehicle.pk, DAY.isoformat())
    document = Document(io.BytesIO(answer.content))
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert str(fact.payload["sha256"]) in text
    assert "轨迹证据单" in text
    cells = [cell.text for row in document.tables[0].rows for cell in row.cells]
    assert {"离线位移", "数据不合格", "停车", "超速行驶"} <= set(cells)


def test_an_enterprise_does_not_see_somebody_elses_day(
    client: Client, world: World, tmp_path: Path
) -> None:
    theirs = world.vehicle("湘F32719", "other_firm")
    write(tmp_path, a_day(theirs.pk))
    log_in(client, world.person("enterprise"))
    for name, kwargs in (("track_day", {}), ("track_data", {}), ("track_export", {"form": "csv"})):
        assert client.get(url(name, theirs, **kwargs), ASKED).status_code == 403
    assert client.post(url("track_evidence", theirs)).status_code == 403
    assert not Fact.objects.filter(kind="tracks.evidence").exists()
    assert client.get(reverse("track_day", kwargs={"pk": 999_999})).status_code == 404


def test_a_plate_leads_to_its_day(client: Client, world: World, vehicle: Vehicle) -> None:
    world.vehicle("湘F32719", "other_firm")
    log_in(client, world.person("safety_clerk"))
    answer = client.get(reverse("tracks"), {"q": "32718", **ASKED})
    assert answer.headers["Location"] == f"{url('track_day', vehicle)}?day={DAY}"
    page = client.get(reverse("tracks"), {"q": "F3271", **ASKED}).content.decode()
    assert "湘F·32719" in page
    log_in(client, world.person("enterprise"))
    assert "湘F·32719" not in client.get(reverse("tracks")).content.decode()


def test_a_region_names_the_vehicles_that_the_person_may_watch(
    client: Client, world: World, vehicle: Vehicle, tmp_path: Path
) -> None:
    theirs = world.vehicle("湘F32719", "other_firm")
    write(tmp_path, a_day(theirs.pk), number=2)
    log_in(client, world.person("safety_clerk"))
    page = client.get(reverse("track_region"), BOX).content.decode()
    assert "湘F·32718" in page
    assert "湘F·32719" in page
    assert "离开" in page
    log_in(client, world.person("enterprise"))
    page = client.get(reverse("track_region"), BOX).content.decode()
    assert "湘F·32718" in page
    assert "湘F·32719" not in page
    exported = client.get(reverse("track_region_export", kwargs={"form": "csv"}), BOX).content
    (row,) = csv.DictReader(io.StringIO(exported.decode("utf-8-sig")))
    assert (row["plate"], row["first"]) == ("湘F32718", "2024-06-05T08:00:00.000+08:00")
    assert (row["begins"], row["ends"]) == ("silence", "crossed")
    shapes = json.loads(
        client.get(reverse("track_region_export", kwargs={"form": "geojson"}), BOX).content
    )
    assert shapes["features"][0]["properties"]["stays"][0]["plate"] == "湘F32718"
    assert row["kind"] == "reported"


def test_who_only_passed_between_two_reports_is_told_apart(
    client: Client, world: World, tmp_path: Path
) -> None:
    lorry = world.vehicle("湘F32750", "firm")
    rows = [report(second, km=second / 60, vehicle=lorry.pk) for second in (0, 60)]
    write(tmp_path, np.concatenate(rows), number=5)
    log_in(client, world.person("safety_clerk"))
    asked = {**BOX, "box": "113.249,29.453,113.251,29.456"}
    page = client.get(reverse("track_region"), asked).content.decode()
    head, inferred = page.split('id="inferred"')
    assert "湘F·32750" not in head
    assert "湘F·32750" in inferred
    assert "推断" in inferred
    exported = client.get(reverse("track_region_export", kwargs={"form": "csv"}), asked).content
    (row,) = csv.DictReader(io.StringIO(exported.decode("utf-8-sig")))
    assert (row["kind"], row["first"], row["reports"]) == ("inferred", "", "0")
    assert row["before"] == "2024-06-05T08:00:00.000+08:00"
    shapes = json.loads(
        client.get(reverse("track_region_export", kwargs={"form": "geojson"}), asked).content
    )
    assert [each["properties"].get("kind") for each in shapes["features"]] == [None, "inferred"]
    log_in(client, world.person("enterprise", elsewhere=True))
    assert "湘F·32750" not in client.get(reverse("track_region"), asked).content.decode()


def test_a_known_place_can_be_asked_for(client: Client, world: World, vehicle: Vehicle) -> None:
    place = Place.objects.create(name="示意园区", kind="park", geometry=SQUARE)
    line = Place.objects.create(
        name="卡口线", kind="gate", shape="line", role="gate",
        geometry={"type": "LineString", "coordinates": [[113.2, 29.4], [113.3, 29.4]]},
    )  # fmt: skip
    log_in(client, world.person("leader"))
    asked = {**BOX, "box": "", "place": str(place.pk)}
    page = client.get(reverse("track_region"), asked).content.decode()
    assert "湘F·32718" in page
    assert "卡口线" not in page, "nothing can be inside of a line"
    asked["place"] = str(line.pk)
    assert "aria-invalid" in client.get(reverse("track_region"), asked).content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"box": "113.3,29.4,113.2,29.5"},
        {"box": "113.2,29.4"},
        {"box": "a,b,c,d"},
        {"box": "nan,1,2,3"},
        {"box": "113.2,29.4,1e9,29.5"},
        {"box": "", "place": "999999"},
        {"box": "", "place": ""},
        {"start": "yesterday"},
        {"end": "2024-06-05T07:00"},
        {"end": "2024-07-05T07:00"},
        {"start": "0001-01-01T00:00"},
    ],
)
def test_a_bad_region_question_is_answered_with_a_sentence(
    client: Client, world: World, wrong: dict[str, str]
) -> None:
    log_in(client, world.person("leader"))
    page = client.get(reverse("track_region"), {**BOX, **wrong})
    assert page.status_code == 200
    assert "ja-error" in page.content.decode()
    export = reverse("track_region_export", kwargs={"form": "csv"})
    assert client.get(export, {**BOX, **wrong}).status_code == 400


def test_alarm_and_vehicle_pages_lead_to_the_replay(
    client: Client, world: World, vehicle: Vehicle
) -> None:
    log_in(client, world.person("safety_clerk"))
    for page in (
        reverse("map_vehicle", kwargs={"pk": vehicle.pk}),
        reverse("vehicle_terminal", kwargs={"pk": vehicle.pk}),
    ):
        assert url("track_day", vehicle) in client.get(page).content.decode()
