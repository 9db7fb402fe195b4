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
_BULLET = re.compile(r"\s*(?:[-*+]\s+|[•·●◆▪■□◇➢➤※★☆▲△]\s*)(?=\S)")
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
    """One line; ``cells`` only for a table row; ``marked`` for a Markdown heading.

    ``marker`` is the number that opens a line of text, as :mod:`jiaoan.notices.ordinals` tells it.
    """

    kind: LineKind
    text: Text
    span: Span
    cells: tuple[Text, ...] = ()
    marked: bool = False
    marker: Marker | None = None


class MarkerKind(Enum):
    """The numbering styles 层次序数 that official documents use, and headings without a number."""

    PART = "部分"
    CHAPTER = "章"
    SECTION = "节"
    ARTICLE = "条"
    HAN = "一、"
    PAREN_HAN = "（一）"
    ARABIC = "1."
    PAREN_ARABIC = "（1）"
    DECIMAL = "1.1"
    DECIMAL_3 = "1.1.1"
    CIRCLED = "①"
    ANNEX = "附件"
    PLAIN = "heading"
    RUN_IN = "heading in its paragraph"
    TABLE_SECTION = "table section"
    FIELD = "merged first cell"
    ROW = "row"


@dataclass(frozen=True)
class Marker:
    """A number at the start of a text: ``length`` clean characters, ``label`` without marks."""

    kind: MarkerKind
    number: int
    label: str
    length: int


_HAN = "[一二三四五六七八九十]{1,3}"
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳㉑㉒㉓㉔㉕㉖㉗㉘㉙㉚"
_ORDINALS = {MarkerKind.PART, MarkerKind.CHAPTER, MarkerKind.SECTION, MarkerKind.ARTICLE}
_STYLES: tuple[tuple[MarkerKind, re.Pattern[str]], ...] = (
    (MarkerKind.PART, re.compile(rf"第({_HAN})(?:部分|篇)[：、]?")),
    (MarkerKind.CHAPTER, re.compile(rf"第({_HAN}|\d{{1,2}})章[：、]?")),
    (MarkerKind.SECTION, re.compile(rf"第({_HAN}|\d{{1,2}})节[：、]?")),
    (
        MarkerKind.ARTICLE,
        re.compile(rf"第({_HAN}|\d{{1,2}})条(?!规定|款|第|的|、|和|至|之)[：]?"),
    ),
    (
        MarkerKind.HAN,
        re.compile(
            rf"({_HAN})[、.。．](?![一二三四五六七八九十\d]?[级类等]|[一二三四](?:个)?季度|[一二三四五六七八九十]、)"
        ),
    ),
    (MarkerKind.PAREN_HAN, re.compile(rf"（({_HAN})）[、.．]?|({_HAN})）")),
    (MarkerKind.DECIMAL_3, re.compile(r"(\d{1,2}\.\d{1,2}\.\d{1,2})[、.]?")),
    (MarkerKind.DECIMAL, re.compile(r"(\d{1,2}\.\d{1,2})[、.]?")),
    (MarkerKind.ARABIC, re.compile(r"(\d{1,3})[.、。．]")),
    (MarkerKind.PAREN_ARABIC, re.compile(r"（(\d{1,3})）[、.．]?|(\d{1,2})）")),
    (MarkerKind.CIRCLED, re.compile(rf"([{_CIRCLED}])[、.．]?")),
)
#: What follows the point of a number, and not of a fraction: 3.7月31日前…, 1.2024年底前….
_DATE_FOLLOWS = re.compile(r"(?:20\d{2}年|(?:1[0-2]|[1-9])月)")


def marker_at(text: Text, start: int = 0, after: int | None = None) -> Marker | None:
    """The number that opens ``text`` at ``start``, or None.

    ``after`` is the last number of the same order: "3、3月底前" goes on after 2, and is a row of
    figures elsewhere.

    "1.5倍" and "4、6、9月" are figures: an Arabic number is a marker only where no digit follows,
    or where a blank stood before that digit, or a date opens ("1. 2024年底前…", "3.7月底前…").
    """
    for kind, style in _STYLES:
        found = style.match(text.chars, start)
        if found is None:
            continue
        word = next(group for group in found.groups() if group)
        end = found.end()
        if kind in (MarkerKind.DECIMAL, MarkerKind.DECIMAL_3):
            inside = range(found.start(), found.start() + len(word) - 1)
            if any(text.gap_after(at) for at in inside):
                continue  # "2. 6 月底前"
            if found.group() == word and not (end < len(text) and text.gap_after(end - 1)):
                continue  # 1.5倍, 2.5万元
            return Marker(kind, int(word.rpartition(".")[2]), word, end - start)
        number = _CIRCLED.index(word) + 1 if kind is MarkerKind.CIRCLED else to_int(word)
        if number is None or end > len(text):
            return None
        if kind is MarkerKind.ARABIC and not (
            _is_number_mark(text, found.end(), found.group()[-1])
            or (number - 1 == after and _DATE_FOLLOWS.match(text.chars, end))
        ):
            return None
        follower = text.chars[end : end + 1]
        if kind is MarkerKind.ARTICLE and follower and not text.gap_after(end - 1):
            return None if follower in "，。" else Marker(kind, number, f"第{word}条", end - start)
        label = word
        if kind in _ORDINALS:
            label = f"第{word}{kind.value}"
        return Marker(kind, number, label, end - start)
    return None


def _is_number_mark(text: Text, end: int, mark: str) -> bool:
    follower = text.chars[end : end + 1]
    if not follower.isdigit() or mark == "．" or text.gap_after(end - 1):
        return True
    if mark == "、":
        return re.match(r"20\d{2}年", text.chars[end:]) is not None
    return mark == "." and _DATE_FOLLOWS.match(text.chars, end) is not None


