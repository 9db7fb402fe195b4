from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, datetime

import pytest
from openpyxl import load_workbook

from jiaoan.kernel.clock import at_local
from jiaoan.kernel.plates import parse_plate
from jiaoan.papers.trip_sheet import (
    Step,
    StripEvent,
    TripSheet,
    stay_zh,
    trip_sheet,
    trip_sheet_docx,
    trip_sheet_xlsx,
)
from papers.opening import document

DAY = date(2024, 4, 8)


def at(hour: int, minute: int, second: int = 0) -> datetime:
    return at_local(DAY, hour, minute, second)


def event(step: Step, happened: datetime, seq: int, what: str = "") -> StripEvent:
    return StripEvent(step, happened, at(10, 0), what, "李国栋", seq)


EVENTS = (
    event(Step.LEFT, at(9, 46, 30), 1204990),
    event(Step.ENTERED, at(6, 40, 12), 1204871, "越过区界围栏 86 米"),
    event(Step.ALARM, at(6, 40, 12), 1204873, "未备案驶入"),
    event(Step.CALL_NOTED, at(6, 43), 1204880),
)
TRIP = TripSheet(
    plate=parse_plate("鄂BA7263黄"),
    carrier="通达危货运输公司",
    goods="UN1203 汽油 28.6 吨",
    destination="",
    events=EVENTS,
    maker="李国栋",
    made_at=at(17, 0),
)


def test_the_strip_is_in_order_with_time_and_journal_number() -> None:
    page = load_workbook(io.BytesIO(trip_sheet_xlsx(TRIP))).worksheets[0]
    assert page["A1"].value == "鄂B·A7263（黄） 2024年4月8日当日情况单"
    assert page["A2"].value == (
        "承运人：通达危货运输公司；货物：UN1203 汽油 28.6 吨；目的地：未填；在区：3 小时 06 分"
    )
    rows = [[cell.value for cell in row] for row in page["A4:G7"]]
    assert [row[1] for row in rows] == ["驶入辖区", "报警", "电话核实", "驶出辖区"]
    assert [row[6] for row in rows] == [1204871, 1204873, 1204880, 1204990]
    assert str(rows[0][2]) == "2024-04-08 06:40:12"
    assert str(rows[0][5]) == "2024-04-08 10:00:00"


def test_word_has_the_same_strip() -> None:
    table = document(trip_sheet_docx(TRIP)).tables[0]
    assert [row.cells[1].text for row in table.rows[1:]] == [
        "驶入辖区",
        "报警",
        "电话核实",
        "驶出辖区",
    ]
    assert table.rows[1].cells[2].text == "2024-04-08 06:40:12"


def test_a_vehicle_still_inside_has_no_exit() -> None:
    inside = replace(TRIP, events=EVENTS[1:])
    assert "在区：尚未驶出" in trip_sheet(inside).subtitle
    assert len(trip_sheet(inside).rows) == 3


def test_a_stay_over_midnight_is_named_by_the_day_of_entry() -> None:
    over = (
        event(Step.ENTERED, at(23, 50), 1),
        event(Step.LEFT, at_local(date(2024, 4, 9), 0, 55), 2),
    )
    assert "2024年4月8日" in trip_sheet(replace(TRIP, events=over)).title
    assert stay_zh(over) == "1 小时 05 分"
    assert stay_zh(over[1:]) == "驶入时间无记录"


def test_a_stay_without_events_is_refused() -> None:
    with pytest.raises(ValueError, match="没有可列的记录"):
        trip_sheet(replace(TRIP, events=()))


def test_every_step_has_its_word() -> None:
    assert len({step.label_zh for step in Step}) == len(Step)
