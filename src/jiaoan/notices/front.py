# ruff: noqa: E501 — ruff counts a Chinese character as two columns.
"""Step 3: what stands before the items 正文前: title, document number, issuer, year.

A notice is often two papers in one: a covering letter 通知 and the plan it issues, each with a
title. The plan's title is the one in 《》 after 印发, or the line that repeats it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from jiaoan.notices.lexicon import DOC_NUMBER
from jiaoan.notices.lines import is_date_only, is_signed
from jiaoan.notices.model import FrontField, FrontRead, Span
from jiaoan.notices.numerals import to_int
from jiaoan.notices.paragraphs import Paragraph
from jiaoan.notices.text import Text, original, unbalanced

_KINDS = (
    "工作要点|要点|工作方案|实施方案|行动方案|方案|工作计划|计划|规划|工作安排|安排|工作意见|意见"
    "|任务分解表|分解表|任务清单|责任清单|清单|任务分工|分工方案|分工表|分工|措施|办法|规定|细则|规则|规程|通知|通告|公告|任务书"
    "|重点任务|重点工作|工作任务|任务分解|部署|台账|台帐|一览表|责任表|任务表|明细表|计划表|推进表|要求|提示|提示函|预案|实施意见|举措|制度|责任书|决定|函|指南|三年行动|专项行动|专项整治|攻坚行动"
)
_TITLE_END = re.compile(rf"(?:{_KINDS})(?:（[^（）]{{1,12}}）)?$")
_ISSUES = re.compile(r"关于(?:转发|印发|下发|制发)(.+?)的(?:通知|通告|函)$")
_BODY_NAME = r"[\u4e00-\u9fff×XＸx]{2,26}?(?:局|委员会|委|厅|部|办公室|办|政府|中心|总队|支队|大队|公司|集团|处|指挥部|站|所|领导小组|联席会议|会|院|学校)"
_BODIES = re.compile(rf"(?:{_BODY_NAME}){{1,6}}")
#: 现将《…》印发给你们: the letter may name the plan more fully than its own title does.
_HEREBY = re.compile(r"现将《([^《》]+(?:《[^《》]+》[^《》]*)*)》")
_RED_HEAD = re.compile(rf"^({_BODY_NAME})(?:（[^（）]+）)?文件$")
_BEFORE_ABOUT = re.compile(rf"^({_BODY_NAME}(?:[\u4e00-\u9fff]*(?:局|委员会|委|厅|办公室))?)关于")
_WHOLE_DATE = re.compile(
    r"((?:20\d{2}|二[〇零○][〇零○一二三四五六七八九]{2}))年(\d{1,2}|[一二三四五六七八九十]{1,3})月"
    r"(\d{1,2}|[一二三四五六七八九十]{1,3})日"
)
_IN_FORCE = re.compile(rf"自{_WHOLE_DATE.pattern}起(?:正式)?(?:施行|实施|执行)")
_BEFORE_YEAR = re.compile(rf"^({_BODY_NAME})(?=20\d{{2}}年|二〇)")
_ISSUER_LABEL = re.compile(
    r"(?:发文机关|发布机构|发文单位|制发机关|公开责任部门|发布单位|印发机关|发布机关|填报单位|制表单位|编制单位|信息来源|来源)：([^：；，。\d]{3,30}?(?:局|委员会|委|厅|部|办公室|政府|中心|大队|公司|集团|处|所|队|站))"
)
_META = re.compile(
    r"(?:索引号|发文机关|发布机构|成文日期|发布日期|发文字号|文号|主题词|信息分类|有效性|公开方式"
    r"|发文单位|发布时间|来源|浏览次数|字体|标题|名称)："
)
_YEAR = re.compile(r"(20\d{2}|二[〇零○][一二三四五六七八九〇零○]{2})(?=年|—|-|至|、|度|～)")
_THREE_YEARS = re.compile(r"三年(?:攻坚|专项|提升)?行动(?:计划|实施方案|工作方案|总体方案|方案)$")
_YEAR_SPAN = re.compile(r"(20\d{2})年?(?:—|-|至)(20\d{2})年")


@dataclass(frozen=True)
class Years:
    """The years of a plan. A bare month of a plan over the turn of a year needs both."""

    first: int | None
    last: int | None
    turning: bool = False

    def of_month(self, month: int) -> int | None:
        """The year a bare ``month`` means: July and later lie in the first year of a winter."""
        if self.turning and self.last is not None and month <= 6:
            return self.last
        return self.first

    @property
    def end(self) -> int | None:
        """The year that 年底 without a year means."""
        return self.first


@dataclass(frozen=True)
class Front:
    """What the front matter says; ``body_from`` is the first paragraph that may hold items."""

    title: str | None
    doc_number: str | None
    issuer: str | None
    years: Years
    body_from: int
    #: Nothing is due before it: the day under the signature, or from which the rule is in force.
    since: date | None = None
    #: The same fields with their places.
    read: tuple[FrontRead, ...] = ()


def read_front(source: str, paragraphs: list[Paragraph]) -> Front:
    """Title, number, issuer and years of the plan; reads no items."""
    printed = [paragraph for paragraph in paragraphs if not paragraph.noise]
    first_item = next((i for i, p in enumerate(paragraphs) if p.marker or p.cells), len(paragraphs))
    titles = _titles(paragraphs)
    inner = next((_inner(text) for _, text in titles if _inner(text)), None)
    body_from, title_text = 0, None
    if inner is not None:
        title_text = inner
        named = {found.group(1) for p in paragraphs if (found := _HEREBY.search(p.text.chars))}
        for index, text in titles:
            if _inner(text) is not None:
                body_from = body_from or min(index + 1, first_item)
            elif _same(text.chars, {inner.chars, *named}) and _holds_items(paragraphs, index + 1):
                body_from, title_text = index + 1, text
    else:
        # Without a covering letter the title is the last one above the first item.
        above = [(i, t) for i, t in titles if i < first_item] or titles[:1]
        if above:
            title_text = above[-1][1]
            body_from = above[-1][0] + 1
    title = _spaced(source, title_text).replace('"', "") if title_text else None
    number = _doc_number(source, printed)
    issuer, sure = _issuer(source, printed, titles)
    name = _spaced(source, issuer) if issuer else None
    years = _years(title, number[0] if number else None, paragraphs)
    read: list[FrontRead] = []
    if title and title_text:
        span = title_text.span(0, len(title_text))
        read.append(FrontRead(FrontField.TITLE, title, span, 0.98 if inner else 0.85))
    if number:
        read.append(FrontRead(FrontField.DOC_NUMBER, number[0], number[1], 0.98))
    if issuer and name:
        read.append(FrontRead(FrontField.ISSUER, name, issuer.span(0, len(issuer)), sure))
    if years.first is not None and (place := _year_place(years.first, title_text, paragraphs)):
        read.append(FrontRead(FrontField.YEAR, str(years.first), place[0], place[1]))
    return Front(
        title, number[0] if number else None, name, years, body_from,
        _since(paragraphs, years), tuple(read),
    )  # fmt: skip


def _year_place(
    year: int, title: Text | None, paragraphs: list[Paragraph]
) -> tuple[Span, float] | None:
    """Where the year stands: in the title, or first in the text."""
    written = "".join("〇一二三四五六七八九"[int(digit)] for digit in str(year))
    texts = [(title, 0.97)] if title else []
    texts += [(paragraph.text, 0.85) for paragraph in paragraphs]
    for text, sure in texts:
        found = re.search(rf"{year}|{written}", text.chars.replace("○", "〇").replace("零", "〇"))
        if found:
            return text.span(*found.span()), sure
    return None


def _since(paragraphs: list[Paragraph], years: Years) -> date | None:
    """The day of issue, or the later one of 自2025年5月1日起施行."""
    rules = (_IN_FORCE.search(paragraph.text.chars) for paragraph in paragraphs)
    days = [_issued(paragraphs, years), *(_whole_day(found) for found in rules if found)]
    return max((day for day in days if day is not None), default=None)


def _whole_day(found: re.Match[str]) -> date | None:
    """The day of the first three groups of ``found``; None where no calendar has it."""
    year, month, day = (to_int(group) or 0 for group in found.groups()[:3])
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _issued(paragraphs: list[Paragraph], years: Years) -> date | None:
    """The first whole date on a line of its own that fits the plan's years."""
    for paragraph in paragraphs:
        found = _WHOLE_DATE.match(paragraph.text.chars)
        if found is None or not is_date_only(paragraph.text.chars):
            continue
        day = _whole_day(found)
        if day is None:
            continue
        if years.first is None or years.first - 1 <= day.year <= years.first:
            return day
    return None


