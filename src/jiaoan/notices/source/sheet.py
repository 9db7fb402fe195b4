"""Workbooks (.xlsx) with tables of tasks: every visible sheet, row by row."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date, datetime
from zipfile import BadZipFile

from jiaoan.notices.source.refusals import refuse
from jiaoan.notices.source.rows import table_lines

_SENTENCE = re.compile(r"\| [^|]*[。；：][^|]* \|")
#: A table of tasks has some hundreds of rows; formatted but empty rows go on for ever.
MAX_ROWS, MAX_COLUMNS = 5000, 60


def xlsx_text(data: bytes, filename: str) -> str:
    """The text of a workbook; raises :class:`UnreadableSource` where it is broken."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
        lines: list[str] = []
        for sheet in book.worksheets:
            if sheet.sheet_state == "visible":
                lines.extend(_sheet_lines(list(_rows(sheet))))
    except (
        InvalidFileException, BadZipFile, KeyError, ValueError, TypeError, AttributeError,
        SyntaxError, IndexError, EOFError,
    ) as error:  # fmt: skip
        raise refuse("xlsx", filename) from error
    return "\n".join(lines)


def _sheet_lines(rows: list[list[str]]) -> list[str]:
    """Lines above the table (its title, a note) have one cell and are plain text."""
    head = next((i for i, row in enumerate(rows) if sum(1 for cell in row if cell) >= 3), len(rows))
    above = [cell for row in rows[:head] for cell in row if cell]
    lines = table_lines(rows[head:])
    # A sentence over the whole width is text below the table and no row of it.
    return [*above, *(line[2:-2] if _SENTENCE.fullmatch(line) else line for line in lines)]


def _rows(sheet: object) -> Iterator[list[str]]:
    """Cells as text; one merged over rows stands in each of them, over columns only once."""
    from openpyxl.worksheet.worksheet import Worksheet

    if not isinstance(sheet, Worksheet):
        return
    merged: dict[tuple[int, int], str] = {}
    for area in sheet.merged_cells.ranges:
        text = _text(sheet.cell(area.min_row, area.min_col).value)
        if area.max_row - area.min_row < MAX_ROWS:
            merged.update(
                {(row, area.min_col): text for row in range(area.min_row, area.max_row + 1)}
            )
    for number, row in enumerate(
        sheet.iter_rows(
            max_row=min(sheet.max_row, MAX_ROWS), max_col=min(sheet.max_column, MAX_COLUMNS)
        ),
        start=1,
    ):
        yield [
            merged.get((number, place)) or _text(cell.value)
            for place, cell in enumerate(row, start=1)
        ]


def _text(value: object) -> str:
    """A cell as it would be printed: days in Chinese, whole numbers without a point."""
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return f"{value.year}年{value.month}月{value.day}日"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
