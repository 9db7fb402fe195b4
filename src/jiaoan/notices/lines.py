"""Step 1: the original, line by line, each line cleaned and told apart.

Lines that extraction left behind (page numbers, rules of a Markdown table) are *noise*; table rows
come as cells. Nothing is thrown away: a noise line keeps its place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from jiaoan.notices.model import Span
from jiaoan.notices.numerals import to_int
from jiaoan.notices.text import Text, clean

_PAGE = re.compile(r"^(?:[-—]+\d{1,3}[-—]+|第\d{1,3}页(?:[，/]?共\d{1,3}页)?|\d{1,3}/\d{1,3})$")
_RULE = re.compile(r"^[|\-—:：=_\s]+$")
_TITLE_MARK = re.compile(r"^\s*(#{1,6})\s+|^\s*(#{1,6})(?=[^#\s])")
_DATE_ONLY = re.compile(
    r"^(?:\d{4}|[二一][〇零○一二三四五六七八九]{3})年(?:\d{1,2}|[一二三四五六七八九十]{1,3})月"
    r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})日(?:印发|发布)?$"
)


class LineKind(Enum):
    """What a line is before anything is known about its neighbours."""

    TEXT = "text"
    BLANK = "blank"
    NOISE = "noise"
    ROW = "row"


@dataclass(frozen=True)
class Line:
    """One line; ``cells`` only for a table row; ``marked`` for a Markdown heading."""

    kind: LineKind
    text: Text
    span: Span
    cells: tuple[Text, ...] = ()
    marked: bool = False


class MarkerKind(Enum):
    """The numbering styles 层次序数 that official documents use, and headings without a number."""

    CHAPTER = "章"
    SECTION = "节"
    ARTICLE = "条"
    HAN = "一、"
    PAREN_HAN = "（一）"
    ARABIC = "1."
    PAREN_ARABIC = "（1）"
    PLAIN = "heading"
    TABLE_SECTION = "table section"
    ROW = "row"


@dataclass(frozen=True)
class Marker:
    """A number at the start of a text: ``length`` clean characters, ``label`` without marks."""

    kind: MarkerKind
    number: int
    label: str
    length: int


_HAN = "[一二三四五六七八九十]{1,3}"
_STYLES: tuple[tuple[MarkerKind, re.Pattern[str]], ...] = (
    (MarkerKind.CHAPTER, re.compile(rf"第({_HAN}|\d{{1,2}})章[：、]?")),
    (MarkerKind.SECTION, re.compile(rf"第({_HAN}|\d{{1,2}})节[：、]?")),
    (
        MarkerKind.ARTICLE,
        re.compile(rf"第({_HAN}|\d{{1,2}})条(?!规定|款|第|的|、|和|至|之)[：]?"),
    ),
    (MarkerKind.HAN, re.compile(rf"({_HAN})[、.。](?![一二三四五六七八九十\d]?[级类等])")),
    (MarkerKind.PAREN_HAN, re.compile(rf"（({_HAN})）[、.]?")),
    (MarkerKind.ARABIC, re.compile(r"(\d{1,2})[.、。]")),
    (MarkerKind.PAREN_ARABIC, re.compile(r"（(\d{1,2})）[、.]?|(\d{1,2})）")),
)


def marker_at(text: Text, start: int = 0) -> Marker | None:
    """The number that opens ``text`` at ``start``, or None.

    "1.5倍" and "4、6、9月" are figures: an Arabic number is a marker only where no digit follows,
    or where a blank stood before that digit ("1. 2024年底前…").
    """
    for kind, style in _STYLES:
        found = style.match(text.chars, start)
        if found is None:
            continue
        word = next(group for group in found.groups() if group)
        number = to_int(word)
        end = found.end()
        if number is None or end > len(text):
            return None
        follower = text.chars[end : end + 1]
        if kind is MarkerKind.ARABIC and follower.isdigit() and not text.gap_after(end - 1):
            return None
        if kind is MarkerKind.ARTICLE and follower and not text.gap_after(end - 1):
            return None if follower in "，。" else Marker(kind, number, f"第{word}条", end - start)
        label = word
        if kind in (MarkerKind.CHAPTER, MarkerKind.SECTION, MarkerKind.ARTICLE):
            label = f"第{word}{kind.value}"
        return Marker(kind, number, label, end - start)
    return None


def is_date_only(chars: str) -> bool:
    """True for the line under a signature: 2024年3月1日."""
    return _DATE_ONLY.match(chars) is not None


def split_lines(source: str) -> list[Line]:
    """Every line of ``source`` with its place; together they cover it."""
    return unflatten(_raw_lines(source))


def unflatten(lines: list[Line]) -> list[Line]:
    """Tables that extraction flattened to one cell per line become rows again.

    Such a table opens with 序号 and the names of its other columns on short lines of their own; its
    rows are the stretches that begin with 1, 2, 3 … and have one line per column.
    """
    texts = [i for i, line in enumerate(lines) if line.kind is LineKind.TEXT]
    out = list(lines)
    at = 0
    while at < len(texts):
        width = _header_width(lines, texts[at:])
        if width < 3:
            at += 1
            continue
        _to_row(out, texts[at : at + width])
        at += width
        number = 1
        while at + width <= len(texts) and lines[texts[at]].text.chars == str(number):
            _to_row(out, texts[at : at + width])
            at += width
            number += 1
    return out


def _header_width(lines: list[Line], texts: list[int]) -> int:
    if not texts or lines[texts[0]].text.chars not in ("序号", "编号"):
        return 0
    for width, index in enumerate(texts[:9]):
        chars = lines[index].text.chars
        if chars == "1":
            return width
        if len(chars) > 10 or re.search("[，。；：]", chars):
            return 0
    return 0


def _to_row(lines: list[Line], indices: list[int]) -> None:
    """The lines at ``indices`` become the cells of one row, which stands at the first of them."""
    cells = tuple(lines[index].text for index in indices)
    first = lines[indices[0]]
    whole = Span(first.span.start, lines[indices[-1]].span.end)
    lines[indices[0]] = Line(LineKind.ROW, Text.join(cells), whole, cells)
    for index in indices[1:]:
        lines[index] = Line(LineKind.BLANK, Text("", ()), lines[index].span)


def _raw_lines(source: str) -> list[Line]:
    lines: list[Line] = []
    start = 0
    for raw in source.splitlines(keepends=True) or [""]:
        end = start + len(raw)
        lines.append(_line(source, start, end, raw))
        start = end
    return lines


def _line(source: str, start: int, end: int, raw: str) -> Line:
    span = Span(start, end)
    stripped = raw.strip()
    empty = Text("", ())
    if not stripped:
        return Line(LineKind.BLANK, empty, span)
    if _RULE.match(stripped):
        return Line(LineKind.NOISE, clean(source, start, end), span)
    if stripped.count("|") >= 2 or stripped.count("\t") >= 2:
        mark = "|" if stripped.count("|") >= 2 else "\t"
        return Line(LineKind.ROW, clean(source, start, end), span, _cells(source, span, mark))
    mark_found = _TITLE_MARK.match(raw)
    begin = start + (mark_found.end() if mark_found else 0)
    text = clean(source, begin, end)
    if text.chars.startswith(">"):
        text = text.cut(1)
    if _PAGE.match(text.chars):
        return Line(LineKind.NOISE, text, span)
    return Line(LineKind.TEXT, text, span, marked=mark_found is not None)


def _cells(source: str, span: Span, mark: str) -> tuple[Text, ...]:
    """The cells of one row; the bars at its ends make no cells of their own."""
    cells: list[Text] = []
    start = span.start
    for index in range(span.start, span.end + 1):
        if index == span.end or source[index] == mark:
            cells.append(clean(source, start, index))
            start = index + 1
    if mark == "|":
        raw = source[span.start : span.end].strip()
        if raw.startswith("|"):
            cells = cells[1:]
        if raw.endswith("|"):
            cells = cells[:-1]
    return tuple(cells)