def _holds_items(paragraphs: list[Paragraph], start: int) -> bool:
    """True where more than a list of annexes follows."""
    return any(p.marker or p.cells or p.plain for p in paragraphs[start:])


def _titles(paragraphs: list[Paragraph]) -> list[tuple[int, Text]]:
    """Every title in the text with the paragraph it ends in; broken ones are joined."""
    found: list[tuple[int, Text]] = []
    index = 0
    while index < len(paragraphs):
        taken = _title_from(paragraphs, index)
        if taken is None:
            index += 1
            continue
        end, text = taken
        found.append((end, text))
        index = end + 1
    return found


def _title_from(paragraphs: list[Paragraph], index: int) -> tuple[int, Text] | None:
    """A title that begins in paragraph ``index``: up to three lines without a full stop."""
    text = Text("", ())
    best: tuple[int, Text] | None = None
    if paragraphs[index].noise:
        return None
    for end in range(index, min(index + 4, len(paragraphs))):
        paragraph = paragraphs[end]
        if paragraph.noise:
            continue
        chars = paragraph.text.chars
        if paragraph.marker or paragraph.cells or re.search(r"[。；：]", chars) or not chars:
            break
        if is_date_only(chars) or DOC_NUMBER.search(chars) or _RED_HEAD.match(chars):
            break
        if end > index and best is not None and not chars.startswith(("（", "的")):
            break
        text = Text.join([text, paragraph.text])
        if len(text) > 100:
            break
        if _TITLE_END.search(text.chars) and not unbalanced(text.chars) and len(text) >= 8:
            best = (end, text)
        if end == index and best is None and not _may_open_title(chars):
            break
    return best


