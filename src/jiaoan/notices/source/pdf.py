"""PDF files with text: lines put together to paragraphs by their place on the page, ruled tables.

A line goes on with the one above where that one reached the right margin and this one begins at the
left margin without an indent. Page numbers, and what stands at the head or foot of most pages, are
left out.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from jiaoan.notices.source.refusals import refuse
from jiaoan.notices.source.rows import table_lines

#: A notice has some tens of pages.
MAX_PAGES = 400
_PAGE = re.compile(
    r"^[-—–－·\s]*(?:第)?\s*\d{1,4}\s*(?:页)?(?:\s*[/／共]\s*\d{1,4}\s*(?:页)?)?[-—–－·\s]*$"
)
_MARKS = re.compile(r"[\d\s\-—–－·]")


@dataclass(frozen=True)
class _Line:
    """One printed line (or one whole table, then ``rows``); points from the top left corner."""

    text: str
    left: float
    right: float
    top: float
    bottom: float
    size: float
    page: int
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class _Page:
    lines: tuple[_Line, ...]
    height: float
    pictures: int


def pdf_text(data: bytes, filename: str) -> str:
    """The text of a PDF; raises :class:`UnreadableSource` for scans, locked and broken files."""
    import pdfplumber
    from pdfminer.pdfdocument import PDFPasswordIncorrect
    from pdfminer.pdfexceptions import PDFException
    from pdfminer.psexceptions import PSException
    from pdfplumber.utils.exceptions import PdfminerException

    try:
        with pdfplumber.open(io.BytesIO(data)) as file:
            pages = [_page(page, n) for n, page in enumerate(file.pages[:MAX_PAGES])]
    except PdfminerException as error:
        locked = any(
            isinstance(cause, PDFPasswordIncorrect) for cause in (*error.args, error.__cause__)
        )
        raise refuse("locked" if locked else "pdf", filename) from error
    except (
        PDFException, PSException, ValueError, KeyError, TypeError, IndexError, AttributeError,
        AssertionError, RecursionError, OverflowError, EOFError, OSError,
    ) as error:  # fmt: skip
        raise refuse("pdf", filename) from error
    text = "\n".join(_paragraphs(_without_furniture(pages)))
    letters = len("".join(text.split()))
    if letters < 15 * max(1, len(pages)) and (letters < 40 or any(p.pictures for p in pages)):
        raise refuse("scan", filename)
    if text.count("(cid:") * 20 > letters or text.count("\ufffd") * 10 > letters:
        raise refuse("garbled", filename)
    return text + "\n"


def _page(page: object, number: int) -> _Page:
    from pdfplumber.page import Page

    if not isinstance(page, Page):
        raise ValueError("no page")
    tables = [table for table in page.find_tables() if len(table.cells) > 1]
    boxes = [table.bbox for table in tables]

    def outside(thing: dict[str, object]) -> bool:
        if thing.get("object_type") != "char":
            return True
        x = (float(str(thing["x0"])) + float(str(thing["x1"]))) / 2
        y = (float(str(thing["top"])) + float(str(thing["bottom"]))) / 2
        return not any(a <= x <= c and b <= y <= d for a, b, c, d in boxes)

    lines = [
        _Line(
            str(line["text"]), float(line["x0"]), float(line["x1"]), float(line["top"]),
            float(line["bottom"]), max(float(char["size"]) for char in line["chars"]), number,
        )
        for line in page.filter(outside).dedupe_chars().extract_text_lines(y_tolerance=4)
    ]  # fmt: skip
    for table in tables:
        rows = tuple(tuple(row) for row in _rows(table))
        left, top, right, bottom = table.bbox
        lines.append(_Line("", left, right, top, bottom, 0, number, rows))
    lines.sort(key=lambda line: (round(line.top), line.left))
    return _Page(tuple(lines), float(page.height), len(page.images))


def _rows(table: object) -> Iterator[list[str]]:
    """Cells as text; one merged over rows stands in each of them, over columns only once."""
    from pdfplumber.table import Table

    if not isinstance(table, Table):
        raise ValueError("no table")
    words = [[cell or "" for cell in row] for row in table.extract()]
    boxes = [list(row.cells) for row in table.rows]
    known = [
        (box, words[r][c])
        for r, row in enumerate(boxes)
        for c, box in enumerate(row)
        if box is not None
    ]
    middles = [0.0] * max(len(row) for row in boxes)
    for row in boxes:
        for c, box in enumerate(row):
            if box is not None and not middles[c]:
                middles[c] = (box[0] + box[2]) / 2
    for r, row in enumerate(boxes):
        _, top, _, bottom = table.rows[r].bbox
        y = (top + bottom) / 2
        cells: list[str] = []
        for c, box in enumerate(row):
            text = words[r][c]
            if box is None:
                over = [(b, t) for b, t in known if b[0] < middles[c] < b[2] and b[1] < y < b[3]]
                here = bool(over) and not (c > 0 and over[0][0][0] < middles[c - 1])
                text = over[0][1] if here else ""
            cells.append("".join(line.strip() for line in text.split("\n")))
        yield cells


def _without_furniture(pages: list[_Page]) -> list[_Line]:
    """All lines but page numbers and running heads and feet."""
    seen: Counter[str] = Counter()
    for page in pages:
        seen.update({_MARKS.sub("", line.text) for line in _edges(page)})
    often = max(2, (len(pages) + 1) // 2)
    out: list[_Line] = []
    for page in pages:
        edges = set(_edges(page))
        for line in page.lines:
            bare = _MARKS.sub("", line.text)
            running = line in edges and len(pages) > 2 and bare != "" and seen[bare] >= often
            number = line in edges and _PAGE.match(line.text) is not None
            if not running and not number:
                out.append(line)
    return out


def _edges(page: _Page) -> list[_Line]:
    plain = [line for line in page.lines if not line.rows]
    return [
        line for line in plain
        if line.bottom < page.height * 0.1 or line.top > page.height * 0.88
    ]  # fmt: skip


def _paragraphs(lines: list[_Line]) -> Iterator[str]:
    texts = [line for line in lines if not line.rows and len(line.text) > 8]
    left = min((line.left for line in texts), default=0.0)
    right = max((line.right for line in texts), default=0.0)
    open_text = ""
    before: _Line | None = None
    for line in lines:
        if line.rows:
            if open_text:
                yield open_text
            open_text, before = "", None
            yield from table_lines(line.rows)
            continue
        full = before is not None and before.right > right - 2.2 * before.size
        flush = line.left < left + 1.2 * line.size
        same = before is not None and abs(before.size - line.size) < 1
        if open_text and full and flush and same:
            open_text += _between(open_text, line.text) + line.text
        else:
            if open_text:
                yield open_text
            open_text = line.text
        before = line
    if open_text:
        yield open_text


def _between(above: str, below: str) -> str:
    return " " if above[-1:].isascii() and below[:1].isascii() and above[-1:].isalpha() else ""
