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
from itertools import pairwise

from jiaoan.notices.lexicon import DOC_NUMBER, UNIT_END
from jiaoan.notices.lines import Line, LineKind, Marker, MarkerKind, is_date_only, is_signed
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
#: Beyond this a mark that is never closed has swallowed what follows it.
LONGEST = 4000
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


@dataclass(frozen=True)
class Wrap:
    """How extraction broke the lines of a paper: at ``width`` (0: it did not).

    ``digit`` is the share of a Chinese character that a digit or letter takes: 0.5 on a printed
    page, 1 where characters were counted. ``indents`` is True where the first lines of paragraphs
    are set in.
    """

    width: float = 0
    digit: float = 0.5
    indents: bool = False

    def full(self, line: Line) -> bool:
        """True where ``line`` reaches the width: what follows is the same paragraph."""
        return self.width > 0 and _width(line, self.digit) >= self.width - 2.5

    def short(self, line: Line) -> bool:
        """True where ``line`` stops long before the width."""
        return self.width > 0 and _width(line, self.digit) <= self.width - 6


def _indent(line: Line) -> int:
    return 0 if line.marked or not line.text else line.text.at[0] - line.span.start


def _width(line: Line, digit: float) -> float:
    """The printed length in Chinese characters."""
    small = sum(1 for char in line.text.chars if char.isascii())
    return len(line.text) - small * (1 - digit) + _indent(line)


def wrap_of(lines: list[Line]) -> Wrap:
    """Whether lines were broken at a fixed width: then many of them are as long as the longest."""
    texts = [line for line in lines if line.kind is LineKind.TEXT and len(line.text) > 10]
    if len(texts) < 10:
        return Wrap()
    found: list[tuple[int, float, float]] = []
    for digit in (0.5, 1.0):
        widths = sorted(_width(line, digit) for line in texts)
        longest = widths[-1 - len(widths) // 50]
        at_edge = sum(1 for width in widths if width >= longest - 2.5)
        found.append((at_edge, longest, digit))
    at_edge, longest, digit = max(found)
    if longest > 60 or at_edge * 10 < len(texts) * 4:
        return Wrap()
    set_in = sum(1 for line in texts if 1 <= _indent(line) <= 4)
    return Wrap(longest, digit, len(texts) <= set_in * 10 <= len(texts) * 8)


def standalone_styles(lines: list[Line], wrap: Wrap) -> set[MarkerKind]:
    """The numbering styles whose headings stand on a line of their own in this document."""
    votes: Counter[MarkerKind] = Counter()
    for line in lines:
        marker = line.marker
        if marker is not None:
            rest = re.sub(r"（[^（）]*）$", "", line.text.chars[marker.length :])
            alone = len(rest) <= 40 and re.search(r"[，。；：]", rest) is None
            alone = alone and not wrap.full(line)
            votes[marker.kind] += 1 if alone else -1
    return {kind for kind, vote in votes.items() if vote > 0}


def to_paragraphs(lines: list[Line]) -> list[Paragraph]:
    """The paragraphs of a document, noise lines between them as they lie."""
    wrap = wrap_of(lines)
    alone = standalone_styles(lines, wrap)
    out: list[Paragraph] = []
    above = Text("", ())
    state = _State(alone, wrap)
    signed = _signatures(lines)

    def close() -> None:
        nonlocal above
        if above:
            out.append(state.finish(above))
            above = Text("", ())

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
        begins = not above or len(above) > LONGEST or line.span.start in signed
        if begins or state.begins(above, line, blank_before):
            close()
            state.open(line)
        above += line.text
        state.above = line
        blank_before = False
    close()
    return out


def _signatures(lines: list[Line]) -> set[int]:
    """Where a body stands on a line of its own right above the day of issue."""
    texts = [line for line in lines if line.kind is LineKind.TEXT]
    return {
        line.span.start
        for line, below in pairwise(texts)
        if is_date_only(below.text.chars)
        and len(line.text) <= 30
        and UNIT_END.search(line.text.chars)
        and re.search("[，。；：、]", line.text.chars) is None
    }


class _State:
    """What the joining of lines has to remember between two lines."""

    def __init__(self, alone: set[MarkerKind], wrap: Wrap) -> None:
        self.alone = alone
        self.wrap = wrap
        self.above: Line | None = None
        self.last: dict[MarkerKind, int] = {}
        self.marker: Marker | None = None
        self.marked = False
        self.in_body = False

    def open(self, line: Line) -> None:
        self.marker = line.marker
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
            and not DOC_NUMBER.fullmatch(chars)
            and not is_signed(chars)
        )
        return Paragraph(curl_quotes(text), self.marker, (), plain, self.marked)

    def begins(self, above: Text, line: Line, blank_before: bool) -> bool:
        """True where ``line`` opens a new paragraph below the unfinished one ``above``."""
        chars = above.chars
        if not self.in_body and any(
            DOC_NUMBER.fullmatch(words) for words in (chars, line.text.chars)
        ):
            return True
        complete = ends_complete(chars)
        marker = line.marker
        if not blank_before and (goes_on := self._by_width(chars, line, marker)) is not None:
            return not goes_on
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

    def _by_width(self, chars: str, line: Line, marker: Marker | None) -> bool | None:
        """What the width of the lines says: goes on, begins anew, or nothing (None)."""
        if self.above is None or self.marked or line.marked:
            return None
        if self.wrap.full(self.above):
            opens = 0 if chars.endswith(("：", "。")) else -1
            following = (
                marker is not None and marker.number == self.last.get(marker.kind, opens) + 1
            )
            if following or (self.wrap.indents and _indent(line)):
                return None
            if self.wrap.indents:
                return True
            ended = re.search(r"[。；：！？）]$", chars) is not None
            labelled = LABEL_LINE.match(line.text.chars) is not None
            return None if ended or labelled else True
        whole = not unbalanced(chars) and not chars.endswith(("、", "，"))
        if self.in_body and whole and marker is None and self.wrap.short(self.above):
            return False
        return None

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
