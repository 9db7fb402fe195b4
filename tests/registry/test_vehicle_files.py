"""Files of vehicles as offices send them: heads in any order, words of two languages, bad rows."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.utils import translation
from openpyxl import Workbook, load_workbook

from jiaoan.journal.models import Attachment, Fact
from jiaoan.kernel.clock import FixedClock
from jiaoan.org.actions import add_organisation
from jiaoan.org.models import OrganisationKind
from jiaoan.registry import actions
from jiaoan.registry.models import Enterprise, Vehicle
from jiaoan.registry.vehicle_files import (
    COLUMNS,
    MOST_ROWS,
    FileRefused,
    VehicleRow,
    read_days,
    read_periods,
    read_vehicles,
    write_vehicles,
)
from jiaoan.scope import SystemActor

KEEPER = SystemActor("test", frozenset({"registry.manage", "org.manage"}))
CLOCK = FixedClock(datetime(2024, 6, 5, 6, 20, tzinfo=UTC))
HEAD = "号牌,号牌颜色,车辆类型,客运经营类型,单程里程（km）,校车开行时间,校车开行星期"


def sheet(*rows: Sequence[object]) -> bytes:
    book = Workbook()
    page = book.worksheets[0]
    for row in rows:
        page.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def rows(text: str, encoding: str = "utf-8") -> tuple[VehicleRow, ...]:
    return read_vehicles(text.encode(encoding), "车辆.csv").rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_csv_is_read_however_it_was_saved(encoding: str, mark: str) -> None:
    text = f"{HEAD}\n湘F·12345,黄,客车,接驳,640,,\n"
    (row,) = rows(text.replace(",", mark), encoding)
    assert not row.errors
    assert row.fields == {
        "plate": "湘F12345", "plate_colour": 2, "kind": "coach", "service": "relay",
        "one_way_km": 640,
    }  # fmt: skip
    assert row.number == 2


def test_a_workbook_is_read_with_its_own_types_and_a_title_above_the_head() -> None:
    data = sheet(
        ["某区车辆台账"],
        ["企业限速（km/h）", "Plate", "颜色备注", "plate_colour", "vehicle kind", "检验有效期至",
         "罐体容积（m³）"],
        [80.0, "湘F54321", "x", 2, "Hazmat vehicle", date(2025, 6, 30), 28.5],
        [None, None, None],
    )  # fmt: skip
    read = read_vehicles(data, "a.xlsx")
    (row,) = read.rows
    assert not row.errors
    assert row.number == 3
    assert read.unknown == ("颜色备注",)
    assert row.fields == {
        "speed_limit_kmh": 80, "plate": "湘F54321", "plate_colour": 2, "kind": "hazmat",
        "inspection_valid_to": date(2025, 6, 30), "tank_volume_m3": Decimal("28.50"),
    }  # fmt: skip


def test_the_colour_may_stand_in_the_plate_or_follow_from_its_form() -> None:
    first, second, third = rows("号牌\n湘F12345黄\n湘FD12345\n湘F12346\n")
    assert first.fields["plate_colour"] == 2
    assert second.fields["plate_colour"] == 94
    assert set(third.errors) == {"plate_colour"}


@pytest.mark.parametrize(
    ("cells", "wrong"),
    [
        ("F12345,黄,客车,,,,", "plate"),
        (",黄,客车,,,,", "plate"),
        ("湘F12345,紫,客车,,,,", "plate_colour"),
        ("湘F12345,黄,轿车,,,,", "kind"),
        ("湘F12345,黄,客车,出租,,,", "service"),
        ("湘F12345,黄,客车,接驳,很远,,", "one_way_km"),
        ("湘F12345,黄,校车,,,早上,", "school_hours"),
        ("湘F12345,黄,校车,,,06:30-08:60,", "school_hours"),
        ("湘F12345,黄,校车,,,06:30-08:00 周一,", "school_hours"),
        ("湘F12345,黄,校车,,,06:30-08:00,8", "school_days"),
    ],
)
def test_a_bad_cell_is_named_and_the_other_rows_are_read(cells: str, wrong: str) -> None:
    bad, good = rows(f"{HEAD}\n{cells}\n湘F99999,黄,货车,,,,\n")
    assert set(bad.errors) == {wrong}
    assert not good.errors


def test_the_same_plate_twice_is_refused_the_second_time() -> None:
    with translation.override("en"):
        first, second = rows("号牌,号牌颜色\n湘F12345,黄\n湘f-12345,黄色\n")
        assert not first.errors
        assert str(second.errors["plate"]) == "Row 2 has the same plate; keep one of them."


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "No column is headed"),
        ("姓名,电话\n张三,1\n".encode(), "No column is headed"),
        ("号牌,号牌颜色\n".encode(), "no row below"),
        ("号牌,车牌号\n湘F12345,湘F12345\n".encode(), "Two columns"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 20, ".xls"),
        (b"PK\x03\x04broken", "cannot be opened"),
        (b"\x89PNG\r\n\x1a\n\0\xff\xfe\xff", "Neither a workbook"),
        (b"x" * 5_000_001, "5 MB"),
        (("号牌\n" + "湘F12345\n" * (MOST_ROWS + 1)).encode(), "2,000"),
    ],
)
def test_a_file_of_which_nothing_can_be_read_says_why(data: bytes, said: str) -> None:
    with translation.override("en"), pytest.raises(FileRefused, match=said):
        read_vehicles(data, "a.csv")


@pytest.mark.parametrize(
    ("text", "periods"),
    [
        ("06:30-08:00", [[390, 480]]),
        ("16:00～17:30；6：30至8：00", [[390, 480], [960, 1050]]),
        ("06:30 — 08:00、16:00 - 24:00", [[390, 480], [960, 1440]]),
    ],
)
def test_school_hours_are_read_as_people_write_them(text: str, periods: list[list[int]]) -> None:
    assert read_periods(text) == periods


@pytest.mark.parametrize(
    ("text", "days"),
    [("1-5", [1, 2, 3, 4, 5]), ("周一至周五", [1, 2, 3, 4, 5]), ("一三五", [1, 3, 5]),
     ("星期日", [7]), ("1,2、6", [1, 2, 6])],
)  # fmt: skip
def test_weekdays_are_read_as_people_write_them(text: str, days: list[int]) -> None:
    assert read_days(text) == days


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e400", "很大"])
def test_a_volume_is_a_finite_number(text: str) -> None:
    (row,) = rows(f"号牌,罐体容积\n湘F12345黄,{text}\n")
    assert set(row.errors) == {"tank_volume_m3"}


def test_a_time_cell_is_no_period() -> None:
    (row,) = read_vehicles(sheet(["号牌", "校车开行时间"], ["湘F12345黄", time(6, 30)]), "a").rows
    assert set(row.errors) == {"school_hours"}


# --- into the register ---------------------------------------------------------------------------


@pytest.fixture
def firm(db: None, settings: LazySettings, tmp_path: Path) -> Enterprise:
    settings.DATA_DIR = tmp_path
    bureau = add_organisation(KEEPER, CLOCK, name="局", kind=OrganisationKind.BUREAU, parent=None)
    home = add_organisation(
        KEEPER, CLOCK, name="示意客运有限公司", kind=OrganisationKind.ENTERPRISE, parent=bureau
    )
    return actions.add_enterprise(
        KEEPER, CLOCK, organisation=home, credit_code="914306000000000001", passenger=True
    )


def bring(text: str) -> list[actions.ImportedVehicle]:
    data = text.encode()
    return actions.import_vehicles(KEEPER, CLOCK, read_vehicles(data, "车辆.csv"), data)


def test_good_rows_are_imported_and_the_file_is_kept(firm: Enterprise) -> None:
    done = bring(
        "号牌,号牌颜色,车辆类型,所属企业,企业限速\n"
        "湘F12345,黄,客车,示意客运有限公司,90\n"
        "湘F12346,黄,客车,914306000000000001,200\n"
        "湘F12347,黄,,示意客运有限公司,\n"
        "湘F12348,黄,货车,不存在公司,\n"
        "湘F12349,黄,货车,914306000000000001,\n"
    )
    assert [one.result for one in done] == ["added", "refused", "refused", "refused", "added"]
    wrong = [[name for name, _text in one.errors] for one in done]
    assert wrong == [[], ["speed_limit_kmh"], ["kind"], ["enterprise"], []]
    assert set(Vehicle.objects.values_list("plate", "enterprise")) == {
        ("湘F12345", firm.pk), ("湘F12349", firm.pk),
    }  # fmt: skip
    fact = Fact.objects.get(kind="registry.vehicles_imported")
    kept = Attachment.objects.get()
    assert fact.payload == {
        "sha256": kept.sha256, "added": 2, "changed": 0, "same": 0, "refused": 3,
    }  # fmt: skip


def test_an_empty_cell_leaves_a_field_and_a_dash_clears_it(firm: Enterprise) -> None:
    bring("号牌,号牌颜色,车辆类型,企业限速,客运经营类型\n湘F12345,黄,客车,90,接驳运输\n")
    (done,) = bring("号牌,号牌颜色,企业限速,客运经营类型\n湘F12345,黄,,-\n")
    assert done.result == "changed"
    coach = Vehicle.objects.get()
    assert (coach.speed_limit_kmh, coach.service, coach.version) == (90, "", 2)
    (again,) = bring("号牌,号牌颜色,企业限速,客运经营类型\n湘F12345,黄,90,无\n")
    assert again.result == "same"
    assert Vehicle.objects.get().version == 2


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_export_is_what_the_import_reads(firm: Enterprise, language: str) -> None:
    bus = actions.add_vehicle(
        KEEPER, CLOCK, plate="湘F12345", plate_colour=2, kind="school_bus", enterprise=firm,
        school_hours=[[390, 480], [960, 1050]], school_days=[1, 2, 3], speed_limit_kmh=60,
        valid_from=date(2024, 1, 1),
    )  # fmt: skip
    odd = actions.add_vehicle(
        KEEPER, CLOCK, plate="鄂BA7263", plate_colour=1, kind="coach", outside=True,
        carrier_name="=1+1", service="airport-rail", one_way_km=120,
    )  # fmt: skip
    with translation.override(language):
        data = write_vehicles([bus, odd])
        first, second = read_vehicles(data, "a.xlsx").rows
    assert not first.errors
    assert not second.errors
    assert second.fields["carrier_name"] == "=1+1"
    done = actions.import_vehicles(KEEPER, CLOCK, read_vehicles(data, "a.xlsx"), data)
    assert [one.result for one in done] == ["same", "same"]


def test_the_template_explains_every_column_and_holds_no_row() -> None:
    data = write_vehicles([])
    with translation.override("en"), pytest.raises(FileRefused, match="no row below"):
        read_vehicles(data, "a.xlsx")
    book = load_workbook(io.BytesIO(data))
    assert len(book.worksheets) == 2
    assert book.worksheets[1].max_row == len(COLUMNS) + 1
