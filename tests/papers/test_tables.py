from __future__ import annotations

import io
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from jiaoan.papers.tables import (
    Column,
    Footer,
    Kind,
    Row,
    Sheet,
    escaped,
    sheet_docx,
    sheet_xlsx,
    shown,
)
from papers.opening import child, document, part, printed, text_of

MADE_AT = datetime(2024, 4, 9, 16, 30, tzinfo=UTC)  # 10 April 00:30 at the bureau
COLUMNS = (
    Column("no", "序号", Kind.INT, 4),
    Column("plate", "号牌", width=10),
    Column("code", "统一社会信用代码", width=18),
    Column("due", "期限", Kind.DATE, 10),
    Column("at", "发生时间", Kind.DATETIME, 16),
)
ROWS: tuple[Row, ...] = (
    {
        "no": 1,
        "plate": "鄂B·A7263",
        "code": "914306000000000012",
        "due": date(2024, 4, 30),
        "at": MADE_AT,
    },
    {"no": 2, "plate": '=HYPERLINK("http://x","点我")', "code": "0012", "due": None, "at": None},
)


def sheet(rows: tuple[Row, ...] = ROWS, *, sample: bool = False, subtitle: str = "") -> Sheet:
    footer = Footer("李国栋", MADE_AT, "灯：逾期")
    return Sheet("任务台账", COLUMNS, rows, footer, sample, subtitle)


def opened(data: bytes) -> Workbook:
    return load_workbook(io.BytesIO(data))


def test_excel_keeps_text_as_text_and_dates_as_dates() -> None:
    page = opened(sheet_xlsx(sheet()))["任务台账"]
    assert [cell.value for cell in page[2]] == [column.label for column in COLUMNS]
    number, plate, code, due, at = page[3]
    assert (number.value, number.data_type) == (1, "n")
    assert (plate.value, plate.number_format) == ("鄂B·A7263", "@")
    assert (code.value, code.data_type) == ("914306000000000012", "s")
    assert due.value == datetime(2024, 4, 30)  # noqa: DTZ001 as openpyxl reads a date
    assert due.number_format == "yyyy-mm-dd"
    assert at.value == datetime(2024, 4, 10, 0, 30)  # noqa: DTZ001 Excel knows no zone
    assert [cell.value for cell in page[4]][2:] == ["0012", None, None]


def test_excel_runs_no_text_as_a_formula() -> None:
    data = sheet_xlsx(sheet())
    cell = opened(data)["任务台账"]["B4"]
    assert cell.data_type == "s"
    assert cell.value == '\'=HYPERLINK("http://x","点我")'
    assert "<f>" not in part(data, "xl/worksheets/sheet1.xml")


@pytest.mark.parametrize("text", ["=1+1", "+86", "-5", "@x", "\tx"])
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert escaped(text) == "'" + text


def test_plain_text_is_left_alone() -> None:
    assert escaped("鄂B·A7263 3-5") == "鄂B·A7263 3-5"
    assert escaped("坏\x00字") == "坏字"


def test_excel_freezes_the_head_and_says_who_when_and_which() -> None:
    page = opened(sheet_xlsx(sheet()))["任务台账"]
    assert page.freeze_panes == "A3"
    assert page.auto_filter.ref == "A2:E4"
    assert page.page_setup.orientation == "landscape"
    assert page.print_title_rows == "$1:$2"
    assert page["A2"].fill.fgColor.rgb == "00E3ECEA"
    assert page["A6"].value == (
        "制表人：李国栋　制表时间：2024-04-10 00:30:00　筛选条件：灯：逾期　共 2 行"
    )


def test_a_subtitle_moves_the_head_down() -> None:
    page = opened(sheet_xlsx(sheet(subtitle="承运人：某公司", sample=True)))["任务台账"]
    assert page["A1"].value == "任务台账（示意数据）"
    assert page["A2"].value == "承运人：某公司"
    assert page["A3"].value == "序号"
    assert page.freeze_panes == "A4"


def test_an_empty_list_is_still_a_list() -> None:
    page = opened(sheet_xlsx(sheet(())))["任务台账"]
    assert page["A4"].value.endswith("共 0 行")
    text = [p.text for p in document(sheet_docx(sheet(()))).paragraphs]
    assert "没有符合条件的记录。" in text


def test_a_title_that_excel_does_not_take_as_a_tab_is_cut_there_only() -> None:
    long = Sheet("a/b:" + "长" * 40, COLUMNS, (), Footer("李", MADE_AT))
    book = opened(sheet_xlsx(long))
    assert book.sheetnames == ["a b " + "长" * 27]
    assert book.worksheets[0]["A1"].value == long.title


def test_a_row_without_a_column_is_an_error_not_a_blank() -> None:
    for make in (sheet_xlsx, sheet_docx):
        with pytest.raises(KeyError):
            make(sheet(({"no": 1},)))


def test_word_has_the_same_rows_and_repeats_its_head() -> None:
    made = document(sheet_docx(sheet(sample=True)))
    table = made.tables[0]
    cells = [[cell.text for cell in row.cells] for row in table.rows]
    assert cells[0] == [column.label for column in COLUMNS]
    assert cells[1] == [
        "1",
        "鄂B·A7263",
        "914306000000000012",
        "2024-04-30",
        "2024-04-10 00:30:00",
    ]
    assert cells[2][3:] == ["", ""]
    assert child(table.rows[0]._tr, "trPr/tblHeader") is not None
    assert "筛选条件：灯：逾期" in made.paragraphs[-1].text
    assert made.sections[0].header.paragraphs[0].text == "示意数据"


def test_the_same_list_is_the_same_file() -> None:
    assert sheet_xlsx(sheet()) == sheet_xlsx(sheet())
    assert sheet_docx(sheet()) == sheet_docx(sheet())
    assert "2024-04-09T16:30:00Z" in part(sheet_xlsx(sheet()), "docProps/core.xml")


def test_a_value_is_shown_in_local_time() -> None:
    assert shown(MADE_AT, Kind.DATE) == "2024-04-10"
    assert shown(MADE_AT, Kind.DATETIME) == "2024-04-10 00:30:00"
    assert shown(None, Kind.TEXT) == ""


@pytest.mark.slow
def test_word_repeats_the_head_on_the_second_page(tmp_path: Path) -> None:
    row = ROWS[0]
    pages = printed(sheet_docx(sheet((row,) * 60)), tmp_path)
    assert len(pages) >= 2
    for page in pages:
        assert any(text_of(line).startswith("序号号牌") for line in page)