def _may_open_title(chars: str) -> bool:
    return (
        "关于" in chars
        or unbalanced(chars)
        or (len(chars) < 100 and _BODIES.fullmatch(chars) is not None)
        or _YEAR.search(chars) is not None
    )


def _inner(title: Text) -> Text | None:
    """The plan named by "关于印发《…》的通知" (also without the title marks)."""
    found = _ISSUES.search(title.chars)
    if found is None:
        return None
    start, end = found.span(1)
    if title.chars[start] == "《":
        close = title.chars.rfind("》", start, end)
        return title.cut(start + 1, close if close > 0 else end)
    return title.cut(start, end)


def _same(title: str, names: set[str]) -> bool:
    """The title of the plan; it may name the place that the letter leaves out."""
    strip = re.compile(r"[“”《》（）\s]|（[^（）]*）$")
    own = strip.sub("", title)
    return any(
        own == named or (len(named) >= 8 and len(own) <= len(named) + 12 and own.endswith(named))
        for named in (strip.sub("", name) for name in names)
    )


def _spaced(source: str, text: Text) -> str:
    """As written, with the blanks between the names of several issuing bodies."""
    out = ""
    for index in range(len(text)):
        out += source[text.at[index]]
        left, right = text.chars[: index + 1], text.chars[index + 1 :]
        if text.gap_after(index) and "关于" not in left and "印发" not in left:
            following = re.match(rf"{_BODY_NAME}(?=关于|$)|{_BODY_NAME}", right)
            if re.fullmatch(rf"(?:.* )?{_BODY_NAME}", out) and following:
                out += " "
    return out


