"""任务分解表: the tasks of a notice with who leads, who helps, how often and until when.

:func:`division_sheet` lays the tasks out as a :class:`~jiaoan.papers.tables.Sheet`: the page shows
it, :func:`~jiaoan.papers.tables.sheet_xlsx` makes Excel of it, and :func:`division_docx` the Word
form that goes out with a notice: A4 landscape, title in 小标宋, one band for each part of the
notice, the head on every page, and who made it, when and with which filter in the foot of every
page beside the number. All three have the same rows, columns and words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from docx import Document
from docx.document import Document as DocumentType
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.table import _Cell, _Row

from jiaoan.papers import wordml
from jiaoan.papers.official import SAMPLE_MARK
from jiaoan.papers.tables import Column, Footer, Kind, Sheet, shown
from jiaoan.papers.wordml import (
    ER_HAO,
    FANGSONG,
    HEITI,
    KAITI,
    SAN_HAO,
    SONGTI,
    WU_HAO,
    XIAO_SI,
    XIAOBIAOSONG,
    Face,
    element,
)

TITLE = "任务分解表"
COLUMNS = (
    Column("number", "序号", Kind.INT, 6),
    Column("source", "来源条款", width=11),
    Column("task", "任务", width=26),
    Column("who", "责任主体", width=10),
    Column("firms", "对象", width=9),
    Column("lead", "牵头单位", width=16),
    Column("coop", "配合单位", width=22),
    Column("often", "频次与期限", width=12),
    Column("evidence", "证据", width=13),
    Column("state", "状态", width=9),
)
MARGIN_MM = 20
USABLE_MM = 297 - 2 * MARGIN_MM
_BAND = "F1F4F3"
_HEAD = "E3ECEA"


@dataclass(frozen=True)
class Task:
    """One line; ``part`` is the heading that it stands under, names are as printed."""

    part: str
    source: str
    task: str
    who: str
    firms: str
    lead: tuple[str, ...]
    coop: tuple[str, ...]
    outside: tuple[str, ...]
    often: str
    evidence: tuple[str, ...]
    state: str


def division_sheet(
    tasks: Sequence[Task], *, plan_title: str, plan_number: str, footer: Footer, sample: bool
) -> Sheet:
    """The table as values. Bodies outside the bureau stand behind those that cooperate."""
    return Sheet(
        TITLE,
        COLUMNS,
        [
            {
                "number": place,
                "source": task.source,
                "task": task.task,
                "who": task.who,
                "firms": task.firms,
                "lead": "、".join(task.lead),
                "coop": "、".join([*task.coop, *(f"{name}（外单位）" for name in task.outside)]),
                "often": task.often,
                "evidence": "、".join(task.evidence),
                "state": task.state,
            }
            for place, task in enumerate(tasks, 1)
        ],
        footer,
        sample=sample,
        subtitle=f"{plan_title}　{plan_number}".strip(),
    )


def division_docx(sheet: Sheet, parts: Sequence[str]) -> bytes:
    """The sheet as an official table; ``parts`` names the part of each row.

    ``ValueError`` where rows and parts are not as many.
    """
    if len(parts) != len(sheet.rows):
        raise ValueError(f"{len(sheet.rows)} rows and {len(parts)} parts")
    document = _page(sheet)
    _heading(document, sheet)
    table = document.add_table(rows=1, cols=len(sheet.columns), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    share = USABLE_MM / sum(column.width for column in sheet.columns)
    widths = [Mm(column.width * share) for column in sheet.columns]
    for made, width in zip(table.columns, widths, strict=True):
        made.width = width
    for cell, column, width in zip(table.rows[0].cells, sheet.columns, widths, strict=True):
        cell.width = width
        _fill(cell, column.label, Face(HEITI, WU_HAO), centre=True)
        wordml.shade(cell, _HEAD)
    wordml.repeat_row(table.rows[0]._tr)
    before = ""
    for row, part in zip(sheet.rows, parts, strict=True):
        if part and part != before:
            _band(table.add_row(), part)
        before = part
        made_row = table.add_row()
        made_row._tr.get_or_add_trPr().append(element("w:cantSplit"))
        for cell, column, width in zip(made_row.cells, sheet.columns, widths, strict=True):
            cell.width = width
            text = shown(row[column.key], column.kind)
            centre = column.key in ("number", "state", "source")
            _fill(cell, text, Face(FANGSONG, WU_HAO), centre=centre)
    if not sheet.rows:
        wordml.write(document.add_paragraph(), "没有符合条件的任务。", Face(FANGSONG, XIAO_SI))
    return wordml.to_bytes(document, sheet.footer.made_at)


def _page(sheet: Sheet) -> DocumentType:
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
    section.left_margin = section.right_margin = Mm(MARGIN_MM)
    section.top_margin = section.bottom_margin = Mm(MARGIN_MM)
    section.footer_distance = Mm(10)
    for old in section._sectPr.findall(qn("w:docGrid")):
        section._sectPr.remove(old)
    foot = section.footer.paragraphs[0]
    wordml.write(foot, sheet.footer.line(len(sheet.rows)), Face(FANGSONG, WU_HAO))
    number = section.footer.add_paragraph()
    number.alignment = WD_ALIGN_PARAGRAPH.CENTER
    wordml.write_page_number(number, Face(SONGTI, WU_HAO))
    if sheet.sample:
        header = section.header.paragraphs[0]
        header.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        wordml.write(header, SAMPLE_MARK, Face(HEITI, WU_HAO))
    return document


def _heading(document: DocumentType, sheet: Sheet) -> None:
    """Title 小标宋, under it the notice and its number 楷体."""
    title = document.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    wordml.write(title, sheet.title, Face(XIAOBIAOSONG, ER_HAO))
    line = document.add_paragraph()
    line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    line.paragraph_format.space_before = line.paragraph_format.space_after = Pt(6)
    wordml.write(
        line, sheet.subtitle, Face(KAITI, SAN_HAO if len(sheet.subtitle) < 40 else XIAO_SI)
    )


def _band(row: _Row, part: str) -> None:
    """A row over the whole width that stays with the row under it."""
    row._tr.get_or_add_trPr().append(element("w:cantSplit"))
    cell = row.cells[0].merge(row.cells[-1])
    wordml.shade(cell, _BAND)
    _fill(cell, part, Face(HEITI, WU_HAO))
    cell.paragraphs[0].paragraph_format.keep_with_next = True


def _fill(cell: _Cell, text: str, face: Face, *, centre: bool = False) -> None:
    cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
    paragraph = cell.paragraphs[0]
    if centre:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    wordml.write(paragraph, text, face)