def is_signed(chars: str) -> bool:
    """True for a body with its date on one line: 朗溪县交通运输局2026年3月."""
    return re.fullmatch(r"[\u4e00-\u9fff]{4,30}20\d{2}年\d{1,2}月(?:\d{1,2}日)?", chars) is not None


def is_date_only(chars: str) -> bool:
    """True for the line under a signature: 2024年3月1日."""
    return _DATE_ONLY.match(chars) is not None


def split_lines(source: str) -> list[Line]:
    """Every line of ``source`` with its place; together they cover it."""
    return unflatten(_raw_lines(source))


def unflatten(lines: list[Line]) -> list[Line]:
    """Tables that extraction flattened to one cell per line become rows again.

    Such a table opens with 序号 and the names of its other columns on short lines of their own; its
    rows are the stretches that begin with 1, 2, 3 …, with a section row here and there. A row with
    too many lines has a task of several lines; one with too few has empty cells at its end.
    """
    texts = [
        i for i, line in enumerate(lines) if line.kind is LineKind.TEXT or line.text.chars in _DASH
    ]
    out = list(lines)
    at = 0
    while at < len(texts):
        width = _header_width(lines, texts[at : at + 12])
        if width < 3:
            at += 1
            continue
        names = [lines[i].text.chars for i in texts[at : at + width]]
        _to_row(out, [[i] for i in texts[at : at + width]])
        at = _flat_rows(lines, out, texts, at + width, names)
    return out


def _flat_rows(
    lines: list[Line], out: list[Line], texts: list[int], at: int, names: list[str]
) -> int:
    """Writes the rows of one flattened table; the place in ``texts`` behind it."""
    number = 1
    while at < len(texts):
        here = lines[texts[at]].text.chars
        if here != str(number):
            following = lines[texts[at + 1]].text.chars if at + 1 < len(texts) else ""
            if following not in (str(number), "1") or re.search("[，。；]", here):
                break
            number = int(following)
            _to_row(out, [[texts[at]]])
            at += 1
            continue
        end = _row_end(lines, texts, at, number, len(names))
        _to_row(out, _columns(lines, texts[at:end], names))
        at, number = end, number + 1
    return at


def _row_end(lines: list[Line], texts: list[int], at: int, number: int, width: int) -> int:
    """Where the row that begins at ``at`` ends: before the next number or section row."""
    for place in range(at + 2, min(at + 3 * width + 4, len(texts))):
        if lines[texts[place]].text.chars == str(number + 1):
            section = marker_at(lines[texts[place - 1]].text) is not None
            return place - 1 if section and place - 1 - at >= width - 1 else place
    for place in range(at + width - 1, min(at + width + 6, len(texts))):
        if _TIME_CELL.fullmatch(lines[texts[place]].text.chars):
            return place + 1  # the last row ends with its time
    return min(at + width, len(texts))


def _columns(lines: list[Line], row: list[int], names: list[str]) -> list[list[int]]:
    """The lines of a row by column."""
    cells: list[list[int]] = []
    for index in row:
        above = lines[cells[-1][-1]].text.chars if cells else ""
        broken = above.endswith(("、", "，")) or lines[index].text.chars[:1] in ("、", "，")
        if broken and len(cells) > 1:
            cells[-1].append(index)
        else:
            cells.append([index])
    task = next((i for i, name in enumerate(names) if re.search(_TASK_COLUMN, name)), 1)
    while len(cells) > len(names) and task + 1 < len(cells):
        cells[task].extend(cells.pop(task + 1))
    time = next((i for i, name in enumerate(names) if re.search("时限|时间|期限|进度", name)), None)
    if time is not None and time == len(names) - 1 and len(cells) == len(names) - 1:
        last = lines[cells[-1][0]].text.chars
        if re.search(r"[月年季日]|常态|持续|长期", last):
            cells.insert(time - 1, [])  # the cooperating unit is empty, not the time
    return cells


_TIME_CELL = re.compile(r"[^，。；]{0,12}(?:前|底|年|季度|半年|月|日|推进|坚持|常态化?|长期|全年)")
#: An empty cell, printed.
_DASH = ("—", "——", "-", "--", "/")
_TASK_COLUMN = "任务|内容|措施|举措|事项|要点|工作|项目"


def _header_width(lines: list[Line], texts: list[int]) -> int:
    if not texts or lines[texts[0]].text.chars not in ("序号", "编号"):
        return 0
    for width, index in enumerate(texts):
        chars = lines[index].text.chars
        if chars == "1":
            return width
        following = lines[texts[width + 1]].text.chars if width + 1 < len(texts) else ""
        if width >= 3 and following == "1" and marker_at(lines[index].text) is not None:
            return width  # a section row stands between the heading and the first row
        if len(chars) > 12 or re.search("[，。；：]", chars):
            return 0
    return 0


def _to_row(lines: list[Line], cells: list[list[int]]) -> None:
    """The lines in ``cells`` become one row, which stands at the first of them."""
    texts = tuple(Text.join(lines[index].text for index in cell) for cell in cells)
    indices = [index for cell in cells for index in cell]
    whole = Span(lines[indices[0]].span.start, lines[indices[-1]].span.end)
    lines[indices[0]] = Line(LineKind.ROW, Text.join(texts), whole, texts)
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
    page = _PAGE.match(clean(source, begin, end).chars)
    if page is None and (bullet := _BULLET.match(source[begin:end])):
        begin += bullet.end()
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
