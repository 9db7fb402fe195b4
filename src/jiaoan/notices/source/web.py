"""Saved web pages (.html): block elements become lines, tables of data become rows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree, html

from jiaoan.notices.source.plain import decode
from jiaoan.notices.source.refusals import refuse
from jiaoan.notices.source.rows import squeeze, table_lines

_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE)
_GB = {"gb2312", "gbk", "gb18030", "gb_2312-80", "x-gbk", "cp936"}
_SKIPPED = {
    "script", "style", "noscript", "template", "head", "nav", "iframe", "object", "select",
    "button", "svg", "form", "textarea",
}  # fmt: skip
_INLINE = {
    "a", "abbr", "b", "bdi", "big", "cite", "code", "del", "em", "font", "i", "ins", "kbd", "label",
    "mark", "o", "q", "s", "small", "span", "strong", "sub", "sup", "u", "var", "wbr", "tt", "ruby",
}  # fmt: skip


def html_text(data: bytes, filename: str) -> str:
    """The text of a web page; raises :class:`UnreadableSource` where nothing can be read."""
    text = _decoded(data, filename)
    try:
        # A declaration of the encoding in a text that is decoded already would be refused.
        page = html.document_fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise refuse("kind", filename) from error
    lines = (" ".join(line.split(" ")).strip() for line in _lines(page))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"


def _decoded(data: bytes, filename: str) -> str:
    found = _CHARSET.search(data[:4096])
    named = found.group(1).decode("ascii").lower() if found else ""
    if named in _GB:
        try:
            return data.decode("gb18030")
        except UnicodeDecodeError:
            pass  # the page lies about itself; its octets decide below
    return decode(data, filename)[0]


def _lines(page: html.HtmlElement) -> Iterator[str]:
    words: list[str] = []
    yield from _walk(page, words)
    if words:
        yield _flush(words)


def _flush(words: list[str]) -> str:
    line = re.sub(r"\s+", " ", "".join(words))
    words.clear()
    return line


def _walk(element: html.HtmlElement, words: list[str]) -> Iterator[str]:
    if element.text:
        words.append(element.text)
    number = int(element.get("start", "1")) if element.get("start", "1").isdigit() else 1
    for child in element:
        tag = child.tag if isinstance(child.tag, str) else ""
        if tag and tag not in _SKIPPED and not _hidden(child):
            if tag == "br":
                yield _flush(words)
            elif tag == "table" and _is_data(child):
                yield _flush(words)
                yield from table_lines(_rows(child))
            elif tag in _INLINE:
                yield from _walk(child, words)
            else:
                yield _flush(words)
                if tag == "li" and element.tag == "ol":
                    words.append(f"{number}. ")
                    number += 1
                yield from _walk(child, words)
                yield _flush(words)
        if child.tail:
            words.append(child.tail)


def _hidden(element: html.HtmlElement) -> bool:
    style = (element.get("style") or "").replace(" ", "").lower()
    return "display:none" in style or element.get("hidden") is not None


def _is_data(table: html.HtmlElement) -> bool:
    """A table that only lays out the page holds other tables or has one column."""
    if table.find(".//table") is not None:
        return False
    return any(len(row.xpath("./td|./th")) >= 2 for row in table.iter("tr"))


def _rows(table: html.HtmlElement) -> Iterator[list[str]]:
    """Cells by column; ``rowspan`` repeats a cell below, ``colspan`` leaves blanks beside it."""
    tall: dict[int, tuple[int, str]] = {}
    for row in table.iter("tr"):
        cells: list[str] = []
        own = iter(row.xpath("./td|./th"))
        while True:
            left, text = tall.get(len(cells), (0, ""))
            if left:
                tall[len(cells)] = (left - 1, text)
                cells.append(text)
                continue
            cell = next(own, None)
            if cell is None:
                break
            text = squeeze(" ".join(_lines(cell)))
            tall[len(cells)] = (_count(cell.get("rowspan")) - 1, text)
            cells.extend([text, *[""] * (_count(cell.get("colspan")) - 1)])
        yield cells


def _count(value: str | None) -> int:
    return min(int(value), 200) if value and value.isdigit() and int(value) > 0 else 1
