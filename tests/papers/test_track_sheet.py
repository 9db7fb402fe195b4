"""轨迹证据单: facts above, what happened below, and nothing that is not known."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta

from docx import Document

from jiaoan.kernel.plates import Plate, PlateColour
from jiaoan.papers.track_sheet import TrackEvent, TrackSheet, track_sheet, track_sheet_docx

AT = datetime(2024, 6, 5, 1, tzinfo=UTC)  # 09:00 local


def sheet(**changes: object) -> TrackSheet:
    values: dict[str, object] = {
        "plate": Plate("湘F32718", PlateColour.YELLOW),
        "owner": "示范运输有限公司",
        "day": date(2024, 6, 5),
        "first": AT,
        "last": AT + timedelta(hours=2),
        "reports": 720,
        "bad": 7,
        "km": 88.46,
        "top_kmh": 92.0,
        "events": [TrackEvent(AT, AT + timedelta(minutes=40), "离线位移", "直线距离 8.3 千米")],
        "digest": "ab" * 32,
        "record": 1445,
        "remark": "轨迹写入滞后，最新定位可能缺失。",
        "maker": "周敏",
        "made_at": AT + timedelta(hours=10),
    }
    return TrackSheet(**{**values, **changes})  # type: ignore[arg-type]


def test_it_names_vehicle_day_digest_and_record() -> None:
    made = track_sheet(sheet())
    assert made.title == "湘F·32718（黄） 2024年6月5日轨迹证据单"
    for said in (
        "720 个，其中无效 7 个", "09:00:00 至 11:00:00", "88.5 千米", "92 千米/时", "ab" * 32,
        "日志记录：1445", "WGS-84", "最新定位可能缺失",
    ):  # fmt: skip
        assert said in made.subtitle, said


def test_a_day_without_a_position_is_said_as_such() -> None:
    made = track_sheet(sheet(first=None, last=None, top_kmh=None, owner="", events=[]))
    assert "无有效定位点" in made.subtitle
    assert "最高车速：无" in made.subtitle
    assert "单位：未登记" in made.subtitle
    assert made.rows == []


def test_word_holds_every_event_in_local_time() -> None:
    document = Document(io.BytesIO(track_sheet_docx(sheet(sample=True))))
    cells = [cell.text for cell in document.tables[0].rows[1].cells]
    assert cells == [
        "1", "离线位移", "2024-06-05 09:00:00", "2024-06-05 09:40:00", "直线距离 8.3 千米",
    ]  # fmt: skip
    assert document.sections[0].header.paragraphs[0].text == "示意数据"
