"""Table rows as lines of text: ``| a | b |``; a row of one cell is a section row ``| a |``."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence


def squeeze(words: str) -> str:
    """A cell on one line, without bars of its own."""
    return " ".join(words.split()).replace("|", "／")


def row_line(cells: Sequence[str]) -> str:
    """The line of one row."""
    return "| " + " | ".join(squeeze(cell) for cell in cells) + " |"


def table_lines(rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table, empty rows and empty columns at its right left out.

    A table of one column is no table but a box around text: its cells become plain lines.
    """
    kept = [[squeeze(cell) for cell in row] for row in rows]
    kept = [row for row in kept if any(row)]
    width = max((max(i for i, cell in enumerate(row) if cell) + 1 for row in kept), default=0)
    if width == 1:
        return [row[0] for row in kept]
    return [
        row_line(row[:1]) if _section(row) else row_line([*row, *[""] * width][:width])
        for row in kept
    ]


def _section(row: Sequence[str]) -> bool:
    return bool(row[0]) and not any(row[1:])


def csv_text(text: str) -> str:
    """A comma- or tab-separated table as lines."""
    mark = "\t" if text.count("\t") > text.count(",") else ","
    return "\n".join(table_lines(csv.reader(text.splitlines(), delimiter=mark)))
