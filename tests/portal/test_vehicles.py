"""The pages of the vehicle register: found by half a plate, kept by who may, told in words."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from openpyxl import load_workbook

from jiaoan.journal.models import Attachment, Outgoing
from jiaoan.registry import actions
from jiaoan.registry.models import Vehicle
from jiaoan.scope import SystemActor
from portal.matrix import World
from portal.matrix.vehicles import typed

pytestmark = pytest.mark.django_db
KEEPER = SystemActor("test", frozenset({"registry.manage", "place.manage"}))
TELLER = SystemActor("test-teller", frozenset({"terminal.told"}))


@pytest.fixture
def world() -> World:
    return World()


def log_in(client: Client, world: World, role: str) -> Client:
    client.force_login(
        world.person(role), backend="django.contrib.auth.backends.ModelBackend"
    )  # fmt: skip
    return client


@pytest.fixture
def keeper(client: Client, world: World) -> Client:
    return log_in(client, world, "administrator")


def text(answer: HttpResponse) -> str:
    return answer.content.decode()


def exported(client: Client, query: str = "") -> list[object]:
    book = load_workbook(io.BytesIO(client.get(f"/vehicles/export.xlsx{query}").content))
    return [row[0].value for row in book.worksheets[0].iter_rows(min_row=2) if row[0].value]


def add(world: World, plate: str, kind: str = "coach", **fields: object) -> Vehicle:
    return actions.add_vehicle(
        KEEPER, world.clock, plate=plate, plate_colour=2, kind=kind,
        enterprise=world.enterprise(), **fields,
    )  # fmt: skip


@pytest.mark.parametrize("asked", ["湘F32718", "f32718", "湘F·327", "F 32718黄", "327"])
def test_a_plate_is_found_without_its_province_dots_or_case(
    keeper: Client, world: World, asked: str
) -> None:
    add(world, "湘F32718")
    add(world, "鄂B11111")
    shown = text(keeper.get("/vehicles/", {"q": asked}))  # type: ignore[arg-type]
    assert "湘F·32718" in shown
    assert "鄂B·11111" not in shown
    for nobody in ("F32719", "·"):
        assert "湘F·32718" not in text(keeper.get("/vehicles/", {"q": nobody}))  # type: ignore[arg-type]


def test_what_the_rules_ask_for_and_nobody_registered_is_a_list(
    keeper: Client, world: World
) -> None:
    add(world, "湘F00001", service="relay")
    add(world, "湘F00002")
    add(world, "湘F00003", service="commuter")
    add(world, "湘F00004", service="commuter", one_way_km=80)
    add(world, "湘F00005", kind="school_bus")
    bus = add(world, "湘F00006", kind="school_bus", school_hours=[[390, 480]])
    way = {"type": "LineString", "coordinates": [[113.0, 29.0], [113.1, 29.0]]}
    actions.add_place(
        KEEPER, world.clock, name="校车线路", kind="road", role="route", shape="corridor",
        size_m=60, geometry=way, bound=[bus],
    )  # fmt: skip
    add(world, "湘F00007", kind="truck")
    add(world, "湘F00008", kind="school_bus", school_hours=[[390, 480]])
    shown = text(keeper.get("/vehicles/?state=incomplete"))  # type: ignore[arg-type]
    assert [n for n in range(1, 9) if f"湘F·0000{n}" in shown] == [2, 3, 5, 8]
    assert "客运经营类型未登记" in shown


def test_a_profile_is_typed_and_goes_to_the_stream(keeper: Client, world: World) -> None:
    vehicle = add(world, "湘F32718")
    address = f"/vehicles/{vehicle.pk}/"
    firm = str(world.enterprise().pk)
    assert keeper.post(address, typed(enterprise=firm)).status_code == 302
    changed = Vehicle.objects.get()
    assert (changed.service, changed.one_way_km, changed.version) == ("relay", 640, 2)
    last = Outgoing.objects.filter(topic=f"ref.vehicle.{vehicle.pk}").latest("id")
    assert last.payload["profile"] == {"limit": 900, "service": "relay", "one_way_km": 640}
    shown = text(keeper.get(address))  # type: ignore[arg-type]
    assert "接驳运输、单程 640 km" in shown
    assert "豁免" in shown
    assert "单程里程（km） – → 640" in shown, "the course says from what to what"


def test_a_new_form_begins_with_the_days_of_school(keeper: Client) -> None:
    shown = text(keeper.get("/vehicles/new"))  # type: ignore[arg-type]
    boxes = re.findall(r'<input type="checkbox" name="school_days" value="(\d)"([^>]*)>', shown)
    assert [day for day, rest in boxes if "checked" in rest] == ["1", "2", "3", "4", "5"]


def test_a_school_bus_is_typed_with_its_hours(keeper: Client, world: World) -> None:
    data = typed(
        plate="湘F99999", kind="school_bus", service="", one_way_km="",
        school_hours="16:00-17:30 6:30至8:00", school_days=["1", "5"],
    )  # fmt: skip
    assert keeper.post("/vehicles/new", data).status_code == 302
    made = Vehicle.objects.get()
    assert (made.school_hours, made.school_days) == ([[390, 480], [960, 1050]], [1, 5])
    shown = text(keeper.get(f"/vehicles/{made.pk}/"))  # type: ignore[arg-type]
    assert "06:30-08:00 16:00-17:30" in shown
    assert "未绑定线路" in shown


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"plate": ""}, "id_plate-error"),
        ({"plate": "F32718"}, "id_plate-error"),
        ({"plate_colour": "7"}, "id_plate_colour-error"),
        ({"kind": ""}, "id_kind-error"),
        ({"kind": "truck"}, "id_service-error"),
        ({"speed_limit_kmh": "500"}, "id_speed_limit_kmh-error"),
        ({"one_way_km": "far"}, "id_one_way_km-error"),
        ({"school_hours": "早上"}, "id_school_hours-error"),
        ({"enterprise": "999"}, "id_enterprise-error"),
        ({"valid_from": "2024-05-02", "valid_to": "2024-05-01"}, "id_valid_to-error"),
        ({"tank_volume_m3": "-1"}, "id_tank_volume_m3-error"),
    ],
)
def test_what_is_wrong_is_named_and_everything_typed_is_kept(
    keeper: Client, changes: dict[str, object], said: str
) -> None:
    answer = keeper.post("/vehicles/new", typed(transport_certificate="示意运00001", **changes))
    assert answer.status_code == 422
    assert said in text(answer)  # type: ignore[arg-type]
    assert "示意运00001" in text(answer)  # type: ignore[arg-type]
    assert not Vehicle.objects.exists()


def test_two_people_do_not_overwrite_each_other(keeper: Client, world: World) -> None:
    vehicle = add(world, "湘F32718")
    address = f"/vehicles/{vehicle.pk}/"
    assert keeper.post(address, typed(one_way_km="700")).status_code == 302
    late = keeper.post(address, typed(one_way_km="800"))
    assert late.status_code == 422
    assert Vehicle.objects.get().one_way_km == 700


def test_a_firm_sees_its_own_vehicles_and_no_form(client: Client, world: World) -> None:
    mine = add(world, "湘F32718")
    other = world.vehicle("湘F99999", "other_firm")
    firm = log_in(client, world, "enterprise")
    shown = text(firm.get("/vehicles/"))  # type: ignore[arg-type]
    assert "湘F·32718" in shown
    assert "湘F·99999" not in shown
    card = text(firm.get(f"/vehicles/{mine.pk}/"))  # type: ignore[arg-type]
    assert 'name="service"' not in card
    assert firm.get(f"/vehicles/{other.pk}/").status_code == 404
    assert exported(firm) == ["湘F32718"]


def test_the_export_is_the_list_that_was_asked_for(keeper: Client, world: World) -> None:
    add(world, "湘F00001")
    add(world, "湘F00002", service="relay")
    add(world, "湘F00003", kind="truck")
    assert exported(keeper) == ["湘F00001", "湘F00002", "湘F00003"]
    assert exported(keeper, "?state=incomplete") == ["湘F00001"]
    assert exported(keeper, "?kind=coach&q=00002") == ["湘F00002"]
    shown = text(keeper.get("/vehicles/?kind=coach&q=f0"))  # type: ignore[arg-type]
    assert "/vehicles/export.xlsx?q=f0&amp;kind=coach" in shown


def test_the_search_leads_who_may_not_see_the_map_to_the_card(keeper: Client, world: World) -> None:
    vehicle = add(world, "湘F00001")
    assert f'href="/vehicles/{vehicle.pk}/"' in text(keeper.get("/search?q=f00001"))  # type: ignore[arg-type]


def test_a_file_answers_row_by_row(keeper: Client, settings: LazySettings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    data = (
        "号牌,号牌颜色,车辆类型,企业限速,备注\n湘F00001,黄,货车,80,x\nF00002,黄,货车,,\n".encode()
    )
    answer = keeper.post("/vehicles/import", {"file": SimpleUploadedFile("车辆.csv", data)})
    shown = text(answer)  # type: ignore[arg-type]
    assert "新建 1，更新 0，无变化 0，未导入 1" in shown
    assert "缺少省份简称" in shown
    assert "备注" in shown
    assert [one.plate for one in Vehicle.objects.all()] == ["湘F00001"]
    assert Attachment.objects.get().size == len(data)
    bad = keeper.post(
        "/vehicles/import", {"file": SimpleUploadedFile("a.xls", b"\xd0\xcf\x11\xe0")}
    )
    assert bad.status_code == 422
    assert ".xls" in text(bad)  # type: ignore[arg-type]


def test_the_template_can_be_filled_in_and_brought(
    keeper: Client, settings: LazySettings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    book = load_workbook(io.BytesIO(keeper.get("/vehicles/template.xlsx").content))
    page = book.worksheets[0]
    heads = [cell.value for cell in page[1]]
    for head, value in {"车牌号": "湘F00001", "车牌颜色": "黄色", "车辆类型": "校车",
                        "校车开行时间": "06:30-08:00"}.items():  # fmt: skip
        page.cell(2, heads.index(head) + 1, value)
    out = io.BytesIO()
    book.save(out)
    keeper.post("/vehicles/import", {"file": SimpleUploadedFile("a.xlsx", out.getvalue())})
    assert Vehicle.objects.get().school_hours == [[390, 480]]


def test_both_languages_are_whole(keeper: Client, world: World) -> None:
    vehicle = add(world, "湘F32718", service="customised", one_way_km=250)
    keeper.cookies.load({"django_language": "en"})
    shown = text(keeper.get(f"/vehicles/{vehicle.pk}/"))  # type: ignore[arg-type]
    assert "must stand: exempt to 200 km one way" in shown
    assert "Customised coach, 250 km one way" in shown


def test_the_card_says_what_limit_the_terminal_told_and_when(keeper: Client, world: World) -> None:
    vehicle = add(world, "湘F32718", kind="truck")
    terminal = actions.add_terminal(KEEPER, world.clock, vehicle=vehicle, phone="13900000001")
    address = f"/vehicles/{vehicle.pk}/"
    unknown = re.sub(r"<[^>]+>", "", text(keeper.get(address)))  # type: ignore[arg-type]
    assert "终端设定限速未知" in unknown
    for kmh, minute in ((80, 20), (80, 25)):
        actions.take_terminal_limit(
            TELLER, world.clock, terminal, kmh=kmh, cause="watch.command:1",
            at=datetime(2024, 6, 5, 6, minute, tzinfo=UTC),
        )  # fmt: skip
    shown = re.sub(r"<[^>]+>", "", text(keeper.get(address)))  # type: ignore[arg-type]
    assert "终端设定限速80 km/h 由终端参数 0x0055 得知，2024年6月5日 14:25" in shown
    assert "终端设定限速（km/h） – → 80" in shown
    assert shown.count("终端告知最高速度") == 2
    keeper.cookies.load({"django_language": "en"})
    english = text(keeper.get(address))  # type: ignore[arg-type]
    assert re.search("told by terminal parameter 0x0055, .*2024.* 14:25", english)
