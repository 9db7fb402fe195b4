"""Step 2: lines → paragraphs. Extraction breaks paragraphs inside sentences; they are joined here.

A line goes on with the paragraph above unless there is a reason to begin anew: a number of the
document's order, a label (责任单位：), a paragraph above that ended as sentences end, or a heading
that stands on its own line. Whether headings of one style stand alone is decided once per document
by majority, because a single line cannot tell a short heading from a broken one.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from jiaoan.notices.lexicon import UNIT_END
from jiaoan.notices.lines import Line, LineKind, Marker, MarkerKind, is_date_only, marker_at
from jiaoan.notices.text import Text, curl_quotes, unbalanced

#: Labels that open a line of their own below an item.
LABEL_LINE = re.compile(
    r"^（?(?:牵头|主办|主责|责任|配合|协办|协同|参加|参与|承办|实施|落实|督导|分管|联系|完成|时限|时间"
    r"|办结|进度|工作目标|工作措施|具体措施|目标任务|附件|抄送|主送|联系)"
    r"[^，。；：（）]{0,8}："
)
_TERMINAL = re.compile(r"[。！？；：]$|[。！？；][”’）]$")
_UNIT_BRACKET = re.compile(r"（[^（）]*(?:（[^（）]*）[^（）]*)*）[。；]?$")
_UNIT_WORDS = re.compile(r"负责|牵头|落实|配合|单位：|部门：|科室：|股室：|协办|参加|督导|开展）")
_ROLE_END = re.compile(
    r"(?:按(?:照)?(?:各自)?职责(?:分工)?)?(?:分别|共同)?(?:负责|牵头|落实|配合|协办|参加|督导)(?:落实)?$"
)
#: A sentence that has begun and not ended: 为切实消除…隐|患.
_MID_SENTENCE = re.compile(r"(?:为|根据|按照|近期|近日|当前|今年以来|现将|目前)[^。：；]{12,}$")
_HEADING_END = re.compile(r"[^，。；：、！？）”]$")


@dataclass(frozen=True)
class Paragraph:
    """A whole paragraph, or a table row (then ``cells``); ``marker`` where it opens with a number.

    ``plain`` marks a short line that may be a heading without a number.
    """

    text: Text
    marker: Marker | None = None
    cells: tuple[Text, ...] = ()
    plain: bool = False
    marked: bool = False
    noise: bool = False


def ends_complete(chars: str) -> bool:
    """True where nothing has to follow: a full stop, or a bracket that names who is responsible."""
    if _TERMINAL.search(chars):
        return not unbalanced(chars) or chars[-1] in "。！？"
    bracket = _UNIT_BRACKET.search(chars)
    if bracket is None:
        return False
    if _UNIT_WORDS.search(bracket.group()):
        return True
    names = re.split("[、，；]", bracket.group().strip("（）。；"))
    return all(len(name) > 1 and UNIT_END.search(name) for name in names)


def _list_ended(chars: str, blank_follows: bool) -> bool:
    """True where the last sentence names units and nothing else, and ends with a whole name.

    Bare names (…出租汽车管理科) end a paragraph only before an empty line.
    """
    if unbalanced(chars):
        return False
    tail = re.split("[。；]", chars)[-1]
    last = re.split("[、，：]", tail)[-1]
    if LABEL_LINE.match(tail):
        return UNIT_END.search(last) is not None and len(last) >= 2
    if not tail or len(tail) == len(chars):
        return False
    found = _ROLE_END.search(tail)
    if found is None and not blank_follows:
        return False
    names = re.split("[、，]", tail[: found.start()] if found else tail)
    return all(len(name) >= 2 and UNIT_END.search(_role_off(name)) for name in names)


def _role_off(name: str) -> str:
    return _ROLE_END.sub("", name)


def standalone_styles(lines: list[Line]) -> set[MarkerKind]:
    """The numbering styles whose headings stand on a line of their own in this document."""
    votes: Counter[MarkerKind] = Counter()
    for line in lines:
        marker = marker_at(line.text) if line.kind is LineKind.TEXT else None
        if marker is not None:
            rest = re.sub(r"（[^（）]*）$", "", line.text.chars[marker.length :])
            alone = len(rest) <= 40 and re.search(r"[，。；：]", rest) is None
            votes[marker.kind] += 1 if alone else -1
    return {kind for kind, vote in votes.items() if vote > 0}


def to_paragraphs(lines: list[Line]) -> list[Paragraph]:
    """The paragraphs of a document, noise lines between them as they lie."""
    alone = standalone_styles(lines)
    out: list[Paragraph] = []
    open_parts: list[Text] = []
    state = _State(alone)

    def close() -> None:
        if open_parts:
            out.append(state.finish(Text.join(open_parts)))
            open_parts.clear()

    blank_before = True
    for line in lines:
        if line.kind is LineKind.BLANK:
            blank_before = True
            continue
        if line.kind is LineKind.NOISE:
            out.append(Paragraph(line.text, noise=True))
            continue
        if line.kind is LineKind.ROW:
            close()
            out.append(Paragraph(line.text, cells=line.cells))
            state.in_body = True
            continue
        if not line.text:
            continue
        above = Text.join(open_parts)
        if not open_parts or state.begins(above, line, blank_before):
            close()
            state.open(line)
        open_parts.append(line.text)
        blank_before = False
    close()
    return out


class _State:
    """What the joining of lines has to remember between two lines."""

    def __init__(self, alone: set[MarkerKind]) -> None:
        self.alone = alone
        self.last: dict[MarkerKind, int] = {}
        self.marker: Marker | None = None
        self.marked = False
        self.in_body = False

    def open(self, line: Line) -> None:
        self.marker = marker_at(line.text)
        self.marked = line.marked
        if self.marker is not None:
            self.last[self.marker.kind] = self.marker.number
            self.in_body = True

    def finish(self, text: Text) -> Paragraph:
        chars = text.chars
        plain = (
            self.marker is None
            and 2 <= len(chars) <= 30
            and _HEADING_END.search(chars) is not None
            and re.search(r"[，。；：]", chars) is None
            and not is_date_only(chars)
        )
        return Paragraph(curl_quotes(text), self.marker, (), plain, self.marked)

    def begins(self, above: Text, line: Line, blank_before: bool) -> bool:
        """True where ``line`` opens a new paragraph below the unfinished one ``above``."""
        chars = above.chars
        complete = ends_complete(chars)
        marker = marker_at(line.text)
        if marker is not None and not unbalanced(chars):
            expected = marker.number in (1, self.last.get(marker.kind, 0) + 1)
            if complete or expected or self._heading_alone(chars):
                return True
        if line.text.chars[0] in "，。；：、）”》！？":
            return False
        if LABEL_LINE.match(line.text.chars) and not unbalanced(chars):
            return True
        if complete:
            return True
        if _list_ended(chars, blank_before):
            # 牵头单位：市消防救援支队|防火监督科。: the rest of a name, unless it opens something.
            rest = line.text.chars.rstrip("。；")
            short = len(rest) <= 20 and re.search("[，。；：]", rest) is None
            name = short and UNIT_END.search(rest) is not None
            return blank_before or marker is not None or not name
        if unbalanced(chars) or (not blank_before and _MID_SENTENCE.match(chars)):
            return False
        if self.marked or line.marked or is_date_only(line.text.chars) or is_date_only(chars):
            return True
        if self.marker is not None:
            short = blank_before and len(chars) - self.marker.length <= 16
            return self._heading_alone(chars) or (short and re.search(r"[，。；：]", chars) is None)
        return self._ends_before_body(chars, line, blank_before)

    def _heading_alone(self, chars: str) -> bool:
        if self.marker is None or self.marker.kind not in self.alone:
            return False
        heading = re.sub(r"（[^（）]*）$", "", chars[self.marker.length :])
        return re.search(r"[，。；：]", heading) is None

    def _ends_before_body(self, chars: str, line: Line, blank_before: bool) -> bool:
        """Lines without a number: a title, an address, a signature or a heading stands alone."""
        if re.search(r"[，。；]", chars) or chars.count("、") > 1:
            return False  # the middle of a sentence or of a list
        if not self.in_body:
            return True
        numbered_tops = {MarkerKind.HAN, MarkerKind.CHAPTER, MarkerKind.ARTICLE}
        if numbered_tops & self.last.keys():
            # In a numbered document a short line is a fragment, unless a blank or a date follows.
            return is_date_only(line.text.chars)
        return blank_before or len(chars) <= 30
