"""Lists as Excel and Word: what is on the screen, with the same columns, order and filter.

One :class:`Sheet` makes both. Every cell of kind ``text`` is text in Excel too, so that a plate, a
credit code or ``=1+1`` stays what was written; numbers and dates are numbers and dates, so that
they can be summed and sorted. The foot says who made the list, when, and with which filter.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from docx import Document
from docx.document import Document as DocumentType
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph
from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from jiaoan.kernel.clock import local
from jiaoan.papers import wordml
from jiaoan.papers.official import SAMPLE_MARK
from jiaoan.papers.wordml import FANGSONG, HEITI, SAN_HAO, SONGTI, WU_HAO, Face, element

Value = str | int | float | date | datetime | None
Row = Mapping[str, Value]
USABLE_MM = 297 - 2 * 20
EXCEL_ROWS = 1_048_576 - 10
# Excel runs what begins like this when the file comes as CSV or is pasted on (CWE-1236).
_FORMULA = re.compile(r"^[=+\-@\t\r]")
_HEAD_FILL = "E3ECEA"
_FORMATS = {"int": "0", "date": "yyyy-mm-dd", "datetime": "yyyy-mm-dd hh:mm:ss"}


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    INT = "int"
    DATE = "date"
    DATETIME = "datetime"


@dataclass(frozen=True)
class Column:
    """``width`` in characters; columns share the page of the Word form in its proportion."""

    key: str
    label: str
    kind: Kind = Kind.TEXT
    width: int = 12


@dataclass(frozen=True)
class Footer:
    """Who made the list, when (aware), and the filter in words ("全部" when there is none)."""

    maker: str
    made_at: datetime
    filter: str = "全部"

    def line(self, count: int) -> str:
        made = local(self.made_at).strftime("%Y-%m-%d %H:%M:%S")
        return f"制表人：{self.maker}　制表时间：{made}　筛选条件：{self.filter}　共 {count} 行"


@dataclass(frozen=True)
class Sheet:
    """A list. ``rows`` map column keys to values; a key that is missing is an error (KeyError).

    ``subtitle``: a line of facts under the title, e.g. whose stay it is.
    """

    title: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    footer: Footer
    sample: bool = False
    subtitle: str = ""


def sheet_xlsx(sheet: Sheet) -> bytes:
    """The list as .xlsx: styled head, frozen panes, filter buttons, foot.

    ``ValueError`` when it has more rows than Excel can hold.
    """
    if len(sheet.rows) > EXCEL_ROWS:
        raise ValueError(f"共 {len(sheet.rows)} 行，超过 Excel 上限，请缩小筛选范围后再导出。")
    book = Workbook()
    page = book.active
    if not isinstance(page, Worksheet):
        raise TypeError("a new workbook has one worksheet")
    page.title = _tab_name(sheet.title)
    _fill_page(page, sheet)
    book.properties.title = wordml.clean(sheet.title)
    book.properties.creator = wordml.clean(sheet.footer.maker)
    book.properties.created = local(sheet.footer.made_at).replace(tzinfo=None)
    out = io.BytesIO()
    book.save(out)
    return wordml.settle(out.getvalue(), sheet.footer.made_at)


def sheet_docx(sheet: Sheet) -> bytes:
    """The list as .docx: A4 landscape, head row on every page, page numbers."""
    document = _landscape(sheet)
    _title(document, sheet)
    table = document.add_table(rows=1, cols=len(sheet.columns), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    share = USABLE_MM / sum(column.width for column in sheet.columns)
    for made, column in zip(table.columns, sheet.columns, strict=True):
        made.width = Mm(column.width * share)
    for cell, column in zip(table.rows[0].cells, sheet.columns, strict=True):
        cell.width = Mm(column.width * share)
        _write(cell.paragraphs[0], column.label, Face(HEITI, WU_HAO), centre=True)
        wordml.shade(cell, _HEAD_FILL)
    wordml.repeat_row(table.rows[0]._tr)
    face = Face(FANGSONG, WU_HAO)
    for row in sheet.rows:
        made_row = table.add_row()
        made_row._tr.get_or_add_trPr().append(element("w:cantSplit"))
        for cell, column in zip(made_row.cells, sheet.columns, strict=True):
            cell.width = Mm(column.width * share)
            text = shown(row[column.key], column.kind)
            _write(cell.paragraphs[0], text, face, centre=column.kind is not Kind.TEXT)
    if not sheet.rows:
        _write(document.add_paragraph(), "没有符合条件的记录。", face)
    foot = document.add_paragraph()
    foot.paragraph_format.space_before = Pt(6)
    _write(foot, sheet.footer.line(len(sheet.rows)), face)
    return wordml.to_bytes(document, sheet.footer.made_at)


def shown(value: Value, kind: Kind) -> str:
    """A value as people read it: local time, ISO dates, empty for nothing."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        moment = local(value)
        return moment.strftime("%Y-%m-%d" if kind is Kind.DATE else "%Y-%m-%d %H:%M:%S")
    return value.isoformat() if isinstance(value, date) else str(value)