def _doc_number(source: str, paragraphs: list[Paragraph]) -> tuple[str, Span] | None:
    for paragraph in paragraphs[:40]:
        if paragraph.marker:
            break
        found = DOC_NUMBER.search(paragraph.text.chars)
        if found and (
            len(paragraph.text) <= len(found.group()) + 16 or _META.search(paragraph.text.chars)
        ):
            label = re.match("发文字号|文号", found.group())
            start = found.start() + (label.end() if label else 0)
            # 商务局文件 宁商发〔2025〕5号 on one line: the number begins after the last blank.
            opens = paragraph.text.chars.index("（", start)
            start = max(
                [start, *(k + 1 for k in range(start, opens - 1) if paragraph.text.gap_after(k))]
            )
            text = paragraph.text.cut(start, found.end())
            return original(source, text), text.span(0, len(text))
    return None


def _issuer(
    source: str, paragraphs: list[Paragraph], titles: list[tuple[int, Text]]
) -> tuple[Text | None, float]:
    """The body that issues: red heading, words before 关于, a label, or the signature."""
    for paragraph in paragraphs[:12]:
        if found := _RED_HEAD.match(paragraph.text.chars):
            return paragraph.text.cut(*found.span(1)), 0.95
    for _, title in titles:
        if found := _BEFORE_ABOUT.match(title.chars):
            return title.cut(*found.span(1)), 0.95
    for paragraph in paragraphs[:12]:
        if found := _ISSUER_LABEL.search(paragraph.text.chars):
            return paragraph.text.cut(*found.span(1)), 0.9
    for index, paragraph in enumerate(paragraphs[1:], start=1):
        above = paragraphs[index - 1]
        if is_date_only(paragraph.text.chars) and re.fullmatch(_BODY_NAME, above.text.chars):
            return above.text, 0.85
    for paragraph in paragraphs[:12]:
        if is_signed(paragraph.text.chars) and (found := _BEFORE_YEAR.match(paragraph.text.chars)):
            return paragraph.text.cut(*found.span(1)), 0.85
    for _, title in titles:
        if found := _BEFORE_YEAR.match(title.chars):
            return title.cut(*found.span(1)), 0.7
    return None, 0.0


def _years(title: str | None, number: str | None, paragraphs: list[Paragraph]) -> Years:
    written = int(found.group(1)) if (found := re.search(r"(20\d{2})", number or "")) else None
    if title and (span := _YEAR_SPAN.search(title)):
        first, last = int(span.group(1)), int(span.group(2))
        turning = last == first + 1 and re.search("冬|度|春", title) is not None
        if not turning and written is not None and first <= written <= last:
            first = written
        return Years(first, last, turning)
    if title and _THREE_YEARS.search(title) and (found := re.search(r"(20\d{2})年", title)):
        return Years(int(found.group(1)), int(found.group(1)) + 2)
    for place in (title or "", number or ""):
        if found := re.search(r"(20\d{2})", place):
            return Years(int(found.group(1)), int(found.group(1)))
        if found := _YEAR.search(place):
            year = to_int(found.group(1))
            return Years(year, year)
    for paragraph in reversed(paragraphs):
        if is_date_only(paragraph.text.chars):
            year = to_int(paragraph.text.chars.split("年")[0])
            return Years(year, year)
    for paragraph in paragraphs:
        if found := re.search(r"(20\d{2})年", paragraph.text.chars):
            return Years(int(found.group(1)), int(found.group(1)))
    return Years(None, None)
