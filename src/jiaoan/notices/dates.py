# ruff: noqa: E501 — ruff counts a Chinese character as two columns.
"""Deadlines 完成时限: which day the words mean, and which dates are no deadline at all.

3月底前 → the last day of March of the plan's year; a quarter, half-year or 年底 → its last day.
A date is a deadline only with a cue (前, 底, 止, 于…, 完成…): the dates of laws, accidents and
meetings that a notice mentions are none. Times bound to an event ("发现后5个工作日内") have no date.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from jiaoan.notices.front import Years
from jiaoan.notices.numerals import to_int

_N1 = r"(?:1[0-2]|0?[1-9]|十[一二]|[一二三四五六七八九十])"
_ND = r"(?:[12]\d|3[01]|0?[1-9]|二十[一二三四五六七八九]?|三十一?|十[一二三四五六七八九]?|[一二三四五六七八九])"
_NY = r"(?:(?:19|20)\d{2}|二[〇零○][一二三四五六七八九〇零○]{2})"
_YEAR = (
    rf"(?:(?P<year>{_NY})年(?:度)?|(?P<rel>今年|本年度?|当年|明年|次年|翌年|来年|去年|上年))?的?"
)
#: 2024年、2025年和2026年11月20日前: every one of them.
_MORE = rf"(?:{_NY}年?[、和及与])+"
_MONTHS = rf"(?P<months>{_N1}(?:月?(?:份)?[、和及]{_N1})*)月"
_DAYS = rf"(?:的)?(?P<days>{_ND}(?:[日号]?[、和及]{_ND})*)[日号]"
_PART = r"(?:份)?的?(?P<part>上旬|中旬|下旬|月?底|月?末)"
_START = rf"(?:(?:{_NY}年)?{_N1}月?(?:{_ND}[日号])?(?:上旬|中旬|下旬|初|月?底)?起?(?:至|到|—|-))?"
_MONTH_DATE = re.compile(
    rf"(?<![\d第每])(?P<range>{_START})(?P<more>{_MORE})?{_YEAR}{_MONTHS}(?:{_DAYS}|{_PART})?"
)
_NUMERIC = re.compile(
    r"(?<![\d.])(?P<y>20\d{2})(?:-|/|\.)(?P<m>\d{1,2})(?:(?:-|/|\.)(?P<d>\d{1,2}))?(?![\d])"
)
_YEAR_END = re.compile(
    rf"(?P<more>{_MORE})?(?:(?P<year>{_NY})年|(?P<rel>今年|本年度?|当年|明年|次年|翌年|来年|去年))(?:年)?(?:底|末|终|内)"
    r"|(?<![每年\d一两二三四五六七八九十])(?:(?:年底|年末|年终)(?!考核|总结|评|述职|绩效|奖)|岁末(?=前|之前)|年度?内)"
)
_TO_YEAR = re.compile(
    rf"(?:到|至|截至)(?P<year>{_NY})年(?=[，、；。]|$|实现|建成|完成|基本|全面)|(?P<y2>{_NY})年(?:之前|以前|前)"
)
#: 集中攻坚（2021年）: the time of a stage.
_STAGE_YEAR = re.compile(r"（(?P<year>20\d{2})年(?:全年|度)?）")
#: “十四五”末: the thirteenth plan ended with 2020.
_FIVE_YEARS = re.compile("“?十(?P<plan>[三四五六])五”?(?:规划)?(?:期)?[末底]")
_PLANS = "三四五六"
_QUARTER = re.compile(
    rf"{_YEAR}(?P<list>第?[一二三四1-4](?:、第?[一二三四1-4])*)(?:(?<=第[一二三四1-4])个)?季度"
)
_HALF = re.compile(rf"{_YEAR}(?P<half>[上下])半年")
_HOUR = r"(?:(?:上午|中午|下午|晚上?)?(?:\d{1,2}|[一二三四五六七八九十]{1,3})(?:时|点|:\d{2})(?:\d{1,2}分|整|半)?|下班)"
_CUE_AFTER = re.compile(rf"^(?:份)?{_HOUR}?(?:之?前|以前|止|为止|截止|之内|内)")
_CUE_BEFORE = re.compile(
    r"(?:于|在|至|截至|截止到?|到|不迟于|不晚于|最迟|赶在|最晚|力争|确保|时间为|时限为|期限为|时间[：，])$"
)
_VERB_AFTER = re.compile(
    r"^(?:份)?(?:期间)?[，]?(?:，?(?:要|应|将|再|深入|全面|统一|分别|各|由[^，。]{2,16}?|对[^，。]{2,16}?))?"
    r"(?:完成|开展|组织|召开|启动|举办|进行|出台|印发|建成|实现|报|上报|基本|集中|深入|制定|部署|落实|全面|提交|投入)"
)
#: 上半年, 第三季度 name the time of the work, unless a noun follows that they only describe.
_PERIOD_NOUN = re.compile(
    r"^(?:的|工作(?:总结|情况|会议|例会|推进会)|安全(?:生产)?(?:形势|工作会|例会|情况)|形势|情况|例会|会议|总结|报告|数据|以来|已"
    r"|生产安全事故|事故|目标|任务完成|考核结果|通报|全[市县区省]发生)"
)
_NO_DEADLINE = re.compile(
    r"^(?:起|开始|以来|以后|之后|后|施行|生效|发布的|印发的|召开的|发生|下发的|起施行|，?正式施行|通过|会议|版)"
)
_OPENS = re.compile(r"(?:^|[。；：])$")
#: Every year, from a day on, a series: these name no single last day.
_FROM = re.compile(r"(?:每年(?:的|度)?|每|自|从|自\S{1,8}起至?|每月\S{0,6}（)$")
_SERIES = re.compile(r"每个?(?:月|季度|周|半年)[^，。；（）]{0,10}（$")
_UNTIL = re.compile(r"^(?:止，?每|，?每月|，?每季)")
_RELATIVE_YEAR = {"明年": 1, "次年": 1, "翌年": 1, "来年": 1, "去年": -1, "上年": -1}
_ENDLESS_YEAR = re.compile(r"[三两五四十\d]年内|近年|全年内")
#: 3月31日、各股室5月31日前: one row of days for several.
_GAP = re.compile(r"[、和及与或，]|以及|、各[\u4e00-\u9fff（）、]{1,10}")
#: 自查（3.10—3.31）: a stage with its days in figures.
_STAGE_DAYS = re.compile(
    r"（(?:(?:20\d{2}\.)?\d{1,2}\.\d{1,2}日?(?:—|-|至))(?:(?P<y>20\d{2})\.)?(?P<m>\d{1,2})\.(?P<d>\d{1,2})日?）"
)

_SPAN_WORDS = r"(?:个)?(?:小时|分钟|工作日|自然日|日|天|个?月|周|年)"
_AFTER_EVENT = re.compile(
    rf"[^，。；：（）、]{{1,18}}?(?:之日起|之后|后|起)(?:的)?(?:\d{{1,3}}|[一二两三四五六七八九十半]{{1,3}}){_SPAN_WORDS}(?:之内|以内|内)"
)
_WITHIN = re.compile(
    r"(?<![\d年月])(?:\d{1,3}|[一二两三五七十]{1,3})(?:个小时|小时|分钟|个工作日|工作日|日|天|个月)(?:之内|以内|内)(?!容|部|外|，?连续)"
)
#: 控制在30分钟以内 is a cap on how long something takes.
_CAP = re.compile(
    r"(?:控制在|压缩[至到]|缩短[至到]|不超过|不得超过|间隔|有效期|时长)[^，。；]{0,4}$"
)
_AHEAD = re.compile(
    r"提前(?:至少)?(?:\d{1,3}|[一二两三四五六七八九十]{1,3})(?:个)?(?:小时|分钟|工作日|日|天|周|月)"
)
_EVENT = (
    "主汛期|汛期|入汛|汛|春运|暑运|节假日|假期|国庆节?|春节|中秋节?|元旦|劳动节|清明节?|五一节?|十一|“[^“”，。]{1,10}”|高考|中考|开工|复工"
    "|复产|通车|投入使用|投用|启用|使用|开学|放假|收假|交工验收|竣工验收|交工|竣工|验收|大型活动|重大活动|重大节假日|长假|到期|届满"
    "|期满|投入运营|开通运营|运营|开航|离港|出港|靠泊|靠港|合龙|台风|寒潮|雨季|冬季|入冬|雨雪|冰冻|上岗|进场|入场|入职|进园|重要节日|两会|小长假|节"
    "|作业|施工|实施|批准|审批|出车|发车|出站|启运|装货|充装|装卸|吊装|浇筑|拆除|回填|安装|加节|顶升|动火|用火|下井|入井|升井|交接|登船|出海|登高"
    "|举办|举行|举办之日|开幕|开业|营业|入住|供暖|供热|点火|启动|高峰|高峰期|泄洪|洪水|返岗|撤离|出厂|变更|转移|销号|办结|开始|结束|来临|到来|登陆"
)
#: 汛前、汛中、汛后 and 车前 tell no day; “五一”前、国庆节前 tell two.
_NOT_BEFORE = r"(?![期端后列置沿往述款提夜者线景言]|、(?![^，。；、]{1,8}前))"
_BEFORE_EVENT = re.compile(
    rf"(?:20\d{{2}}年)?(?:(?:{_EVENT})[、和及]?)*(?:{_EVENT})(?:来临|到来|开始|登陆|结束|实施|期间)?(?:之日|的)?"
    rf"(?:(?:\d{{1,3}}|[一二两三四五六七八九十]{{1,3}})(?:个)?(?:小时|分钟|工作日|日|天|周|月))?(?:之前|以前|前)(?:{_NOT_BEFORE})(?!检查|准备|排查|隐患|教育|培训|安全|会商|动员)"
)


@dataclass(frozen=True)
class DayHit:
    """A deadline in a sentence: clean characters ``start``..``end``."""

    start: int
    end: int
    day: date
    exact: bool = True
    odd_year: bool = False


@dataclass(frozen=True)
class EventHit:
    """A time bound to an event."""

    start: int
    end: int


@dataclass(frozen=True)
class _Date:
    start: int
    end: int
    days: tuple[date, ...]
    exact: bool
    ranged: bool
    ended: bool
    odd_year: bool = False
    full: bool = False
    period: bool = False


def deadlines(chars: str, years: Years, *, labelled: bool = False) -> list[DayHit]:
    """The deadlines of a sentence, in order; ``labelled`` text (完成时限：…) needs no other cue."""
    hits: list[DayHit] = []
    dates = sorted(_dates(chars, years), key=lambda one: (one.start, -one.end))
    groups: list[list[_Date]] = []
    for one in dates:
        if groups and one.start < groups[-1][-1].end:
            continue
        if groups and _GAP.fullmatch(chars[groups[-1][-1].end : one.start]):
            groups[-1].append(one)
        else:
            groups.append([one])
    for group in groups:
        if _quoted(chars, group[0].start):
            continue
        if _blocked(chars, group):
            continue
        strong = labelled or _is_deadline(chars, group)
        for one in group:
            if strong or one.ended:
                hits.extend(
                    DayHit(one.start, one.end, day, one.exact, one.odd_year)
                    for day in one.days
                    if years.first is None or day.year >= years.first
                )
    return hits


def _is_deadline(chars: str, group: list[_Date]) -> bool:
    before, after = chars[: group[0].start], chars[group[-1].end :]
    if before.endswith("（") and after.startswith("）") and (group[-1].ranged or len(before) > 1):
        return True  # 集中整治（4月—10月）: the time of a stage
    if group[-1].period:
        return _PERIOD_NOUN.match(after) is None
    if group[-1].ranged:
        if after.startswith("每"):
            return True  # 6月至8月每旬检查1次: the work ends with the stretch
        if _CUE_BEFORE.search(before) and not before.endswith(("自", "至")):
            return True
        if _OPENS.search(before) and after.startswith("，"):
            return True  # 4月11日至9月30日，对照清单…
        return _VERB_AFTER.match(after) is not None or _CUE_AFTER.match(after) is not None
    if _CUE_AFTER.match(after) or _CUE_BEFORE.search(before):
        return True
    return _VERB_AFTER.match(after) is not None


def _blocked(chars: str, group: list[_Date]) -> bool:
    before, after = chars[: group[0].start], chars[group[-1].end :]
    if _NO_DEADLINE.match(after) or _UNTIL.match(after):
        return True
    if group[-1].ranged and _SERIES.search(before):
        return True
    return _FROM.search(before) is not None and not group[-1].ranged


def _quoted(chars: str, at: int) -> bool:
    head = chars[:at]
    return head.count("《") > head.count("》") or head.count("“") > head.count("”")


def _year(found: re.Match[str], month: int, years: Years) -> tuple[int | None, bool]:
    """The year of a match and whether the reader had to choose it."""
    groups = found.groupdict()
    word, relative = groups.get("year") or groups.get("y"), groups.get("rel")
    if word:
        return to_int(word), False
    if relative in _RELATIVE_YEAR:
        return (years.first + _RELATIVE_YEAR[relative] if years.first else None), False
    if relative:
        return years.first, False
    many = years.first is not None and years.last is not None and years.last > years.first
    return years.of_month(month), many and not years.turning


def _month_end(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


def _day(year: int | None, month: int | None, day: int | None) -> date | None:
    if year is None or month is None or not 1 <= month <= 12:
        return None
    last = calendar.monthrange(year, month)[1]
    if day is None:
        return date(year, month, last)
    return date(year, month, day) if 1 <= day <= last else None


def _numbers(words: str) -> list[int]:
    parts = re.split(r"月?份?[、和及]|[日号][、和及]", words)
    return [number for part in parts if (number := to_int(part.rstrip("月日号份第"))) is not None]


def _dates(chars: str, years: Years) -> Iterator[_Date]:
    yield from _month_dates(chars, years)
    for found in _NUMERIC.finditer(chars):
        day = _day(int(found["y"]), int(found["m"]), int(found["d"]) if found["d"] else None)
        if day:
            yield _Date(found.start(), found.end(), (day,), bool(found["d"]), False, False)
    for found in _YEAR_END.finditer(chars):
        year, odd = _year(found, 12, years)
        if year is None or _ENDLESS_YEAR.search(chars[max(0, found.start() - 1) : found.end()]):
            continue
        ends = tuple(date(y, 12, 31) for y in (*_years_of(found["more"]), year) if y)
        yield _Date(found.start(), found.end(), ends, False, False, True, odd)
    for found in _TO_YEAR.finditer(chars):
        year = to_int(found["year"] or found["y2"])
        if year is not None:
            day = date(year if found["year"] else year - 1, 12, 31)
            yield _Date(found.start(), found.end(), (day,), False, False, True)
    for found in _STAGE_DAYS.finditer(chars):
        month = int(found["m"])
        ended = _day(
            int(found["y"]) if found["y"] else years.of_month(month), month, int(found["d"])
        )
        if ended:
            yield _Date(found.start() + 1, found.end() - 1, (ended,), True, True, True)
    for found in _STAGE_YEAR.finditer(chars):
        if found.start() <= 20:
            day = date(int(found["year"]), 12, 31)
            yield _Date(found.start() + 1, found.end() - 1, (day,), False, False, True)
    for found in _FIVE_YEARS.finditer(chars):
        year = 2020 + 5 * (_PLANS.index(found["plan"]) - _PLANS.index("三"))
        yield _Date(found.start(), found.end(), (date(year, 12, 31),), False, False, True)
    yield from _periods(chars, years)


def _month_dates(chars: str, years: Years) -> Iterator[_Date]:
    for found in _MONTH_DATE.finditer(chars):
        months = _numbers(found["months"])
        tail = found["part"]
        # 一月一调度 and 安全生产月 are no dates; a Chinese numeral needs more than the bare month.
        bare = found["days"] is None and tail is None
        if bare and re.match(r"一月一|月月", chars[found.start() :]):
            continue
        if not months or chars[found.end() : found.end() + 1] in ("度", "报", "均", "调"):
            continue
        out: list[date] = []
        odd = False
        for month in months:
            year, chosen = _year(found, month, years)
            odd = odd or chosen
            start = re.match(rf"({_NY})年", found["range"])
            if start and year and not found["year"] and not found["rel"]:
                year = max(year, to_int(start.group(1)) or year)
            days: list[int | None] = [None]
            if found["days"]:
                days = list(_numbers(found["days"]))
            elif tail in ("上旬", "中旬"):
                days = [10 if tail == "上旬" else 20]
            whole = [*_years_of(found["more"]), year]
            out.extend(day for y in whole for d in days if (day := _day(y, month, d)) is not None)
        ended = tail is not None and tail[-1] in "底末"
        if out:
            exact = found["days"] is not None or ended
            yield _Date(
                found.start(), found.end(), tuple(out), exact, bool(found["range"]), ended, odd,
                found["days"] is not None,
            )  # fmt: skip


def _years_of(words: str | None) -> list[int | None]:
    return [to_int(word) for word in re.split("年?[、和及与]", words or "") if word]


def _periods(chars: str, years: Years) -> Iterator[_Date]:
    for found in _QUARTER.finditer(chars):
        if chars[: found.start()].endswith(("每", "前", "各", "上", "本")):
            continue
        out = []
        odd = False
        for word in found["list"].split("、"):
            number = to_int(word.removeprefix("第")) or 0
            year, odd = _year(found, number * 3, years)
            if year is not None and 1 <= number <= 4:
                out.append(_month_end(year, number * 3))
        if out:
            ended = re.match(r"末|底", chars[found.end() :]) is not None
            end = found.end() + (1 if ended else 0)
            yield _Date(found.start(), end, tuple(out), False, False, ended, odd, period=True)
    for found in _HALF.finditer(chars):
        month = 6 if found["half"] == "上" else 12
        year, odd = _year(found, month, years)
        both = re.search(r"上、?(?:半年)?[、和及]?下半年[^，。]{0,4}(?:各|分别)", chars)
        if year is None or (both and both.start() <= found.start() < both.end()):
            continue
        ended = re.match(r"末|底", chars[found.end() :]) is not None
        end = found.end() + (1 if ended else 0)
        days = (_month_end(year, month),)
        yield _Date(found.start(), end, days, False, False, ended, odd, period=True)


def events(chars: str) -> list[EventHit]:
    """Times bound to an event: after it within a span, or before it."""
    hits: list[EventHit] = []
    for style in (_AFTER_EVENT, _BEFORE_EVENT, _AHEAD, _WITHIN):
        for found in style.finditer(chars):
            if style is _WITHIN and _CAP.search(chars[: found.start()]):
                continue
            if any(h.start < found.end() and found.start() < h.end for h in hits):
                continue
            hits.append(EventHit(found.start(), found.end()))
    return sorted(hits, key=lambda hit: hit.start)