def escaped(text: str) -> str:
    """Text that no spreadsheet runs as a formula: a leading ``= + - @`` gets an apostrophe."""
    plain = wordml.clean(text)
    return f"'{plain}" if _FORMULA.match(plain) else plain


# --- Excel ------------------------------------------------------------------------------------


def _fill_page(page: Worksheet, sheet: Sheet) -> None:
    last = get_column_letter(len(sheet.columns))
    mark = f"（{SAMPLE_MARK}）" if sheet.sample else ""
    lines = [sheet.title + mark, *([sheet.subtitle] if sheet.subtitle else [])]
    for at, line in enumerate(lines, 1):
        page.cell(at, 1, escaped(line)).font = Font(name=HEITI, size=14 if at == 1 else 11)
        if len(sheet.columns) > 1:
            page.merge_cells(f"A{at}:{last}{at}")
    page["A1"].alignment = Alignment(horizontal="center")
    head_row = len(lines) + 1
    thin = Side(style="thin", color="B9C4C2")
    rule = Border(left=thin, right=thin, top=thin, bottom=thin)
    for at, column in enumerate(sheet.columns, 1):
        head = page.cell(head_row, at, escaped(column.label))
        head.font, head.border = Font(name=HEITI, size=11), rule
        head.fill = PatternFill("solid", fgColor=_HEAD_FILL)
        head.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        page.column_dimensions[get_column_letter(at)].width = column.width * 2 + 2
    for number, row in enumerate(sheet.rows, head_row + 1):
        for at, column in enumerate(sheet.columns, 1):
            cell = page.cell(number, at)
            if isinstance(cell, Cell):
                _set(cell, row[column.key], column.kind)
            cell.border = rule
    end = head_row + len(sheet.rows)
    page.cell(end + 2, 1, escaped(sheet.footer.line(len(sheet.rows))))
    page.freeze_panes = f"A{head_row + 1}"
    page.auto_filter.ref = f"A{head_row}:{last}{end}"
    _for_print(page, head_row)


def _for_print(page: Worksheet, head_row: int) -> None:
    """A4 landscape, as wide as one page, head on every page, page numbers."""
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", 9
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.print_title_rows = f"1:{head_row}"
    if page.oddFooter is not None and page.oddFooter.center is not None:
        page.oddFooter.center.text = "第 &P 页，共 &N 页"


def _set(cell: Cell, value: Value, kind: Kind) -> None:
    cell.alignment = Alignment(vertical="center", wrap_text=kind is Kind.TEXT)
    if value is None:
        return
    if kind is Kind.TEXT or isinstance(value, str):
        cell.value = escaped(shown(value, kind))
        cell.data_type, cell.number_format = "s", "@"
        return
    if isinstance(value, datetime):
        moment = local(value).replace(tzinfo=None)  # Excel has no time zones
        cell.value = moment.date() if kind is Kind.DATE else moment.replace(microsecond=0)
    else:
        cell.value = value
    cell.number_format = "General" if isinstance(value, float) else _FORMATS[kind]


def _tab_name(title: str) -> str:
    """Excel takes 31 characters and none of ``[]:*?/\\``."""
    return re.sub(r"[\[\]:*?/\\\x00-\x1f']", " ", title).strip()[:31] or "Sheet"


# --- Word -------------------------------------------------------------------------------------


def _landscape(sheet: Sheet) -> DocumentType:
    document = Document()
    wordml.modernise(document)
    wordml.stamp(
        document, title=sheet.title, author=sheet.footer.maker, made_at=sheet.footer.made_at
    )
    style = document.styles["Normal"]
    properties = style.element.get_or_add_rPr()
    wordml.set_fonts(properties, FANGSONG)
    properties.append(element("w:lang", val="en-US", eastAsia="zh-CN"))
    style.element.get_or_add_pPr().append(element("w:spacing", before=0, after=0))
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin = section.right_margin = Mm(20)
    section.top_margin = section.bottom_margin = Mm(20)
    for old in section._sectPr.findall(qn("w:docGrid")):
        section._sectPr.remove(old)
    number = section.footer.paragraphs[0]
    number.alignment = WD_ALIGN_PARAGRAPH.CENTER
    wordml.write_page_number(number, Face(SONGTI, WU_HAO))
    if sheet.sample:
        header = section.header.paragraphs[0]
        header.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        wordml.write(header, SAMPLE_MARK, Face(HEITI, WU_HAO))
    return document


def _title(document: DocumentType, sheet: Sheet) -> None:
    title = document.add_paragraph()
    title.paragraph_format.space_after = Pt(6)
    _write(title, sheet.title, Face(HEITI, SAN_HAO), centre=True)
    if sheet.subtitle:
        line = document.add_paragraph()
        line.paragraph_format.space_after = Pt(4)
        _write(line, sheet.subtitle, Face(FANGSONG, wordml.XIAO_SI))


def _write(paragraph: Paragraph, text: str, face: Face, *, centre: bool = False) -> None:
    if centre:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    wordml.write(paragraph, text, face)
