"""任务分解表 as values, as Word."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Mm

from jiaoan.papers.division import COLUMNS, USABLE_MM, Task, division_docx, division_sheet
from jiaoan.papers.tables import Footer, Sheet

FOOT = Footer("李国栋", datetime(2024, 3, 18, 3, 12, tzinfo=UTC), "单位 运输管理股")


def task(part: str, words: str, outside: tuple[str, ...] = ()) -> Task:
    return Task(
        part,
        "要点 一·1",
        words,
        "企业",
        "危货运输企业",
        ("运输管理股",),
        ("执法大队", "法制股"),
        outside,
        "每季度1次",
        ("会议纪要", "签到表"),
        "已采纳",
    )


TASKS = [
    task("一、责任", "召开会议"),
    task("一、责任", "带队检查", ("区公安分局",)),
    task("二、治本攻坚", "=HYPERLINK(1)"),
]


def sheet(tasks: list[Task]) -> Sheet:
    return division_sheet(
        tasks, plan_title="2024年要点", plan_number="临交发〔2024〕1号", footer=FOOT, sample=True
    )


def test_each_row_has_every_column_and_a_running_number() -> None:
    rows = sheet(TASKS).rows
    assert [row["number"] for row in rows] == [1, 2, 3]
    assert all(set(row) == {column.key for column in COLUMNS} for row in rows)
    assert rows[1]["coop"] == "执法大队、法制股、区公安分局（外单位）"


def test_word_is_landscape_with_bands_head_and_foot_on_every_page() -> None:
    document = Document(io.BytesIO(division_docx(sheet(TASKS), [row.part for row in TASKS])))
    section = document.sections[0]
    page = [round((side or 0) / Mm(1)) for side in (section.page_width, section.page_height)]
    assert page == [297, 210]
    table = document.tables[0]
    head = table.rows[0]._tr
    assert head.find(qn("w:trPr")).find(qn("w:tblHeader")) is not None
    bands = [row.cells[0].text for row in table.rows if len({c.text for c in row.cells}) == 1]
    assert bands == ["一、责任", "二、治本攻坚"]
    foot = [paragraph.text for paragraph in section.footer.paragraphs]
    assert foot[0] == (
        "制表人：李国栋　制表时间：2024-03-18 11:12:00　筛选条件：单位 运输管理股　共 3 行"
    )
    assert "PAGE" in section.footer._element.xml
    assert "示意数据" in section.header.paragraphs[0].text
    widths = [cell.width for cell in table.rows[0].cells]
    assert sum(width or 0 for width in widths) == pytest.approx(Mm(USABLE_MM), rel=0.01)


def test_the_same_values_give_the_same_octets() -> None:
    parts = [row.part for row in TASKS]
    assert division_docx(sheet(TASKS), parts) == division_docx(sheet(TASKS), parts)


def test_it_says_so_when_nothing_is_there_and_refuses_what_does_not_fit() -> None:
    document = Document(io.BytesIO(division_docx(sheet([]), [])))
    assert "没有符合条件的任务。" in [paragraph.text for paragraph in document.paragraphs]
    with pytest.raises(ValueError, match="3 rows and 1 parts"):
        division_docx(sheet(TASKS), ["一、责任"])
