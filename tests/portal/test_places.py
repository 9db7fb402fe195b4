"""The places pages: a rule is shown before it is written, and nothing typed is lost."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from jiaoan.journal.models import Fact
from jiaoan.kernel.coords import Datum, from_wgs84
from jiaoan.registry.models import Place
from portal.matrix import World
from portal.matrix.places import SQUARE, place, typed
from registry.test_place_files import BOW, feature, geojson, polygon

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(client: Client) -> Client:
    client.force_login(
        World().person("safety_clerk"), backend="django.contrib.auth.backends.ModelBackend"
    )
    return client


def write(client: Client, address: str, **changes: object) -> Place:
    """Both presses: look at the sentence, then confirm it."""
    first = client.post(address, typed(**changes))
    assert first.status_code == 200, first.content.decode()
    shown = re.search(r'name="confirmed" value="([0-9a-f]{32})"', first.content.decode())
    assert shown
    assert client.post(address, typed(confirmed=shown[1], **changes)).status_code == 302
    return Place.objects.latest("id")


def test_a_rule_is_shown_in_words_before_it_is_written(clerk: Client) -> None:
    first = clerk.post("/places/new", typed())
    assert "危货车辆 07:00–09:00 不得进入“东湖隧道”。" in first.content.decode()
    assert not Place.objects.exists()
    again = clerk.post("/places/new", typed(confirmed="0" * 32))
    assert again.status_code == 200
    assert not Place.objects.exists(), "a press that confirms another sentence writes nothing"
    made = write(clerk, "/places/new")
    assert (made.role, made.hours[0]["from"], made.vehicle_kinds) == (
        "forbidden", "07:00", ["hazmat"],
    )  # fmt: skip
    assert "东湖隧道" in clerk.get("/places/").content.decode()
    assert "危货车辆 07:00–09:00" in clerk.get(f"/places/{made.pk}/").content.decode()


def test_coordinates_of_another_datum_are_brought_to_wgs84(clerk: Client) -> None:
    moved = [from_wgs84(y, x, Datum.GCJ02) for x, y in SQUARE]
    made = write(
        clerk, "/places/new", datum="gcj02", coordinates="\n".join(f"{x},{y}" for y, x in moved)
    )
    for (x, y), (lon, lat) in zip(SQUARE, made.geometry["coordinates"][0], strict=True):
        assert (lon, lat) == (pytest.approx(x, abs=2e-6), pytest.approx(y, abs=2e-6))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"datum": ""}, "id_datum-error"),
        ({"coordinates": "113,29\n113.1,29"}, "id_coordinates-error"),
        ({"coordinates": "113;29"}, "id_coordinates-error"),
        ({"coordinates": "29,113\n29.1,113\n29.1,113.1"}, "id_coordinates-error"),
        ({"coordinates": "\n".join(f"{x},{y}" for x, y in BOW)}, "Self-intersection"),
        ({"name": ""}, "id_name-error"),
        ({"shape": "circle", "coordinates": "113,29"}, "id_size_m-error"),
        ({"h-0-start": "9"}, "id_h-0-start-error"),
        ({"h-0-end": "07:00"}, "id_h-0-end-error"),
        ({"role": "route"}, "id_bound-error"),
        ({"bound": "湘F99999"}, "id_bound-error"),
        ({"buffer_m": "-1"}, "id_buffer_m-error"),
        ({"limit_hazmat": "900"}, "id_limit_hazmat-error"),
        ({"valid_from": "2024-05-02", "valid_to": "2024-05-01"}, "id_valid_to-error"),
    ],
)
def test_what_is_wrong_is_named_and_everything_typed_is_kept(
    clerk: Client, changes: dict[str, object], said: str
) -> None:
    answer = clerk.post("/places/new", typed(law="示意通告第一条", **changes))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert "示意通告第一条" in answer.content.decode()
    assert not Place.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": "circle", "coordinates": "113,29", "size_m": "500"},
        {"shape": "corridor", "coordinates": "113,29\n113.1，29", "size_m": "60"},
        {"shape": "line", "role": "gate", "kind": "gate", "coordinates": "113 ,29\n113.1\t29",
         "direction": "right"},
        {"coordinates": json.dumps(polygon(SQUARE))},
    ],
)  # fmt: skip
def test_every_shape_can_be_typed_and_opened_again(
    clerk: Client, changes: dict[str, object]
) -> None:
    made = write(clerk, "/places/new", **changes)
    shown = clerk.get(f"/places/{made.pk}/").content.decode()
    assert "113.1,29" in shown or "113.0,29.0" in shown or "113,29" in shown
    assert clerk.get("/map/places.json").json()["features"][0]["geometry"]["type"] in (
        "Polygon", "LineString",
    )  # fmt: skip


def test_two_people_do_not_overwrite_each_other(clerk: Client) -> None:
    made = write(clerk, "/places/new")
    address = f"/places/{made.pk}/"
    write(clerk, address, version="1", law="示意通告第一条")
    first = clerk.post(address, typed(version="1", law="另一条"))
    shown = re.search(r'name="confirmed" value="([0-9a-f]{32})"', first.content.decode())
    assert shown
    late = clerk.post(address, typed(version="1", law="另一条", confirmed=shown[1]))
    assert late.status_code == 422
    assert Place.objects.get().law == "示意通告第一条"


def test_a_place_is_closed_and_stays_in_the_list(clerk: Client) -> None:
    pk = place(World())["pk"]
    assert clerk.post(f"/places/{pk}/close", {"last_day": "2024-01-31"}).status_code == 302
    clerk.post(f"/places/{pk}/close", {"last_day": "yesterday"})
    assert str(Place.objects.get().valid_to) == "2024-01-31"
    assert "示意停车场" not in clerk.get("/places/").content.decode()
    assert "示意停车场" in clerk.get("/places/?state=closed").content.decode()
    assert Fact.objects.filter(kind="registry.place_closed").count() == 1


def test_a_file_answers_row_by_row(clerk: Client, settings: LazySettings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    data = geojson(feature(polygon(SQUARE), "一号园"), feature(None, "二号园"))
    answer = clerk.post(
        "/places/import",
        {"file": SimpleUploadedFile("a.geojson", data), "datum": "wgs84", "kind": "park",
         "lines_as": "corridor"},
    )  # fmt: skip
    shown = answer.content.decode()
    assert "一号园" in shown
    assert "二号园" in shown
    assert [one.name for one in Place.objects.all()] == ["一号园"]
    bad = clerk.post(
        "/places/import",
        {"file": SimpleUploadedFile("a.kmz", b"PK\x03\x04"), "datum": "wgs84", "kind": "park",
         "lines_as": "corridor"},
    )  # fmt: skip
    assert bad.status_code == 422
    assert "KMZ" in bad.content.decode()


def test_the_export_is_what_the_import_reads(clerk: Client) -> None:
    write(clerk, "/places/new")
    said = json.loads(clerk.get("/places/export.geojson").content)
    (one,) = said["features"]
    assert one["properties"]["datum"] == "wgs84"
    assert one["geometry"] == polygon(SQUARE)


def test_a_road_is_typed_with_its_class_and_limits_and_exported_by_its_middle(
    clerk: Client,
) -> None:
    road = {
        "kind": "road", "role": "road", "road_class": "expressway", "shape": "corridor",
        "coordinates": "113,29\n113.1,29", "size_m": "60", "vehicle_kinds": [], "h-0-start": "",
        "h-0-end": "", "limit_coach": "90", "limit_school_bus": "70", "limit_others": "100",
    }  # fmt: skip
    made = write(clerk, "/places/new", **road)
    assert made.limits_kmh == {"coach": 90, "school_bus": 70, "": 100}
    shown = clerk.get(f"/places/{made.pk}/").content.decode()
    assert "属高速公路" in shown
    assert 'value="90.0"' in shown, "the limit of every kind is opened again"
    write(clerk, f"/places/{made.pk}/", version="1", **road, law="示意公告")
    assert Place.objects.get().limits_kmh == {"coach": 90, "school_bus": 70, "": 100}
    (one,) = json.loads(clerk.get("/places/export.geojson").content)["features"]
    assert one["geometry"]["type"] == "LineString"
    assert (one["properties"]["road_class"], one["properties"]["size_m"]) == ("expressway", 60)


def test_who_may_not_draw_sees_no_form(client: Client) -> None:
    world = World()
    pk = place(world)["pk"]
    client.force_login(world.person("leader"), backend="django.contrib.auth.backends.ModelBackend")
    assert "<textarea" not in client.get(f"/places/{pk}/").content.decode()
    assert "/places/new" not in client.get("/places/").content.decode()


@pytest.mark.parametrize("role", ["safety_clerk", "administrator"])
def test_who_may_draw_gets_the_ground_to_draw_on(client: Client, role: str) -> None:
    world = World()
    place(world)
    client.force_login(world.person(role), backend="django.contrib.auth.backends.ModelBackend")
    shown = client.get("/places/new").content.decode()
    grounds = re.findall(r'data-(?:places|base)="([^"]+)"', shown)
    assert len(grounds) == 2
    answers = [client.get(address) for address in grounds]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert "示意停车场" in str(answers[0].json())
