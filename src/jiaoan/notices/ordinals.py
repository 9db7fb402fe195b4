"""Numbers that only their neighbours tell from figures: 1 总则 above 1.1, 1.1编制目的, 3、3月底前.

Plans of emergency and technical schemes number their chapters 1, 2, 3 without a mark and what
stands below them 1.1, 1.2 without a blank; and the third item may open with its date. Alone each
may be a figure of a broken line (3 家企业, 1.5倍, 3、6月), so the order of the paper decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from jiaoan.notices.lines import Line, LineKind, Marker, MarkerKind, marker_at

_BARE = re.compile(r"(\d{1,2})(?=[\u4e00-\u9fff])(?P<rest>[^，。；：]{2,24})")
_DECIMAL = re.compile(r"(?P<chapter>\d{1,2})\.(?P<number>\d{1,2})(?=[\u4e00-\u9fff“《])")
#: What a number counts or dates at the start of a broken line: 3 家企业, 12 月底前.
_MEASURE = re.compile(r"[年月日号时分秒周天个家次项座处条辆人台吨公里米名艘份件小％元万亿千百级类]")


def with_markers(lines: Sequence[Line]) -> list[Line]:
    """``lines``, each line of text with the number that opens it, where one does."""
    chapters = _chapters(lines)
    out: list[Line] = []
    last: dict[MarkerKind, int] = {}
    chapter = 0
    for index, line in enumerate(lines):
        if line.kind is not LineKind.TEXT:
            out.append(line)
            continue
        marker = marker_at(line.text, after=last.get(MarkerKind.ARABIC))
        if index in chapters:
            chapter, word = chapters[index], str(chapters[index])
            marker = Marker(MarkerKind.ARABIC, chapter, word, len(word))
            last.pop(MarkerKind.DECIMAL, None)
        elif marker is None and chapter:
            marker = _close_decimal(line, chapter, last.get(MarkerKind.DECIMAL, 0))
        if marker is not None:
            last[marker.kind] = marker.number
        out.append(replace(line, marker=marker))
    return out


def _close_decimal(line: Line, chapter: int, above: int) -> Marker | None:
    found = _DECIMAL.match(line.text.chars)
    if found is None or int(found["chapter"]) != chapter or int(found["number"]) != above + 1:
        return None
    return Marker(MarkerKind.DECIMAL, above + 1, found.group(), found.end())


def _chapters(lines: Sequence[Line]) -> dict[int, int]:
    """Lines that open chapters 1, 2, 3 … without a mark, by place; none where 1.1 never follows."""
    texts = [index for index, line in enumerate(lines) if line.kind is LineKind.TEXT]
    found: dict[int, int] = {}
    ordered = False
    for place, index in enumerate(texts):
        head = _BARE.fullmatch(lines[index].text.chars)
        number = len(found) + 1
        if head is None or int(head.group(1)) != number:
            continue
        follows = lines[texts[place + 1]].text.chars if place + 1 < len(texts) else ""
        opens = re.match(rf"{number}\.1(?!\d)", follows) is not None
        apart = lines[index].text.gap_after(len(head.group(1)) - 1)
        if opens or (apart and not _MEASURE.match(head["rest"])):
            found[index] = number
            ordered = ordered or opens
    return found if ordered and len(found) > 1 else {}
